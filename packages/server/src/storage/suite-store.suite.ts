/** What the parts of the conformance suite share: its tables, and short words for writing to them. */
import assert from 'node:assert/strict';
import { OpenClawError, type ErrorCode } from '../core/errors.ts';
import type { Database, Value, WriteBatch } from './database.ts';
import type { Migration } from './migrations/index.ts';

export interface SuiteStore {
  /** Opens the store; after the database was closed, again. */
  open(): Promise<Database>;
  /** Whether two databases may be open on it at once. */
  readonly shared: boolean;
  remove(): Promise<void>;
}

export type WithDatabase = (use: (database: Database) => Promise<void>) => () => Promise<void>;
export type WithStore = (use: (store: SuiteStore) => Promise<void>) => Promise<void>;

export const tables: Migration = {
  version: 1,
  name: 'suite',
  statements: [
    'CREATE TABLE items (id TEXT PRIMARY KEY NOT NULL, number BIGINT, ratio DOUBLE PRECISION, text TEXT)',
    'CREATE TABLE runs (id TEXT PRIMARY KEY NOT NULL, epoch BIGINT NOT NULL, sequence BIGINT NOT NULL)',
    'CREATE TABLE changes (position BIGINT PRIMARY KEY NOT NULL, topic TEXT NOT NULL, key TEXT NOT NULL)',
  ],
};

export const insert = (id: string, number: Value = 0, text: Value = null): WriteBatch => ({
  statements: [{ sql: 'INSERT INTO items (id, number, text) VALUES ($1, $2, $3)', params: [id, number, text] }],
});
export const noting = (batch: WriteBatch, ...keys: string[]): WriteBatch => ({
  ...batch,
  changes: keys.map((key) => ({ topic: 'items', key })),
});
export const idsOf = async (database: Database): Promise<unknown[]> =>
  (await database.read({ sql: 'SELECT id FROM items ORDER BY id' })).map((row) => row['id']);

export function failsWith(code: ErrorCode, words: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof OpenClawError, `not of the catalogue: ${String(thrown)}`);
    assert.equal(thrown.code, code);
    assert.match(thrown.message, words);
    return true;
  };
}
