/**
 * The database contract on SQLite: a writer thread with the store, a reader thread so that long questions stop nobody, and
 * snapshots in a thread of their own.
 *
 * The main thread only encodes batches and hands them over. It does not lock the directory: see `../state-lock.ts`.
 */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import { selectChanges, toChanges } from '../changes.ts';
import { createCommitQueue, databaseClosed, type CommitQueueLimits } from '../commit-queue.ts';
import type { Database, DatabaseHealth, Row, Statement, WriteBatch } from '../database.ts';
import { checkMessage, createLocalChannels } from '../local-channels.ts';
import { migrations as allMigrations, type Migration } from '../migrations/index.ts';
import { createStatementChecker } from '../statement.ts';
import { encodeBatch } from './batch-line.ts';
import { toStorageError } from './failures.ts';
import type { StorePaths } from './paths.ts';
import { createReads, type ReaderStart, type Reads } from './reads.ts';
import type { RecoveryReport } from './recovery.ts';
import type { OpenOptions, OpenReply } from './thread.ts';
import { startStorageThread, type StorageThread } from './thread-call.ts';

export interface SqliteOptions {
  readonly paths: StorePaths;
  readonly clock: Clock;
  /** A thread that is booting already. */
  readonly thread?: StorageThread;
  /** @default all of this program's */
  readonly migrations?: readonly Migration[];
  /** Smaller numbers show in a second what takes days. */
  readonly store?: Omit<OpenOptions, 'migrations'>;
  readonly limits?: CommitQueueLimits;
  /** Told of what has no caller to be told: a snapshot that failed. */
  readonly onWarning?: (error: OpenClawError) => void;
  /** @default 'when needed' */
  readonly reader?: ReaderStart;
}

export interface SqliteDatabase extends Database {
  readonly recovery: RecoveryReport;
  /** Schema versions that this start reached. */
  readonly migrated: readonly number[];
}

export async function openSqlite(options: SqliteOptions): Promise<SqliteDatabase> {
  const { paths, clock, migrations = allMigrations, reader = 'when needed' } = options;
  const writer = options.thread ?? startStorageThread();
  const opened = await openWriter(writer, paths, { ...options.store, migrations });
  const checker = createStatementChecker();
  const channels = createLocalChannels();
  const reads = createReads(writer, { path: paths.live, clock, reader });
  const snapshots = createSnapshots(writer, paths, options.onWarning);
  let closing: Promise<void> | undefined;

  const queue = createCommitQueue<string>(async (lines) => {
    const { failures, snapshotDue } = await writer.call('commit', lines);
    if (snapshotDue) snapshots.start();
    const outcomes: (OpenClawError | undefined)[] = [];
    for (const [index, { code, ...options }] of failures) outcomes[index] = new OpenClawError(code, options);
    return outcomes;
  }, options.limits);

  async function read<Result extends Row>(statement: Statement): Promise<Result[]> {
    if (closing) throw databaseClosed();
    checker.checkRead(statement);
    return (await reads.read(statement)) as Result[];
  }

  async function close(): Promise<void> {
    await queue.close();
    channels.close();
    await Promise.all([reads.end(), snapshots.end()]);
    try {
      await writer.call('close');
    } finally {
      await writer.end();
    }
  }

  return {
    ...{ engine: 'sqlite', recovery: opened.recovery, migrated: opened.migrated, read },
    async write(batch: WriteBatch) {
      for (const guard of batch.guards ?? []) checker.checkRead(guard);
      for (const statement of batch.statements) checker.checkWrite(statement);
      const line = encodeBatch(batch);
      await queue.add(line, line.length);
    },
    changes: async (after, limit) => toChanges(await read(selectChanges(after, limit)), after),
    async publish(channel, message) {
      if (closing) throw databaseClosed();
      checkMessage(channel, message);
      channels.deliver(channel, message);
    },
    subscribe: channels.subscribe,
    check: () => (closing ? Promise.resolve(closedHealth(queue.waiting)) : probe(writer, reads, queue.waiting)),
    close: () => (closing ??= close()),
  };
}

async function openWriter(writer: StorageThread, paths: StorePaths, options: OpenOptions): Promise<OpenReply> {
  try {
    return await writer.call('open', paths, options);
  } catch (thrown) {
    await writer.end();
    throw thrown;
  }
}

function closedHealth(waiting: number): DatabaseHealth {
  return { writable: false, reason: 'the database is closed', bytes: 0, waiting };
}

/** Of both threads: a gateway that can write but not read is as little use as the other way round. */
async function probe(writer: StorageThread, reads: Reads, waiting: number): Promise<DatabaseHealth> {
  try {
    const [{ reason: writeReason, bytes, syncs }, readReason] = await Promise.all([writer.call('probe'), reads.check()]);
    const reason = writeReason ?? readReason;
    return { writable: reason === undefined, ...(reason === undefined ? {} : { reason }), bytes, waiting, syncs };
  } catch (thrown) {
    return { writable: false, reason: reasonOf(thrown), bytes: 0, waiting };
  }
}

interface Snapshots {
  /** Takes one, unless one is being taken. */
  start(): void;
  end(): Promise<void>;
}

/** Each in a thread of its own, which is gone afterwards: copying a large database takes long, and is rare. */
function createSnapshots(writer: StorageThread, paths: StorePaths, onWarning: SqliteOptions['onWarning']): Snapshots {
  let thread: StorageThread | undefined;
  let taking: Promise<void> | undefined;
  let ended = false;

  const take = async (own: StorageThread): Promise<void> => {
    try {
      await writer.call('noteSnapshot', await own.call('takeSnapshot', paths.live, paths.snapshot));
    } catch (thrown) {
      if (ended) return;
      onWarning?.(toStorageError(thrown));
      // A writer that has ended says so to everybody who writes.
      await writer.call('noteSnapshot', undefined).catch(() => undefined);
    } finally {
      await own.end();
      taking = undefined;
    }
  };

  return {
    start() {
      if (ended || taking) return;
      thread = startStorageThread();
      taking = take(thread);
    },
    async end() {
      ended = true;
      await thread?.end();
      await taking;
    },
  };
}
