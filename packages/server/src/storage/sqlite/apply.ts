/**
 * Applies lines of the journal to a database file, inside the transaction of their record.
 *
 * The same code runs when a batch is first written and when it is replayed. It neither begins nor ends transactions and does not
 * touch the journal: see `store.ts`.
 */
import { OpenClawError } from '../../core/errors.ts';
import { insertChange, pruneChanges } from '../changes.ts';
import type { Guard, Value, WriteBatch } from '../database.ts';
import { decodeLine, type MigrationLine } from './batch-line.ts';
import type { Connection } from './connection.ts';

export interface StoreMeta {
  /** The last record of the journal that this file holds. */
  readonly position: number;
  /** The last migration. */
  readonly schema: number;
  /** See `identity.ts`. */
  readonly witness: bigint;
}

/** Which record of the journal a database file has reached lies in the file itself, and changes in the same transaction. */
export function createMeta(connection: Connection): void {
  connection.exec(`CREATE TABLE IF NOT EXISTS storage_meta (name TEXT PRIMARY KEY NOT NULL, value BIGINT NOT NULL);
    INSERT INTO storage_meta (name, value) VALUES ('position', 0), ('schema', 0), ('witness', 0) ON CONFLICT (name) DO NOTHING`);
}

export function readMeta(connection: Connection): StoreMeta {
  const valueOf = (name: keyof StoreMeta): Value =>
    connection.first({ sql: 'SELECT value FROM storage_meta WHERE name = $1', params: [name] })?.['value'] ?? 0;
  return { position: Number(valueOf('position')), schema: Number(valueOf('schema')), witness: BigInt(valueOf('witness') ?? 0) };
}

export function setMeta<Name extends keyof StoreMeta>(connection: Connection, name: Name, value: StoreMeta[Name]): void {
  connection.run({ sql: 'UPDATE storage_meta SET value = $2 WHERE name = $1', params: [name, value] });
}

/** Applies one line. @throws what went wrong; then a part of it may be there, and the caller must roll back */
export function applyLine(connection: Connection, text: string): void {
  const line = decodeLine(text);
  if ('migration' in line) applyMigration(connection, line);
  else applyBatch(connection, line);
}

function applyMigration(connection: Connection, { migration, statements }: MigrationLine): void {
  for (const statement of statements) connection.exec(statement);
  setMeta(connection, 'schema', migration);
}

function applyBatch(connection: Connection, { guards = [], statements, changes = [] }: WriteBatch): void {
  for (const guard of guards) checkGuard(connection, guard);
  for (const statement of statements) connection.run(statement);
  for (const { topic, key } of changes) connection.run({ sql: insertChange, params: [topic, key] });
  if (changes.length > 0) connection.run({ sql: pruneChanges });
}

function checkGuard(connection: Connection, guard: Guard): void {
  const found = connection.first(guard) === undefined ? 'noRow' : 'row';
  if (found !== guard.expect) throw new OpenClawError('storage_conflict', { details: { guard: guard.name } });
}
