import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import type { ConversationMessage } from '../engine/contract.ts';
import { countingTool } from '../engine/world.fixture.ts';
import { createHandOverTool } from '../tools/hand-over.ts';
import type { SessionMessage } from './contract.ts';
import { ask, main, noSignal, openConversations, until, type TestConversations } from './conversations.fixture.ts';

const soon = { timeoutMs: 5000, signal: noSignal };
const now = { timeoutMs: 0, signal: noSignal };

/** The model's next call, answered with these words. */
async function answer(world: TestConversations, index: number, ...words: readonly string[]): Promise<void> {
  const call = await until(() => world.process.calls[index]);
  for (const word of words) call.say(word);
  call.end();
}

const textsOf = (messages: readonly SessionMessage[]): string[] => messages.map(({ role, text }) => `${role}: ${text}`);
const toldOf = (messages: readonly ConversationMessage[]): string[] =>
  messages.map(({ role, ...rest }) => `${role}: ${'text' in rest ? rest.text : ''}`);

test('a message becomes a run under its key: streamed, answered, and in the history', async () => {
  await using world = await openConversations();
  const { conversations, events } = world.process;
  const started = await conversations.start(ask('hi', 'key-1'));
  assert.deepEqual([started.runId, started.known], ['key-1', false]);
  assert.equal((await conversations.running(main))?.runId, 'key-1');
  assert.equal(await conversations.wait('key-1', now), undefined);
  await answer(world, 0, 'Hello', ' there.');
  const result = await conversations.wait('key-1', soon);
  assert.deepEqual([result?.status, result?.text, result?.usage], ['ok', 'Hello there.', { inputTokens: 10, outputTokens: 5 }]);
  const { session, messages } = await conversations.history(main, { limit: 10 });
  assert.deepEqual(textsOf(messages), ['user: hi', 'assistant: Hello there.']);
  assert.deepEqual([session?.messageCount, messages[0]?.idempotencyKey], [2, 'key-1']);
  assert.equal(await conversations.running(main), undefined);
  assert.deepEqual([events.at(0)?.kind, events.at(-1)?.kind], ['started', 'ended']);
  assert.equal(events.map((event) => (event.kind === 'delta' ? event.delta : '')).join(''), 'Hello there.');
});

test('the same key is the same run, also after a crash; with other words it is a mistake', async () => {
  await using world = await openConversations();
  await world.process.conversations.start(ask('hi', 'key-1'));
  assert.equal((await world.process.conversations.start(ask('hi', 'key-1'))).known, true);
  await world.restart();
  const { conversations } = world.process;
  assert.equal((await conversations.start({ ...ask('hi', 'key-1'), timeoutMs: 5 })).known, true);
  await assert.rejects(conversations.start(ask('other words', 'key-1')), { code: 'idempotency_key_reused' });
  await assert.rejects(conversations.start(ask('hi', 'key-1', 'agent:main:other')), { code: 'idempotency_key_reused' });
});

test('after a crash in the middle of an answer the run goes on by itself, and what was shown of the cut answer is replaced', async () => {
  await using world = await openConversations();
  await world.process.conversations.start(ask('count', 'key-1'));
  const cut = await until(() => world.process.calls[0]);
  cut.say('One two');
  const { events } = world.process;
  await until(() => events.some(({ kind }) => kind === 'delta'));
  const process = await world.restart();
  const again = await until(() => process.calls[0]);
  assert.equal((await process.conversations.running(main))?.text, '');
  again.say('Three');
  again.end();
  assert.equal((await process.conversations.wait('key-1', soon))?.text, 'Three');
  assert.deepEqual(
    process.events.map((event) => (event.kind === 'delta' ? [event.delta, event.text, event.replace] : event.kind)),
    ['started', ['', '', true], ['Three', 'Three', undefined], 'ended'],
  );
  const [started] = process.events;
  assert.ok(started?.kind === 'started' && started.resumed);
  assert.ok(
    process.events.every(({ seq }, index) => seq > (process.events[index - 1]?.seq ?? events.at(-1)!.seq)),
    'numbers rise across the crash',
  );
  assert.deepEqual(textsOf((await process.conversations.history(main, { limit: 10 })).messages), ['user: count', 'assistant: Three']);
});

