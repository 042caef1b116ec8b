/**
 * Snapshots: whole, verified copies of the database, each with the position of the journal that it holds.
 *
 * The copy is made under a temporary name, checked, synced and renamed in; whoever copies the directory meanwhile gets the old
 * one or the new one. It does not decide when, and deletes no journal: see `store.ts`.
 */
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { readMeta, type StoreMeta } from './apply.ts';
import { connect, type Connection } from './connection.ts';
import { replaceDurably } from './durable-files.ts';
import { corruption } from './failures.ts';
import { companionsOf } from './paths.ts';

export interface SnapshotTaken extends StoreMeta {
  /** The journal up to here was needed only with the snapshot that this one replaced. */
  readonly replacedPosition: number;
}

/** Copies the live database; it may be written meanwhile. */
export function takeSnapshot(live: string, target: string): SnapshotTaken {
  const unfinished = `${target}.new`;
  removeDatabase(unfinished);
  // SQLite fills an empty file, and keeps the mode that we gave it.
  closeSync(openSync(unfinished, 'w', 0o600));
  const source = connect(live, { readOnly: true });
  try {
    source.exec(`VACUUM INTO '${unfinished.replaceAll("'", "''")}'`);
  } finally {
    source.close();
  }
  const meta = verify(unfinished);
  const replacedPosition = statSync(target, { throwIfNoEntry: false }) ? readSnapshotMeta(target).position : 0;
  replaceDurably(unfinished, target);
  return { ...meta, replacedPosition };
}

export function readSnapshotMeta(path: string): StoreMeta {
  const connection = connect(path, { readOnly: true });
  try {
    return readMeta(connection);
  } finally {
    connection.close();
  }
}

/** @throws what `isCorrupt` knows, if the file is not a whole database */
export function quickCheck(connection: Connection): void {
  const finding = Object.values(connection.first({ sql: 'PRAGMA quick_check(1)' }) ?? {})[0];
  if (finding !== 'ok') throw corruption(String(finding));
}

export function removeDatabase(path: string): void {
  for (const file of [path, ...companionsOf(path)]) rmSync(file, { force: true });
}

function verify(path: string): StoreMeta {
  const connection = connect(path, { readOnly: true });
  try {
    quickCheck(connection);
    return readMeta(connection);
  } finally {
    connection.close();
  }
}
