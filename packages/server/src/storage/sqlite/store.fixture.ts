/** A store in a directory of its own, and a small table in which half a batch would show. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { Migration } from '../migrations/index.ts';
import { encodeBatch } from './batch-line.ts';
import { storePaths, type StorePaths } from './paths.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

/** Each batch writes its number to both tables. */
export const pairs: Migration = {
  version: 1,
  name: 'pairs',
  statements: ['CREATE TABLE lefts (id BIGINT PRIMARY KEY NOT NULL, text TEXT)', 'CREATE TABLE rights (id BIGINT PRIMARY KEY NOT NULL)'],
};

export const note: Migration = { version: 2, name: 'note', statements: ['ALTER TABLE lefts ADD COLUMN note TEXT'] };

export interface TestStore {
  readonly paths: StorePaths;
  /** Opens the store as a process would that starts on `boot`. */
  open(options?: Partial<StoreOptions> & { readonly boot?: string }): Store;
  remove(): void;
}

export function createTestStore(): TestStore {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-store-'));
  const paths = storePaths(directory);
  return {
    paths,
    open: ({ boot = 'boot 1', ...options } = {}) => openStore(paths, { migrations: [pairs], clock: systemClock, bootId: boot, ...options }),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

export function pairLine(id: number, text = ''): string {
  return encodeBatch({
    statements: [
      { sql: 'INSERT INTO lefts (id, text) VALUES ($1, $2)', params: [id, text] },
      { sql: 'INSERT INTO rights (id) VALUES ($1)', params: [id] },
    ],
  });
}

/** The numbers that were written, after checking that none was written by halves. */
export function wholePairs(store: Pick<Store, 'read'>): number[] {
  const idsOf = (table: string): number[] => store.read({ sql: `SELECT id FROM ${table} ORDER BY id` }).map((row) => Number(row['id']));
  const lefts = idsOf('lefts');
  if (JSON.stringify(lefts) !== JSON.stringify(idsOf('rights'))) throw new Error('a batch was written by halves');
  return lefts;
}

/** Every file with its content, to see whether anything was changed. */
export function contentsOf(directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(directory, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(directory, name), 'base64')]));
}
