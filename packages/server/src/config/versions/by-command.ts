/**
 * What commands do to the configuration by its files alone: beside a running gateway, which takes an edit up by itself, as well as without one.
 * They keep versions as the gateway does, and put nothing in force.
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { loadConfiguration, type Configuration, type LoadOptions } from '../load.ts';
import { locate } from '../locations.ts';
import type { ConfigurationVersion } from './contract.ts';
import { changesBetween } from './differences.ts';
import { createHistory, type History } from './history.ts';
import { checkWritable } from './read-only.ts';
import { hideSecrets, maskUnknown, type Texts } from './secrets-in-text.ts';
import { prepareTexts, textNow } from './writing.ts';

export interface CommandOptions extends Omit<LoadOptions, 'text' | 'texts' | 'seen'> {
  readonly clock: Clock;
}

export interface Replaced {
  readonly configuration: Configuration;
  /** Undefined where it could not be kept; then `reason` says why. */
  readonly version: ConfigurationVersion | undefined;
  readonly reason?: string;
  /** As in `ConfigurationVersion`; undefined where there was nothing good before to compare with. */
  readonly changed: readonly string[] | undefined;
}

/** The versions that are kept, for commands. */
export function openHistory({ environment, flags, clock }: CommandOptions): History {
  return createHistory(locate(environment, flags).stateDirectory, clock);
}

/**
 * Checks the texts as the gateway would, keeps them as a version, and writes them. `edit` is given the text of the file, and what it makes
 * of it is lost if somebody else has written the file meanwhile.
 * @throws OpenClawError as `loadConfiguration`, `config_conflict`, `config_read_only`; then nothing was written
 */
export async function replaceConfiguration(
  options: CommandOptions,
  by: string,
  edit: (text: string | undefined, file: string) => Promise<Texts>,
): Promise<Replaced> {
  const { file } = locate(options.environment, options.flags);
  const before = textNow(file);
  checkWritable(file);
  const texts = await edit(before, file);
  const configuration = await loadConfiguration({ ...options, texts });
  const previous = before === undefined ? undefined : await loadConfiguration(options).catch(noConfiguration);
  const changed = previous && changesBetween(previous, configuration);
  const replacement = prepareTexts(texts);
  try {
    if (textNow(file) !== before) throw new OpenClawError('config_conflict', { details: { file } });
    // Kept first: whoever sees the new text, a gateway that watches it above all, finds out who wrote it.
    const kept = await keep(options, { configuration, by, changed: changed ?? [] });
    replacement.commit();
    return { configuration, changed, ...kept };
  } finally {
    replacement.discard();
  }
}

/** Brings a version back. @throws OpenClawError as `History.restore` and `replaceConfiguration` */
export function rollBack(options: CommandOptions, version: number, by: string): Promise<Replaced> {
  return replaceConfiguration(options, `rollback to ${version} by ${by}`, async (_, file) => {
    const now = await textsNow(options);
    return openHistory(options).restore(version, { file, sources: [now] });
  });
}

/**
 * What stands in the files now, without secrets. A text that is not good JSON5 has secrets at places that nobody can tell, so of its lines
 * only those are shown whole that are in `known` already.
 */
export async function shownTexts(options: CommandOptions, known: Texts): Promise<{ readonly texts: Texts; readonly isMasked: boolean }> {
  const texts = await textsNow(options);
  const parser = await import('@humanwhocodes/momoa');
  const configuration = await loadConfiguration(options).catch(noConfiguration);
  try {
    return { texts: hideSecrets(texts, { parser, secrets: configuration?.secrets.values() ?? [] }), isMasked: false };
  } catch {
    const all = [...known.values()].join('\n');
    return { texts: new Map([...texts].map(([file, text]) => [file, maskUnknown(text, all)] as const)), isMasked: true };
  }
}

/** The text of a configuration that is good JSON5, without its secrets; for showing it. */
export async function withoutSecrets(file: string, text: string): Promise<string> {
  const parser = await import('@humanwhocodes/momoa');
  return hideSecrets(new Map([[file, text]]), { parser, secrets: [] }).get(file) ?? '';
}

/** The configuration and, as far as it can be read, what it includes. */
async function textsNow(options: CommandOptions): Promise<Texts> {
  const { file } = locate(options.environment, options.flags);
  const seen = new Set<string>();
  const configuration = await loadConfiguration({ ...options, seen }).catch(noConfiguration);
  if (configuration?.exists) return configuration.texts;
  const included = openHistory(options).includesOfLastGood(file);
  return new Map([file, ...included].flatMap((path) => entry(path, textNow(path))));
}

function entry(path: string, text: string | undefined): [string, string][] {
  return text === undefined ? [] : [[path, text]];
}

/** What is wrong with the file is said where it matters: whoever asks here only wants to know what can be read. */
function noConfiguration(): undefined {
  return undefined;
}

/** A version that cannot be kept is no reason against the change: the next start keeps it. */
async function keep(options: CommandOptions, request: Parameters<History['record']>[0]): Promise<Pick<Replaced, 'version' | 'reason'>> {
  try {
    return { version: await openHistory(options).record(request) };
  } catch (thrown) {
    return { version: undefined, reason: reasonOf(thrown) };
  }
}
