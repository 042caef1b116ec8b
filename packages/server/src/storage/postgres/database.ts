/**
 * The database contract on PostgreSQL: group commits under one advisory lock, notifications for publish and subscribe.
 *
 * The lock is held from the first guard until after the commit. So guards cannot be overtaken by another process, and the change
 * feed's positions are in commit order; the price is one fsync at a time for all processes together, each for a whole group.
 */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { insertChange, pruneChanges, selectChanges, toChanges } from '../changes.ts';
import { createCommitQueue, databaseClosed, type CommitQueueLimits } from '../commit-queue.ts';
import type { Database, DatabaseHealth, Row, Statement, Value, WriteBatch } from '../database.ts';
import { checkMessage, createLocalChannels } from '../local-channels.ts';
import { migrations as allMigrations, type Migration } from '../migrations/index.ts';
import { createStatementChecker, rowLimit, tooManyRows } from '../statement.ts';
import type { PostgresClient, PostgresResult, PostgresSession } from './client.ts';

export interface PostgresOptions {
  readonly client: PostgresClient;
  /** @default all of this program's */
  readonly migrations?: readonly Migration[];
  readonly limits?: CommitQueueLimits;
}

/** Any number that no other program of the same database uses: 'oclw'. */
const writerLock = 0x6f_63_6c_77;
const notifyChannel = 'openclaw';
/** Types of columns, from PostgreSQL's own catalogue. */
const typeIds = { bool: 16, bigint: 20, smallint: 21, integer: 23, real: 700, double: 701, numeric: 1700 } as const;
const diskFull = '53100';
/** Somebody has to make room; sooner nothing will have changed. */
const storageFullRetryMs = 60_000;
/** Messages carry their channel in front. */
const separator = '\n';

export async function openPostgres({ client, migrations = allMigrations, limits = {} }: PostgresOptions): Promise<Database> {
  const checker = createStatementChecker();
  const channels = createLocalChannels();
  let closing: Promise<void> | undefined;

  await migrate(client, migrations);
  const stopListening = await client.listen(notifyChannel, (payload) => {
    const end = payload.indexOf(separator);
    channels.deliver(payload.slice(0, end), payload.slice(end + 1));
  });

  const queue = createCommitQueue<WriteBatch>((group) => commit(client, group), limits);

  async function read<Result extends Row>(statement: Statement): Promise<Result[]> {
    if (closing) throw databaseClosed();
    checker.checkRead(statement);
    const rows = await run(client, statement);
    if (rows.length > rowLimit) throw tooManyRows(statement.sql);
    return rows as Result[];
  }

  async function close(): Promise<void> {
    await queue.close();
    channels.close();
    await stopListening();
    await client.close();
  }

  return {
    engine: 'postgres',
    read,
    async write(batch) {
      for (const guard of batch.guards ?? []) checker.checkRead(guard);
      for (const statement of batch.statements) checker.checkWrite(statement);
      await queue.add(batch, bytesOf(batch));
    },
    changes: async (after, limit) => toChanges(await read(selectChanges(after, limit)), after),
    async publish(channel, message) {
      if (closing) throw databaseClosed();
      checkMessage(channel, message);
      await run(client, { sql: 'SELECT pg_notify($1, $2)', params: [notifyChannel, channel + separator + message] });
    },
    subscribe: channels.subscribe,
    check: () => examine(closing ? undefined : client, queue.waiting),
    close: () => (closing ??= close()),
  };
}

async function examine(client: PostgresClient | undefined, waiting: number): Promise<DatabaseHealth> {
  if (client === undefined) return { writable: false, reason: 'the database is closed', bytes: 0, waiting };
  try {
    // A standby answers queries but takes no writes.
    const sql = 'SELECT pg_database_size(current_database()) AS bytes, pg_is_in_recovery() AS standby';
    const [row] = await run(client, { sql });
    const bytes = Number(row?.['bytes'] ?? 0);
    return row?.['standby'] === 1
      ? { writable: false, reason: 'this PostgreSQL is a standby', bytes, waiting }
      : { writable: true, bytes, waiting };
  } catch (thrown) {
    return { writable: false, reason: reasonOf(thrown), bytes: 0, waiting };
  }
}

