import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventFrame } from '@openclaw/protocol';
import { ChatDesk } from './chat-desk.ts';
import type { ChatEvent, History, WireMessage } from './conversation.ts';
import { createOutbox, type TextStore } from './outbox.ts';

const sessionKey = 'agent:main:main';

function createStore(): TextStore {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

const message = (role: 'user' | 'assistant', text: string, runId: string): WireMessage => ({
  ...{ role, content: [{ type: 'text', text }], timestamp: 1, __openclaw: { id: `${runId}-${role}`, runId } },
  ...(role === 'user' ? { idempotencyKey: runId } : {}),
});

const history = (messages: readonly WireMessage[], more: Partial<History> = {}): History => ({
  ...{ messages, hasMore: false, nextOffset: null, defaults: { model: 'fast' }, sessionInfo: {} },
  ...more,
});

/** A gateway that answers as the test says, and a desk before it. */
function setup(store = createStore()) {
  const asked: [string, unknown][] = [];
  const answers = new Map<string, unknown>([['chat.history', history([])]]);
  let listen: ((event: EventFrame) => void) | undefined;
  let keys = 0;
  const desk = new ChatDesk({
    sessionKey,
    outbox: createOutbox(store),
    now: () => 10,
    createKey: () => `run-${(keys += 1)}`,
    connection: {
      request<Payload>(method: string, params?: unknown) {
        asked.push([method, params]);
        const answer = answers.get(method);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as Payload);
      },
      subscribe(listener) {
        listen = listener;
        return () => {};
      },
    },
  });
  desk.follow();
  const tell = (event: Partial<ChatEvent>): void =>
    listen?.({ type: 'event', event: 'chat', payload: { sessionKey, runId: 'run-1', state: 'delta', ...event } });
  const shown = (): string[] =>
    desk.conversation.value.messages.map(({ role, text, isUnsent }) => `${role}${isUnsent ? '?' : ''}: ${text}`);
  return { desk, asked, answers, tell, shown, store };
}

const failure = (code: string): Error => Object.assign(new Error('it did not work'), { code });

test('a message is shown at once, its answer word by word, and the end takes the place of both', async () => {
  const { desk, answers, tell, shown } = setup();
  await desk.load();
  answers.set('chat.send', { status: 'started' });
  const sending = desk.send('Hello');
  assert.deepEqual(shown(), ['user?: Hello']);
  await sending;
  assert.deepEqual(shown(), ['user: Hello']);
  assert.equal(desk.conversation.value.turn?.text, '');
  tell({ deltaText: 'Hi', message: { content: [{ type: 'text', text: 'Hi' }] } });
  // Too long for the whole text: the piece alone comes.
  tell({ deltaText: ' there' });
  assert.equal(desk.conversation.value.turn?.text, 'Hi there');
  tell({ sessionKey: 'agent:main:other', deltaText: 'no' });
  tell({ state: 'final', message: { content: [{ type: 'text', text: 'Hi there.' }] } });
  assert.deepEqual(shown(), ['user: Hello', 'assistant: Hi there.']);
  assert.equal(desk.conversation.value.turn, undefined);
});

test('a message whose fate is unknown is sent again under its key, also after a reload', async () => {
  const { desk, answers, store, shown } = setup();
  answers.set('chat.send', failure('connection_lost'));
  await desk.send('Hello');
  assert.deepEqual(shown(), ['user?: Hello']);
  assert.equal(desk.conversation.value.failure, undefined);

  const reloaded = setup(store);
  reloaded.answers.set('chat.send', { status: 'in_flight' });
  await reloaded.desk.load();
  assert.deepEqual(reloaded.asked.at(-1), ['chat.send', { sessionKey, message: 'Hello', idempotencyKey: 'run-1' }]);
  assert.deepEqual(reloaded.shown(), ['user: Hello']);

  const later = setup(store);
  await later.desk.load();
  assert.deepEqual(
    later.asked.map(([method]) => method),
    ['chat.history'],
  );
});

