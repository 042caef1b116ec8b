/**
 * All that is done about the keys of providers while the gateway runs, in one piece: what is known of them, the files that
 * they lie in, and the check after the start and of keys that come later. The parts: `keys.ts`, `key-files.ts`, `key-check.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Providers } from '../providers.ts';
import type { ProviderKey } from '../target.ts';
import { checkKeys } from './key-check.ts';
import { followKeyFiles } from './key-files.ts';
import { createKeys, type Keys, type KeyStatus } from './keys.ts';

export interface KeyCare {
  readonly keys: Keys;
  status(): KeyStatus[];
  /** From now on these are the providers: their files are followed, and keys that nobody has asked about are checked, if checks have begun. */
  reconfigure(providers: CaredFor): void;
  /** Begins to ask providers whether their keys are good, beside everything else. */
  beginChecks(): void;
  close(): Promise<void>;
}

export type CaredFor = Pick<Providers, 'list' | 'followedKeys'>;

export interface KeyCareOptions {
  readonly providers: CaredFor;
  readonly clock: Clock;
  readonly log: Log;
  readonly onSecret: (secret: string) => void;
}

export function createKeyCare({ clock, log, onSecret, ...options }: KeyCareOptions): KeyCare {
  let { providers } = options;
  const keys = createKeys({ clock, log });
  const files = followKeyFiles({
    clock,
    log,
    onRotated(key, secret) {
      onSecret(secret);
      keys.rotated(key);
    },
  });
  files.follow(providers.followedKeys);
  const checked = new WeakSet<ProviderKey>();
  let round: AbortController | undefined;
  let checks: Promise<void> = Promise.resolve();

  /** Of those about whom nobody has been asked yet; whoever was about to be asked is asked by this round. */
  function check(): void {
    round?.abort();
    round = new AbortController();
    const { signal } = round;
    const unchecked = providers
      .list()
      .flatMap((provider) => provider.keys.map((key) => ({ provider, key })))
      .filter(({ key }) => !checked.has(key));
    const ask = (): Promise<void> => checkKeys(unchecked, { keys, clock, log, signal, onChecked: (key) => void checked.add(key) });
    checks = checks.then(ask).catch((error: unknown) => log.error('provider keys could not be checked', { error }));
  }

  return {
    keys,
    status: () => keys.status(providers.list()),
    reconfigure(next) {
      providers = next;
      files.follow(next.followedKeys);
      keys.reconfigured(next.list());
      if (round) check();
    },
    beginChecks: check,
    async close() {
      files.close();
      round?.abort();
      await checks;
    },
  };
}
