/**
 * Makes runs of what conversations were before there were runs: messages and turns in tables of their own. Each turn becomes a run with the same
 * id, in the same place; one that was under way goes on. What has become a run is gone from the old tables, so that nothing is carried over twice.
 */
import type { RunEvent, RunEventBody } from '@openclaw/protocol';
import type { Database, Row, Statement } from '../../storage/index.ts';
import { foldRun } from '../journal/fold.ts';
import { appending, creation } from '../journal/run-store.ts';

/** Messages that are read at once. */
const pageMessages = 500;
/** What an agent of then may take where its turn goes on. */
const limits = { steps: 50, tokens: 200_000, usd: 1, timeMs: 900_000, children: 0, depth: 0 };

/** @returns turns that became runs @throws OpenClawError whatever the database throws */
export async function carryOverTurns(database: Database): Promise<number> {
  let carried = 0;
  for (;;) {
    const rows = await database.read({
      sql: `SELECT m.session_id, m.seq, m.role, m.text, m.at, m.run_id, s.key, s.agent_id, t.model, t.status, t.error_code, t.error_message,
              t.ended_at, t.input_tokens, t.output_tokens, t.run_id AS turn
            FROM session_messages m JOIN sessions s ON s.session_id = m.session_id LEFT JOIN turns t ON t.run_id = m.run_id
            ORDER BY m.session_id, m.seq LIMIT ${pageMessages}`,
    });
    const exchanges = [...Map.groupBy(rows, (row) => String(row['run_id'])).values()];
    // The answer of the last one may be on the next page.
    const whole = rows.length < pageMessages ? exchanges : exchanges.slice(0, -1);
    for (const exchange of whole) await database.write({ statements: statementsFor(exchange) });
    carried += whole.length;
    if (rows.length >= pageMessages) continue;
    // Messages of sessions that are no more, and turns that nothing is left of.
    if (carried > 0) await database.write({ statements: [{ sql: 'DELETE FROM session_messages' }, { sql: 'DELETE FROM turns' }] });
    return carried;
  }
}

function statementsFor(exchange: readonly Row[]): Statement[] {
  const [row] = exchange;
  const question = exchange.find(({ role }) => role === 'user');
  if (!row) return [];
  const runId = String(row['run_id']);
  const gone: Statement[] = [
    { sql: 'DELETE FROM session_messages WHERE run_id = $1', params: [runId] },
    { sql: 'DELETE FROM turns WHERE run_id = $1', params: [runId] },
  ];
  // An answer to a message that had been given up by then.
  if (!question) return gone;
  const created = createdBy(question);
  const atMs = Number(question['at']);
  const events = [created, ...after(exchange)].map((body, index): RunEvent => {
    const isEnd = index > 0 && body.kind !== 'run.resumed';
    return { runId, seq: index + 1, atMs: isEnd ? Math.max(atMs, Number(row['ended_at'] ?? atMs)) : atMs, ...body };
  });
  const [first] = events;
  if (!first) return gone;
  const begun = creation({ id: runId, idempotencyKey: runId, requestHash: 'carried over', created }, foldRun([first]));
  const rest = events.length === 1 ? [] : appending(events.slice(1), foldRun(events), { epoch: undefined, nextSeq: 2 }).statements;
  const place: Statement = {
    sql: 'INSERT INTO session_runs (session_id, seq, run_id, is_summary) VALUES ($1, $2, $3, 0)',
    params: [String(question['session_id']), Number(question['seq']), runId],
  };
  return [...begun.statements, ...rest, place, ...gone];
}

function createdBy(question: Row): Extract<RunEventBody, { readonly kind: 'run.created' }> {
  return {
    ...{ kind: 'run.created', agentId: String(question['agent_id']), sessionKey: String(question['key']), input: String(question['text']) },
    ...{ origin: { kind: 'chat', by: 'chat' }, limits, parentRunId: null, forkedFrom: null },
    model: question['model'] === null ? null : String(question['model']),
  };
}

/** How the run went on: not at all where its turn was under way, for then it is answered now. */
function after(exchange: readonly Row[]): RunEventBody[] {
  const [row] = exchange;
  const answer = exchange.find(({ role }) => role === 'assistant');
  if (!row || (row['turn'] !== null && row['ended_at'] === null)) return [];
  const text = answer ? String(answer['text']) : '';
  const status = row['turn'] === null ? 'ok' : String(row['status']);
  const head: RunEventBody[] = [
    { kind: 'run.resumed', epoch: 1, reason: 'started' },
    {
      ...{ kind: 'step.started', step: 1, stepKind: 'model', name: String(row['model'] ?? 'unknown'), attempt: 1, effect: 'idempotent' },
      ...{ inputHash: 'carried over', idempotencyKey: `${String(row['run_id'])}/1` },
    },
  ];
  if (status === 'ok') {
    const use = row['input_tokens'] === null ? null : usedBy(row);
    const result = { text, toolCalls: [], finishReason: 'stop' };
    return [
      ...head,
      { kind: 'step.finished', step: 1, attempt: 1, result, use },
      { kind: 'run.finished', output: { text, finishReason: 'stop' } },
    ];
  }
  const said: RunEventBody[] = text === '' ? [] : [{ kind: 'step.delta', step: 1, attempt: 1, offset: 0, text }];
  if (status === 'aborted') return [...head, ...said, { kind: 'run.cancelled', by: 'chat' }];
  const error = {
    code: String(row['error_code'] ?? 'internal_error'),
    message: String(row['error_message'] ?? 'failed'),
    hint: '',
    retryable: false,
  };
  return [...head, ...said, { kind: 'run.failed', error }];
}

function usedBy(row: Row) {
  return { inputTokens: Number(row['input_tokens']), outputTokens: Number(row['output_tokens']), costNanoUsd: null };
}
