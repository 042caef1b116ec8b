/**
 * Where a command finds what it asks for: a running gateway, or the state that none has opened.
 *
 * The parts of the program are loaded only where there is no gateway: a command that asks one should cost little more than Node's start.
 */
import { loadConfiguration, type Configuration } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { hostNameOf, isLoopbackName } from '../../core/caller-place.ts';
import { readEnvironment } from '../../core/env.ts';
import { createLog, type Log } from '../../core/log.ts';
import { readStateOwner } from '../../storage/index.ts';
import { readOwnCertificate } from '../gateway-target.ts';
import type { Terminal } from '../terminal.ts';

export interface Place {
  /** Not checked against the vendors that are known where a gateway runs, which has done so. */
  readonly configuration: Configuration;
  /** Where one runs on the state directory, or is named. */
  readonly gateway: GatewayAt | undefined;
}

export interface GatewayAt {
  readonly address: string;
  /** The configuration's goes to the gateway of this configuration and to this machine alone, as in `../gateway-target.ts`. */
  readonly secret: string | undefined;
  /** The one that the gateway made for itself. */
  readonly certificate: string | undefined;
}

/** @throws OpenClawError for what keeps the configuration from loading */
export async function findPlace({ env }: Terminal): Promise<Place> {
  const environment = readEnvironment({ env });
  const configuration = await loadConfiguration({ environment });
  const named = configuration.environment.lookup('OPENCLAW_GATEWAY_URL')?.value;
  const owner = await readStateOwner(configuration.stateDirectory);
  const address = named ?? owner?.address;
  if (address !== undefined) return { configuration, gateway: gatewayAt(address, owner?.address, configuration) };
  const { knownProviders } = await import('../../models/known-providers.ts');
  return { configuration: await loadConfiguration({ environment, vendors: knownProviders }), gateway: undefined };
}

function gatewayAt(address: string, ownAddress: string | undefined, configuration: Configuration): GatewayAt {
  const { settings, environment, stateDirectory } = configuration;
  const origin = URL.canParse(address) ? new URL(address) : undefined;
  const isOwn = origin !== undefined && ownAddress !== undefined && origin.origin === new URL(ownAddress).origin;
  const isTrusted = isOwn || (origin !== undefined && isLoopbackName(hostNameOf(origin.host)));
  const given = environment.lookup('OPENCLAW_GATEWAY_TOKEN') ?? environment.lookup('OPENCLAW_GATEWAY_PASSWORD');
  return {
    address,
    secret: isTrusted ? secretOf(configuration) : given?.value.trim(),
    certificate: isOwn && settings.gateway.tls.certFile === undefined ? readOwnCertificate(stateDirectory) : undefined,
  };
}

function secretOf({ settings }: Configuration): string | undefined {
  const { mode, token, password } = settings.gateway.auth;
  return mode === 'password' ? password : mode === 'token' ? token : undefined;
}

/** For commands that work on the state themselves: what they print is said in their own words. */
export function silentLog(): Log {
  return createLog({ destinations: [], clock: systemClock, level: 'silent' });
}
