/**
 * The store: live database, journal and snapshots of one state directory. Everything here is synchronous; it runs in the writer
 * thread. It does not know threads or promises: see `thread.ts` and `database.ts`.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Row, Statement } from '../database.ts';
import type { Migration } from '../migrations/index.ts';
import { readMeta } from './apply.ts';
import type { MigrationLine } from './batch-line.ts';
import { newerSchema, pruneBeforeMigration } from './before-migration.ts';
import { brokenReason, createCommitter, removedReason, type Committer } from './committer.ts';
import type { Connection } from './connection.ts';
import { syncFile } from './durable-files.ts';
import { fileIdentity, readBootId, recordLive } from './identity.ts';
import { listSegments, type Journal, type JournalOptions } from './journal.ts';
import { beforeMigrationPath, companionsOf, type StorePaths } from './paths.ts';
import { recover, type RecoveryReport } from './recovery.ts';
import { takeSnapshot } from './snapshot.ts';
import { createSnapshotSchedule, type SnapshotRules, type SnapshotSchedule } from './snapshot-schedule.ts';

export interface StoreOptions {
  readonly migrations: readonly Migration[];
  readonly clock: Clock;
  /** @default the kernel's */
  readonly bootId?: string;
  readonly journal?: JournalOptions;
  readonly snapshots?: SnapshotRules;
}

export interface Store {
  readonly recovery: RecoveryReport;
  /** Schema versions that were reached by this start. */
  readonly migrated: readonly number[];
  readonly commit: Committer;
  readonly snapshots: SnapshotSchedule;
  read(statement: Statement): Row[];
  /** Writes a little and waits for the disk. @returns the reason why that failed, if it did */
  probe(): string | undefined;
  /** Of all files of the store. */
  bytes(): number;
  close(): void;
}

export function openStore(paths: StorePaths, options: StoreOptions): Store {
  const { migrations, clock } = options;
  const bootId = options.bootId ?? readBootId();
  const known = migrations.at(-1)?.version ?? 0;
  const checkSchema = (schema: number): void => {
    if (schema > known) throw newerSchema(paths.directory, schema, known);
  };
  const { connection, journal, report } = recover(paths, { bootId, checkSchema, journal: options.journal ?? {} });
  const isInPlace = watchPlace(paths);
  const commit = createCommitter(connection, journal, isInPlace);
  const closeFiles = (): void => {
    journal.close();
    connection.close();
  };
  try {
    const migrated = migrate(paths, { migrations, connection, journal, commit });
    const rules = options.snapshots === undefined ? {} : { rules: options.snapshots };
    const snapshots = createSnapshotSchedule({ paths, journal, clock, ...rules });
    return {
      ...{ recovery: report, migrated, commit, snapshots },
      read: (statement) => connection.all(statement),
      probe() {
        if (journal.broken) return brokenReason;
        return isInPlace() ? probeDisk(join(paths.directory, 'probe')) : removedReason;
      },
      bytes: () => listSegments(paths.journal).reduce((sum, { bytes }) => sum + bytes, 0) + databaseBytes(paths),
      close() {
        try {
          connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
          syncFile(paths.live);
          if (!journal.broken) recordLive(paths, bootId, true);
        } catch {
          // No room, most likely. The journal has everything: the next start takes what the file lacks from there.
        } finally {
          closeFiles();
        }
      },
    };
  } catch (thrown) {
    closeFiles();
    throw thrown;
  }
}

interface MigrateOptions {
  readonly migrations: readonly Migration[];
  readonly connection: Connection;
  readonly journal: Journal;
  readonly commit: Committer;
}

function migrate(paths: StorePaths, { migrations, connection, journal, commit }: MigrateOptions): number[] {
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

/** Whether the paths still name what they named when the store was opened. */
function watchPlace({ live, journal }: StorePaths): () => boolean {
  const identify = (): string => `${fileIdentity(live)} ${fileIdentity(journal)}`;
  const opened = identify();
  return () => identify() === opened;
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

function databaseBytes({ live, snapshot }: StorePaths): number {
  return [live, ...companionsOf(live), snapshot].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
