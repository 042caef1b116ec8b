/** `/admin/v1/channels` and `/admin/v1/deliveries`: how channels are, and what they send. For callers with the scope `admin`. */
import { deliveryStates, type ChannelView, type DeliveryState, type DeliveryView } from '@openclaw/protocol';
import { actorOf } from '../../access/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { replyJson } from '../reply.ts';
import type { EndpointTable, GatewayRequest } from '../request.ts';
import { guarded, wrong } from './admin.ts';

/** What the endpoints need of channels; `compose/` fills it in. */
export interface ChannelAdministration {
  list(): readonly ChannelView[];
  /** The latest first. @throws OpenClawError `channel_not_found` */
  deliveries(question: {
    readonly channelId: string;
    readonly state?: DeliveryState;
    readonly limit: number;
  }): Promise<readonly DeliveryView[]>;
  /** @throws OpenClawError `delivery_not_found`, `channel_sends_nothing` */
  redeliver(id: string, actor: string): Promise<DeliveryView>;
}

const defaultLimit = 100;
const highestLimit = 1000;

export function createChannelEndpoints(channels: ChannelAdministration): EndpointTable {
  return {
    '/admin/v1/channels': {
      GET: guarded(async ({ response }) => replyJson(response, 200, { channels: channels.list() })),
    },
    '/admin/v1/deliveries': {
      GET: guarded(async ({ query, response }) => replyJson(response, 200, { deliveries: await channels.deliveries(questionOf(query)) })),
    },
    '/admin/v1/deliveries/*': {
      POST: guarded(async (request, caller) =>
        replyJson(request.response, 200, await channels.redeliver(deliveryIdOf(request), actorOf(caller))),
      ),
    },
  };
}

function questionOf(query: URLSearchParams): Parameters<ChannelAdministration['deliveries']>[0] {
  const channelId = query.get('channel');
  if (channelId === null) throw wrong('channel', 'must name a channel');
  const wanted = query.get('state');
  const state = deliveryStates.find((known) => known === wanted);
  if (wanted !== null && state === undefined) throw wrong('state', `must be one of ${deliveryStates.join(', ')}`);
  const written = query.get('limit');
  const limit = written === null ? defaultLimit : /^\d{1,4}$/.test(written) ? Number(written) : 0;
  if (limit < 1 || limit > highestLimit) throw wrong('limit', `must be a whole number from 1 to ${highestLimit}`);
  return { channelId, limit, ...(state === undefined ? {} : { state }) };
}

function deliveryIdOf({ path, method }: GatewayRequest): string {
  const id = /^\/admin\/v1\/deliveries\/([\w-]{1,100})\/redeliver$/.exec(path)?.[1];
  if (id === undefined) throw new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
  return id;
}
