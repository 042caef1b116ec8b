/**
 * What was in force before: versions without their secrets, and the last good texts with them. Both ways: keeping, and getting back.
 *
 * For the keeper in a gateway, and for commands beside it or without one. It puts nothing in force and writes no configuration.
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Configuration } from '../load.ts';
import type { ConfigurationVersion } from './contract.ts';
import { pathIn, readLastGood, textsAt, writeLastGood, type LastGood } from './last-good.ts';
import { fillSecrets, hideSecrets, type Texts } from './secrets-in-text.ts';
import { createVersionStore, hashOf, sameFiles, type StoredFile, type StoredVersion, withoutFiles } from './version-store.ts';

export interface RecordRequest {
  /** As it was loaded: with its texts. */
  readonly configuration: Configuration;
  readonly by: string;
  readonly changed: readonly string[];
}

export interface History {
  /** The oldest first. */
  versions(): readonly ConfigurationVersion[];
  newest(): ConfigurationVersion | undefined;
  /** The newest version, where the configuration is what it says; undefined where it is another one. */
  versionOf(configuration: Configuration): ConfigurationVersion | undefined;
  /** The text of the configuration itself, without secrets. @throws OpenClawError `config_version_not_found` */
  text(version: number): string;
  /** Keeps a version, unless it is what the newest one is. @throws Error when it cannot be written */
  record(request: RecordRequest): Promise<ConfigurationVersion>;
  /** Keeps it as the last good one. @throws Error when it cannot be written */
  remember(configuration: Configuration, version: number | undefined): void;
  lastGood(): LastGood | undefined;
  /** What the last good one includes, where the configuration is `file`. */
  includesOfLastGood(file: string): readonly string[];
  /** Every text of a version for `file`, without secrets. @throws OpenClawError `config_version_not_found` */
  texts(version: number, file: string): Texts;
  /**
   * The texts of a version for `file`, its secrets taken from what stands at the same places of `sources` or, failing that, of the last good one.
   * @throws OpenClawError `config_version_not_found`, `config_secret_missing`
   */
  restore(version: number, target: { readonly file: string; readonly sources: readonly Texts[] }): Promise<Texts>;
}

export function createHistory(stateDirectory: string, clock: Clock): History {
  const store = createVersionStore(stateDirectory);

  const find = (version: number): StoredVersion => {
    const found = store.get(version);
    if (!found) throw new OpenClawError('config_version_not_found', { details: { version } });
    return found;
  };

  const now = (): string => new Date(clock.now()).toISOString();

  return {
    versions: () => store.list(),
    newest() {
      const newest = store.newest();
      return newest && withoutFiles(newest);
    },
    versionOf({ file, texts }) {
      const newest = store.newest();
      const isSame = newest && sameFiles(newest.files, filesOf(file, texts));
      return isSame ? withoutFiles(newest) : undefined;
    },
    text: (version) => find(version).files[0]?.text ?? '',
    async record({ configuration, by, changed }) {
      const { texts, file, secrets } = configuration;
      const parser = await import('@humanwhocodes/momoa');
      const hidden = hideSecrets(texts, { parser, secrets: secrets.values() });
      const files = filesOf(file, texts).map((one, index) => ({ ...one, text: [...hidden.values()][index] ?? '' }));
      return withoutFiles(store.append({ at: now(), by, hash: files[0]?.hash ?? hashOf(''), changed, files }));
    },
    remember({ file, texts }, version) {
      const kept = [...texts].map(([path, text]) => ({ path: pathIn(file, path), text }));
      const before = readLastGood(stateDirectory);
      if (before?.file === file && before.version === version && JSON.stringify(before.texts) === JSON.stringify(kept)) return;
      writeLastGood(stateDirectory, { version, at: now(), file, texts: kept });
    },
    lastGood: () => readLastGood(stateDirectory),
    includesOfLastGood: (file) => [...textsAt(file, readLastGood(stateDirectory)?.texts ?? []).keys()].slice(1),
    texts: (version, file) => textsAt(file, find(version).files),
    async restore(version, { file, sources }) {
      const { files } = find(version);
      const parser = await import('@humanwhocodes/momoa');
      const lastGood = readLastGood(stateDirectory);
      const known = lastGood ? [...sources, textsAt(file, lastGood.texts)] : sources;
      return fillSecrets(textsAt(file, files), { parser, sources: known, version });
    },
  };
}

function filesOf(file: string, texts: Texts): Omit<StoredFile, 'text'>[] {
  return [...texts].map(([path, text]) => ({ path: pathIn(file, path), hash: hashOf(text) }));
}
