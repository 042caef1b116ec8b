/**
 * What runs in a thread of the store: the writer, a reader, or a snapshot, by which calls it gets. Started by `thread-call.ts`.
 *
 * It is the one module of storage that does something when loaded, because it is a thread's main program and never imported for
 * its values.
 */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import type { Row, Statement } from '../database.ts';
import type { Migration } from '../migrations/index.ts';
import { connect, type Connection } from './connection.ts';
import { toStorageError } from './failures.ts';
import type { StorePaths } from './paths.ts';
import type { RecoveryReport } from './recovery.ts';
import { takeSnapshot, type SnapshotTaken } from './snapshot.ts';
import { journalFiles } from './segment-file.ts';
import type { SnapshotRules } from './snapshot-schedule.ts';
import { openStore, type Store } from './store.ts';
import { watchSyncs, type SyncTimes } from './sync-watch.ts';

export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number>>;
  readonly retryAfterMs?: number;
}

export interface CommitReply {
  /** Those that were refused, by their place in the group. */
  readonly failures: readonly (readonly [index: number, error: ErrorMessage])[];
  readonly snapshotDue: boolean;
}

export interface OpenReply {
  readonly recovery: RecoveryReport;
  readonly migrated: readonly number[];
}

export interface ProbeReply {
  readonly reason: string | undefined;
  readonly bytes: number;
  readonly syncs: SyncTimes;
}

/** What of the store's options can be sent to a thread. */
export interface OpenOptions {
  readonly migrations: readonly Migration[];
  readonly snapshots?: SnapshotRules;
  readonly journal?: { readonly segmentLimitBytes: number };
}

export interface Calls {
  open(paths: StorePaths, options: OpenOptions): OpenReply;
  openReader(path: string): void;
  commit(lines: readonly string[]): CommitReply;
  read(statement: Statement): Row[];
  probe(): ProbeReply;
  takeSnapshot(live: string, target: string): SnapshotTaken;
  noteSnapshot(taken: SnapshotTaken | undefined): void;
  close(): void;
}

export type CallName = keyof Calls;

export interface CallMessage {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export type ReplyMessage = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: ErrorMessage };

function createCalls(): Calls {
  let store: Store | undefined;
  let reader: Connection | undefined;
  const syncs = watchSyncs(journalFiles, systemClock);

  const opened = (): Store => {
    if (store === undefined) throw new OpenClawError('storage_failed', { details: { reason: 'the database is not open' } });
    return store;
  };

  return {
    open(paths, options) {
      store = openStore(paths, { ...options, journal: { ...options.journal, files: syncs.files }, clock: systemClock });
      return { recovery: store.recovery, migrated: store.migrated };
    },
    openReader(path) {
      reader = connect(path, { readOnly: true });
    },
    commit(lines) {
      const failures = opened().commit(lines);
      return {
        failures: failures.flatMap((failure, index) => (failure === undefined ? [] : [[index, toMessage(failure)] as const])),
        snapshotDue: opened().snapshots.due,
      };
    },
    read: (statement) => (reader ? reader.all(statement) : opened().read(statement)),
    probe: () => ({ reason: opened().probe(), bytes: opened().bytes(), syncs: syncs.times() }),
    takeSnapshot,
    noteSnapshot(taken) {
      if (taken) opened().snapshots.taken(taken);
      else opened().snapshots.failed();
    },
    close() {
      reader?.close();
      store?.close();
    },
  };
}

function answer(calls: Calls, { id, name, args }: CallMessage): ReplyMessage {
  try {
    const call = calls[name] as (...values: readonly unknown[]) => unknown;
    return { id, value: call(...args) };
  } catch (thrown) {
    return { id, error: toMessage(toStorageError(thrown)) };
  }
}

function toMessage({ code, details, retryAfterMs }: OpenClawError): ErrorMessage {
  return { code, details, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

if (parentPort) {
  const port = parentPort;
  const calls = createCalls();
  port.on('message', (message: CallMessage) => port.postMessage(answer(calls, message)));
}