test('messages of one session are answered one after the other, each with what was said before; those that wait outlive a crash', async () => {
  await using world = await openConversations();
  for (const index of [1, 2, 3]) await world.process.conversations.start(ask(`q${index}`, `key-${9 - index}`));
  await answer(world, 0, 'a1');
  await until(() => world.process.calls[1]);
  const process = await world.restart();
  await answer(world, 0, 'a2');
  await answer(world, 1, 'a3');
  assert.equal((await process.conversations.wait('key-6', soon))?.text, 'a3');
  assert.deepEqual(toldOf(process.calls[1]!.request.messages), ['user: q1', 'assistant: a1', 'user: q2', 'assistant: a2', 'user: q3']);
  const { messages } = await process.conversations.history(main, { limit: 10 });
  assert.deepEqual(textsOf(messages), ['user: q1', 'assistant: a1', 'user: q2', 'assistant: a2', 'user: q3', 'assistant: a3']);
});

test('an abort ends runs that are under way and that wait, with what was said, and the next one knows of it', async () => {
  await using world = await openConversations();
  const { conversations, calls, events } = world.process;
  await conversations.start(ask('first', 'key-1'));
  await conversations.start(ask('second', 'key-2'));
  (await until(() => calls[0])).say('Begun');
  await until(() => events.some(({ kind }) => kind === 'delta'));
  assert.deepEqual(await conversations.abort({ sessionKey: main }), ['key-1', 'key-2']);
  const ends = await Promise.all(['key-1', 'key-2'].map((runId) => conversations.wait(runId, soon)));
  assert.deepEqual(
    ends.map((end) => [end?.status, end?.text]),
    [
      ['aborted', 'Begun'],
      ['aborted', ''],
    ],
  );
  assert.deepEqual(await conversations.abort({ runId: 'key-1' }), []);
  await conversations.start(ask('third', 'key-3'));
  const told = toldOf((await until(() => calls[1])).request.messages);
  assert.deepEqual(told, ['user: first', 'assistant: Begun\n[stopped]', 'user: second', 'assistant: [stopped]', 'user: third']);
  assert.equal((await conversations.history(main, { limit: 10 })).messages[1]?.incomplete, true);
});

test('a run that waits is ended at once, and the one before it goes on', async () => {
  await using world = await openConversations();
  const { conversations, calls } = world.process;
  for (const key of ['key-1', 'key-2', 'key-3']) await conversations.start(ask(key, key));
  assert.deepEqual(await conversations.abort({ runId: 'key-2', sessionKey: main }), ['key-2']);
  assert.equal((await conversations.wait('key-2', now))?.status, 'aborted');
  await answer(world, 0, 'a1');
  assert.equal((await conversations.wait('key-1', soon))?.text, 'a1');
  await answer(world, 1, 'a3');
  assert.equal((await conversations.wait('key-3', soon))?.text, 'a3');
  assert.equal(calls.length, 2);
});

test('calls of tools are told as they begin and end, and are in the history with what came of them', async () => {
  await using world = await openConversations({ tools: [countingTool('look', 'read')] });
  const { conversations, calls, events } = world.process;
  await conversations.start(ask('go', 'key-1'));
  const first = await until(() => calls[0]);
  first.say('Looking.');
  first.call('look', { at: 1 });
  first.end();
  await answer(world, 1, 'Done.');
  await conversations.wait('key-1', soon);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['started', 'delta', 'toolStarted', 'toolEnded', 'delta', 'ended'],
  );
  const [started, ended, done] = [events[2], events[3], events[4]];
  assert.ok(started?.kind === 'toolStarted' && ended?.kind === 'toolEnded' && done?.kind === 'delta');
  assert.deepEqual([started.call.name, ended.call.callId, ended.text, ended.isError], ['look', started.call.callId, 'look done', false]);
  assert.deepEqual([done.text, done.replace], ['Done.', true]);
  const { messages } = await conversations.history(main, { limit: 10 });
  assert.equal(messages[1]?.text, 'Done.');
  assert.deepEqual(
    messages[1]?.items?.map((item) => (item.kind === 'text' ? item.text : [item.call.name, item.result])),
    ['Looking.', ['look', 'look done']],
  );
});

