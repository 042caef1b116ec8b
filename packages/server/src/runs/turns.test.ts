import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createMetrics } from '../core/metrics.ts';
import { ask, createSharedStore, openTurns, settle } from './turns.fixture.ts';

const main = 'agent:main:main';
const noSignal = new AbortController().signal;
const soon = { timeoutMs: 60_000, signal: noSignal };

test('a message is answered, and both are in the history', async () => {
  const { turns, model, events } = await openTurns();
  const started = await turns.start(ask(main, 'hi', 'run-1'));
  assert.deepEqual({ runId: started.runId, known: started.known }, { runId: 'run-1', known: false });
  await settle();
  assert.deepEqual(model.calls[0]?.messages, [{ role: 'user', content: 'hi' }]);
  model.calls[0]?.say('Hel');
  await settle();
  model.calls[0]?.say('lo');
  model.calls[0]?.count(3, 2);
  model.calls[0]?.end();
  const result = await turns.wait('run-1', soon);
  assert.deepEqual(
    { status: result?.status, text: result?.text, usage: result?.usage },
    { status: 'ok', text: 'Hello', usage: { inputTokens: 3, outputTokens: 2 } },
  );
  const { session, messages } = await turns.history(main, { limit: 10 });
  assert.deepEqual(
    messages.map(({ role, text, seq, runId, idempotencyKey, incomplete }) => [role, text, seq, runId, idempotencyKey, incomplete]),
    [
      ['user', 'hi', 1, 'run-1', 'run-1', undefined],
      ['assistant', 'Hello', 2, 'run-1', undefined, undefined],
    ],
  );
  assert.equal(session?.messageCount, 2);
  assert.deepEqual(
    events.map((event) => [event.seq, event.kind, event.kind === 'delta' ? event.text : '']),
    [
      [1, 'started', ''],
      [2, 'delta', 'Hel'],
      [3, 'delta', 'Hello'],
      [4, 'ended', ''],
    ],
  );
});

test('words are shown when they are written and not before', async () => {
  const store = createSharedStore();
  const { turns, model, events } = await openTurns(store);
  await turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  const before = store.writes;
  store.failWrites(1);
  model.calls[0]?.say('lost');
  await settle();
  assert.equal(events.filter(({ kind }) => kind === 'delta').length, 1, 'shown once, with the end that was written');
  assert.equal(store.writes - before, 2);
  const result = await turns.wait('run-1', soon);
  assert.deepEqual([result?.status, result?.error?.code, result?.text], ['error', 'storage_full', 'lost']);
});

test('where even the end cannot be written, the answer says so and shows nothing that is not kept', async () => {
  const store = createSharedStore();
  const first = await openTurns(store);
  await first.turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  store.failWrites(2);
  first.model.calls[0]?.say('lost');
  await settle();
  const ended = first.events.at(-1);
  assert.ok(ended?.kind === 'ended');
  assert.deepEqual([ended.result.status, ended.result.error?.code, ended.result.text], ['error', 'storage_full', '']);
  assert.match(first.logLines.join(''), /the end of a turn could not be written/);
  const second = await openTurns(store);
  assert.equal((await second.turns.wait('run-1', soon))?.error?.code, 'interrupted');
});

test('a database that is behind is waited for', async () => {
  const store = createSharedStore();
  const { turns, model, clock } = await openTurns(store);
  await turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  store.failWrites(1, new OpenClawError('storage_busy', { details: { waiting: 9 } }));
  model.calls[0]?.say('in the end');
  await settle();
  clock.advance(200);
  await settle();
  assert.equal(turns.running(main)?.text, 'in the end');
});

test('the same key never starts a second turn, before the end, after it, and after a restart', async () => {
  const store = createSharedStore();
  const { turns, model, crash } = await openTurns(store);
  const [first, second] = await Promise.all([turns.start(ask(main, 'hi', 'run-1')), turns.start(ask(main, 'hi', 'run-1'))]);
  assert.deepEqual([first.known, second.known], [false, true]);
  await settle();
  model.calls[0]?.say('Hello');
  model.calls[0]?.end();
  await settle();
  assert.equal((await turns.start(ask(main, 'hi', 'run-1'))).known, true);
  crash();
  const later = await openTurns(store);
  assert.equal((await later.turns.start(ask(main, 'hi', 'run-1'))).known, true);
  assert.equal((await later.turns.wait('run-1', soon))?.text, 'Hello');
  assert.equal(model.calls.length + later.model.calls.length, 1);
});

test('the same key for another message, or in another session, is refused', async () => {
  const { turns } = await openTurns();
  await turns.start(ask(main, 'hi', 'run-1'));
  await assert.rejects(turns.start(ask(main, 'something else', 'run-1')), { code: 'idempotency_key_reused' });
  await assert.rejects(turns.start(ask('agent:main:other', 'hi', 'run-1')), { code: 'idempotency_key_reused' });
});