test('a history that was overtaken by the end of a turn is asked for again, and takes nothing away', async () => {
  const { desk, answers, tell, shown } = setup();
  answers.set('chat.send', { status: 'started' });
  await desk.send('Hello');
  const overtaken = Promise.withResolvers<History>();
  answers.set('chat.history', overtaken.promise);
  const loading = desk.load();
  tell({ state: 'final', message: { content: [{ type: 'text', text: 'Hi.' }] } });
  answers.set('chat.history', history([message('user', 'Hello', 'run-1'), message('assistant', 'Hi.', 'run-1')]));
  overtaken.resolve(history([message('user', 'Hello', 'run-1')]));
  await loading;
  assert.deepEqual(shown(), ['user: Hello', 'assistant: Hi.']);
});

test('a message that the history has is not sent again', async () => {
  const store = createStore();
  createOutbox(store).add(sessionKey, { key: 'run-1', text: 'Hello', atMs: 1 });
  const { desk, asked, answers, shown } = setup(store);
  answers.set('chat.history', history([message('user', 'Hello', 'run-1'), message('assistant', 'Hi', 'run-1')]));
  await desk.load();
  assert.deepEqual(shown(), ['user: Hello', 'assistant: Hi']);
  assert.deepEqual(
    asked.map(([method]) => method),
    ['chat.history'],
  );
});

test('a refused message goes, and why is told', async () => {
  const { desk, answers, shown } = setup();
  answers.set(
    'chat.send',
    Object.assign(failure('INVALID_REQUEST'), { hint: 'Shorten it.', details: { openclawCode: 'invalid_request' } }),
  );
  await desk.send('Hello');
  assert.deepEqual(shown(), []);
  assert.deepEqual(desk.conversation.value.failure, {
    ...{ runId: 'run-1', message: 'it did not work', code: 'invalid_request', hint: 'Shorten it.' },
  });
});

test('an answer under way is taken up where it is, and nothing that was shown is taken back', async () => {
  const { desk, answers, tell } = setup();
  const inFlightRun = { runId: 'run-1', text: 'one two', startedAt: 5 };
  answers.set('chat.history', history([message('user', 'count', 'run-1')], { inFlightRun }));
  await desk.load();
  assert.equal(desk.conversation.value.turn?.text, 'one two');
  tell({ deltaText: ' three' });
  await desk.load();
  assert.equal(desk.conversation.value.turn?.text, 'one two three');
});

test('after a restart the end of a turn that nobody saw is asked for', async () => {
  const { desk, answers, asked, shown } = setup();
  answers.set(
    'chat.history',
    history([
      message('user', 'count', 'run-1'),
      { ...message('assistant', 'one', 'run-1'), __openclaw: { id: 'x', runId: 'run-1', incomplete: true } },
    ]),
  );
  answers.set('agent.wait', { status: 'error', error: { code: 'interrupted', message: 'The gateway stopped.' } });
  await desk.load();
  assert.deepEqual(asked.at(-1), ['agent.wait', { runId: 'run-1', timeoutMs: 0 }]);
  assert.deepEqual(shown(), ['user: count', 'assistant: one']);
  assert.equal(desk.conversation.value.failure?.code, 'interrupted');
});

test('what somebody else asks in the session is read', async () => {
  const { desk, answers, tell, shown } = setup();
  await desk.load();
  answers.set(
    'chat.history',
    history([message('user', 'from elsewhere', 'run-9')], { inFlightRun: { runId: 'run-9', text: '', startedAt: 5 } }),
  );
  tell({ runId: 'run-9', state: 'status' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(shown(), ['user: from elsewhere']);
  tell({ runId: 'run-9', state: 'error', errorMessage: 'It broke.', errorKind: 'upstream_refused' });
  assert.equal(desk.conversation.value.failure?.message, 'It broke.');
});