test('a call that asks first is among the open approvals until somebody answers, also after a crash', async () => {
  await using world = await openConversations({ tools: [countingTool('send', 'once')], policy: () => 'ask' });
  await world.process.conversations.start(ask('go', 'key-1'));
  const first = await until(() => world.process.calls[0]);
  first.call('send', { to: 'me' });
  first.end();
  const [approval] = await until(async () => {
    const open = await world.process.conversations.approvals();
    return open.length > 0 && open;
  });
  assert.deepEqual([approval?.runId, approval?.call.name, approval?.sessionKey], ['key-1', 'send', main]);
  const { conversations, engine, calls, events } = await world.restart();
  assert.equal((await conversations.approvals()).length, 1);
  assert.equal(await conversations.runOfApproval(approval!.approvalId), 'key-1');
  assert.equal(await conversations.runOfApproval('none'), undefined);
  await engine.resolveApproval({ runId: 'key-1', approvalId: approval!.approvalId }, { approved: true, by: 'me' });
  (await until(() => calls[0])).end();
  assert.equal((await conversations.wait('key-1', soon))?.status, 'ok');
  assert.deepEqual(await conversations.approvals(), []);
  assert.ok(events.some((event) => event.kind === 'toolEnded' && event.text === 'send done'));
});

test('a message names its key where that is the id of its run, and not where the run has an id of its own', async () => {
  await using world = await openConversations();
  const { conversations } = world.process;
  await conversations.start(ask('by chat', 'key-1'));
  await answer(world, 0, 'hello');
  const origin = { kind: 'cli', by: 'gateway' } as const;
  const { run } = await conversations.create({ session: main, input: 'by a command', idempotencyKey: 'key-2' }, origin);
  await answer(world, 1, 'hello');
  await conversations.wait(run.id, soon);
  assert.match(run.id, /^run_/);
  const { messages } = await conversations.history(main, { limit: 10 });
  assert.deepEqual(
    messages.filter(({ role }) => role === 'user').map(({ text, idempotencyKey }) => [text, idempotencyKey]),
    [
      ['by chat', 'key-1'],
      ['by a command', undefined],
    ],
  );
});

test('a session that is begun anew has lost its messages and kept its settings', async () => {
  await using world = await openConversations();
  const { conversations, calls } = world.process;
  await conversations.start(ask('old', 'key-1'));
  (await until(() => calls[0])).say('going on');
  const before = await conversations.patchSession(main, { label: 'Work', model: 'large' });
  const after = await conversations.resetSession(main);
  assert.equal((await conversations.wait('key-1', now))?.status, 'aborted');
  assert.deepEqual([after.label, after.model, after.messageCount], ['Work', 'large', 0]);
  assert.notEqual(after.sessionId, before.sessionId);
  await conversations.start(ask('new', 'key-2'));
  const { model, messages } = (await until(() => calls[1])).request;
  assert.deepEqual([model, toldOf(messages)], ['large', ['user: new']]);
  await assert.rejects(conversations.resetSession('agent:main:none'), { code: 'session_not_found' });
});

