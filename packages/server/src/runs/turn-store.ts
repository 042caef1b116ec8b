/**
 * Sessions, messages and turns in the database: every question and every write of this part.
 *
 * A turn takes two places in its session when it is accepted, for the message and for the answer, so that a message that waits behind
 * a long answer does not come before it. It does not know what is under way in this process: see `turns.ts`.
 */
import { OpenClawError } from '../core/errors.ts';
import type { Database, Row, Statement, WriteBatch } from '../storage/index.ts';
import type { SessionChanges, SessionMessage, SessionPage, SessionSummary, TurnResult } from './contract.ts';
import type { TurnLimits } from './limits.ts';

export interface AcceptedTurn {
  readonly runId: string;
  /** Of what was asked: the same key with something else is a mistake. */
  readonly requestHash: string;
  readonly sessionKey: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly model: string;
  readonly replySeq: number;
  readonly acceptedAtMs: number;
}

export interface StoredTurn extends AcceptedTurn {
  /** Undefined while it is under way, or was at a crash. */
  readonly result: TurnResult | undefined;
  readonly text: string;
}

export interface NewTurn extends Pick<AcceptedTurn, 'runId' | 'requestHash' | 'sessionKey' | 'agentId' | 'model' | 'acceptedAtMs'> {
  readonly message: string;
  /** Of the session, where there is none yet. */
  readonly newSessionId: string;
}

/** A piece of an answer, counted from 1: one that is written a second time changes nothing. */
export interface Piece {
  readonly turn: AcceptedTurn;
  readonly number: number;
  readonly text: string;
  readonly startedAtMs: number;
}

export interface TurnStoreOptions {
  readonly database: Database;
  readonly limits: TurnLimits;
}

const turnColumns = `t.run_id, t.request_hash, t.session_key, t.session_id, t.agent_id, t.model, t.reply_seq, t.accepted_at, t.started_at,
  t.ended_at, t.status, t.error_code, t.error_message, t.input_tokens, t.output_tokens, m.text AS reply`;
const sessionColumns = `s.key, s.session_id, s.agent_id, s.label, s.model, s.created_at, s.updated_at,
  (SELECT COUNT(*) FROM session_messages m WHERE m.session_id = s.session_id) AS message_count`;

export class TurnStore {
  readonly #database: Database;
  readonly #limits: TurnLimits;

  constructor({ database, limits }: TurnStoreOptions) {
    this.#database = database;
    this.#limits = limits;
  }

