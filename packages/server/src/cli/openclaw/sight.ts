/** Traffic as the commands reach it: through the running gateway; trails also through the state itself, where no gateway runs. */
import type { RequestTrail, RequestTrails, TargetRow, TrafficReport } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { StoredTrails } from '../../models/index.ts';
import { callGateway } from './admin.ts';
import { findPlace, silentLog } from './place.ts';
import type { SightClient } from './sight-client.ts';
import type { Terminal } from '../terminal.ts';

/** Opens what it needs at each call and closes it again. */
export function createSightClient(terminal: Terminal): SightClient {
  const call = async <Answer>(method: string, path: string, body?: JsonObject): Promise<Answer> => {
    const { gateway, configuration } = await findPlace(terminal);
    if (gateway) return (await callGateway({ ...gateway, method, path, body })) as Answer;
    const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  };
  /** The gateway where there is one, else the state. */
  const either = async <Answer>(path: string, read: (trails: StoredTrails) => Promise<Answer>): Promise<Answer> => {
    const { gateway, configuration } = await findPlace(terminal);
    if (gateway) return (await callGateway({ ...gateway, method: 'GET', path })) as Answer;
    const { openStateForCommand } = await import('../../compose/index.ts');
    const { trails, close } = await openStateForCommand(configuration.stateDirectory, silentLog());
    try {
      return await read(trails);
    } finally {
      await close();
    }
  };
  return {
    targets: async (window) => (await call<{ targets: TargetRow[] }>('GET', `/admin/v1/targets?window=${window}`)).targets,
    overrideBreaker: async (target, action) =>
      (await call<{ concerned: number }>('POST', '/admin/v1/targets/breaker', { target, action })).concerned,
    traffic: () => call<TrafficReport>('GET', '/admin/v1/traffic'),
    requests: (limit) => either<RequestTrails>(`/admin/v1/requests?limit=${limit}`, (trails) => trails.recent(limit)),
    request: (id) =>
      either<RequestTrail>(`/admin/v1/requests/${encodeURIComponent(id)}`, async (trails) => {
        const { findStoredTrail } = await import('../../models/index.ts');
        return findStoredTrail(trails, id);
      }),
  };
}
