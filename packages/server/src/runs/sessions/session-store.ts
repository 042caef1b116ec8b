/**
 * Sessions and which runs make them up, in the database. What was said in a run is read from its events: the journal is the truth, and nothing
 * of it is written here a second time.
 */
import type { RunEvent, RunEventBody } from '@openclaw/protocol';
import type { Database, Row, Statement } from '../../storage/index.ts';
import type { OpenApproval, SessionChanges, SessionSummary } from './contract.ts';

/** A run in its place of a session. A summary stands for all before it. */
export interface PlacedRun {
  readonly runId: string;
  readonly sessionId: string;
  readonly place: number;
  readonly isSummary: boolean;
}

export interface ShownRun extends PlacedRun {
  /** Its id is the key that its message was sent under. */
  readonly isNamed: boolean;
}

type WhichRun = Pick<PlacedRun, 'runId'>;

export interface NewPlace {
  readonly sessionKey: string;
  readonly agentId: string;
  readonly runId: string;
  /** Of the session, where there is none yet. */
  readonly newSessionId: string;
  readonly nowMs: number;
  readonly isSummary?: boolean;
}

export interface FreshSession {
  readonly sessionId: string;
  readonly agentId: string;
  readonly nowMs: number;
}

/** Two messages for each run, and one while it has not ended. */
const sessionColumns = `s.key, s.session_id, s.agent_id, s.label, s.model, s.created_at, s.updated_at,
  (SELECT COUNT(*) + COUNT(r.ended_at) FROM session_runs p JOIN runs r ON r.id = p.run_id
    WHERE p.session_id = s.session_id AND p.is_summary = 0) AS message_count`;
const ends = "'run.finished', 'run.failed', 'run.cancelled'";