  async turn(runId: string): Promise<StoredTurn | undefined> {
    const [row] = await this.#database.read({
      sql: `SELECT ${turnColumns} FROM turns t LEFT JOIN session_messages m ON m.session_id = t.session_id AND m.seq = t.reply_seq
            WHERE t.run_id = $1`,
      params: [runId],
    });
    return row && turnOf(row);
  }

  /** Writes the message, and that it is to be answered. @returns false where a turn has that id already */
  async accept(turn: NewTurn): Promise<boolean> {
    try {
      await this.#database.write(acceptance(turn, this.#limits));
      return true;
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'storage_conflict') return false;
      throw thrown;
    }
  }

  async writePiece(piece: Piece): Promise<void> {
    await this.#database.write({ statements: pieceStatements(piece) });
  }

  /** Writes what is left of the answer and how it ended, together. */
  async end(result: TurnResult, last: Piece): Promise<void> {
    const { turn } = last;
    const isWhole = result.status === 'ok';
    await this.#database.write({
      statements: [
        ...(last.text === '' ? [] : pieceStatements(last)),
        {
          sql: `UPDATE turns SET status = $2, started_at = $3, ended_at = $4, error_code = $5, error_message = $6,
                  input_tokens = $7, output_tokens = $8 WHERE run_id = $1 AND ended_at IS NULL`,
          params: [
            ...[turn.runId, result.status, result.startedAtMs, result.endedAtMs],
            ...[result.error?.code ?? null, result.error?.message ?? null],
            ...[result.usage?.inputTokens ?? null, result.usage?.outputTokens ?? null],
          ],
        },
        ...(isWhole
          ? [
              {
                sql: 'UPDATE session_messages SET incomplete = 0 WHERE session_id = $1 AND seq = $2',
                params: [turn.sessionId, turn.replySeq],
              },
            ]
          : []),
        {
          sql: 'UPDATE sessions SET updated_at = $3 WHERE key = $1 AND session_id = $2',
          params: [turn.sessionKey, turn.sessionId, result.endedAtMs],
        },
      ],
    });
  }

  /** Turns that a process left behind that is no more. */
  async openTurns(): Promise<StoredTurn[]> {
    const rows = await this.#database.read({
      sql: `SELECT ${turnColumns} FROM turns t LEFT JOIN session_messages m ON m.session_id = t.session_id AND m.seq = t.reply_seq
            WHERE t.ended_at IS NULL ORDER BY t.run_id LIMIT 10000`,
    });
    return rows.map(turnOf);
  }

  async session(key: string): Promise<SessionSummary | undefined> {
    const [row] = await this.#database.read({ sql: `SELECT ${sessionColumns} FROM sessions s WHERE s.key = $1`, params: [key] });
    return row && sessionOf(row);
  }

  async sessions({ limit, offset }: SessionPage): Promise<{ readonly sessions: SessionSummary[]; readonly total: number }> {
    const [rows, [count]] = await Promise.all([
      this.#database.read({
        sql: `SELECT ${sessionColumns} FROM sessions s ORDER BY s.updated_at DESC, s.key LIMIT $1 OFFSET $2`,
        params: [limit, offset],
      }),
      this.#database.read({ sql: 'SELECT COUNT(*) AS total FROM sessions' }),
    ]);
    return { sessions: rows.map(sessionOf), total: Number(count?.['total'] ?? 0) };
  }

  /**
   * Messages of a session, the latest `limit` but `offset` and before `beforeSeq`, oldest first, and never more text than
   * `limitCharacters`: the latest are taken, and at least one.
   */
  async messages(sessionId: string, window: MessageWindow): Promise<SessionMessage[]> {
    const { limit, offset = 0, beforeSeq = Number.MAX_SAFE_INTEGER, limitCharacters } = window;
    // Lengths first: how much a page holds must be known before it is in memory.
    const lengths = await this.#database.read({
      sql: `SELECT seq, LENGTH(text) AS characters FROM session_messages WHERE session_id = $1 AND seq < $2
            ORDER BY seq DESC LIMIT $3 OFFSET $4`,
      params: [sessionId, beforeSeq, limit, offset],
    });
    const latest = lengths[0];
    if (!latest) return [];
    let characters = 0;
    let first = Number(latest['seq']);
    for (const row of lengths) {
      characters += Number(row['characters']);
      if (characters > limitCharacters) break;
      first = Number(row['seq']);
    }
    const rows = await this.#database.read({
      sql: `SELECT session_id, seq, role, text, at, run_id, incomplete FROM session_messages
            WHERE session_id = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq`,
      params: [sessionId, first, Number(latest['seq'])],
    });
    return rows.map(messageOf);
  }

  async begin(key: string, fresh: { readonly sessionId: string; readonly agentId: string; readonly nowMs: number }): Promise<void> {
    await this.#database.write({ statements: [insertSession(key, fresh)] });
  }

  async change(key: string, changes: SessionChanges, nowMs: number): Promise<void> {
    const values = (['label', 'model'] as const).filter((name) => changes[name] !== undefined);
    const assignments = values.map((name, index) => `${name} = $${index + 3}`);
    await this.#database.write({
      statements: [
        {
          sql: `UPDATE sessions SET ${['updated_at = $2', ...assignments].join(', ')} WHERE key = $1`,
          params: [key, nowMs, ...values.map((name) => changes[name] ?? null)],
        },
      ],
    });
  }

  async reset(key: string, fresh: { readonly sessionId: string; readonly nowMs: number }): Promise<void> {
    await this.#database.write({
      statements: [
        deleteMessagesOf(key),
        { sql: 'UPDATE sessions SET session_id = $2, updated_at = $3 WHERE key = $1', params: [key, fresh.sessionId, fresh.nowMs] },
      ],
    });
  }

  async delete(key: string): Promise<void> {
    await this.#database.write({ statements: [deleteMessagesOf(key), { sql: 'DELETE FROM sessions WHERE key = $1', params: [key] }] });
  }

  /** Forgets ended turns that are old, or too many, and the sessions used longest ago where there are too many. @returns how many of these */
  async prune(nowMs: number): Promise<number> {
    const { sessions, endedTurns, turnDays } = this.#limits;
    const surplus = await this.#database.read<{ key: string }>({
      sql: `SELECT s.key FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM turns t WHERE t.session_key = s.key AND t.ended_at IS NULL)
            ORDER BY s.updated_at DESC, s.key LIMIT 1000 OFFSET $1`,
      params: [sessions],
    });
    await this.#database.write({
      statements: [
        { sql: 'DELETE FROM turns WHERE ended_at < $1', params: [nowMs - turnDays * 86_400_000] },
        {
          sql: `DELETE FROM turns WHERE run_id IN
                  (SELECT run_id FROM turns WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, run_id LIMIT 10000 OFFSET $1)`,
          params: [endedTurns],
        },
      ],
    });
    for (const { key } of surplus) await this.delete(key);
    return surplus.length;
  }
}

export interface MessageWindow {
  readonly limit: number;
  readonly offset?: number;
  readonly beforeSeq?: number;
  readonly limitCharacters: number;
}

