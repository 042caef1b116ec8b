import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import type { Statement } from '../../storage/index.ts';
import { foldRun } from '../journal/fold.ts';
import { carryOverTurns } from './carry-over.ts';
import { main, noSignal, openConversations, until } from './conversations.fixture.ts';

interface OldTurn {
  readonly id: string;
  readonly message: string;
  readonly reply?: string;
  readonly status?: 'ok' | 'aborted' | 'error';
}

/** The one under way has the time of its agent left. */
const begunAtMs = systemClock.now() - 5000;

/** As conversations were stored before there were runs. */
function oldTurn({ id, message, reply, status }: OldTurn, index: number): Statement[] {
  const seq = index * 2 + 1;
  const insert = 'INSERT INTO session_messages (session_id, seq, role, text, pieces, at, run_id, incomplete) VALUES';
  const ended = status === undefined ? null : begunAtMs + 2000 + index;
  const error = status === 'error' ? 'upstream_failed' : null;
  return [
    {
      sql: `INSERT INTO turns (run_id, request_hash, session_key, session_id, agent_id, model, reply_seq, accepted_at, ended_at, status, error_code,
              error_message, input_tokens, output_tokens) VALUES ($1, 'hash', $2, 'ses_1', 'main', 'fast', $3, $4, $5, $6, $7, $7, 3, 2)`,
      params: [id, main, seq + 1, begunAtMs + index, ended, status ?? null, error],
    },
    { sql: `${insert} ('ses_1', $1, 'user', $2, 1, $3, $4, 0)`, params: [seq, message, begunAtMs + index, id] },
    ...(reply === undefined
      ? []
      : [{ sql: `${insert} ('ses_1', $1, 'assistant', $2, 1, $3, $4, 0)`, params: [seq + 1, reply, begunAtMs + 1500 + index, id] }]),
  ];
}

test('conversations of before become runs in their places; one that was under way goes on, and nothing is carried over twice', async () => {
  await using world = await openConversations();
  const { database } = world.setup;
  const turns: OldTurn[] = [
    { id: 'one', message: 'q1', reply: 'a1', status: 'ok' },
    { id: 'two', message: 'q2', reply: 'so far', status: 'aborted' },
    { id: 'three', message: 'q3', status: 'error' },
    { id: 'four', message: 'q4', reply: 'cut' },
  ];
  const session = `INSERT INTO sessions (key, session_id, agent_id, label, next_seq, created_at, updated_at) VALUES ($1, 'ses_1', 'main', 'Work', 9, 1, 2)`;
  await database.write({ statements: [{ sql: session, params: [main] }, ...turns.flatMap(oldTurn)] });
  assert.deepEqual([await carryOverTurns(database), await carryOverTurns(database)], [4, 0]);
  const { conversations, engine, calls } = await world.restart();
  const wait = async (id: string) => conversations.wait(id, { timeoutMs: 0, signal: noSignal });
  const ends = await Promise.all(['one', 'two', 'three', 'four'].map(wait));
  assert.deepEqual(
    ends.map((end) => end && [end.status, end.text, end.error?.code]),
    [['ok', 'a1', undefined], ['aborted', 'so far', undefined], ['error', '', 'upstream_failed'], undefined],
  );
  const events = await world.setup.again().read('two', 0, 100);
  assert.deepEqual(foldRun(events), { ...(await engine.get('two')) });
  const goingOn = await until(() => calls[0]);
  assert.deepEqual(
    goingOn.request.messages.map((message) => ('text' in message ? message.text : '')),
    ['q1', 'a1', 'q2', 'so far\n[stopped]', 'q3', '[failed: upstream_failed]', 'q4'],
  );
  goingOn.say('a4');
  goingOn.end();
  assert.equal((await conversations.wait('four', { timeoutMs: 5000, signal: noSignal }))?.text, 'a4');
  const history = await conversations.history(main, { limit: 10 });
  assert.equal(history.session?.label, 'Work');
  assert.deepEqual(
    history.messages.map(({ text }) => text),
    ['q1', 'a1', 'q2', 'so far', 'q3', 'q4', 'a4'],
  );
  assert.deepEqual(await database.read({ sql: 'SELECT run_id FROM session_messages UNION ALL SELECT run_id FROM turns' }), []);
});
