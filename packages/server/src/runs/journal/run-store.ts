/** The tables of runs and of their events: rows and statements. It keeps nothing in memory and decides nothing. */
import type { RunEvent, RunEventBody, RunView } from '@openclaw/protocol';
import type { Database, Guard, Row, Statement, Value, WriteBatch } from '../../storage/index.ts';
import type { NewRun, RunQuestion, StaleAmount, Takeable, TakeableQuestion } from './contract.ts';

/** How a run stands in its row; what only events say (input, output, error) is not in it. */
export interface StoredRun {
  readonly id: string;
  readonly requestHash: string;
  readonly owner: string | null;
  readonly epoch: number;
  readonly leaseUntilMs: number;
  readonly nextSeq: number;
  /** Of its last event, streamed text included. */
  readonly lastAtMs: number;
}

const rowColumns = 'id, request_hash, owner, epoch, lease_until, next_seq, updated_at';

export async function readRow(database: Database, column: 'id' | 'idempotency_key', value: string): Promise<StoredRun | undefined> {
  const [row] = await database.read({ sql: `SELECT ${rowColumns} FROM runs WHERE ${column} = $1`, params: [value] });
  return row && storedRunOf(row);
}

function storedRunOf(row: Row): StoredRun {
  return {
    id: String(row['id']),
    requestHash: String(row['request_hash']),
    owner: row['owner'] === null ? null : String(row['owner']),
    epoch: Number(row['epoch']),
    leaseUntilMs: Number(row['lease_until']),
    nextSeq: Number(row['next_seq']),
    lastAtMs: Number(row['updated_at']),
  };
}

export interface EventPage {
  readonly after: number;
  readonly limit: number;
}

export interface EventsRead {
  readonly events: readonly RunEvent[];
  /** How much text they are. */
  readonly characters: number;
}

export async function readEvents(database: Database, runId: string, { after, limit }: EventPage): Promise<EventsRead> {
  const rows = await database.read({
    sql: `SELECT seq, at, body FROM run_events WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT ${limit}`,
    params: [runId, after],
  });
  const characters = rows.reduce((sum, row) => sum + String(row['body']).length, 0);
  return { events: rows.map((row) => eventOf(runId, row)), characters };
}

/** Without deltas, which no state is made of. */
export async function readStateEvents(database: Database, runId: string, { after, limit }: EventPage): Promise<RunEvent[]> {
  const rows = await database.read({
    sql: `SELECT seq, at, body FROM run_events WHERE run_id = $1 AND seq > $2 AND kind <> 'step.delta' ORDER BY seq LIMIT ${limit}`,
    params: [runId, after],
  });
  return rows.map((row) => eventOf(runId, row));
}

function eventOf(runId: string, row: Row): RunEvent {
  const body = JSON.parse(String(row['body'])) as RunEventBody;
  return { runId, seq: Number(row['seq']), atMs: Number(row['at']), ...body };
}

