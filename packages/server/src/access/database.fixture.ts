/** A database in memory with the tables of a state, for tests; several may share one store, as processes do. */
import { DatabaseSync } from 'node:sqlite';
import { OpenClawError } from '../core/errors.ts';
import type { Database, Row, Statement } from '../storage/index.ts';
import { migrations } from '../storage/migrations/index.ts';

export interface MemoryStore {
  /** Another process on the same store. */
  connect(): Database;
  /** Statements that were run, to see what touched the store. */
  readonly statements: string[];
  /** Makes the next reads or writes fail, as a broken disk does. */
  failNext(count: number): void;
  /** All virtual keys, as they lie on the disk. */
  dump(): string;
}

export function createMemoryStore(): MemoryStore {
  const sqlite = new DatabaseSync(':memory:');
  for (const sql of migrations.flatMap(({ statements }) => statements)) sqlite.exec(sql);
  const listeners = new Map<string, Set<(message: string) => void>>();
  const statements: string[] = [];
  let failures = 0;

  const prepare = ({ sql, params = [] }: Statement) => {
    if (failures > 0) {
      failures -= 1;
      throw new Error('disk I/O error');
    }
    statements.push(sql);
    const bound = Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]));
    return { all: () => sqlite.prepare(sql).all(bound) as Row[] };
  };
  const listenersOf = (channel: string) => listeners.get(channel) ?? listeners.set(channel, new Set()).get(channel)!;

  const connect = (): Database => ({
    engine: 'sqlite',
    read: async <Result extends Row>(statement: Statement) => prepare(statement).all() as Result[],
    write: async (batch) => {
      for (const guard of batch.guards ?? []) {
        const holds = prepare(guard).all().length > 0 === (guard.expect === 'row');
        if (!holds) throw new OpenClawError('storage_conflict', { details: { guard: guard.name } });
      }
      for (const statement of batch.statements) prepare(statement).all();
    },
    changes: async () => [],
    publish: async (channel, message) => {
      for (const listener of listenersOf(channel)) listener(message);
    },
    subscribe: (channel, listener) => {
      listenersOf(channel).add(listener);
      return () => void listenersOf(channel).delete(listener);
    },
    check: async () => ({ writable: true, bytes: 0, waiting: 0 }),
    close: async () => undefined,
  });

  return {
    connect,
    statements,
    failNext: (count) => {
      failures = count;
    },
    dump: () => JSON.stringify(sqlite.prepare('SELECT * FROM virtual_keys').all()),
  };
}