function acceptance(turn: NewTurn, { messagesPerSession }: TurnLimits): WriteBatch {
  const { runId, requestHash, sessionKey, agentId, model, acceptedAtMs, message, newSessionId } = turn;
  return {
    guards: [
      { sql: 'SELECT 1 FROM turns WHERE run_id = $1', params: [runId], expect: 'noRow', name: 'that the idempotency key was a new one' },
    ],
    statements: [
      insertSession(sessionKey, { sessionId: newSessionId, agentId, nowMs: acceptedAtMs }),
      {
        sql: `INSERT INTO turns (run_id, request_hash, session_key, session_id, agent_id, model, reply_seq, accepted_at)
              SELECT $2, $3, key, session_id, agent_id, $4, next_seq + 1, CAST($5 AS BIGINT) FROM sessions WHERE key = $1`,
        params: [sessionKey, runId, requestHash, model, acceptedAtMs],
      },
      {
        sql: `INSERT INTO session_messages (session_id, seq, role, text, pieces, at, run_id, incomplete)
              SELECT session_id, next_seq, 'user', $2, 1, CAST($3 AS BIGINT), $4, 0 FROM sessions WHERE key = $1`,
        params: [sessionKey, message, acceptedAtMs, runId],
      },
      { sql: 'UPDATE sessions SET next_seq = next_seq + 2, updated_at = $2 WHERE key = $1', params: [sessionKey, acceptedAtMs] },
      {
        sql: `DELETE FROM session_messages WHERE session_id = (SELECT session_id FROM sessions WHERE key = $1)
                AND seq < (SELECT next_seq - CAST($2 AS BIGINT) FROM sessions WHERE key = $1)`,
        params: [sessionKey, messagesPerSession],
      },
    ],
  };
}

function insertSession(key: string, fresh: { readonly sessionId: string; readonly agentId: string; readonly nowMs: number }): Statement {
  return {
    sql: `INSERT INTO sessions (key, session_id, agent_id, next_seq, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)
          ON CONFLICT (key) DO NOTHING`,
    params: [key, fresh.sessionId, fresh.agentId, fresh.nowMs],
  };
}

function pieceStatements({ turn, number, text, startedAtMs }: Piece): Statement[] {
  if (number > 1) {
    return [
      {
        sql: `UPDATE session_messages SET text = text || $3, pieces = $4
              WHERE session_id = $1 AND seq = $2 AND pieces = $5`,
        params: [turn.sessionId, turn.replySeq, text, number, number - 1],
      },
    ];
  }
  return [
    {
      sql: `INSERT INTO session_messages (session_id, seq, role, text, pieces, at, run_id, incomplete)
            VALUES ($1, $2, 'assistant', $3, 1, $4, $5, 1) ON CONFLICT (session_id, seq) DO NOTHING`,
      params: [turn.sessionId, turn.replySeq, text, startedAtMs, turn.runId],
    },
    { sql: 'UPDATE turns SET started_at = $2 WHERE run_id = $1 AND ended_at IS NULL', params: [turn.runId, startedAtMs] },
  ];
}

function deleteMessagesOf(key: string): Statement {
  return { sql: 'DELETE FROM session_messages WHERE session_id = (SELECT session_id FROM sessions WHERE key = $1)', params: [key] };
}

function turnOf(row: Row): StoredTurn {
  const accepted: AcceptedTurn = {
    runId: textOf(row, 'run_id'),
    requestHash: textOf(row, 'request_hash'),
    sessionKey: textOf(row, 'session_key'),
    sessionId: textOf(row, 'session_id'),
    agentId: textOf(row, 'agent_id'),
    model: textOf(row, 'model'),
    replySeq: Number(row['reply_seq']),
    acceptedAtMs: Number(row['accepted_at']),
  };
  const text = row['reply'] === null ? '' : textOf(row, 'reply');
  return { ...accepted, text, result: row['ended_at'] === null ? undefined : resultOf(row, accepted, text) };
}

function resultOf(row: Row, turn: AcceptedTurn, text: string): TurnResult {
  const status = textOf(row, 'status');
  const endedAtMs = Number(row['ended_at']);
  return {
    ...{ runId: turn.runId, sessionKey: turn.sessionKey, agentId: turn.agentId, text, endedAtMs },
    status: status === 'ok' || status === 'aborted' ? status : 'error',
    startedAtMs: Number(row['started_at'] ?? endedAtMs),
    ...(row['error_code'] === null ? {} : { error: { code: textOf(row, 'error_code'), message: textOf(row, 'error_message') } }),
    ...(row['input_tokens'] === null
      ? {}
      : { usage: { inputTokens: Number(row['input_tokens']), outputTokens: Number(row['output_tokens']) } }),
  };
}

function sessionOf(row: Row): SessionSummary {
  return {
    key: textOf(row, 'key'),
    sessionId: textOf(row, 'session_id'),
    agentId: textOf(row, 'agent_id'),
    label: row['label'] === null ? null : textOf(row, 'label'),
    model: row['model'] === null ? null : textOf(row, 'model'),
    messageCount: Number(row['message_count']),
    updatedAtMs: Number(row['updated_at']),
    createdAtMs: Number(row['created_at']),
  };
}

function messageOf(row: Row): SessionMessage {
  const seq = Number(row['seq']);
  const role = row['role'] === 'user' ? 'user' : 'assistant';
  const runId = textOf(row, 'run_id');
  return {
    ...{ id: `${textOf(row, 'session_id')}-${seq}`, seq, role, runId, text: textOf(row, 'text'), atMs: Number(row['at']) },
    ...(role === 'user' ? { idempotencyKey: runId } : {}),
    ...(Number(row['incomplete']) === 1 ? { incomplete: true } : {}),
  };
}

function textOf(row: Row, column: string): string {
  return String(row[column]);
}
