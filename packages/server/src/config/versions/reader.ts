/**
 * Reads the configuration so that nothing in it throws, and knows which files a look at it depends on.
 * What a reading means for what is in force is the keeper's business.
 */
import { lstatSync } from 'node:fs';

import type { Environment } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { type Configuration, loadConfiguration, type LoadOptions } from '../load.ts';
import { locate } from '../locations.ts';
import type { Texts } from './secrets-in-text.ts';
import { textNow } from './writing.ts';
import { hashOf } from './version-store.ts';
import { fingerprint } from './watch.ts';

export interface ReaderOptions {
  readonly environment: Environment;
  readonly flags?: NonNullable<LoadOptions['flags']>;
  readonly vendors?: readonly string[];
  /** Asked for secrets that lie elsewhere. */
  readonly secrets?: LoadOptions['secrets'];
}

export interface Reading {
  readonly found: Configuration | OpenClawError;
  /** What the files looked like. Empty where they changed meanwhile: whatever they look like now, it is not what was read. */
  readonly stamp: string;
}

export interface Reader {
  readonly file: string;
  readonly stateDirectory: string;
  /** Every file that the last reading looked for. */
  readonly followed: ReadonlySet<string>;
  /** Whether there is anything under the name of the configuration, be it a link that leads nowhere. */
  isNamed(): boolean;
  /** What the followed files look like now. */
  stamp(): string;
  /** The text of the configuration as it is now; undefined where there is none that can be read. */
  text(): string | undefined;
  hash(): string | undefined;
  /** Reads what is on the disk. `inForce` is followed as well where that is bad. */
  read(inForce: Configuration | undefined): Promise<Reading>;
  /** Reads these texts instead. */
  load(texts: Texts): Promise<Configuration | OpenClawError>;
}

export function createReader(options: ReaderOptions): Reader {
  const { stateDirectory, file, envFiles } = locate(options.environment, options.flags);
  let followed: ReadonlySet<string> = new Set([file, ...envFiles]);

  async function attempt(given: Pick<LoadOptions, 'texts' | 'seen'>): Promise<Configuration | OpenClawError> {
    try {
      const { secrets, ...rest } = options;
      return await loadConfiguration({ ...rest, ...given, ...(secrets ? { secrets } : {}) });
    } catch (thrown) {
      if (thrown instanceof OpenClawError) return thrown;
      return new OpenClawError('config_unreadable', { details: { file, reason: reasonOf(thrown) }, cause: thrown });
    }
  }

  const text = (): string | undefined => textNow(file);
  return {
    file,
    stateDirectory,
    get followed() {
      return followed;
    },
    isNamed() {
      try {
        return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
      } catch {
        // Its folder cannot be looked into, which the reading says.
        return false;
      }
    },
    stamp: () => fingerprint(followed),
    text,
    hash() {
      const now = text();
      return now === undefined ? undefined : hashOf(now);
    },
    async read(inForce) {
      const [before, stampBefore] = [followed, fingerprint(followed)];
      const seen = new Set<string>();
      const found = await attempt({ seen });
      followed = found instanceof OpenClawError ? new Set([...seen, ...(inForce?.files ?? [])]) : seen;
      return { found, stamp: fingerprint(before) === stampBefore ? fingerprint(followed) : '' };
    },
    load: (texts) => attempt({ texts }),
  };
}

/** What OPENCLAW_RESCUE says. */
export function isRescueAskedFor(environment: Environment): boolean {
  try {
    return ['1', 'true'].includes(environment.lookup('OPENCLAW_RESCUE')?.value ?? '');
  } catch {
    // Its file cannot be read: nobody can have meant that as a yes.
    return false;
  }
}
