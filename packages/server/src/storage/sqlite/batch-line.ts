/**
 * A write batch as one line of JSON: what the writer thread is sent and what the journal keeps.
 *
 * A bigint is `{"int":"…"}`: no value of the contract is an object, so nothing else can look like one.
 */
import type { Guard, Row, Statement, Value, WriteBatch } from '../database.ts';

type LineValue = string | number | null | { readonly int: string };

interface Line {
  readonly guards?: readonly (readonly [sql: string, params: readonly LineValue[], expect: Guard['expect'], name: string])[];
  readonly statements: readonly (readonly [sql: string, params: readonly LineValue[]])[];
  readonly changes?: readonly (readonly [topic: string, key: string])[];
}

/** A record of the journal that changes the schema; alone in its record. */
export interface MigrationLine {
  readonly migration: number;
  readonly name: string;
  /** The statements themselves, so that a replay does what was done even if the program's text has changed. */
  readonly statements: readonly string[];
}

export function encodeBatch({ guards = [], statements, changes = [] }: WriteBatch): string {
  const line: Line = {
    ...(guards.length === 0
      ? {}
      : { guards: guards.map(({ sql, params, expect, name }) => [sql, encodeValues(params), expect, name] as const) }),
    statements: statements.map(({ sql, params }) => [sql, encodeValues(params)] as const),
    ...(changes.length === 0 ? {} : { changes: changes.map(({ topic, key }) => [topic, key] as const) }),
  };
  return JSON.stringify(line);
}

export function decodeLine(text: string): WriteBatch | MigrationLine {
  const line = JSON.parse(text) as Line | MigrationLine;
  if ('migration' in line) return line;
  return {
    guards: (line.guards ?? []).map(([sql, params, expect, name]) => ({ sql, params: decodeValues(params), expect, name })),
    statements: line.statements.map(([sql, params]): Statement => ({ sql, params: decodeValues(params) })),
    changes: (line.changes ?? []).map(([topic, key]) => ({ topic, key })),
  };
}

function encodeValues(values: readonly Value[] = []): readonly LineValue[] {
  if (!values.some((value) => typeof value === 'bigint')) return values as readonly LineValue[];
  return values.map((value) => (typeof value === 'bigint' ? { int: String(value) } : value));
}

function decodeValues(values: readonly LineValue[]): readonly Value[] {
  return values.map((value) => (typeof value === 'object' && value !== null ? BigInt(value.int) : value));
}

/** Integers beyond 2^53 stay bigint, as the contract says. */
export function narrowIntegers(row: Record<string, Value>): Row {
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) row[name] = Number(value);
  }
  return row;
}
