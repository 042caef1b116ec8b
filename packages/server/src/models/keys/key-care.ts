/**
 * All that is done about the keys of providers while the gateway runs, in one piece: what is known of them, the files that
 * they lie in, and the check after the start. The parts: `keys.ts`, `key-files.ts`, `key-check.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { checkKeys } from './key-check.ts';
import { followKeyFiles } from './key-files.ts';
import { createKeys, type Keys, type KeyStatus } from './keys.ts';
import type { Providers } from '../providers.ts';

export interface KeyCare {
  readonly keys: Keys;
  status(): KeyStatus[];
  /** Begins to ask providers whether their keys are good, beside everything else. */
  beginChecks(signal: AbortSignal): void;
  close(): Promise<void>;
}

export interface KeyCareOptions {
  readonly providers: Pick<Providers, 'list' | 'followedKeys'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onSecret: (secret: string) => void;
}

export function createKeyCare({ providers, clock, log, onSecret }: KeyCareOptions): KeyCare {
  const keys = createKeys({ clock, log });
  const files = followKeyFiles(providers.followedKeys, {
    clock,
    log,
    onRotated(key, secret) {
      onSecret(secret);
      keys.rotated(key);
    },
  });
  const closing = new AbortController();
  let checks: Promise<void> | undefined;

  return {
    keys,
    status: () => keys.status(providers.list()),
    beginChecks(signal) {
      checks = checkKeys(providers.list(), { keys, clock, log, signal: AbortSignal.any([signal, closing.signal]) }).catch(
        (error: unknown) => log.error('provider keys could not be checked', { error }),
      );
    },
    async close() {
      files.close();
      closing.abort();
      await checks;
    },
  };
}