export class SessionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async session(key: string): Promise<SessionSummary | undefined> {
    const [row] = await this.#database.read({ sql: `SELECT ${sessionColumns} FROM sessions s WHERE s.key = $1`, params: [key] });
    return row && sessionOf(row);
  }

  async sessions({ limit, offset }: { readonly limit: number; readonly offset: number }) {
    const [rows, [count]] = await Promise.all([
      this.#database.read({
        sql: `SELECT ${sessionColumns} FROM sessions s ORDER BY s.updated_at DESC, s.key LIMIT $1 OFFSET $2`,
        params: [limit, offset],
      }),
      this.#database.read({ sql: 'SELECT COUNT(*) AS total FROM sessions' }),
    ]);
    return { sessions: rows.map(sessionOf), total: Number(count?.['total'] ?? 0) };
  }

  async begin(key: string, fresh: FreshSession): Promise<void> {
    await this.#database.write({ statements: [insertSession(key, fresh)] });
  }

  async change(key: string, changes: SessionChanges, nowMs: number): Promise<void> {
    const names = (['label', 'model'] as const).filter((name) => changes[name] !== undefined);
    const assignments = names.map((name, index) => `${name} = $${index + 3}`);
    await this.#database.write({
      statements: [
        {
          sql: `UPDATE sessions SET ${['updated_at = $2', ...assignments].join(', ')} WHERE key = $1`,
          params: [key, nowMs, ...names.map((name) => changes[name] ?? null)],
        },
      ],
    });
  }

  async reset(key: string, fresh: Pick<FreshSession, 'sessionId' | 'nowMs'>): Promise<void> {
    const sql = 'UPDATE sessions SET session_id = $2, updated_at = $3 WHERE key = $1';
    await this.#database.write({ statements: [{ sql, params: [key, fresh.sessionId, fresh.nowMs] }] });
  }

  /** Its place stays with the runs that are left, so that nobody takes them for those of another session. */
  async delete(key: string): Promise<void> {
    await this.#database.write({ statements: [{ sql: 'DELETE FROM sessions WHERE key = $1', params: [key] }] });
  }

  /** Gives the run the next place in its session, once; the session begins with its first run. */
  async place(wanted: NewPlace): Promise<void> {
    const { sessionKey, agentId, runId, newSessionId, nowMs, isSummary = false } = wanted;
    await this.#database.write({
      guards: [
        { sql: 'SELECT 1 FROM session_runs WHERE run_id = $1', params: [runId], expect: 'noRow', name: 'that the run had no place yet' },
      ],
      statements: [
        insertSession(sessionKey, { sessionId: newSessionId, agentId, nowMs }),
        {
          sql: `INSERT INTO session_runs (session_id, seq, run_id, is_summary)
                SELECT session_id, next_seq, $2, CAST($3 AS BIGINT) FROM sessions WHERE key = $1`,
          params: [sessionKey, runId, isSummary ? 1 : 0],
        },
        { sql: 'UPDATE sessions SET next_seq = next_seq + 1, updated_at = $2 WHERE key = $1', params: [sessionKey, nowMs] },
      ],
    });
  }

  async placeOf(runId: string): Promise<PlacedRun | undefined> {
    const [row] = await this.#database.read({
      sql: 'SELECT run_id, session_id, seq, is_summary FROM session_runs WHERE run_id = $1',
      params: [runId],
    });
    return row && placedOf(row);
  }

  /** The last ones before `before`, the latest first. */
  async placesBefore(sessionId: string, { before, limit }: { readonly before: number; readonly limit: number }): Promise<PlacedRun[]> {
    const rows = await this.#database.read({
      sql: `SELECT run_id, session_id, seq, is_summary FROM session_runs WHERE session_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT ${limit}`,
      params: [sessionId, before],
    });
    return rows.map(placedOf);
  }

  /** The latest first, without summaries. */
  async page(sessionId: string, { limit, offset }: { readonly limit: number; readonly offset: number }): Promise<ShownRun[]> {
    const rows = await this.#database.read({
      sql: `SELECT p.run_id, p.session_id, p.seq, p.is_summary, r.idempotency_key FROM session_runs p LEFT JOIN runs r ON r.id = p.run_id
            WHERE p.session_id = $1 AND p.is_summary = 0 ORDER BY p.seq DESC LIMIT ${limit} OFFSET ${offset}`,
      params: [sessionId],
    });
    return rows.map((row) => ({ ...placedOf(row), isNamed: row['idempotency_key'] === row['run_id'] }));
  }

  /** Ids of runs of the session that have not ended, in their order. */
  async open(sessionKey: string): Promise<string[]> {
    const rows = await this.#database.read({
      sql: `SELECT r.id FROM runs r LEFT JOIN session_runs p ON p.run_id = r.id WHERE r.session_key = $1 AND r.ended_at IS NULL
            ORDER BY CASE WHEN p.seq IS NULL THEN 1 ELSE 0 END, p.seq, r.created_at, r.id`,
      params: [sessionKey],
    });
    return rows.map((row) => String(row['id']));
  }

  /** How the run began, what of its session became a summary, how it ended; by run. */
  async outlines(runs: readonly WhichRun[]): Promise<Map<string, RunEvent[]>> {
    return this.#events(runs, `kind IN ('run.created', 'context.compacted', ${ends})`);
  }

  /** All that happened but the streamed text. */
  async stories(runs: readonly WhichRun[]): Promise<Map<string, RunEvent[]>> {
    return this.#events(runs, "kind <> 'step.delta'");
  }

  /** The streamed text of a run after this event of it. */
  async deltas(runId: string, after: number): Promise<RunEvent[]> {
    const rows = await this.#database.read({
      sql: "SELECT run_id, seq, at, body FROM run_events WHERE run_id = $1 AND seq > $2 AND kind = 'step.delta' ORDER BY seq",
      params: [runId, after],
    });
    return rows.map(eventOf);
  }

  /** When it was first taken up, and the last step that was begun. */
  async whereabouts(runId: string): Promise<readonly RunEvent[]> {
    const of = (kind: string, order: string): Statement => ({
      sql: `SELECT run_id, seq, at, body FROM run_events WHERE run_id = $1 AND kind = '${kind}' ORDER BY seq ${order} LIMIT 1`,
      params: [runId],
    });
    const rows = await Promise.all([this.#database.read(of('run.resumed', 'ASC')), this.#database.read(of('step.started', 'DESC'))]);
    return rows.flat().map(eventOf);
  }

  /** Calls that wait for somebody's word, the oldest first. */
  async approvals(): Promise<OpenApproval[]> {
    const rows = await this.#database.read({
      sql: `SELECT e.run_id, e.seq, e.at, e.body, r.session_key, r.agent_id, r.waits FROM runs r
            JOIN run_events e ON e.run_id = r.id AND e.kind = 'approval.requested'
            WHERE r.ended_at IS NULL AND r.status = 'parked' ORDER BY e.at, e.run_id, e.seq LIMIT 10000`,
    });
    return rows.flatMap((row) => {
      const event = eventOf(row);
      if (event.kind !== 'approval.requested' || !String(row['waits']).includes(JSON.stringify(event.approvalId))) return [];
      const { approvalId, runId, step, call, why, atMs: askedAtMs } = event;
      return { approvalId, runId, step, call, why, askedAtMs, sessionKey: String(row['session_key']), agentId: String(row['agent_id']) };
    });
  }

  /** Forgets the runs of the session that have ended, of before a reset too, and all that they have handed on. */
  async forgetRuns(sessionKey: string): Promise<void> {
    const ended = `WITH RECURSIVE family (id) AS (
        SELECT id FROM runs WHERE session_key = $1 AND ended_at IS NOT NULL
        UNION SELECT r.id FROM runs r JOIN family f ON r.parent_run_id = f.id WHERE r.ended_at IS NOT NULL)
      SELECT id FROM family`;
    const statements = [
      `DELETE FROM session_runs WHERE run_id IN (${ended})`,
      `DELETE FROM run_events WHERE run_id IN (${ended})`,
      `DELETE FROM runs WHERE id IN (${ended})`,
    ];
    await this.#database.write({ statements: statements.map((sql) => ({ sql, params: [sessionKey] })) });
  }

  /** Runs of the session that have no place yet: whoever began them did not come by here. In the order of their beginning. */
  async unplaced(sessionKey: string): Promise<string[]> {
    const rows = await this.#database.read({
      sql: `SELECT r.id FROM runs r WHERE r.session_key = $1 AND NOT EXISTS (SELECT 1 FROM session_runs p WHERE p.run_id = r.id)
            ORDER BY r.created_at, r.id LIMIT 1000`,
      params: [sessionKey],
    });
    return rows.map((row) => String(row['id']));
  }

  async countIdle(beforeMs: number): Promise<number> {
    const [row] = await this.#database.read({ sql: `SELECT COUNT(*) AS n FROM sessions s WHERE ${isIdle}`, params: [beforeMs] });
    return Number(row?.['n'] ?? 0);
  }

  async idleKeys(beforeMs: number, limit: number): Promise<string[]> {
    const sql = `SELECT s.key FROM sessions s WHERE ${isIdle} ORDER BY s.updated_at, s.key LIMIT ${limit}`;
    const rows = await this.#database.read<{ key: string }>({ sql, params: [beforeMs] });
    return rows.map(({ key }) => key);
  }

  /** Places of runs that are forgotten, and the sessions used longest ago where there are too many. @returns how many of these */
  async prune(limit: number): Promise<number> {
    await this.#database.write({
      statements: [{ sql: 'DELETE FROM session_runs WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = session_runs.run_id)' }],
    });
    const surplus = await this.#database.read<{ key: string }>({
      sql: `SELECT s.key FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.session_key = s.key AND r.ended_at IS NULL)
            ORDER BY s.updated_at DESC, s.key LIMIT 1000 OFFSET ${limit}`,
    });
    for (const { key } of surplus) await this.delete(key);
    return surplus.length;
  }

  async #events(runs: readonly WhichRun[], condition: string): Promise<Map<string, RunEvent[]>> {
    const found = new Map<string, RunEvent[]>(runs.map(({ runId }) => [runId, []]));
    if (runs.length === 0) return found;
    const list = runs.map((_run, index) => `$${index + 1}`).join(', ');
    const rows = await this.#database.read({
      sql: `SELECT run_id, seq, at, body FROM run_events WHERE run_id IN (${list}) AND ${condition} ORDER BY run_id, seq`,
      params: runs.map(({ runId }) => runId),
    });
    for (const row of rows) found.get(String(row['run_id']))?.push(eventOf(row));
    return found;
  }
}

