/** What a client is told when it is let in: what there is, what holds, and what it may do. */
import { holdsScope, protocolVersion, wireLimits, type HelloOk, type HelloSnapshot, type StateVersion } from '@openclaw/protocol';
import type { Admission, ControlPrincipal, MethodTable, PresenceEntry } from './contract.ts';
import type { ControlLimits } from './limits.ts';

/** What others know of the gateway. `configPath`, `stateDir` and `authMode` are told to admins alone, whoever asks. */
export type GatewaySnapshot = Omit<HelloSnapshot, 'presence' | 'health' | 'stateVersion' | 'uptimeMs'>;

export interface HelloOptions {
  readonly advertisedVersion: string;
  readonly bootId: string;
  readonly methods: () => MethodTable;
  /** Names of the events that can come. */
  readonly events: readonly string[];
  readonly capabilities: readonly string[];
  readonly snapshot: () => GatewaySnapshot;
  readonly limits: ControlLimits;
}

/** What holds at this moment. */
export interface HelloState {
  readonly presence: readonly PresenceEntry[];
  readonly health: unknown;
  readonly stateVersion: StateVersion;
  readonly uptimeMs: number;
}

export interface Admitted {
  readonly connectionId: string;
  readonly admission: Extract<Admission, { readonly admitted: true }>;
}

export function createHello(options: HelloOptions, { connectionId, admission }: Admitted, state: HelloState): HelloOk {
  const { principal, deviceToken, issuedAtMs } = admission;
  return {
    type: 'hello-ok',
    protocol: protocolVersion,
    server: { version: options.advertisedVersion, bootId: options.bootId, connId: connectionId },
    features: { methods: Object.keys(options.methods()), events: options.events, capabilities: options.capabilities },
    snapshot: { ...told(options.snapshot(), principal), ...toldState(state, principal) },
    auth: {
      method: principal.method,
      role: principal.role,
      scopes: [...principal.scopes],
      ...(deviceToken === undefined ? {} : { deviceToken }),
      ...(issuedAtMs === undefined ? {} : { issuedAtMs }),
    },
    policy: {
      maxPayload: wireLimits.frameBytes,
      maxBufferedBytes: options.limits.bufferedBytes,
      tickIntervalMs: options.limits.tickIntervalMs,
    },
  };
}

function told(snapshot: GatewaySnapshot, { scopes }: ControlPrincipal): GatewaySnapshot {
  if (holdsScope(scopes, 'operator.admin')) return snapshot;
  const { configPath: _path, stateDir: _directory, authMode: _mode, ...rest } = snapshot;
  return rest;
}

function toldState(state: HelloState, { scopes }: ControlPrincipal): HelloState {
  return { ...state, presence: holdsScope(scopes, 'operator.read') ? state.presence : [] };
}
