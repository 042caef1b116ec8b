/**
 * Files and directories of the state that others of the machine may read or write, and closing them.
 * Only what the gateway itself makes is looked at; links are not followed. It deletes nothing and gives nothing away.
 */
import { chmodSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

export interface OpenPlace {
  readonly path: string;
  readonly isDirectory: boolean;
  /** The permission bits. */
  readonly mode: number;
}

/** Below the state directory. Workspaces of agents and what workloads write are theirs. */
const ours = ['openclaw.json', '.env', 'credentials', 'logs', 'state'];
const placesLimit = 20_000;

export const closedModes = { directory: 0o700, file: 0o600 } as const;

/** Those whose mode lets the group or others in; the outermost first. */
export function findOpenPlaces(stateDirectory: string): readonly OpenPlace[] {
  const found: OpenPlace[] = [];
  let seen = 0;
  const visit = (path: string, depth: number): void => {
    const stat = look(path);
    if (!stat || stat.isSymbolicLink() || (seen += 1) > placesLimit) return;
    const isDirectory = stat.isDirectory();
    if (!isDirectory && !stat.isFile()) return;
    const mode = stat.mode & 0o777;
    if ((mode & 0o077) !== 0) found.push({ path, isDirectory, mode });
    if (isDirectory && depth > 0) for (const name of namesIn(path)) visit(join(path, name), depth - 1);
  };
  visit(stateDirectory, 0);
  for (const name of ours) visit(join(stateDirectory, name), 12);
  return found;
}

/** @throws Error when it is not ours to change */
export function closePlace({ path, isDirectory, mode }: OpenPlace): void {
  // The owner keeps what it has: a file that is to be read alone stays so.
  chmodSync(path, mode & (isDirectory ? closedModes.directory : 0o700));
}

export function modeWords(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Behind something that may not be entered: then nobody else enters it either.
    return undefined;
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
