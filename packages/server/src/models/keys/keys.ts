/**
 * What is known of the keys of providers: which were refused or have nothing left to spend, and until when they are left out.
 *
 * A key that is refused while its provider has another is out at once, and after a while one request tries it again. A
 * provider's last key stays in for a few refusals, because a single one may be the provider's mistake; then requests are
 * answered at once with what the provider said, and one now and then is let through to see. A rotated key starts anew.
 *
 * It does not choose among keys (`../routing/order.ts`), ask providers (`key-check.ts`) or read files (`key-files.ts`).
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Provider, ProviderKey } from '../target.ts';

/** A provider and one of its keys; every target is one. */
export interface KeyAt {
  readonly provider: Provider;
  readonly key: ProviderKey;
}

export type KeyState = 'ok' | 'refused' | 'spent' | 'unreachable';

export interface KeyStatus {
  readonly provider: string;
  /** `1`, `2`, …. */
  readonly key: string;
  /** Where it came from; never the key. */
  readonly source: string;
  readonly state: KeyState;
  /** What the provider said; absent while all is well. */
  readonly reason?: string;
  /** Until a request tries it again; absent where nothing keeps it from being used. */
  readonly retryInMs?: number;
}

export interface Keys {
  /** True while nothing is known against any key: then nobody need ask about one. */
  readonly untroubled: boolean;
  /** Whether it is left out now. */
  isOut(at: KeyAt): boolean;
  /** For a key that is out: true for one request when its time to be tried again has come. */
  claimTrial(at: KeyAt): boolean;
  /** An attempt was given up before anything was learnt: if it was the trial, the next request may have it. */
  untried(at: KeyAt): void;
  /** What is said instead of asking with a key that is out. */
  refusalOf(at: KeyAt): OpenClawError | undefined;
  /** After an attempt that failed. Errors that say nothing about the key are ignored. @returns whether the log now says that it is left out */
  report(at: KeyAt, error: OpenClawError): boolean;
  /** After an attempt that was answered, and after a check that went well. */
  accepted(at: KeyAt): void;
  /** After a check that found nobody there: known to people, but the key stays in. @returns false where that was known */
  unreachable(at: KeyAt, error: OpenClawError): boolean;
  /** It is another key now. */
  rotated(key: ProviderKey): void;
  status(providers: readonly Provider[]): KeyStatus[];
  /** These are the providers now: what is known of keys that are gone is forgotten, and one that is a provider's last now is tried as such. */
  reconfigured(providers: readonly Provider[]): void;
}

export interface KeysOptions {
  readonly clock: Clock;
  readonly log: Log;
}

export const keyDefaults = {
  /** After a refusal nothing changes until somebody acts, and that takes minutes. */
  refusedMs: 600_000,
  /** Accounts are topped up, some by themselves. */
  spentMs: 60_000,
  /** Refusals in a row of a provider's last key until requests are no longer sent. */
  lastKeyRefusals: 3,
  /** How soon the last key is tried again: nothing else answers meanwhile, and one request in this time is no hammering. */
  lastKeyMs: 30_000,
} as const;

interface Trouble {
  state: Exclude<KeyState, 'ok'>;
  error: OpenClawError;
  refusals: number;
  /** Monotonic; `undefined` while it is in use all the same. */
  outUntilMs: number | undefined;
  /** A request tries it just now. */
  onTrial: boolean;
}

