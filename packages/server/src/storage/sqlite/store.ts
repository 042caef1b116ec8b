/**
 * The store: live database and journal kept in step. Everything here is synchronous; it runs in the writer thread.
 *
 * One group commit: apply in a transaction, append to the journal and wait for the disk, commit the transaction. A crash between
 * the last two is mended by replaying. It does not know threads or promises: see `thread.ts` and `database.ts`.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Row, Statement } from '../database.ts';
import type { Migration } from '../migrations/index.ts';
import { applyLine, readMeta, setMeta } from './apply.ts';
import type { MigrationLine } from './batch-line.ts';
import type { Connection } from './connection.ts';
import { syncFile } from './durable-files.ts';
import { isCorrupt, toStorageError } from './failures.ts';
import { readBootId, recordLive } from './identity.ts';
import { journalFiles, listSegments, type Journal, type JournalFiles } from './journal.ts';
import { newerSchema, pruneBeforeMigration } from './before-migration.ts';
import { beforeMigrationPath, companionsOf, type StorePaths } from './paths.ts';
import { recover, type RecoveryReport } from './recovery.ts';
import { takeSnapshot, type SnapshotTaken } from './snapshot.ts';

export interface StoreOptions {
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  /** @default the kernel's */
  readonly bootId?: string;
  /** @default the real ones */
  readonly files?: JournalFiles;
}

export interface Store {
  readonly recovery: RecoveryReport;
  /** Schema versions that were reached by this start. */
  readonly migrated: readonly number[];
  /** Writes each line or says why not. What it returns from is durable. */
  commit(lines: readonly string[]): (OpenClawError | undefined)[];
  read(statement: Statement): Row[];
  /** Writes a little and waits for the disk. @returns the reason why that failed, if it did */
  probe(): string | undefined;
  /** Of all files of the store. */
  bytes(): number;
  /** Whether the journal has grown enough for a snapshot to pay. */
  readonly snapshotDue: boolean;
  /** To be told of each snapshot: what the journal keeps depends on it. */
  noteSnapshot(taken: SnapshotTaken): void;
  /** The next one is tried after as much journal again. */
  noteSnapshotFailed(): void;
  close(): void;
}

/**
 * When a snapshot is taken, the journal that only its predecessor needed goes. A copy of the directory that began with the
 * predecessor is whole only if it ends before that. So: no sooner than an hour after the last one, unless the journal has grown
 * by `mostJournalBytes`, which bounds the disk and the time of a rebuild.
 */
export const snapshotRules = { everyMs: 3_600_000, leastJournalBytes: 64 * 2 ** 20, mostJournalBytes: 512 * 2 ** 20 } as const;

