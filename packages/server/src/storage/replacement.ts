/**
 * Puts other content in the place of a state directory's, all of it or nothing, also when the process is killed at any moment.
 *
 * The new content is prepared below the directory itself, which may be a mount that cannot be renamed. One small file then decides:
 * without it nothing has happened; with it, whoever takes the directory next carries the renames to their end. What was there before
 * is kept beside. It does not know what the content is.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OpenClawError } from '../core/errors.ts';
import { findMount, systemFacts, type FileSystemFacts } from './filesystem.ts';
import { syncDirectory, writeDurably } from './sqlite/durable-files.ts';

/** What was decided; the renames follow from it and can be made again. */
interface Decision {
  /** Names directly below the state directory that give way. */
  readonly replaced: readonly string[];
  /** Where they are kept, below the state directory. */
  readonly keptIn: string;
}

const workName = '.restoring';
const keptPrefix = 'replaced-';
/** They belong to the place and not to its content: the lock is held meanwhile, copies and logs tell of before. */
const staying: ReadonlySet<string> = new Set([
  'lock.db',
  'lock.db-journal',
  'owner.json',
  'owner.json.new',
  'backups',
  'logs',
  'lost+found',
  workName,
]);

/** Whether a name directly below a state directory is no content of it. */
export function belongsToThePlace(name: string): boolean {
  return staying.has(name) || name.startsWith(keptPrefix);
}

/** Names of what would give way. Changes nothing. */
export function contentOf(stateDirectory: string): string[] {
  if (!existsSync(stateDirectory)) return [];
  return readdirSync(stateDirectory, { withFileTypes: true })
    .filter((found) => !belongsToThePlace(found.name) && !(found.isDirectory() && isEmpty(join(stateDirectory, found.name))))
    .map(({ name }) => name)
    .sort();
}

/**
 * An empty directory to prepare the new content in; what an attempt that was cut off left there is removed. The lock must be held.
 * @throws OpenClawError `command_refused` where something that would give way is a mount of its own
 */
export function prepareReplacement(stateDirectory: string, facts: FileSystemFacts = systemFacts): string {
  for (const name of contentOf(stateDirectory)) refuseMount(join(realpathSync(stateDirectory), name), facts);
  abandonReplacement(stateDirectory);
  const target = join(stateDirectory, workName, 'new');
  mkdirSync(target, { recursive: true, mode: 0o700 });
  return target;
}

export function abandonReplacement(stateDirectory: string): void {
  if (existsSync(decisionFile(stateDirectory))) return;
  rmSync(join(stateDirectory, workName), { recursive: true, force: true });
}

/**
 * The prepared content takes the place. The lock must be held.
 * @param label a part of the name of what is kept
 * @returns where what was there is kept; undefined if there was nothing
 */
export function commitReplacement(stateDirectory: string, label: string): string | undefined {
  const { replaced, keptIn } = decideReplacement(stateDirectory, label);
  finishReplacement(stateDirectory);
  return replaced.length === 0 ? undefined : join(stateDirectory, keptIn);
}

/** From here on there is no way back. */
export function decideReplacement(stateDirectory: string, label: string): Decision {
  const decision: Decision = { replaced: contentOf(stateDirectory), keptIn: `${keptPrefix}${label}` };
  writeDurably(decisionFile(stateDirectory), `${JSON.stringify(decision)}\n`);
  return decision;
}

/** Whether a replacement was decided and cut off before its end. */
export function isReplacementPending(stateDirectory: string): boolean {
  return existsSync(decisionFile(stateDirectory));
}

/** Carries a decided replacement to its end; does nothing without one. The lock must be held. */
export function finishReplacement(stateDirectory: string): void {
  if (!isReplacementPending(stateDirectory)) return;
  const { replaced, keptIn } = JSON.parse(readFileSync(decisionFile(stateDirectory), 'utf8')) as Decision;
  const kept = join(stateDirectory, keptIn);
  if (replaced.length > 0) mkdirSync(kept, { recursive: true, mode: 0o700 });
  for (const name of replaced) {
    const from = join(stateDirectory, name);
    // What stands there after its predecessor was moved away is the new content already.
    if (!existsSync(join(kept, name)) && existsSync(from)) renameSync(from, join(kept, name));
  }
  if (replaced.length > 0) syncDirectory(kept);
  syncDirectory(stateDirectory);
  const prepared = join(stateDirectory, workName, 'new');
  for (const name of existsSync(prepared) ? readdirSync(prepared) : []) {
    const to = join(stateDirectory, name);
    if (statSync(to, { throwIfNoEntry: false })?.isDirectory() && isEmpty(to)) rmdirSync(to);
    renameSync(join(prepared, name), to);
  }
  syncDirectory(stateDirectory);
  // First what says that there is something to do: the rest is then no more than litter.
  rmSync(decisionFile(stateDirectory));
  abandonReplacement(stateDirectory);
}

function decisionFile(stateDirectory: string): string {
  return join(stateDirectory, workName, 'decided.json');
}

function isEmpty(directory: string): boolean {
  return readdirSync(directory).length === 0;
}

function refuseMount(path: string, facts: FileSystemFacts): void {
  if (findMount(path, facts.mountInfo())?.point !== path) return;
  throw new OpenClawError('command_refused', {
    details: {
      reason: `${path} is a mount of its own, which nothing else can take the place of`,
      suggestion: 'Restore into a directory without such mounts (--state-dir), or from a container that does not mount it.',
    },
  });
}
