/** The table of virtual keys: its rows, its statements, and the channel on which changes are told. It holds no key in memory. */
import type { Database, Row, WriteBatch } from '../storage/index.ts';

export interface StoredKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the key, hexadecimal. */
  readonly hash: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly models: readonly string[] | undefined;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
}

/** Messages are ids of keys: never a key, never a hash. */
export const keyChannel = 'virtual_keys';

/** All keys, or the one with this id. */
export async function readKeys(database: Database, id?: string): Promise<StoredKey[]> {
  const columns = 'id, name, hash, prefix, scopes, models, created_at, expires_at, revoked_at';
  const rows = await database.read(
    id === undefined
      ? { sql: `SELECT ${columns} FROM virtual_keys ORDER BY created_at, id` }
      : { sql: `SELECT ${columns} FROM virtual_keys WHERE id = $1`, params: [id] },
  );
  return rows.map(keyOf);
}

export function writeKey(key: StoredKey): WriteBatch {
  return {
    statements: [
      {
        sql: `INSERT INTO virtual_keys (id, name, hash, prefix, scopes, models, created_at, expires_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        params: [
          ...[key.id, key.name, key.hash, key.prefix, JSON.stringify(key.scopes)],
          ...[key.models === undefined ? null : JSON.stringify(key.models), key.createdAtMs, key.expiresAtMs ?? null],
        ],
      },
    ],
    changes: [{ topic: keyChannel, key: key.id }],
  };
}

/** A key that another process revoked first keeps that time. */
export function revokeKeyWrite(id: string, revokedAtMs: number): WriteBatch {
  return {
    statements: [{ sql: 'UPDATE virtual_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', params: [id, revokedAtMs] }],
    changes: [{ topic: keyChannel, key: id }],
  };
}

function keyOf(row: Row): StoredKey {
  return {
    id: textOf(row, 'id'),
    name: textOf(row, 'name'),
    hash: textOf(row, 'hash'),
    prefix: textOf(row, 'prefix'),
    scopes: JSON.parse(textOf(row, 'scopes')) as string[],
    models: row['models'] === null ? undefined : (JSON.parse(textOf(row, 'models')) as string[]),
    createdAtMs: Number(row['created_at']),
    expiresAtMs: timeOf(row, 'expires_at'),
    revokedAtMs: timeOf(row, 'revoked_at'),
  };
}

function textOf(row: Row, column: string): string {
  return String(row[column]);
}

function timeOf(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
