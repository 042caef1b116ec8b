/** The table of virtual keys: its rows, its statements, and the channel on which changes are told. It holds no key in memory. */
import type { Database, Row, Value, WriteBatch } from '../storage/index.ts';
import type { KeyLimits } from './key-limits.ts';

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
  readonly limits: KeyLimits;
}

/** What of a key may change. What is absent stays; limits one by one. */
export interface KeyChanges extends Partial<Pick<StoredKey, 'name' | 'models' | 'expiresAtMs'>> {
  readonly limits: Partial<KeyLimits>;
}

const limitColumns = {
  rpm: 'rpm',
  tpm: 'tpm',
  nanoUsdPerDay: 'usd_per_day_nano',
  nanoUsdPerMonth: 'usd_per_month_nano',
} as const satisfies Record<keyof KeyLimits, string>;
const limitNames = Object.keys(limitColumns) as (keyof KeyLimits)[];

/** Messages are ids of keys: never a key, never a hash. */
export const keyChannel = 'virtual_keys';

/** All keys, or the one with this id. */
export async function readKeys(database: Database, id?: string): Promise<StoredKey[]> {
  const limits = limitNames.map((limit) => limitColumns[limit]).join(', ');
  const columns = `id, name, hash, prefix, scopes, models, created_at, expires_at, revoked_at, ${limits}`;
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
        sql: `INSERT INTO virtual_keys (id, name, hash, prefix, scopes, models, created_at, expires_at,
                ${limitNames.map((limit) => limitColumns[limit]).join(', ')})
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        params: [
          ...[key.id, key.name, key.hash, key.prefix, JSON.stringify(key.scopes)],
          ...[modelsValue(key.models), key.createdAtMs, key.expiresAtMs ?? null, ...limitNames.map((limit) => key.limits[limit] ?? null)],
        ],
      },
    ],
    changes: [{ topic: keyChannel, key: key.id }],
  };
}

/** Only what changes is written, so that two changes at once both hold. */
export function updateKeyWrite(id: string, changes: KeyChanges): WriteBatch {
  const values: (readonly [column: string, value: Value])[] = [];
  if (changes.name !== undefined) values.push(['name', changes.name]);
  if ('models' in changes) values.push(['models', modelsValue(changes.models)]);
  if ('expiresAtMs' in changes) values.push(['expires_at', changes.expiresAtMs ?? null]);
  for (const limit of limitNames) if (limit in changes.limits) values.push([limitColumns[limit], changes.limits[limit] ?? null]);
  return {
    statements: [
      {
        sql: `UPDATE virtual_keys SET ${values.map(([column], index) => `${column} = $${index + 2}`).join(', ')} WHERE id = $1`,
        params: [id, ...values.map(([, value]) => value)],
      },
    ],
    changes: [{ topic: keyChannel, key: id }],
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
    expiresAtMs: numberOf(row, 'expires_at'),
    revokedAtMs: numberOf(row, 'revoked_at'),
    limits: {
      rpm: numberOf(row, limitColumns.rpm),
      tpm: numberOf(row, limitColumns.tpm),
      nanoUsdPerDay: numberOf(row, limitColumns.nanoUsdPerDay),
      nanoUsdPerMonth: numberOf(row, limitColumns.nanoUsdPerMonth),
    },
  };
}

function modelsValue(models: readonly string[] | undefined): string | null {
  return models === undefined ? null : JSON.stringify(models);
}

function textOf(row: Row, column: string): string {
  return String(row[column]);
}

function numberOf(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
