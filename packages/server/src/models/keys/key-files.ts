/**
 * Follows the files that provider keys lie in, so that a rotated key is used without a restart. It looks every few seconds
 * at what can be read there, which works alike for edited files, renamed ones, and the links that Kubernetes swaps.
 *
 * A file that cannot be read or holds nothing that can be a key changes nothing: the last good key stays, and the log says so.
 */
import { readFile } from 'node:fs/promises';

import type { Clock, Timer } from '../../core/clock.ts';
import { valueInFile } from '../../core/env.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { FollowedKey } from './provider-keys.ts';
import type { ProviderKey } from '../target.ts';

export interface KeyFilesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each new key before it is used: what must not be logged, and what was known of the old one. */
  readonly onRotated: (key: ProviderKey, secret: string) => void;
}

export interface KeyFiles {
  /** From now on these are followed; what is known of those that were already goes on. */
  follow(keys: readonly FollowedKey[]): void;
  /** Looks now. Never rejects. */
  look(): Promise<void>;
  close(): void;
}

/**
 * How often is looked. A new value counts once two looks have found it, because a file may be read while it is being
 * written; so a rotation takes up to twice this long. Secrets that are replaced are valid side by side for minutes.
 */
export const keyFileIntervalMs = 2000;

/** What an HTTP header can carry; the configuration demands the same at the start. */
const fits = /^[\x21-\x7e]+$/;

interface Followed extends FollowedKey {
  current: string;
  /** Found once, and not yet a second time. */
  candidate: string | undefined;
  /** What was said about the file last, so that it is said once. */
  complaint: string | undefined;
}

export function followKeyFiles({ clock, log, onRotated }: KeyFilesOptions): KeyFiles {
  let followed: ReadonlyMap<FollowedKey, Followed> = new Map();
  let looking: Promise<void> | undefined;
  let timer: Timer | undefined;

  function close(): void {
    timer?.cancel();
    timer = undefined;
  }

  function look(): Promise<void> {
    looking ??= lookAtAll().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function lookAtAll(): Promise<void> {
    for (const [key, state] of followed) {
      const found = await readSecret(key);
      // The configuration may have changed meanwhile.
      if (!followed.has(key)) continue;
      if ('complaint' in found) complain(state, found.complaint);
      else take(state, found.secret);
    }
  }

  function take(key: Followed, secret: string): void {
    key.complaint = undefined;
    if (secret === key.current || secret !== key.candidate) {
      key.candidate = secret;
      return;
    }
    onRotated(key.key, secret);
    key.current = secret;
    key.rotate(secret);
    log.info('a provider key was rotated', { provider: key.provider, key: key.key.id, file: key.file.file });
  }

  function complain(key: Followed, complaint: string): void {
    if (key.complaint === complaint) return;
    key.complaint = complaint;
    log.warn('a file with a provider key is no good; the last key is used', {
      provider: key.provider,
      key: key.key.id,
      file: key.file.file,
      reason: complaint,
    });
  }

  return {
    look,
    follow(keys) {
      const now = keys.map((key): [FollowedKey, Followed] => {
        const fresh = { ...key, current: key.secret, candidate: undefined, complaint: undefined };
        return [key, followed.get(key) ?? fresh];
      });
      followed = new Map(now);
      if (followed.size > 0) timer ??= clock.every(keyFileIntervalMs, () => void look());
      else close();
    },
    close,
  };
}

async function readSecret({ file }: FollowedKey): Promise<{ readonly secret: string } | { readonly complaint: string }> {
  try {
    const secret = valueInFile(await readFile(file.file, 'utf8'), file)?.trim() ?? '';
    if (fits.test(secret)) return { secret };
    return { complaint: secret === '' ? 'there is no key in it' : 'what it holds cannot be sent in a header' };
  } catch (thrown) {
    return { complaint: reasonOf(thrown) };
  }
}
