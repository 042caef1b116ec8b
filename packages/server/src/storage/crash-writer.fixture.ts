/**
 * A process that writes as fast as it can and says on stdout what was acknowledged: `crash-writer.fixture.ts DIRECTORY PREFIX [TUNING]`.
 *
 * Each batch writes one id to two tables, so that half a batch shows. Tuning is JSON for the store (small segments, many snapshots).
 */
import { systemClock } from '../core/clock.ts';
import type { Migration } from './migrations/index.ts';
import { openSqlite, type SqliteOptions } from './sqlite/database.ts';
import { storePaths } from './sqlite/paths.ts';
import { storeDirectory } from './state-directory.ts';
import { acquireStateLock } from './state-lock.ts';

export const halves: Migration = {
  version: 1,
  name: 'halves',
  statements: [
    'CREATE TABLE lefts (id TEXT PRIMARY KEY NOT NULL, text TEXT)',
    'CREATE TABLE rights (id TEXT PRIMARY KEY NOT NULL)',
    'CREATE TABLE changes (position BIGINT PRIMARY KEY NOT NULL, topic TEXT NOT NULL, key TEXT NOT NULL)',
  ],
};

/** How many write at once. */
const writers = 8;

async function main([directory = '', prefix = '', tuning = '{}']: readonly string[]): Promise<void> {
  await acquireStateLock(directory, { waitMs: 10_000 });
  const store = JSON.parse(tuning) as NonNullable<SqliteOptions['store']>;
  const database = await openSqlite({ paths: storePaths(storeDirectory(directory)), clock: systemClock, migrations: [halves], store });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say('open');
  let last = 0;
  const write = async (): Promise<void> => {
    for (;;) {
      const id = `${prefix}-${(last += 1)}`;
      await database.write({
        statements: [
          { sql: 'INSERT INTO lefts (id, text) VALUES ($1, $2)', params: [id, 'x'.repeat(1 + ((last * 37) % 3000))] },
          { sql: 'INSERT INTO rights (id) VALUES ($1)', params: [id] },
        ],
        changes: [{ topic: 'lefts', key: id }],
      });
      say(id);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

if (import.meta.main) await main(process.argv.slice(2));
