/**
 * The configuration that holds now, and what each part takes from it. Parts are told of a change by `apply.ts`; this keeps nothing but the
 * latest.
 */
import type { GateSettings } from '../access/index.ts';
import {
  ensureGatewayToken,
  gatewayTokenFile,
  type Configuration,
  type ConfigurationKeeper,
  type ConfigurationStatus,
} from '../config/index.ts';
import { OpenClawError } from '../core/errors.ts';
import type { GatewayPolicy } from '../gateway/index.ts';
import type { ModelPathChange } from '../models/index.ts';
import { findProviderKeys } from './provider-keys.ts';

export interface InForce {
  readonly configuration: Configuration;
  readonly policy: GatewayPolicy;
}

/** The latest of it, for everybody who asks. */
export interface Holding {
  /** Asked only once requests can come. */
  inForce(): InForce;
  configuration(): Configuration;
  /** From now on this one holds. */
  take(next: Configuration): void;
  /** The keeper's verdict or the address has changed. */
  look(): void;
}

export interface HoldingOptions {
  readonly keeper: Pick<ConfigurationKeeper, 'status'>;
  readonly configuration: Configuration;
  /** Whether nobody beyond this machine can reach the gateway. */
  readonly loopbackOnly: () => boolean;
}

export function createHolding({ keeper, loopbackOnly, ...initial }: HoldingOptions): Holding {
  let { configuration } = initial;
  let inForce: InForce | undefined;
  const read = (): InForce => {
    const { limits, auth, controlUi } = configuration.settings.gateway;
    const restricted = restrictionOf(keeper.status);
    const open = auth.mode === 'none';
    const ambient = open || auth.mode === 'trusted-proxy';
    return { configuration, policy: { limits, open, ambient, loopbackOnly: loopbackOnly(), controlUi, restricted } };
  };
  return {
    inForce: () => (inForce ??= read()),
    configuration: () => configuration,
    take(next) {
      configuration = next;
      inForce = undefined;
    },
    look() {
      inForce = undefined;
    },
  };
}

/** Why models are not served. */
function restrictionOf({ state, problem, file }: ConfigurationStatus): OpenClawError | undefined {
  if (state !== 'rescue') return undefined;
  const reason = (problem?.message ?? 'an operator asked for it').replace(/\.$/, '');
  return new OpenClawError('rescue_mode', { details: { reason, file }, retryAfterMs: 5000, ...(problem ? { cause: problem } : {}) });
}

/** What proves that somebody is the operator. Where nobody set a token, the one that the first start makes. */
export function gateSettingsOf({ settings, stateDirectory }: Configuration): GateSettings {
  const { mode, token, password, trustedProxy } = settings.gateway.auth;
  const own = mode === 'token' && token === undefined ? ensureGatewayToken(stateDirectory).token : token;
  return { mode, secret: mode === 'password' ? password : own, trustedProxy };
}

/** File of the token that the first start, this one or an earlier one, made; undefined where the operator's own or none holds. */
export function tokenFileOf({ settings, origins, stateDirectory }: Configuration): string | undefined {
  const { mode, token } = settings.gateway.auth;
  const file = gatewayTokenFile(stateDirectory);
  // One of an earlier start comes with the configuration, as if an operator had written it.
  return mode === 'token' && (token === undefined || origins.get('gateway.auth.token')?.where === file) ? file : undefined;
}

export function modelSettingsOf(configuration: Configuration): Required<ModelPathChange> {
  const { settings, environment, secretFiles } = configuration;
  return {
    settings: settings.models,
    nestingDepthLimit: settings.gateway.limits.nestingDepth,
    keysFromEnvironment: findProviderKeys(configuration),
    lookUp: (name) => environment.lookup(name)?.value,
    secretFiles,
  };
}