test('a fork of a run in a session is told what was said before that run, and so is what comes after it', async () => {
  await using world = await openConversations();
  const { conversations, engine, calls } = world.process;
  for (const index of [0, 1, 2]) {
    await conversations.start(ask(`q${index}`, `key-${index}`));
    await answer(world, index, `a${index}`);
    await conversations.wait(`key-${index}`, soon);
  }
  const origin = { kind: 'api', by: 'me' } as const;
  const fork = await engine.fork('key-1', 1, origin);
  const told = async (index: number): Promise<readonly string[]> => toldOf((await until(() => calls[index])).request.messages);
  const before = ['user: q0', 'assistant: a0'];
  assert.deepEqual(await told(3), [...before, 'user: q1']);
  await answer(world, 3, 'another a1');
  await conversations.wait(fork.id, soon);
  await conversations.start(ask('and then?', 'key-3', fork.sessionKey));
  const since = [...before, 'user: q1', 'assistant: another a1'];
  assert.deepEqual(await told(4), [...since, 'user: and then?']);
  await answer(world, 4, 'the end');
  await conversations.wait('key-3', soon);
  const second = await engine.fork('key-3', 1, origin);
  assert.deepEqual(await told(5), [...since, 'user: and then?'], 'a fork in the session of a fork');
  await answer(world, 5, 'another end');
  await conversations.wait(second.id, soon);
  await conversations.deleteSession(main);
  await engine.fork(second.id, 1, origin);
  assert.deepEqual(await told(6), ['user: q1', 'assistant: another a1', 'user: and then?'], 'what is deleted is told no more');
});

test('a deleted session is gone with its messages and its runs', async () => {
  await using world = await openConversations();
  const { conversations } = world.process;
  await conversations.start(ask('old', 'key-1'));
  await until(() => world.process.calls[0]);
  assert.equal(await conversations.deleteSession(main), true);
  assert.equal(await conversations.deleteSession(main), false);
  assert.deepEqual(await conversations.listSessions({ limit: 10, offset: 0 }), { sessions: [], total: 0 });
  assert.deepEqual(await conversations.history(main, { limit: 10 }), { session: undefined, messages: [] });
  await assert.rejects(conversations.wait('key-1', now), { code: 'run_not_found' });
});

test('a deleted session takes with it what its runs have handed on, at work or done', async () => {
  const limits = { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 20, depth: 3 };
  await using world = await openConversations({
    agents: [{ limits }, { id: 'helper', limits }],
    tools: [createHandOverTool([{ id: 'helper', description: undefined }])],
  });
  const { conversations, engine, calls } = world.process;
  await conversations.start(ask('go', 'key-1'));
  const first = await until(() => calls[0]);
  first.call('agent', { agent: 'helper', task: 'one' });
  first.call('agent', { agent: 'helper', task: 'two' });
  first.end();
  await answer(world, 1, 'one is done');
  await until(() => calls[2]);
  assert.equal((await engine.list({ limit: 10 })).length, 3);
  assert.equal(await conversations.deleteSession(main), true);
  assert.deepEqual(await engine.list({ limit: 10 }), []);
});

test('a summary that somebody asks for stands for what was said, in what models are told and not in what people see', async () => {
  await using world = await openConversations();
  const { conversations, calls, events } = world.process;
  const options = { by: 'me', signal: noSignal };
  await assert.rejects(conversations.compactSession(main, options), { code: 'session_not_found' });
  for (const index of [0, 1]) {
    await conversations.start(ask(`q${index}`, `key-${index}`));
    await answer(world, index, `a${index}`);
    await conversations.wait(`key-${index}`, soon);
  }
  const toldBefore = events.length;
  const compacting = conversations.compactSession(main, options);
  await answer(world, 2, 'in short');
  assert.equal(await compacting, true);
  assert.equal(await conversations.compactSession(main, options), false, 'nothing was said since');
  assert.equal(events.length, toldBefore, 'a summary is told to nobody');
  await conversations.start(ask('q2', 'key-2'));
  assert.deepEqual(toldOf((await until(() => calls[3])).request.messages), [
    'user: [What was said before, in short]\nin short',
    'user: q2',
  ]);
  const { messages } = await conversations.history(main, { limit: 10 });
  assert.deepEqual(textsOf(messages), ['user: q0', 'assistant: a0', 'user: q1', 'assistant: a1', 'user: q2']);
});

