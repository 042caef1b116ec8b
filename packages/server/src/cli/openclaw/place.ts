/**
 * Where a command finds what it asks for: a running gateway, or the state that none has opened.
 *
 * The parts of the program are loaded only where there is no gateway: a command that asks one should cost little more than Node's start.
 */
import { loadConfiguration, type Configuration } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { createLog, type Log } from '../../core/log.ts';
import { readStateOwner } from '../../storage/index.ts';
import type { Terminal } from './terminal.ts';

export interface Place {
  /** Not checked against the vendors that are known where a gateway runs, which has done so. */
  readonly configuration: Configuration;
  /** Where one runs on the state directory, or is named. */
  readonly gateway: GatewayAt | undefined;
}

export interface GatewayAt {
  readonly address: string;
  readonly secret: string | undefined;
}

/** @throws OpenClawError for what keeps the configuration from loading */
export async function findPlace({ env }: Terminal): Promise<Place> {
  const environment = readEnvironment({ env });
  const configuration = await loadConfiguration({ environment });
  const named = configuration.environment.lookup('OPENCLAW_GATEWAY_URL')?.value;
  const address = named ?? (await readStateOwner(configuration.stateDirectory))?.address;
  if (address !== undefined) return { configuration, gateway: { address, secret: secretOf(configuration) } };
  const { knownProviders } = await import('../../models/index.ts');
  return { configuration: await loadConfiguration({ environment, vendors: knownProviders }), gateway: undefined };
}

function secretOf({ settings }: Configuration): string | undefined {
  const { mode, token, password } = settings.gateway.auth;
  return mode === 'password' ? password : mode === 'token' ? token : undefined;
}

/** For commands that work on the state themselves: what they print is said in their own words. */
export function silentLog(): Log {
  return createLog({ destinations: [], clock: systemClock, level: 'silent' });
}
