/** Where the parts of the store lie. */
import { join } from 'node:path';

export interface StorePaths {
  readonly directory: string;
  /** The fast cache of the truth that everybody reads. */
  readonly live: string;
  /** Says which file `live` was when we left it. */
  readonly identity: string;
  readonly journal: string;
  readonly snapshot: string;
}

/** `liveDirectory` is elsewhere where the state directory lies on a network file system. */
export function storePaths(directory: string, liveDirectory = directory): StorePaths {
  return {
    directory,
    live: join(liveDirectory, 'openclaw.sqlite'),
    identity: join(liveDirectory, 'live.json'),
    journal: join(directory, 'journal'),
    snapshot: join(directory, 'snapshot.sqlite'),
  };
}

export function beforeMigrationPath(directory: string, version: number): string {
  return join(directory, `before-migration-${version}.sqlite`);
}

/** What SQLite keeps beside a database file. */
export function companionsOf(path: string): string[] {
  return [`${path}-wal`, `${path}-shm`, `${path}-journal`];
}