test('after a crash what was streamed is kept, marked incomplete, and the turn has ended as interrupted', async () => {
  const store = createSharedStore();
  const first = await openTurns(store);
  await first.turns.start(ask(main, 'tell me', 'run-1'));
  await settle();
  first.model.calls[0]?.say('eight words were ');
  await settle();
  first.model.calls[0]?.say('streamed');
  await settle();
  first.crash();
  const second = await openTurns(store);
  const result = await second.turns.wait('run-1', soon);
  assert.deepEqual([result?.status, result?.error?.code, result?.text], ['error', 'interrupted', 'eight words were streamed']);
  const { messages } = await second.turns.history(main, { limit: 10 });
  assert.deepEqual(
    messages.map(({ role, text, incomplete }) => [role, text, incomplete]),
    [
      ['user', 'tell me', undefined],
      ['assistant', 'eight words were streamed', true],
    ],
  );
  assert.match(second.logLines.join(''), /turns were interrupted/);
  assert.equal(second.model.calls.length, 0);
});

test('turns of one session are taken in order, those of others beside them', async () => {
  const { turns, model } = await openTurns();
  await turns.start(ask(main, 'first', 'run-1'));
  await turns.start(ask(main, 'second', 'run-2'));
  await turns.start(ask('agent:main:other', 'beside', 'run-3'));
  await settle();
  assert.deepEqual(
    model.calls.map(({ runId }) => runId),
    ['run-1', 'run-3'],
  );
  model.calls[0]?.say('one');
  model.calls[0]?.end();
  await settle();
  assert.deepEqual(model.calls[2]?.messages, [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'one' },
    { role: 'user', content: 'second' },
  ]);
  const { messages } = await turns.history(main, { limit: 10 });
  assert.deepEqual(
    messages.map(({ text }) => text),
    ['first', 'one', 'second'],
  );
});

test('a session lets only so many messages wait, and all sessions together only so many turns', async () => {
  const { turns } = await openTurns(undefined, { limits: { waitingPerSession: 2, turns: 4 } });
  for (const key of ['1', '2', '3']) await turns.start(ask(main, key, key));
  await assert.rejects(turns.start(ask(main, '4', '4')), { code: 'overloaded', retryAfterMs: 2000 });
  await turns.start(ask('agent:main:b', '5', '5'));
  await assert.rejects(turns.start(ask('agent:main:c', '6', '6')), { code: 'overloaded' });
  assert.equal((await turns.start(ask(main, '3', '3'))).known, true, 'what was accepted is answered all the same');
});

test('an aborted turn keeps what it said, and the next one begins', async () => {
  const { turns, model } = await openTurns();
  await turns.start(ask(main, 'first', 'run-1'));
  await turns.start(ask(main, 'second', 'run-2'));
  await settle();
  model.calls[0]?.say('half');
  await settle();
  assert.deepEqual(turns.abort({ runId: 'run-1', sessionKey: 'agent:main:other' }), []);
  assert.deepEqual(turns.abort({ runId: 'run-1', sessionKey: main }), ['run-1']);
  assert.deepEqual(turns.abort({ runId: 'run-1' }), [], 'once');
  const result = await turns.wait('run-1', soon);
  assert.deepEqual([result?.status, result?.text], ['aborted', 'half']);
  await settle();
  assert.equal(model.calls[0]?.isOver, true);
  assert.equal(model.calls[1]?.runId, 'run-2');
});

test('a turn that waits is aborted at once and never asks a model', async () => {
  const { turns, model } = await openTurns();
  await turns.start(ask(main, 'first', 'run-1'));
  await turns.start(ask(main, 'second', 'run-2'));
  assert.deepEqual(turns.abort({ runId: 'run-2' }), ['run-2']);
  assert.equal((await turns.wait('run-2', soon))?.status, 'aborted');
  model.calls[0]?.end();
  await settle();
  assert.equal(model.calls.length, 1);
  assert.equal(turns.inFlight, 0);
});

test('a turn ends at its deadline', async () => {
  const { turns, model, clock } = await openTurns();
  await turns.start({ ...ask(main, 'hi', 'run-1'), timeoutMs: 5000 });
  await settle();
  model.calls[0]?.say('some');
  await settle();
  clock.advance(5000);
  const result = await turns.wait('run-1', soon);
  assert.deepEqual([result?.status, result?.error?.code, result?.text], ['error', 'deadline_exceeded', 'some']);
  assert.equal(model.calls[0]?.signal.aborted, true);
});

test('what a model fails with is the error of the turn, after what it said', async () => {
  const { turns, model } = await openTurns();
  await turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  model.calls[0]?.say('so far');
  model.calls[0]?.fail(new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'cut' } }));
  const result = await turns.wait('run-1', soon);
  assert.deepEqual([result?.status, result?.error?.code, result?.text], ['error', 'upstream_truncated', 'so far']);
  assert.equal((await turns.history(main, { limit: 9 })).messages[1]?.incomplete, true);
});

test('an answer beyond its limit ends with an error', async () => {
  const { turns, model } = await openTurns(undefined, { limits: { answerCharacters: 10 } });
  await turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  model.calls[0]?.say('01234');
  model.calls[0]?.say('56789x');
  const result = await turns.wait('run-1', soon);
  assert.deepEqual([result?.error?.code, result?.text], ['answer_too_long', '01234']);
});

