/**
 * Tells whether the live database is the very file that we left, on a machine that has not lost power since.
 *
 * A copy has another inode or birth time; after a power cut the boot has another id. In both cases the file may hold anything,
 * because it is never synced while in use. Without a boot id (not Linux) every unclean end counts as a power cut.
 *
 * A copy of the whole directory may also be written back into the files that are there, which leaves inodes alone. So the database
 * holds a witness: the time at which `live.json` last changed (ctime), which nobody can set.
 */
import { readFileSync, statSync } from 'node:fs';
import { readMeta, setMeta } from './apply.ts';
import { connect, type Connection } from './connection.ts';
import { writeDurably } from './durable-files.ts';
import type { StorePaths } from './paths.ts';

export type Trust =
  | { readonly trusted: true; readonly clean: boolean }
  | { readonly trusted: false; readonly present: boolean; readonly reason: string };

interface IdentityRecord {
  readonly file: string;
  readonly bootId: string;
  /** Whether the file was synced and closed. */
  readonly clean: boolean;
}

export function judgeLive(paths: StorePaths, bootId: string): Trust {
  const file = fileIdentity(paths.live);
  if (file === undefined) return { trusted: false, present: false, reason: 'there was no database file' };
  const untrusted = (reason: string): Trust => ({ trusted: false, present: true, reason });
  const record = readRecord(paths.identity);
  if (record === undefined) return untrusted('nothing says where the database file came from');
  if (record.file !== file) return untrusted('the database file is a copy');
  // Closing in order leaves no WAL: one that is there belongs to something else.
  if (record.clean)
    return hasWal(paths) ? untrusted('the database file was put back beside the log of another') : { trusted: true, clean: true };
  if (bootId === '' || record.bootId !== bootId) return untrusted('the machine stopped while the database was in use');
  if (readWitness(paths.live) !== changedAt(paths.identity)) return untrusted('the database file was written over by a copy');
  return { trusted: true, clean: false };
}

/** Ties the database to the record that was just made. */
export function bearWitness(connection: Connection, paths: StorePaths): void {
  setMeta(connection, 'witness', changedAt(paths.identity) ?? 0n);
}

export function recordLive(paths: StorePaths, bootId: string, clean: boolean): void {
  const record: IdentityRecord = { file: fileIdentity(paths.live) ?? '', bootId, clean };
  writeDurably(paths.identity, `${JSON.stringify(record)}\n`);
}

/** Changes with each boot; empty where the system does not tell. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux, or a container that hides it: then no unclean end is trusted.
    return '';
  }
}

/** Inodes are used again, so the time of birth belongs to it. */
export function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}:${found.birthtimeNs}`;
}

function changedAt(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ctimeNs;
}

function readWitness(live: string): bigint | undefined {
  try {
    const connection = connect(live, { readOnly: true });
    try {
      return readMeta(connection).witness;
    } finally {
      connection.close();
    }
  } catch {
    // Not a database, or not whole: it bears witness to nothing.
    return undefined;
  }
}

function hasWal({ live }: StorePaths): boolean {
  return (statSync(`${live}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function readRecord(path: string): IdentityRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as IdentityRecord;
  } catch {
    // Absent or torn: both mean that nothing is known, which is what the caller is told.
    return undefined;
  }
}
