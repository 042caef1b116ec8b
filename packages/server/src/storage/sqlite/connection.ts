/** A connection to a database file: settings, prepared statements, and rows as the contract has them. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Row, Statement, Value } from '../database.ts';
import { rowLimit, tooManyRows, toNumberedParameters } from '../statement.ts';
import { narrowIntegers } from './batch-line.ts';

export interface Connection {
  readonly path: string;
  /** Runs fixed SQL without parameters. */
  exec(sql: string): void;
  run(statement: Statement): void;
  first(statement: Statement): Row | undefined;
  /** @throws OpenClawError `storage_failed` when there are more rows than `rowLimit` */
  all(statement: Statement): Row[];
  readonly inTransaction: boolean;
  close(): void;
}

/** Prepared statements kept per connection; the least recently used go first. */
const keptStatements = 200;

/**
 * Opens the live database or a copy of it.
 *
 * `synchronous = OFF`: what must survive a power cut is in the journal, and after one this file is rebuilt, not trusted.
 */
export function connect(path: string, { readOnly = false } = {}): Connection {
  // Created by us, the file is for its owner alone, and SQLite gives its neighbours the same mode.
  if (!readOnly) closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { readOnly, timeout: 5000 });
  if (!readOnly) {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA journal_size_limit = 16777216');
  }
  const prepared = new Map<string, StatementSync>();

  const prepare = (sql: string): StatementSync => {
    let statement = prepared.get(sql);
    if (statement) {
      prepared.delete(sql);
    } else {
      statement = database.prepare(toNumberedParameters(sql));
      statement.setReadBigInts(true);
      const oldest = prepared.keys().next().value;
      if (prepared.size >= keptStatements && oldest !== undefined) prepared.delete(oldest);
    }
    prepared.set(sql, statement);
    return statement;
  };

  return {
    path,
    exec: (sql) => database.exec(sql),
    run: ({ sql, params }) => void prepare(sql).run(...toBound(params)),
    first({ sql, params }) {
      const row = prepare(sql).get(...toBound(params)) as Record<string, Value> | undefined;
      return row && narrowIntegers(row);
    },
    all({ sql, params }) {
      const rows: Row[] = [];
      for (const row of prepare(sql).iterate(...toBound(params))) {
        if (rows.length === rowLimit) throw tooManyRows(sql);
        rows.push(narrowIntegers(row as Record<string, Value>));
      }
      return rows;
    },
    get inTransaction() {
      return database.isTransaction;
    },
    close: () => database.close(),
  };
}

/** Whole numbers are bound as integers, for `$1 / 2` to mean what it means in PostgreSQL. */
function toBound(params: readonly Value[] = []): SQLInputValue[] {
  return params.map((value) => (typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value));
}