test('a character that comes in two halves is written whole', async () => {
  const { turns, model, events } = await openTurns();
  await turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  model.calls[0]?.say('a\ud83d');
  await settle();
  model.calls[0]?.say('\ude00b');
  model.calls[0]?.end();
  assert.equal((await turns.wait('run-1', soon))?.text, 'a\u{1F600}b');
  assert.ok(events.every((event) => event.kind !== 'delta' || event.delta.isWellFormed()));
});

test('a model is given the latest messages that fit, from a question on', async () => {
  const { turns, model } = await openTurns(undefined, { limits: { windowCharacters: 12 } });
  for (const [index, answer] of ['aaaa', 'bbbb', 'cccc'].entries()) {
    await turns.start(ask(main, `q${index}`, `run-${index}`));
    await settle();
    model.calls[index]?.say(answer);
    model.calls[index]?.end();
    await settle();
  }
  assert.deepEqual(model.calls[2]?.messages, [
    { role: 'user', content: 'q1' },
    { role: 'assistant', content: 'bbbb' },
    { role: 'user', content: 'q2' },
  ]);
});

test('a turn that still goes on when the wait is over is waited for by nobody', async () => {
  const { turns, clock, model } = await openTurns();
  await turns.start(ask(main, 'hi', 'run-1'));
  const waiting = turns.wait('run-1', { timeoutMs: 1000, signal: noSignal });
  clock.advance(1000);
  assert.equal(await waiting, undefined);
  const leaving = new AbortController();
  const left = turns.wait('run-1', { timeoutMs: 1000, signal: leaving.signal });
  leaving.abort(new OpenClawError('client_closed'));
  await assert.rejects(left, { code: 'client_closed' });
  assert.equal(await turns.wait('run-1', { timeoutMs: 0, signal: noSignal }), undefined);
  await settle();
  model.calls[0]?.end();
  await settle();
  assert.equal(clock.pendingTimers, 1, 'the hourly one');
});

test('while it drains nothing new is taken; at its end what goes on is interrupted with what it said', async () => {
  const store = createSharedStore();
  const { turns, model, clock } = await openTurns(store);
  await turns.start(ask(main, 'hi', 'run-1'));
  await turns.start(ask(main, 'waits', 'run-2'));
  await settle();
  turns.drain();
  await assert.rejects(turns.start(ask(main, 'late', 'run-3')), { code: 'draining' });
  assert.equal((await turns.start(ask(main, 'hi', 'run-1'))).known, true);
  model.calls[0]?.say('so far');
  await settle();
  await turns.close();
  assert.equal(clock.pendingTimers, 0);
  const later = await openTurns(store);
  const results = await Promise.all(['run-1', 'run-2'].map((runId) => later.turns.wait(runId, soon)));
  assert.deepEqual(
    results.map((result) => [result?.status, result?.error?.code, result?.text]),
    [
      ['error', 'interrupted', 'so far'],
      ['error', 'interrupted', ''],
    ],
  );
});

test('what cannot be asked is refused by its path', async () => {
  const { turns } = await openTurns(undefined, { limits: { messageCharacters: 10 } });
  const refused = (request: object, param: string) =>
    assert.rejects(turns.start({ ...ask(main, 'hi', 'run-1'), ...request }), { code: 'invalid_request', param });
  await refused({ message: ' ' }, 'message');
  await refused({ message: 'x'.repeat(11) }, 'message');
  await refused({ idempotencyKey: '' }, 'idempotencyKey');
  await refused({ idempotencyKey: 'a\0' }, 'idempotencyKey');
  await refused({ sessionKey: 'x'.repeat(513) }, 'sessionKey');
});

test('who follows turns and fails stops nobody', async () => {
  const { turns, model, logLines } = await openTurns();
  const end = turns.subscribe(() => {
    throw new Error('broken');
  });
  await turns.start(ask(main, 'hi', 'run-1'));
  await settle();
  model.calls[0]?.end();
  assert.equal((await turns.wait('run-1', soon))?.status, 'ok');
  assert.match(logLines.join(''), /somebody who follows turns failed/);
  end();
});

test('turns are counted by how they ended, and by whether they run or wait', async () => {
  const metrics = createMetrics();
  const { turns, model } = await openTurns(undefined, { metrics });
  for (const key of ['1', '2', '3']) await turns.start(ask(main, key, key));
  await settle();
  const shown = (): string[] =>
    metrics
      .text()
      .split('\n')
      .filter((line) => line.startsWith('openclaw_turns'));
  assert.deepEqual(shown(), ['openclaw_turns{state="running"} 1', 'openclaw_turns{state="waiting"} 2']);
  turns.abort({ runId: '3' });
  model.calls[0]?.end();
  await settle();
  model.calls[1]?.fail(new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'cut' } }));
  await settle();
  assert.deepEqual(shown().toSorted(), [
    ...['openclaw_turns_total{outcome="aborted"} 1', 'openclaw_turns_total{outcome="ok"} 1'],
    ...['openclaw_turns_total{outcome="upstream_truncated"} 1', 'openclaw_turns{state="running"} 0', 'openclaw_turns{state="waiting"} 0'],
  ]);
});
