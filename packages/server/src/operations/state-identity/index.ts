/**
 * The id of a state directory, made once with it. A browser or a command line that remembers it can tell a gateway that was set up
 * afresh, because its state was not kept, from one that has forgotten a token.
 *
 * It is no secret, and it moves with the directory: a copy that is restored elsewhere is the same state.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';

export interface StateIdentity {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

export function stateIdentityFile(stateDirectory: string): string {
  return join(stateDirectory, 'state', 'identity.json');
}

/** `undefined` where there is none, or nothing that can be read as one. */
export function readStateIdentity(stateDirectory: string): StateIdentity | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(stateIdentityFile(stateDirectory), 'utf8'));
    if (typeof value !== 'object' || value === null || !('id' in value) || !('createdAt' in value)) return undefined;
    const { id, createdAt } = value;
    return typeof id === 'string' && id !== '' && typeof createdAt === 'string' ? { id, createdAt } : undefined;
  } catch {
    // A state that was never opened has none.
    return undefined;
  }
}

/**
 * Makes it (0600) unless there is one; what is there in the end is returned, whoever made it. A file that is none is replaced.
 * @throws what the file system says against it
 */
export function ensureStateIdentity(stateDirectory: string, clock: Clock): StateIdentity {
  const found = readStateIdentity(stateDirectory);
  if (found) return found;
  const made: StateIdentity = { id: randomUUID(), createdAt: new Date(clock.now()).toISOString() };
  const file = stateIdentityFile(stateDirectory);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, `${JSON.stringify(made)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // A link cannot replace: of two that make one at the same time the second takes what the first made.
    linkSync(temporary, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
    if (readStateIdentity(stateDirectory) === undefined) renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  return readStateIdentity(stateDirectory) ?? made;
}