export function openStore(paths: StorePaths, options: StoreOptions): Store {
  const { migrations, clock } = options;
  const bootId = options.bootId ?? readBootId();
  const known = migrations.at(-1)?.version ?? 0;
  const checkSchema = (schema: number): void => {
    if (schema > known) throw newerSchema(paths.directory, schema, known);
  };
  const { connection, journal, report } = recover(paths, { bootId, files: options.files ?? journalFiles, checkSchema });
  const commit = createCommitter(connection, journal);
  const migrated = migrate();
  const snapshotMs = statSync(paths.snapshot, { throwIfNoEntry: false })?.mtimeMs;
  let snapshotAtMs = snapshotMs === undefined ? -Infinity : clock.monotonicMs() - Math.max(0, clock.now() - snapshotMs);
  let earlierBytes = journalBytes(({ modifiedMs }) => modifiedMs >= (snapshotMs ?? 0)) - journal.countedBytes;

  function migrate(): number[] {
    const { schema } = readMeta(connection);
    const pending = migrations.filter(({ version }) => version > schema);
    if (pending.length === 0) return [];
    if (schema > 0) {
      takeSnapshot(paths.live, beforeMigrationPath(paths.directory, schema + 1));
      pruneBeforeMigration(paths.directory);
      // Going back takes whole segments away, so the new schema begins with one.
      journal.startSegment();
    }
    for (const { version, name, statements } of pending) {
      const line: MigrationLine = { migration: version, name, statements };
      const [failure] = commit([JSON.stringify(line)]);
      if (failure) throw failure;
    }
    return pending.map(({ version }) => version);
  }

  function journalBytes(wanted: (segment: { readonly modifiedMs: number }) => boolean = () => true): number {
    return listSegments(paths.journal).filter(wanted).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  const beginCount = (): void => {
    earlierBytes = 0;
    journal.beginCount();
  };

  return {
    recovery: report,
    migrated,
    commit,
    read: (statement) => connection.all(statement),
    probe: () => (journal.broken ? brokenReason : probeDisk(join(paths.directory, 'probe'))),
    bytes: () => journalBytes() + sizeOf([paths.live, ...companionsOf(paths.live), paths.snapshot]),
    get snapshotDue() {
      const bytes = earlierBytes + journal.countedBytes;
      if (bytes < snapshotRules.leastJournalBytes) return false;
      const rested = clock.monotonicMs() - snapshotAtMs >= snapshotRules.everyMs;
      return bytes >= snapshotRules.mostJournalBytes || (rested && bytes >= sizeOf([paths.live]));
    },
    noteSnapshot({ replacedPosition }) {
      snapshotAtMs = clock.monotonicMs();
      beginCount();
      journal.deleteUpTo(replacedPosition);
    },
    noteSnapshotFailed: beginCount,
    close() {
      journal.close();
      try {
        connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        syncFile(paths.live);
        if (!journal.broken) recordLive(paths, bootId, true);
      } catch {
        // No room, most likely. The journal has everything: the next start takes what the file lacks from there.
      } finally {
        connection.close();
      }
    },
  };
}

const brokenReason = 'its journal could not be written or cut back; a new start will make out where it ends';

function createCommitter(connection: Connection, journal: Journal): Store['commit'] {
  /** Everything of the group is refused, and nothing of it has happened. */
  const refuse = (lines: readonly string[], thrown: unknown): OpenClawError[] => {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    const failure = toStorageError(thrown);
    return lines.map(() => failure);
  };

  return (lines) => {
    if (journal.broken) return refuse(lines, new Error(brokenReason));
    let failures: (OpenClawError | undefined)[] = [];
    let appended = false;
    try {
      connection.exec('BEGIN IMMEDIATE');
      failures = lines.map((line) => tryLine(connection, line));
      const accepted = lines.filter((_, index) => failures[index] === undefined);
      if (accepted.length === 0) {
        connection.exec('ROLLBACK');
        return failures;
      }
      setMeta(connection, 'position', journal.lastPosition + 1);
      journal.append(accepted.join('\n'));
      appended = true;
      connection.exec('COMMIT');
      return failures;
    } catch (thrown) {
      return refuse(lines, appended ? retracted(journal, thrown) : thrown);
    }
  };
}

function tryLine(connection: Connection, line: string): OpenClawError | undefined {
  try {
    applyLine(connection, line);
    return undefined;
  } catch (thrown) {
    // The engine gave the whole transaction up (no room, damage): so must the group.
    if (!connection.inTransaction || isCorrupt((thrown as Error).cause)) throw thrown;
    return toStorageError(thrown);
  }
}

/** The journal must not hold what the live database could not take: the writers are told that it failed. */
function retracted(journal: Journal, thrown: unknown): unknown {
  try {
    journal.retract();
    return thrown;
  } catch (second) {
    return new Error(`${reasonOf(thrown)}; ${reasonOf(second)}`, { cause: thrown });
  }
}

function probeDisk(path: string): string | undefined {
  try {
    const descriptor = openSync(path, 'w', 0o600);
    try {
      writeSync(descriptor, Buffer.alloc(4096, 1));
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
      rmSync(path, { force: true });
    }
    return undefined;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
