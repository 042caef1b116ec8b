/** Opens a state directory: takes its lock, finds the place for its database, recovers it, and lets go of all in order. */
import { rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { systemClock, type Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Database } from './database.ts';
import { placeLiveDatabase } from './filesystem.ts';
import { connect } from './sqlite/connection.ts';
import { openSqlite } from './sqlite/database.ts';
import { migrations } from './migrations/index.ts';
import { isCorrupt } from './sqlite/failures.ts';
import { damaged } from './sqlite/journal.ts';
import { quickCheck } from './sqlite/snapshot.ts';
import { restoreSnapshot, rollBack, type RestoredMigration } from './sqlite/before-migration.ts';
import { copyStore, type StoreCopy } from './sqlite/store-copy.ts';
import { storePaths, type StorePaths } from './sqlite/paths.ts';
import type { RecoveryReport } from './sqlite/recovery.ts';
import { startStorageThread, type StorageThread } from './sqlite/thread-call.ts';
import { finishReplacement, isReplacementPending } from './replacement.ts';
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
    finishReplacement(held.directory);
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

/** What a copy of the store of a state directory needs, whoever has it open; the live database is no part of it. */
export function copyStoreOf(directory: string): Promise<StoreCopy> {
  return copyStore(storePaths(storeDirectory(resolve(directory))));
}

/** Carries on a replacement of the content that was cut off (`replacement.ts`), where there is one and nobody holds the directory. */
export async function finishInterruptedReplacement(directory: string): Promise<void> {
  if (!isReplacementPending(directory)) return;
  const lock = await acquireStateLock(directory);
  try {
    finishReplacement(lock.directory);
  } finally {
    lock.release();
  }
}

/**
 * Opens a copy that nobody uses yet, checks all of its database and closes it again, without a trace of having been its owner.
 * @throws OpenClawError what `openState` throws, and `storage_damaged`
 */
export async function proveState(directory: string, clock: Clock = systemClock): Promise<RecoveryReport> {
  const state = await openState(directory, { clock });
  await state.close();
  const paths = pathsOf(directory);
  const connection = connect(paths.live, { readOnly: true });
  try {
    quickCheck(connection);
  } catch (thrown) {
    throw isCorrupt(thrown) ? damaged(directory, reasonOf(thrown)) : thrown;
  } finally {
    connection.close();
  }
  for (const name of ['lock.db', 'owner.json']) rmSync(join(directory, name), { force: true });
  // On a network file system it lies elsewhere, under the name of a directory that is about to get another.
  if (dirname(paths.live) !== paths.directory) rmSync(dirname(paths.live), { recursive: true, force: true });
  return state.recovery;
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
