/**
 * The database contract on SQLite: a writer thread with the store, a reader thread so that long questions stop nobody, and
 * snapshots in a thread of their own.
 *
 * The main thread only encodes batches and hands them over. It does not lock the directory: see `state-lock.ts`.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import { selectChanges, toChanges } from '../changes.ts';
import { createCommitQueue, databaseClosed, type CommitQueueLimits } from '../commit-queue.ts';
import type { Database, DatabaseHealth, Row, Statement, WriteBatch } from '../database.ts';
import { checkMessage, createLocalChannels } from '../local-channels.ts';
import { migrations as allMigrations, type Migration } from '../migrations/index.ts';
import { createStatementChecker } from '../statement.ts';
import { encodeBatch } from './batch-line.ts';
import type { StorePaths } from './paths.ts';
import type { RecoveryReport } from './recovery.ts';
import { startThread, type StoreThread } from './thread-call.ts';

export interface SqliteOptions {
  readonly paths: StorePaths;
  readonly clock: Clock;
  /** A thread that is booting already. */
  readonly thread?: StoreThread;
  /** @default all of this program's */
  readonly migrations?: readonly Migration[];
  /** @default the kernel's */
  readonly bootId?: string;
  readonly limits?: CommitQueueLimits;
  /** Told of what has no caller to be told: a snapshot that failed. */
  readonly onWarning?: (error: OpenClawError) => void;
  /** How long after opening the writer also answers reads. @default 5_000 */
  readonly startUpMs?: number;
}

export interface SqliteDatabase extends Database {
  readonly recovery: RecoveryReport;
  /** Schema versions that this start reached. */
  readonly migrated: readonly number[];
}

/**
 * Reads of the first seconds are small and come before any traffic. The writer answers them, so that the reader, 13 MiB and
 * 35 ms of work, does not compete with a start and is not there at all in a gateway that nobody asks.
 */
export const sqliteDefaults = { startUpMs: 5_000 } as const;
/** Reads that wait; more are refused. */
const waitingReads = 1_000;

export async function openSqlite(options: SqliteOptions): Promise<SqliteDatabase> {
  const { paths, clock, migrations = allMigrations, startUpMs = sqliteDefaults.startUpMs } = options;
  const writer = options.thread ?? startThread();
  const checker = createStatementChecker();
  const channels = createLocalChannels();
  const openedMs = clock.monotonicMs();
  let reader: StoreThread | undefined;
  let snapshot: StoreThread | undefined;
  let closing: Promise<void> | undefined;
  let reads = 0;

  let opened;
  try {
    opened = await writer.call('open', paths, migrations, options.bootId);
  } catch (thrown) {
    await writer.end();
    throw thrown;
  }

  const queue = createCommitQueue<string>(async (lines) => {
    const { failures, snapshotDue } = await writer.call('commit', lines);
    if (snapshotDue && snapshot === undefined && closing === undefined) void takeSnapshot();
    const outcomes: (OpenClawError | undefined)[] = [];
    for (const [index, { code, details }] of failures) outcomes[index] = new OpenClawError(code, { details });
    return outcomes;
  }, options.limits);

  async function takeSnapshot(): Promise<void> {
    const thread = startThread();
    snapshot = thread;
    try {
      await writer.call('noteSnapshot', await thread.call('takeSnapshot', paths.live, paths.snapshot));
    } catch (thrown) {
      if (closing === undefined) {
        options.onWarning?.(thrown as OpenClawError);
        await writer.call('noteSnapshot', undefined).catch(() => undefined); // A writer that ended says so to its writers.
      }
    } finally {
      snapshot = undefined;
      await thread.end();
    }
  }

  const readerThread = (): StoreThread => {
    if (reader === undefined && clock.monotonicMs() - openedMs < startUpMs) return writer;
    if (reader === undefined) {
      reader = startThread();
      // Its failure is that of each read: they ask a thread without a connection.
      reader.call('openReader', paths.live).catch(() => undefined);
    }
    return reader;
  };

  async function read<Result extends Row>(statement: Statement): Promise<Result[]> {
    if (closing) throw databaseClosed();
    checker.checkRead(statement);
    if (reads >= waitingReads) throw new OpenClawError('storage_busy', { details: { waiting: reads }, retryAfterMs: 1000 });
    reads += 1;
    try {
      return (await readerThread().call('read', statement)) as Result[];
    } finally {
      reads -= 1;
    }
  }

  async function close(): Promise<void> {
    await queue.close();
    channels.close();
    await Promise.all([reader?.end(), snapshot?.end()]);
    try {
      await writer.call('close');
    } finally {
      await writer.end();
    }
  }

  return {
    engine: 'sqlite',
    recovery: opened.recovery,
    migrated: opened.migrated,
    read,
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
    async check(): Promise<DatabaseHealth> {
      if (closing) return { writable: false, reason: 'the database is closed', bytes: 0, waiting: 0 };
      try {
        const { reason, bytes } = await writer.call('probe');
        return { writable: reason === undefined, ...(reason === undefined ? {} : { reason }), bytes, waiting: queue.waiting };
      } catch (thrown) {
        return { writable: false, reason: (thrown as OpenClawError).message, bytes: 0, waiting: queue.waiting };
      }
    },
    close: () => (closing ??= close()),
  };
}
