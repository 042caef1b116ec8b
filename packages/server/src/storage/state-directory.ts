/**
 * Makes the state directory and finds out whether it can hold state: who owns it, whether it can be written, what it lies on.
 *
 * It does not lock it and opens no database.
 */
import { accessSync, chmodSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findContainerEngine } from '../core/container-engine.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import { chownRemedy, quote } from './chown-remedy.ts';

/** Who runs this; undefined where the system has no such thing. */
export interface User {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

export function currentUser(): User {
  return { uid: process.getuid?.(), gid: process.getgid?.() };
}

/**
 * Creates the directory, for its owner alone, and the one below it that the store lives in.
 * @returns the absolute path
 * @throws OpenClawError `state_unwritable` with the command that mends it
 */
export function prepareStateDirectory(given: string, user: User = currentUser()): string {
  const directory = resolve(given);
  try {
    createDirectory(directory);
    const { uid, mode } = statSync(directory);
    // A volume may belong to root and be open to a group on purpose; then its owner decides about its mode.
    if (uid === user.uid && (mode & 0o077) !== 0) chmodSync(directory, 0o700);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    createDirectory(storeDirectory(directory));
    accessSync(storeDirectory(directory), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (thrown) {
    throw new OpenClawError('state_unwritable', {
      details: { directory, reason: reasonOf(thrown), suggestion: remedy(directory, thrown, user) },
      cause: thrown,
    });
  }
  return directory;
}

/** One level at a time: asked for all at once, Node answers a read-only file system with ENOENT. */
function createDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(directory) !== directory) createDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (thrown) {
    // Another process may have been faster; whether it is a directory shows at its use.
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST' && statSync(directory).isDirectory())) throw thrown;
  }
}

/** Below the state directory, which also holds the configuration, credentials and logs. */
export function storeDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'state');
}

function remedy(directory: string, thrown: unknown, user: User): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const elsewhere = 'or name another directory with OPENCLAW_STATE_DIR';
  if (code === 'EROFS') return `Mount the volume writable, ${elsewhere}.`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return `Free space on its volume, ${elsewhere}.`;
  if (code === 'ENOTDIR' || code === 'EEXIST') return `Something on the path is a file and not a directory: move it away, ${elsewhere}.`;
  if (code !== 'EACCES' && code !== 'EPERM') return `Mend that, ${elsewhere}.`;
  const found = nearest(directory);
  const owner = statSync(found).uid;
  if (owner === user.uid) return `Run: chmod -R u+rwX ${quote(found)}`;
  const command = chownRemedy({ directory: found, ...user }, findContainerEngine());
  return `It belongs to user ${owner} and this runs as user ${user.uid ?? 'unknown'}. ${command} (${elsewhere}).`;
}

/** The directory itself or, where it could not be made, the nearest one above that exists. */
function nearest(path: string): string {
  try {
    statSync(path);
    return path;
  } catch {
    // Absent, or behind something that may not be entered: the one above is what must be mended.
    return dirname(path) === path ? path : nearest(dirname(path));
  }
}