export function createKeys({ clock, log }: KeysOptions): Keys {
  const troubles = new Map<ProviderKey, Trouble>();

  const isOut = ({ key }: KeyAt): boolean => troubles.get(key)?.outUntilMs !== undefined;

  function leaveOut(at: KeyAt, trouble: Trouble): boolean {
    const { provider, key } = at;
    const hasOther = provider.keys.some((other) => other !== key && !other.gone && !isOut({ provider, key: other }));
    const wasOut = trouble.outUntilMs !== undefined;
    if (!hasOther && trouble.refusals < keyDefaults.lastKeyRefusals) return false;
    const pauseMs = hasOther ? (trouble.state === 'spent' ? keyDefaults.spentMs : keyDefaults.refusedMs) : keyDefaults.lastKeyMs;
    trouble.outUntilMs = clock.monotonicMs() + pauseMs;
    if (wasOut) return false;
    log.warn(hasOther ? 'a provider key is left out; the others are used' : 'the only working key of a provider is left out', {
      ...{ provider: provider.id, key: key.id, source: key.source },
      ...{ reason: reasonOf(trouble.error), hint: trouble.error.hint },
    });
    return true;
  }

  return {
    get untroubled() {
      return troubles.size === 0;
    },
    isOut,
    claimTrial: ({ key }) => claimTrial(troubles.get(key), clock.monotonicMs()),
    untried({ key }) {
      const trouble = troubles.get(key);
      if (trouble?.onTrial) Object.assign(trouble, { onTrial: false, outUntilMs: clock.monotonicMs() });
    },
    refusalOf({ key }) {
      const error = troubles.get(key)?.error;
      return error && new OpenClawError(error.code, { details: error.details, status: error.status });
    },
    report(at, error) {
      const state = at.key.absent || at.key.gone ? undefined : verdictOf(error);
      if (!state) return false;
      const trouble = troubles.get(at.key) ?? newTrouble(state, error);
      Object.assign(trouble, { state, error, onTrial: false, refusals: trouble.refusals + 1 });
      troubles.set(at.key, trouble);
      return leaveOut(at, trouble);
    },
    accepted({ provider, key }) {
      const trouble = troubles.get(key);
      if (!trouble) return;
      troubles.delete(key);
      if (trouble.outUntilMs !== undefined || trouble.state === 'unreachable') {
        log.info('a provider key works again', { provider: provider.id, key: key.id, source: key.source });
      }
    },
    unreachable({ key }, error) {
      if (key.gone || troubles.has(key)) return false;
      troubles.set(key, newTrouble('unreachable', error));
      return true;
    },
    rotated: (key) => void troubles.delete(key),
    status: (providers) => providers.flatMap((provider) => provider.keys.map((key) => describe({ provider, key }, troubles, clock))),
    reconfigured(providers) {
      for (const key of [...troubles.keys()]) if (key.gone) troubles.delete(key);
      if (troubles.size > 0) tryLastKeysSoon(providers, troubles, clock.monotonicMs() + keyDefaults.lastKeyMs);
    },
  };
}

/** Of a provider all of whose keys are out: they may have been left out while there was another. */
function tryLastKeysSoon(providers: readonly Provider[], troubles: ReadonlyMap<ProviderKey, Trouble>, latestMs: number): void {
  for (const { keys } of providers) {
    if (keys.some((key) => troubles.get(key)?.outUntilMs === undefined)) continue;
    for (const key of keys) {
      const trouble = troubles.get(key);
      if (trouble?.outUntilMs !== undefined) trouble.outUntilMs = Math.min(trouble.outUntilMs, latestMs);
    }
  }
}

function newTrouble(state: Trouble['state'], error: OpenClawError): Trouble {
  return { state, error, refusals: 0, outUntilMs: undefined, onTrial: false };
}

function claimTrial(trouble: Trouble | undefined, nowMs: number): boolean {
  if (trouble?.outUntilMs === undefined || nowMs < trouble.outUntilMs) return false;
  // If nobody tells how it went, it was never sent: then another may try before long.
  trouble.outUntilMs = nowMs + keyDefaults.lastKeyMs;
  trouble.onTrial = true;
  return true;
}

/**
 * What an error says about the key. A 403 is no verdict: it may be about one model, one country or one prompt, and a client
 * must not be able to take a key out for everybody by asking for something that is forbidden.
 */
function verdictOf(error: OpenClawError): 'refused' | 'spent' | undefined {
  if (error.code === 'upstream_quota') return 'spent';
  return error.code === 'upstream_authentication' && error.details['upstreamStatus'] !== 403 ? 'refused' : undefined;
}

function describe({ provider, key }: KeyAt, troubles: ReadonlyMap<ProviderKey, Trouble>, clock: Clock): KeyStatus {
  const trouble = troubles.get(key);
  const row = { provider: provider.id, key: key.id, source: key.source };
  if (!trouble) return { ...row, state: 'ok' };
  const { outUntilMs } = trouble;
  return {
    ...row,
    state: trouble.state,
    reason: String(trouble.error.details['reason'] ?? reasonOf(trouble.error)),
    ...(outUntilMs !== undefined && { retryInMs: Math.max(0, Math.round(outUntilMs - clock.monotonicMs())) }),
  };
}
