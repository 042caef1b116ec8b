/** Conversations over the whole gateway: two answers, events, the lanes, and what is left of them after `kill -9`. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ControlClient } from '@openclaw/client/control';
import type { EventFrame } from '@openclaw/protocol';
import { startTestGateway } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';

interface ChatEvent {
  readonly runId: string;
  readonly state: string;
  readonly deltaText?: string;
  readonly message?: { readonly content: readonly { readonly text: string }[] };
  readonly errorKind?: string;
}

interface Connected extends AsyncDisposable {
  readonly client: ControlClient;
  readonly chat: ChatEvent[];
  readonly events: EventFrame[];
  /** Resolves when an event fits, also one that has come. */
  untilEvent(fits: (event: EventFrame) => boolean): Promise<EventFrame>;
  /** Resolves when an event of a chat fits, also one that has come. */
  until(fits: (event: ChatEvent) => boolean): Promise<ChatEvent>;
}

async function connect({ url, token }: { readonly url: string; readonly token: string }): Promise<Connected> {
  const chat: ChatEvent[] = [];
  const events: EventFrame[] = [];
  const waiting = new Set<() => void>();
  const client = new ControlClient({
    ...{ url: url.replace('http', 'ws'), auth: { token }, scopes: ['operator.admin'], reconnect: false },
    client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' },
    onEvent(frame: EventFrame) {
      events.push(frame);
      if (frame.event === 'chat') chat.push(frame.payload as ChatEvent);
      for (const wake of waiting) wake();
    },
  });
  const until = async <T>(all: readonly T[], fits: (one: T) => boolean): Promise<T> => {
    for (;;) {
      const found = all.find(fits);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
    }
  };
  await client.connect();
  return {
    client,
    chat,
    events,
    until: (fits) => until(chat, fits),
    untilEvent: (fits) => until(events, fits),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

interface AgentAnswer {
  readonly status: string;
  readonly error?: { readonly code: string };
  readonly result: { readonly payloads: readonly { readonly text: string }[] };
}

interface HistoryAnswer {
  readonly messages: readonly {
    readonly role: string;
    readonly content: readonly { type: string; text: string }[];
    readonly __openclaw: { incomplete?: boolean };
  }[];
}

const textsOf = ({ messages }: HistoryAnswer): string[] => messages.map(({ role, content }) => `${role}: ${content[0]?.text}`);

test('a message is answered by a model of the gateway: accepted, streamed, final, and in the history', async () => {
  await using gateway = await startTestGateway();
  await using connected = await connect(gateway);
  const { client, chat } = connected;
  const accepted: unknown[] = [];
  const message = 'say Hello\nwait 120ms\nsay there.';
  const answer = await client.request<AgentAnswer>(
    'agent',
    { message, idempotencyKey: 'run-1', deliver: false, timeout: 30 },
    { onAccepted: (payload) => void accepted.push(payload) },
  );
  assert.equal(answer.status, 'ok');
  const said = answer.result.payloads[0]?.text ?? '';
  assert.match(said, /^Hello\s+there\.$/);
  assert.equal((accepted[0] as { status: string }).status, 'accepted');
  await connected.until(({ state }) => state === 'final');
  const deltas = chat.flatMap(({ deltaText }) => deltaText ?? []);
  assert.ok(deltas.length > 1, 'it came in pieces');
  assert.equal(deltas.join(''), said);
  assert.deepEqual(textsOf(await client.request('chat.history', { sessionKey: 'main' })), [`user: ${message}`, `assistant: ${said}`]);
});

test('a message to a model that there is not is not accepted, and an abort ends a run at once', async () => {
  await using gateway = await startTestGateway();
  await using connected = await connect(gateway);
  const { client } = connected;
  const none = { message: 'hi', model: 'nowhere/none', idempotencyKey: 'a' };
  await assert.rejects(client.request('agent', none, { onAccepted: () => assert.fail('accepted') }), /There is no model nowhere\/none/);
  await client.request('chat.send', { sessionKey: 'main', message: 'say Begun\nwait 10m\nsay never', idempotencyKey: 'b' });
  await connected.until(({ runId, state }) => runId === 'b' && state === 'delta');
  assert.deepEqual(await client.request('chat.abort', { sessionKey: 'main' }), { ok: true, aborted: true, runIds: ['b'] });
  const end = await connected.until(({ runId, state }) => runId === 'b' && state !== 'delta' && state !== 'status');
  assert.equal(end.state, 'aborted');
  assert.match(end.message?.content[0]?.text ?? '', /^Begun/);
});

test('after kill -9 in the middle of an answer the run goes on by itself; run and key answer, and what was shown is replaced', async () => {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-killed-'));
  try {
    const params = { sessionKey: 'main', message: 'say One two three\nwait 2500ms\nsay four', idempotencyKey: 'run-1' };
    {
      await using program = await startProgram({ home });
      await using connected = await connect(await program.ready());
      await connected.client.request('chat.send', params);
      await connected.until(() => /three/.test(connected.chat.map(({ deltaText }) => deltaText ?? '').join('')));
      program.child.kill('SIGKILL');
      await program.exited();
    }
    await using program = await startProgram({ home });
    await using connected = await connect(await program.ready());
    const { client, chat } = connected;
    const { status } = await client.request<{ status: string }>('chat.send', params);
    assert.equal(status, 'in_flight');
    const waited = await client.request<AgentAnswer>('agent.wait', { runId: 'run-1' });
    assert.equal(waited.status, 'ok');
    const said = waited.result.payloads[0]?.text ?? '';
    assert.match(said, /^One two three\s*four$/);
    const end = await connected.until(({ state }) => state === 'final');
    assert.equal(end.message?.content[0]?.text, said);
    const last = chat.findLast(({ state }) => state === 'delta');
    assert.equal(last?.message?.content[0]?.text, said, 'who comes back in the middle is told the whole of it with the rest');
    const history = await client.request<HistoryAnswer>('chat.history', { sessionKey: 'main' });
    assert.deepEqual(textsOf(history), [`user: ${params.message}`, `assistant: ${said}`]);
    const next = await client.request<AgentAnswer>('agent', { message: 'say Again', idempotencyKey: 'run-2' }, { onAccepted: () => {} });
    assert.equal(next.result.payloads[0]?.text, 'Again');
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test('a gateway that stops parks the run under way and those that wait behind it; the next one carries them out, in their order', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-stopped-'));
  try {
    {
      await using gateway = await startTestGateway({ stateDirectory, settings: { gateway: { drainTimeoutMs: 50 } } });
      await using connected = await connect(gateway);
      const message = 'say Begun\nwait 1s\nsay and done';
      for (const idempotencyKey of ['first', 'second'])
        await connected.client.request('chat.send', { sessionKey: 'main', message, idempotencyKey });
      await connected.until(({ state }) => state === 'delta');
      await gateway.running.stop();
    }
    await using gateway = await startTestGateway({ stateDirectory });
    await using connected = await connect(gateway);
    const ends = await Promise.all(['first', 'second'].map((runId) => connected.client.request<AgentAnswer>('agent.wait', { runId })));
    for (const { status, result } of ends) {
      assert.equal(status, 'ok');
      assert.match(result.payloads[0]?.text ?? '', /^Begun\s*and done$/);
    }
    const history = await connected.client.request<HistoryAnswer>('chat.history', { sessionKey: 'main' });
    assert.deepEqual(
      history.messages.map(({ role }) => role),
      ['user', 'assistant', 'user', 'assistant'],
    );
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
});

test('a call that asks first waits for somebody’s word, over a restart too; its events can be had from any of them on', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-asked-'));
  try {
    const params = { sessionKey: 'main', message: 'tool write {"path":"note.txt","content":"written"}\nsay done', idempotencyKey: 'asked' };
    let id = '';
    {
      await using gateway = await startTestGateway({ stateDirectory });
      await using connected = await connect(gateway);
      await connected.client.request('chat.send', params);
      const { payload } = await connected.untilEvent(({ event }) => event === 'openclaw.approval.requested');
      ({ id } = payload as { id: string });
    }
    await using gateway = await startTestGateway({ stateDirectory });
    await using connected = await connect(gateway);
    const { client } = connected;
    const open = await client.request<readonly { id: string; request: { toolName: string; runId: string } }[]>('openclaw.approval.list');
    assert.deepEqual(
      open.map((approval) => [approval.id, approval.request.toolName, approval.request.runId]),
      [[id, 'write', 'asked']],
    );
    assert.deepEqual(await client.request('exec.approval.list'), []);
    await client.request('openclaw.approval.resolve', { id, decision: 'allow-once' });
    const { payload: resolved } = await connected.untilEvent(({ event }) => event === 'openclaw.approval.resolved');
    assert.deepEqual([(resolved as { id: string }).id, (resolved as { decision: string }).decision], [id, 'allow-once']);
    const waited = await client.request<AgentAnswer>('agent.wait', { runId: 'asked' });
    assert.deepEqual([waited.status, waited.result.payloads[0]?.text.trim()], ['ok', 'done']);
    assert.equal(await readFile(join(stateDirectory, 'workspaces', 'main', 'note.txt'), 'utf8'), 'written');
    await assert.rejects(client.request('exec.approval.resolve', { id, decision: 'deny' }), /granted already/);
    const whole = await client.request<{ lastSeq: number }>('runs.events.subscribe', { runId: 'asked' }, { onAccepted: () => {} });
    const followed = connected.events
      .filter(({ event }) => event === 'run.event')
      .map(({ payload }) => (payload as { event: { seq: number } }).event.seq);
    assert.deepEqual(
      followed,
      Array.from({ length: whole.lastSeq }, (_none, index) => index + 1),
    );
    const { messages } = await client.request<HistoryAnswer>('chat.history', { sessionKey: 'main' });
    assert.deepEqual(
      messages[1]?.content.map(({ type }) => type),
      ['toolCall', 'toolResult', 'text'],
    );
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
});

test('the hash of the configuration in force is the same one in hello and in config.get', async () => {
  await using gateway = await startTestGateway();
  await using connected = await connect(gateway);
  const { appliedConfigHash } = await connected.client.request<{ appliedConfigHash: string }>('config.get');
  assert.match(appliedConfigHash, /^hmac-sha256:/);
  assert.equal(connected.client.hello?.snapshot.appliedConfigHash, appliedConfigHash);
});