/** The latest first. */
export async function readIds(database: Database, question: RunQuestion): Promise<string[]> {
  const { sessionKey, status, agentId, parentRunId, after, limit } = question;
  const wanted = Object.entries({ session_key: sessionKey, status, agent_id: agentId, parent_run_id: parentRunId }).filter(
    ([, value]) => value !== undefined,
  );
  const conditions = wanted.map(([column], index) => `${column} = $${index + 1}`);
  const params: Value[] = wanted.map(([, value]) => String(value));
  if (after !== undefined) conditions.push(`(created_at, id) < (SELECT created_at, id FROM runs WHERE id = $${params.push(after)})`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await database.read({ sql: `SELECT id FROM runs ${where} ORDER BY created_at DESC, id DESC LIMIT ${limit}`, params });
  return rows.map((row) => String(row['id']));
}

/** Open, waiting for nothing, and held by nobody else whose lease still runs. Those of a session come in the order in which they were created. */
export async function readTakeable(database: Database, { owner, limit, after }: TakeableQuestion, nowMs: number): Promise<Takeable[]> {
  const page = after === undefined ? '' : 'AND (created_at, id) > (SELECT created_at, id FROM runs WHERE id = $3)';
  const rows = await database.read({
    sql: `SELECT id, session_key FROM runs WHERE ended_at IS NULL AND status <> 'parked' AND (owner IS NULL OR owner = $1 OR lease_until < $2)
            ${page} ORDER BY created_at, id LIMIT ${limit}`,
    params: after === undefined ? [owner, nowMs] : [owner, nowMs, after],
  });
  return rows.map((row) => ({ runId: String(row['id']), sessionKey: String(row['session_key']) }));
}

/**
 * Runs with a parent that waits for them, and of whose standing the parent's row says something else: it has what the child waits for beside the
 * child's id, in the words of `childWait` in `fold.ts`.
 */
export async function readUntoldChildren(database: Database, limit: number): Promise<string[]> {
  const rows = await database.read({
    sql: `SELECT c.id FROM runs p JOIN runs c ON c.parent_run_id = p.id
          WHERE p.ended_at IS NULL AND p.status = 'parked' AND p.waits LIKE '{"kind":"child","runId":"' || c.id || '"%'
            AND (c.ended_at IS NOT NULL OR p.waits <> '{"kind":"child","runId":"' || c.id || '"' || COALESCE(',"waitsFor":' || c.waits, '') || '}')
          LIMIT ${limit}`,
  });
  return rows.map((row) => String(row['id']));
}

export function creation(run: NewRun, view: RunView, copied: readonly RunEvent[] = []): WriteBatch {
  const { created } = run;
  return {
    guards:
      run.idempotencyKey === undefined
        ? []
        : [{ sql: 'SELECT 1 FROM runs WHERE idempotency_key = $1', params: [run.idempotencyKey], expect: 'noRow', name: 'the key is new' }],
    statements: [
      {
        sql: `INSERT INTO runs (id, idempotency_key, request_hash, session_key, agent_id, parent_run_id, status, waits, steps, input_tokens,
                output_tokens, cost_nano_usd, next_seq, owner, epoch, lease_until, created_at, updated_at, ended_at)
              VALUES ($1, $2, $3, $4, $5, $6, $8, $9, 0, 0, 0, 0, 2, NULL, 0, 0, $7, $7, NULL)`,
        params: [
          run.id,
          run.idempotencyKey ?? null,
          run.requestHash,
          created.sessionKey,
          created.agentId,
          created.parentRunId,
          view.createdAtMs,
          view.status,
          view.waitsFor === null ? null : JSON.stringify(view.waitsFor),
        ],
      },
      insertion({ runId: run.id, seq: 1, atMs: view.createdAtMs, ...created }),
      ...copied.map(insertion),
      ...(copied.length > 0 ? [standing(view)] : []),
    ],
  };
}

/** Under the same number nobody else has written, and nobody else owns it. */
export interface Standing {
  readonly epoch: number | undefined;
  readonly nextSeq: number;
}

export function appending(events: readonly RunEvent[], view: RunView, { epoch, nextSeq }: Standing): WriteBatch {
  const guard: Guard = {
    ...(epoch === undefined
      ? { sql: 'SELECT 1 FROM runs WHERE id = $1 AND next_seq = $2', params: [view.id, nextSeq] }
      : { sql: 'SELECT 1 FROM runs WHERE id = $1 AND next_seq = $2 AND epoch = $3', params: [view.id, nextSeq, epoch] }),
    expect: 'row',
    name: 'the run is where its owner left it',
  };
  return { guards: [guard], statements: [...events.map(insertion), standing(view, events.at(-1)?.atMs)] };
}

function insertion({ runId, seq, atMs, ...body }: RunEvent): Statement {
  return {
    sql: 'INSERT INTO run_events (run_id, seq, kind, at, body) VALUES ($1, $2, $3, $4, $5)',
    params: [runId, seq, body.kind, atMs, JSON.stringify(body)],
  };
}

function standing(view: RunView, lastAtMs = view.updatedAtMs): Statement {
  const { inputTokens, outputTokens, costNanoUsd } = view.use;
  return {
    sql: `UPDATE runs SET status = $2, waits = $3, steps = $4, input_tokens = $5, output_tokens = $6, cost_nano_usd = $7, next_seq = $8,
            updated_at = $9, ended_at = $10 WHERE id = $1`,
    params: [
      ...[view.id, view.status, view.waitsFor === null ? null : JSON.stringify(view.waitsFor), view.steps],
      ...[inputTokens, outputTokens, costNanoUsd, view.lastSeq + 1, lastAtMs, view.endedAtMs],
    ],
  };
}

/** Takes it from whom it was seen with, if nobody was quicker. */
export function taking(run: StoredRun, owner: string, leaseUntilMs: number): WriteBatch {
  return {
    guards: [
      { sql: 'SELECT 1 FROM runs WHERE id = $1 AND epoch = $2', params: [run.id, run.epoch], expect: 'row', name: 'nobody was quicker' },
    ],
    statements: [
      {
        sql: 'UPDATE runs SET owner = $2, epoch = epoch + 1, lease_until = $3 WHERE id = $1',
        params: [run.id, owner, leaseUntilMs],
      },
    ],
  };
}

export function renewing(runId: string, epoch: number, leaseUntilMs: number): Pick<WriteBatch, 'guards' | 'statements'> {
  return {
    guards: [{ sql: 'SELECT 1 FROM runs WHERE id = $1 AND epoch = $2', params: [runId, epoch], expect: 'row', name: 'the lease is held' }],
    statements: [{ sql: 'UPDATE runs SET lease_until = $3 WHERE id = $1 AND epoch = $2', params: [runId, epoch, leaseUntilMs] }],
  };
}

export function releasing(runId: string, epoch: number): Statement {
  return { sql: 'UPDATE runs SET owner = NULL, lease_until = 0 WHERE id = $1 AND epoch = $2', params: [runId, epoch] };
}

export async function readEnded(database: Database, beforeMs: number, limit: number): Promise<string[]> {
  const rows = await database.read({
    sql: `SELECT id FROM runs WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at, id LIMIT ${limit}`,
    params: [beforeMs],
  });
  return rows.map((row) => String(row['id']));
}

/** Ended well, and still with streamed text. Of a run that broke off, that text is all that there is of what it was saying. */
export async function readCompactable(database: Database, beforeMs: number, limit: number): Promise<string[]> {
  const rows = await database.read({
    sql: `SELECT r.id FROM runs r WHERE r.ended_at IS NOT NULL AND r.ended_at < $1 AND r.status = 'finished'
            AND EXISTS (SELECT 1 FROM run_events e WHERE e.run_id = r.id AND e.kind = 'step.delta') ORDER BY r.ended_at, r.id LIMIT ${limit}`,
    params: [beforeMs],
  });
  return rows.map((row) => String(row['id']));
}

export async function readKept(database: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await database.read({ sql: `SELECT id FROM runs WHERE id IN (${placesFor(ids)})`, params: ids });
  return new Set(rows.map((row) => String(row['id'])));
}

function placesFor(values: readonly unknown[]): string {
  return values.map((_value, index) => `$${index + 1}`).join(', ');
}

const staleStatements = {
  deltas: `SELECT COUNT(*) AS items, COALESCE(SUM(LENGTH(e.body)), 0) AS bytes FROM run_events e JOIN runs r ON r.id = e.run_id
           WHERE e.kind = 'step.delta' AND r.status = 'finished' AND r.ended_at IS NOT NULL AND r.ended_at < $1`,
  runs: `SELECT COUNT(DISTINCT r.id) AS items, COALESCE(SUM(LENGTH(e.body)), 0) AS bytes FROM runs r LEFT JOIN run_events e ON e.run_id = r.id
         WHERE r.ended_at IS NOT NULL AND r.ended_at < $1`,
} as const;

export async function readStale(database: Database, what: keyof typeof staleStatements, beforeMs: number): Promise<StaleAmount> {
  const [row] = await database.read({ sql: staleStatements[what], params: [beforeMs] });
  return { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
}

/** How much streamed text they have. */
export async function countDeltas(database: Database, ids: readonly string[]): Promise<number> {
  const [row] = await database.read({
    sql: `SELECT COUNT(*) AS n FROM run_events WHERE kind = 'step.delta' AND run_id IN (${placesFor(ids)})`,
    params: ids,
  });
  return Number(row?.['n'] ?? 0);
}

export function dropDeltas(ids: readonly string[]): Statement[] {
  return ids.map((id) => ({ sql: "DELETE FROM run_events WHERE run_id = $1 AND kind = 'step.delta'", params: [id] }));
}

export function forgetting(ids: readonly string[]): Statement[] {
  return ids.flatMap((id) => [
    { sql: 'DELETE FROM run_events WHERE run_id = $1', params: [id] },
    { sql: 'DELETE FROM runs WHERE id = $1', params: [id] },
  ]);
}
