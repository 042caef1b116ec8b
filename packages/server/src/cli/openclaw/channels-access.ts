/** Channels as the commands reach them: through the running gateway, for only that knows how they are. */
import type { ChannelView, DeliveryView } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { callGateway } from './admin.ts';
import type { ChannelsClient } from './channels.ts';
import { findPlace } from './place.ts';
import type { Terminal } from '../terminal.ts';

/** Opens what it needs at each call and closes it again. */
export function createChannelsClient(terminal: Terminal): ChannelsClient {
  const call = async <Answer>(method: string, path: string): Promise<Answer> => {
    const { gateway, configuration } = await findPlace(terminal);
    if (gateway) return (await callGateway({ ...gateway, method, path })) as Answer;
    const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  };
  return {
    list: async () => (await call<{ channels: ChannelView[] }>('GET', '/admin/v1/channels')).channels,
    async deliveries({ channelId, state, limit }) {
      const query = new URLSearchParams({ channel: channelId, limit: String(limit), ...(state === undefined ? {} : { state }) });
      return (await call<{ deliveries: DeliveryView[] }>('GET', `/admin/v1/deliveries?${query.toString()}`)).deliveries;
    },
    redeliver: (id) => call<DeliveryView>('POST', `/admin/v1/deliveries/${encodeURIComponent(id)}/redeliver`),
  };
}
