/** Traffic as the commands reach it: through the running gateway; trails also through the state itself, where no gateway runs. */
import type { RequestTrail, RequestTrails, TargetRow, TrafficReport } from '@openclaw/protocol';
import { openStateForCommand } from '../../compose.ts';
import { loadConfiguration } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { createLog } from '../../core/log.ts';
import { findStoredTrail, knownProviders, type StoredTrails } from '../../models/index.ts';
import { readStateOwner } from '../../storage/index.ts';
import { callGateway, secretOf } from './admin.ts';
import type { SightClient } from './sight-client.ts';
import type { Terminal } from './terminal.ts';

/** Opens what it needs at each call and closes it again. */
export function createSightClient(terminal: Terminal): SightClient {
  const find = (): Promise<Place> => findPlace(terminal);
  const call = async <Answer>(method: string, path: string, body?: JsonObject): Promise<Answer> => {
    const { gateway, stateDirectory } = await find();
    if (gateway) return (await callGateway({ ...gateway, method, path, body })) as Answer;
    const details = { url: stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  };
  /** The gateway where there is one, else the state. */
  const either = async <Answer>(path: string, read: (trails: StoredTrails) => Promise<Answer>): Promise<Answer> => {
    const { gateway, stateDirectory } = await find();
    if (gateway) return (await callGateway({ ...gateway, method: 'GET', path })) as Answer;
    const log = createLog({ destinations: [], clock: systemClock, level: 'silent' });
    const { trails, close } = await openStateForCommand(stateDirectory, log);
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
    request: (id) => either<RequestTrail>(`/admin/v1/requests/${encodeURIComponent(id)}`, (trails) => findStoredTrail(trails, id)),
  };
}

interface Place {
  readonly stateDirectory: string;
  readonly gateway: { readonly address: string; readonly secret: string | undefined } | undefined;
}

async function findPlace({ env }: Terminal): Promise<Place> {
  const configuration = await loadConfiguration({ environment: readEnvironment({ env }), vendors: knownProviders });
  const { stateDirectory } = configuration;
  const named = configuration.environment.lookup('OPENCLAW_GATEWAY_URL')?.value;
  const address = named ?? (await readStateOwner(stateDirectory))?.address;
  return { stateDirectory, gateway: address === undefined ? undefined : { address, secret: secretOf(configuration) } };
}
