/** Opens a state directory: takes its lock, finds the place for its database, recovers it, and lets go of all in order. */
import { statfs } from 'node:fs/promises';
import { systemClock, type Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Database } from './database.ts';
import { placeLiveDatabase } from './filesystem.ts';
import { openSqlite } from './sqlite/database.ts';
import { migrations } from './migrations/index.ts';
import { restoreSnapshot, rollBack, type RestoredMigration } from './sqlite/before-migration.ts';
import { storePaths, type StorePaths } from './sqlite/paths.ts';
import type { RecoveryReport } from './sqlite/recovery.ts';
import { startStorageThread, type StorageThread } from './sqlite/thread-call.ts';
import { storeDirectory } from './state-directory.ts';
import { acquireStateLock, type StateLock, type StateLockOptions } from './state-lock.ts';

export interface StateOptions extends StateLockOptions {
  readonly log?: Log;
  /** One that boots already; it belongs to the state from here on. @default a new one */
  readonly thread?: StorageThread;
}

export interface State {
  readonly database: Database;
  readonly lock: StateLock;
  readonly recovery: RecoveryReport;
  /** Room for us on the volume of the state directory. */
  freeBytes(): Promise<number>;
  /** Closes the database, then gives the directory up; safe to call twice. */
  close(): Promise<void>;
}

/** @throws OpenClawError `state_locked`, `state_unwritable`, `state_filesystem`, `storage_newer`, `storage_damaged`, `storage_full` */
export async function openState(directory: string, options: StateOptions = {}): Promise<State> {
  const { clock = systemClock, log } = options;
  // Its boot takes as long as all the rest, so it goes on beside.
  const thread = options.thread ?? startStorageThread();
  let lock: StateLock | undefined;
  try {
    const onWait: StateOptions['onWait'] = (owner) =>
      log?.warn('another process holds the state directory; this one takes over when that ends', {
        ...{ directory, pid: owner?.pid, host: owner?.host, waitMs: options.waitMs },
      });
    const held = (lock = await acquireStateLock(directory, { onWait, ...options }));
    const database = await openSqlite({
      ...{ paths: pathsOf(held.directory), clock, thread },
      onWarning: (error) => log?.warn('no snapshot of the database could be taken; the journal keeps everything', { error }),
    });
    if (log) tell(log, database.recovery, database.migrated);
    const close = async (): Promise<void> => {
      try {
        await database.close();
      } finally {
        held.release();
      }
    };
    let closing: Promise<void> | undefined;
    return {
      database,
      lock: held,
      recovery: database.recovery,
      freeBytes: () => freeBytesOf(held.directory),
      close: () => (closing ??= close()),
    };
  } catch (thrown) {
    await thread.end();
    lock?.release();
    throw thrown;
  }
}

/**
 * Goes back to the snapshot from before migration `version`; what was written since is taken away, and kept beside.
 * @throws OpenClawError `command_refused` if there is no such snapshot, and what `acquireStateLock` throws
 */
export function restoreBeforeMigration(directory: string, version: number, clock: Clock = systemClock): Promise<RestoredMigration> {
  return beside(directory, clock, (paths, label) => restoreSnapshot(paths, version, label));
}

/**
 * Goes back to what this program can read, after a newer one was here.
 * @returns undefined where nothing newer was
 * @throws OpenClawError `command_refused` if there is no snapshot to go back to, and what `acquireStateLock` throws
 */
export function rollBackState(directory: string, clock: Clock = systemClock): Promise<RestoredMigration | undefined> {
  const known = migrations.at(-1)?.version ?? 0;
  return beside(directory, clock, (paths, label) => rollBack(paths, known, label));
}

/** While nobody else has the state. */
async function beside<Result>(directory: string, clock: Clock, work: (paths: StorePaths, label: string) => Result): Promise<Result> {
  const lock = await acquireStateLock(directory, { clock });
  try {
    return work(pathsOf(lock.directory), new Date(clock.now()).toISOString().replace(/[:.]/g, '-'));
  } finally {
    lock.release();
  }
}

function pathsOf(directory: string): StorePaths {
  return storePaths(storeDirectory(directory), placeLiveDatabase(directory));
}

async function freeBytesOf(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (thrown) {
    throw new OpenClawError('storage_failed', { details: { reason: `the volume of ${directory} does not answer` }, cause: thrown });
  }
}

function tell(log: Log, { outcome, reason, ...counts }: RecoveryReport, migrated: readonly number[]): void {
  const level = outcome === 'rebuilt' ? 'warn' : 'info';
  log[level](`the database was ${outcome}: ${reason}`, {
    outcome,
    ...counts,
    ...(migrated.length === 0 ? {} : { migrated: migrated.join(', ') }),
  });
}