async function migrate(client: PostgresClient, migrations: readonly Migration[]): Promise<void> {
  try {
    await client.transaction(async (session) => {
      await session.query('SELECT pg_advisory_xact_lock($1)', [writerLock]);
      await session.query('CREATE TABLE IF NOT EXISTS storage_meta (name TEXT PRIMARY KEY NOT NULL, value BIGINT NOT NULL)');
      const [row] = await run(session, { sql: 'SELECT value FROM storage_meta WHERE name = $1', params: ['schema'] });
      const schema = Number(row?.['value'] ?? 0);
      const known = migrations.at(-1)?.version ?? 0;
      if (schema > known) throw newerSchema(schema, known);
      for (const { version, statements } of migrations) {
        if (version <= schema) continue;
        for (const statement of statements) await session.query(statement);
        await session.query(
          'INSERT INTO storage_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
          ['schema', version],
        );
      }
    });
  } catch (thrown) {
    throw toStorageError(thrown);
  }
}

function newerSchema(found: number, known: number): OpenClawError {
  const suggestion = 'Run the newer program again, or restore a backup of the database from before its migration.';
  return new OpenClawError('storage_newer', { details: { found, known, suggestion } });
}

/** All batches of the group in one transaction, each in a savepoint of its own. */
async function commit(client: PostgresClient, group: readonly WriteBatch[]): Promise<(OpenClawError | undefined)[]> {
  const outcomes: (OpenClawError | undefined)[] = [];
  try {
    await client.transaction(async (session) => {
      await session.query('SELECT pg_advisory_xact_lock($1)', [writerLock]);
      for (const [index, batch] of group.entries()) outcomes[index] = await tryBatch(session, batch);
    });
  } catch (thrown) {
    throw toStorageError(thrown);
  }
  return outcomes;
}

async function tryBatch(session: PostgresSession, batch: WriteBatch): Promise<OpenClawError | undefined> {
  await session.query('SAVEPOINT batch');
  try {
    await applyBatch(session, batch);
    await session.query('RELEASE SAVEPOINT batch');
    return undefined;
  } catch (thrown) {
    await session.query('ROLLBACK TO SAVEPOINT batch');
    return toStorageError(thrown);
  }
}

async function applyBatch(session: PostgresSession, { guards = [], statements, changes = [] }: WriteBatch): Promise<void> {
  for (const { expect, name, ...statement } of guards) {
    const found = (await run(session, statement)).length === 0 ? 'noRow' : 'row';
    if (found !== expect) throw new OpenClawError('storage_conflict', { details: { guard: name } });
  }
  for (const statement of statements) await run(session, statement);
  for (const { topic, key } of changes) await run(session, { sql: insertChange, params: [topic, key] });
  if (changes.length > 0) await run(session, { sql: pruneChanges });
}

async function run(session: PostgresSession, { sql, params = [] }: Statement): Promise<Row[]> {
  try {
    return toRows(await session.query(sql, params));
  } catch (thrown) {
    throw toStorageError(thrown);
  }
}

/** Drivers hand out numbers as numbers, bigint or text; the contract has numbers, and bigint beyond 2^53. */
function toRows({ rows, fields }: PostgresResult): Row[] {
  return rows.map((row) => {
    const converted: Record<string, Value> = {};
    for (const { name, dataTypeID } of fields) converted[name] = toValue(row[name], dataTypeID);
    return converted;
  });
}

function toValue(value: unknown, typeId: number): Value {
  if (value === null || value === undefined) return null;
  switch (typeId) {
    case typeIds.bool:
      return value === true || value === 't' ? 1 : 0;
    case typeIds.bigint:
    case typeIds.integer:
    case typeIds.smallint:
      return narrow(BigInt(value as string | number | bigint));
    case typeIds.numeric:
      return /^-?\d+$/.test(String(value)) ? narrow(BigInt(String(value))) : Number(value);
    case typeIds.real:
    case typeIds.double:
      return Number(value);
    default:
      return String(value);
  }
}

function narrow(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function toStorageError(thrown: unknown): OpenClawError {
  if (thrown instanceof OpenClawError) return thrown;
  const full = thrown instanceof Error && 'code' in thrown && thrown.code === diskFull;
  const details = { reason: reasonOf(thrown) };
  if (full) return new OpenClawError('storage_full', { details, cause: thrown, retryAfterMs: storageFullRetryMs });
  return new OpenClawError('storage_failed', { details, cause: thrown });
}

function bytesOf({ statements }: WriteBatch): number {
  let bytes = 0;
  for (const { sql, params = [] } of statements) {
    bytes += sql.length;
    for (const value of params) bytes += typeof value === 'string' ? value.length : 8;
  }
  return bytes;
}