test('a history is paged from its end, two places for each run', async () => {
  await using world = await openConversations();
  const { conversations } = world.process;
  for (const index of [0, 1, 2]) {
    await conversations.start(ask(`q${index}`, `key-${index}`));
    await answer(world, index, `a${index}`);
    await conversations.wait(`key-${index}`, soon);
  }
  const page = async (limit: number, offset?: number): Promise<unknown[]> => {
    const { messages, nextOffset } = await conversations.history(main, { limit, ...(offset === undefined ? {} : { offset }) });
    return [...messages.map(({ text }) => text), nextOffset];
  };
  assert.deepEqual(await page(2), ['q2', 'a2', 2]);
  assert.deepEqual(await page(3, 2), ['a0', 'q1', 'a1', 5]);
  assert.deepEqual(await page(3, 5), ['q0', undefined]);
  assert.deepEqual(await page(6), ['q0', 'a0', 'q1', 'a1', 'q2', 'a2', undefined]);
});

test('a run that came to the session by another door is part of it', async () => {
  await using world = await openConversations();
  const { conversations, engine, calls } = world.process;
  await engine.create({ input: 'from a timer', session: main }, { kind: 'schedule', by: 'daily' });
  await answer(world, 0, 'done');
  const { run } = await conversations.create({ input: 'by HTTP', session: main }, { kind: 'api', by: 'gateway' });
  assert.deepEqual(toldOf((await until(() => calls[1])).request.messages), ['user: from a timer', 'assistant: done', 'user: by HTTP']);
  assert.equal((await conversations.running(main))?.runId, run.id);
  assert.equal((await conversations.listSessions({ limit: 1, offset: 0 })).sessions[0]?.key, main);
});

test('a model that fails ends the run with its error and what was said', async () => {
  await using world = await openConversations();
  const { conversations, calls, events } = world.process;
  await conversations.start(ask('hi', 'key-1'));
  (await until(() => calls[0])).say('So far');
  await until(() => events.some(({ kind }) => kind === 'delta'));
  calls[0]?.fail(new OpenClawError('upstream_failed', { details: { provider: 'acme', reason: 'no' } }));
  const result = await conversations.wait('key-1', soon);
  assert.deepEqual([result?.status, result?.error?.code, result?.text], ['error', 'upstream_failed', 'So far']);
});

test('what cannot be a message is refused before anything is written', async () => {
  await using world = await openConversations({ conversations: { limits: { waitingPerSession: 1, messageCharacters: 5 } } });
  const { conversations } = world.process;
  await assert.rejects(conversations.start(ask('', 'key')), { param: 'message' });
  await assert.rejects(conversations.start(ask('too long', 'key')), { param: 'message' });
  await assert.rejects(conversations.start(ask('hi', ' ')), { param: 'idempotencyKey' });
  await assert.rejects(conversations.start({ ...ask('hi', 'key'), agentId: 'nobody' }), { code: 'agent_not_found' });
  await assert.rejects(conversations.wait('key', now), { code: 'run_not_found' });
  for (const key of ['1', '2']) await conversations.start(ask('hi', key));
  await assert.rejects(conversations.start(ask('hi', '3')), { code: 'overloaded' });
  assert.equal((await conversations.start(ask('hi', '2'))).known, true, 'one that was accepted is');
});

test('a conversation that nobody goes on with goes with its runs; one that is at work, or was gone on with, stays', async () => {
  await using world = await openConversations();
  const { conversations } = world.process;
  await conversations.start(ask('old', 'key-1'));
  await until(() => world.process.calls[0]);
  const later = Date.now() + 60_000;
  assert.equal(await conversations.idleSessions(later), 0, 'it is at work');
  await answer(world, 0, 'done');
  await conversations.wait('key-1', soon);
  assert.equal(await conversations.deleteIdleSessions(Date.now() - 60_000, 10), 0);
  assert.equal(await conversations.idleSessions(later), 1);
  assert.equal(await conversations.deleteIdleSessions(later, 10), 1);
  assert.deepEqual(await conversations.listSessions({ limit: 10, offset: 0 }), { sessions: [], total: 0 });
  await assert.rejects(conversations.wait('key-1', now), { code: 'run_not_found' });
});
