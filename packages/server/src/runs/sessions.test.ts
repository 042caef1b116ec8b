import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { ask, openTurns, settle } from './turns.fixture.ts';

const main = 'agent:main:main';
const noSignal = new AbortController().signal;
const soon = { timeoutMs: 60_000, signal: noSignal };

test('a history is paged from its end', async () => {
  const { turns, model } = await openTurns();
  for (let index = 0; index < 3; index += 1) {
    await turns.start(ask(main, `q${index}`, `run-${index}`));
    await settle();
    model.calls[index]?.say(`a${index}`);
    model.calls[index]?.end();
    await settle();
  }
  const texts = async (limit: number, offset?: number): Promise<string[]> =>
    (await turns.history(main, { limit, ...(offset === undefined ? {} : { offset }) })).messages.map(({ text }) => text);
  assert.deepEqual(await texts(2), ['q2', 'a2']);
  assert.deepEqual(await texts(3, 2), ['a0', 'q1', 'a1']);
  assert.deepEqual(await turns.history('agent:main:none', { limit: 2 }), { session: undefined, messages: [] });
});

test('a session keeps only its latest messages', async () => {
  const { turns, model } = await openTurns(undefined, { limits: { messagesPerSession: 4 } });
  for (let index = 0; index < 5; index += 1) {
    await turns.start(ask(main, `q${index}`, `run-${index}`));
    await settle();
    model.calls[index]?.say(`a${index}`);
    model.calls[index]?.end();
    await settle();
  }
  const { messages } = await turns.history(main, { limit: 100 });
  assert.deepEqual(
    messages.map(({ text }) => text),
    ['q3', 'a3', 'q4', 'a4'],
  );
});

test('the model of a turn is the one asked for, else the session’s, the agent’s, the default', async () => {
  const agents = () => [{ id: 'main' }, { id: 'coder', model: 'acme/coder' }];
  const checkModel = (model: string): void => {
    if (model === 'nowhere/none') throw new OpenClawError('model_not_found', { details: { model, suggestion: '' } });
  };
  const { turns, model } = await openTurns(undefined, { agents, checkModel });
  const modelOf = async (request: Parameters<typeof turns.start>[0]): Promise<string | undefined> => {
    await turns.start(request);
    await settle();
    model.calls.at(-1)?.end();
    await settle();
    return model.calls.at(-1)?.model;
  };
  assert.equal(await modelOf(ask(main, 'hi', '1')), 'openclaw/rehearsal');
  assert.equal(await modelOf({ ...ask('agent:coder:main', 'hi', '2'), agentId: 'coder' }), 'acme/coder');
  assert.equal((await turns.patchSession('agent:coder:main', { model: 'acme/large' })).model, 'acme/large');
  assert.equal(await modelOf({ ...ask('agent:coder:main', 'hi', '3'), agentId: 'coder' }), 'acme/large');
  assert.equal(await modelOf({ ...ask('agent:coder:main', 'hi', '4'), agentId: 'coder', model: 'acme/small' }), 'acme/small');
  await assert.rejects(turns.start({ ...ask(main, 'hi', '5'), model: 'nowhere/none' }), { code: 'model_not_found' });
  await assert.rejects(turns.start({ ...ask(main, 'hi', '6'), agentId: 'nobody' }), { code: 'agent_not_found' });
  await assert.rejects(turns.patchSession(main, { model: 'nowhere/none' }), { code: 'model_not_found' });
  await assert.rejects(turns.wait('5', soon), { code: 'run_not_found' });
});

test('a session that is begun anew has lost its messages and kept its settings', async () => {
  const { turns, model } = await openTurns();
  await turns.start(ask(main, 'old', 'run-1'));
  await settle();
  model.calls[0]?.say('going on');
  const before = await turns.patchSession(main, { label: 'Work' });
  const after = await turns.resetSession(main);
  assert.equal((await turns.wait('run-1', soon))?.status, 'aborted');
  assert.deepEqual([after.label, after.messageCount], ['Work', 0]);
  assert.notEqual(after.sessionId, before.sessionId);
  await turns.start(ask(main, 'new', 'run-2'));
  await settle();
  assert.deepEqual(model.calls[1]?.messages, [{ role: 'user', content: 'new' }]);
  await assert.rejects(turns.resetSession('agent:main:none'), { code: 'session_not_found' });
});

test('a deleted session is gone with its messages, and its turns still answer for how they ended', async () => {
  const { turns, model } = await openTurns();
  await turns.start(ask(main, 'old', 'run-1'));
  await settle();
  model.calls[0]?.end();
  await settle();
  assert.equal(await turns.deleteSession(main), true);
  assert.equal(await turns.deleteSession(main), false);
  assert.deepEqual(await turns.listSessions({ limit: 10, offset: 0 }), { sessions: [], total: 0 });
  assert.equal((await turns.wait('run-1', soon))?.status, 'ok');
});

test('sessions are listed with the latest first, in pages', async () => {
  const { turns, clock } = await openTurns();
  for (const name of ['a', 'b', 'c']) {
    clock.advance(1000);
    await turns.start(ask(`agent:main:${name}`, name, name));
  }
  const { sessions, total } = await turns.listSessions({ limit: 2, offset: 1 });
  assert.deepEqual([sessions.map(({ key }) => key), total], [['agent:main:b', 'agent:main:a'], 3]);
});

test('old turns, and sessions beyond their number, are given up each hour', async () => {
  const { turns, clock, model, logLines } = await openTurns(undefined, { limits: { sessions: 1, turnDays: 1 } });
  for (const name of ['a', 'b']) {
    await turns.start(ask(`agent:main:${name}`, name, name));
    await settle();
    model.calls.at(-1)?.end();
    await settle();
    clock.advance(1000);
  }
  clock.advance(60 * 60_000);
  await settle();
  const { sessions } = await turns.listSessions({ limit: 10, offset: 0 });
  assert.deepEqual(
    sessions.map(({ key }) => key),
    ['agent:main:b'],
  );
  assert.match(logLines.join(''), /used longest ago were given up/);
  assert.equal((await turns.wait('a', soon))?.status, 'ok');
  clock.advance(25 * 60 * 60_000);
  await settle();
  await assert.rejects(turns.wait('a', soon), { code: 'run_not_found' });
});