const isIdle = 's.updated_at < $1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.session_key = s.key AND r.ended_at IS NULL)';

function insertSession(key: string, { sessionId, agentId, nowMs }: FreshSession): Statement {
  return {
    sql: `INSERT INTO sessions (key, session_id, agent_id, next_seq, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)
          ON CONFLICT (key) DO NOTHING`,
    params: [key, sessionId, agentId, nowMs],
  };
}

function placedOf(row: Row): PlacedRun {
  const isSummary = Number(row['is_summary']) === 1;
  return { runId: String(row['run_id']), sessionId: String(row['session_id']), place: Number(row['seq']), isSummary };
}

function eventOf(row: Row): RunEvent {
  const body = JSON.parse(String(row['body'])) as RunEventBody;
  return { runId: String(row['run_id']), seq: Number(row['seq']), atMs: Number(row['at']), ...body };
}

function sessionOf(row: Row): SessionSummary {
  const textOrNull = (column: string): string | null => (row[column] === null ? null : String(row[column]));
  return {
    ...{ key: String(row['key']), sessionId: String(row['session_id']), agentId: String(row['agent_id']) },
    ...{ label: textOrNull('label'), model: textOrNull('model'), messageCount: Number(row['message_count']) },
    ...{ updatedAtMs: Number(row['updated_at']), createdAtMs: Number(row['created_at']) },
  };
}
