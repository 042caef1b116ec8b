import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../../core/errors.ts';
import { WireRefusal } from '../wire-refusal.ts';
import type { TurnEvent } from '../run-starter.ts';
import { openMethods } from './methods.fixture.ts';

const main = 'agent:main:main';
/** As the clients here are: command lines with the gateway's token. */
const origin = { kind: 'cli', by: 'gateway-token' } as const;

test('agent answers twice: at once that it was accepted, and at its end with what was said', async () => {
  const { call, turns, clock } = openMethods();
  const accepted: unknown[] = [];
  const params = { message: 'hi', idempotencyKey: 'run-1', deliver: false, timeout: 30, to: '+155', sessionKey: null };
  const answer = call('agent', params, { accepted });
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(accepted, [{ runId: 'run-1', sessionKey: main, agentId: 'main', status: 'accepted', acceptedAt: clock.now() }]);
  turns.finish('run-1', { text: 'Hello', usage: { inputTokens: 3, outputTokens: 2 } });
  assert.deepEqual(await answer, {
    ...{ runId: 'run-1', sessionKey: main, agentId: 'main', status: 'ok', summary: 'completed' },
    ...{ startedAt: clock.now() - 500, endedAt: clock.now() },
    result: { payloads: [{ text: 'Hello', mediaUrl: null }], meta: { durationMs: 500, agentMeta: { usage: { input: 3, output: 2 } } } },
  });
  assert.deepEqual(turns.started, [
    { sessionKey: main, agentId: 'main', message: 'hi', idempotencyKey: 'run-1', timeoutMs: 30_000, origin },
  ]);
});

test('a failed run is an error with what was said beside it', async () => {
  const { call, turns } = openMethods();
  turns.finish('run-1', { status: 'error', text: 'so far', error: { code: 'upstream_failed', message: 'acme failed: 500.' } });
  await assert.rejects(call('agent', { message: 'hi', idempotencyKey: 'run-1' }), (thrown: unknown) => {
    assert.ok(thrown instanceof WireRefusal);
    assert.deepEqual(thrown.error, {
      ...{ code: 'UNAVAILABLE', message: 'acme failed: 500.', retryable: false },
      details: { openclawCode: 'upstream_failed', runId: 'run-1' },
    });
    const { status, summary, result } = thrown.payload as Record<string, { payloads?: unknown }>;
    assert.deepEqual([status, summary, result?.payloads], ['error', 'acme failed: 500.', [{ text: 'so far', mediaUrl: null }]]);
    return true;
  });
  turns.finish('run-2', { status: 'aborted' });
  await assert.rejects(call('agent', { message: 'hi', idempotencyKey: 'run-2' }), /the run was aborted/);
});

test('a session is named by its key, by a name, by an id, or not at all', async () => {
  const { call, turns } = openMethods();
  const sessionOf = async (named: Record<string, string>): Promise<string | undefined> => {
    const idempotencyKey = `run-${turns.started.length}`;
    turns.finish(idempotencyKey, {});
    await call('agent', { message: 'hi', idempotencyKey, ...named });
    return turns.started.at(-1)?.sessionKey;
  };
  assert.equal(await sessionOf({}), main);
  assert.equal(await sessionOf({ sessionKey: 'main' }), main);
  assert.equal(await sessionOf({ sessionKey: 'work' }), 'agent:main:work');
  assert.equal(await sessionOf({ sessionId: 'abc' }), 'agent:main:explicit:abc');
  assert.equal(await sessionOf({ agentId: 'coder' }), 'agent:coder:main');
  assert.equal(await sessionOf({ sessionKey: 'agent:coder:x:y' }), 'agent:coder:x:y');
  await assert.rejects(sessionOf({ agentId: 'nobody' }), { code: 'agent_not_found' });
  await assert.rejects(sessionOf({ sessionKey: 'agent:nobody:main' }), { code: 'agent_not_found' });
  await assert.rejects(sessionOf({ sessionKey: 'agent:coder:main', agentId: 'main' }), { code: 'invalid_request', param: 'agentId' });
  await assert.rejects(sessionOf({ sessionKey: 'agent:' }), { code: 'invalid_request', param: 'sessionKey' });
});

test('what is not in this release is refused where it is asked for, by its name', async () => {
  const { call, methods } = openMethods();
  const asked = { message: 'hi', idempotencyKey: 'k', sessionKey: 'main' };
  for (const [name, value] of [
    ['deliver', true],
    ['attachments', [{}]],
    ['thinking', 'high'],
  ] as const) {
    for (const method of ['agent', 'chat.send']) await assert.rejects(call(method, { ...asked, [name]: value }), { param: name });
  }
  await assert.rejects(call('agent', { ...asked, message: '/reset now' }), { param: 'message' });
  const { scope } = methods['agent']!;
  assert.ok(typeof scope === 'function');
  assert.deepEqual(
    [scope({ message: '/new' }), scope({ message: '/news' }), scope({})],
    ['operator.admin', 'operator.write', 'operator.write'],
  );
});

test('agent.wait answers with the end of a run, or that it still goes on', async () => {
  const { call, turns } = openMethods();
  turns.finish('run-1', { text: 'Hello' });
  assert.equal(((await call('agent.wait', { runId: 'run-1' })) as { status: string }).status, 'ok');
  assert.deepEqual(await call('agent.wait', { runId: 'run-2', timeoutMs: 0 }), { runId: 'run-2', status: 'timeout' });
});

test('agents and who they are', async () => {
  const { call } = openMethods();
  assert.deepEqual(await call('agents.list'), {
    ...{ defaultId: 'main', selectionRequired: false, mainKey: 'main', scope: 'per-sender' },
    agents: [
      { id: 'main', name: 'main', model: { primary: 'openclaw/rehearsal' } },
      { id: 'coder', name: 'coder', model: { primary: 'acme/coder' } },
    ],
  });
  assert.deepEqual(await call('agent.identity.get', { sessionKey: 'agent:coder:main' }), { agentId: 'coder', name: 'coder' });
});

test('chat.send answers at once; the same key again answers with how it stands, and the event that ended it', async () => {
  const { call, connect, turns } = openMethods();
  const client = connect();
  const params = { sessionKey: 'main', message: 'hi', idempotencyKey: 'run-1' };
  assert.deepEqual(await call('chat.send', params, { client }), { runId: 'run-1', status: 'started' });
  assert.deepEqual(await call('chat.send', params, { client }), { runId: 'run-1', status: 'in_flight' });
  assert.deepEqual(client.events, []);
  turns.finish('run-1', { text: 'Hello' });
  assert.deepEqual(await call('chat.send', params, { client }), { runId: 'run-1', status: 'ok' });
  assert.deepEqual(client.events.at(-1), {
    event: 'chat',
    payload: {
      ...{ runId: 'run-1', sessionKey: main, agentId: 'main', seq: 1, state: 'final', stopReason: 'stop' },
      message: { role: 'assistant', content: [{ type: 'text', text: 'Hello' }], timestamp: turns.results.get('run-1')?.endedAtMs },
    },
  });
  turns.finish('run-1', { status: 'error', error: { code: 'interrupted', message: 'The gateway stopped.' } });
  assert.deepEqual(await call('chat.send', params), { runId: 'run-1', status: 'error', summary: 'The gateway stopped.' });
});

test('chat.history is paged, and a run under way is apart', async () => {
  const { call, turns, clock } = openMethods();
  turns.open(main, 'q0', 'a0', 'q1', 'a1 so far');
  turns.runningNow = { runId: 'run-1', text: 'a1 so far', acceptedAtMs: clock.now() };
  const history = (await call('chat.history', { sessionKey: 'main', limit: 3 })) as Record<string, unknown>;
  const content = (text: string) => [{ type: 'text', text }];
  assert.deepEqual(history['messages'], [
    { role: 'assistant', content: content('a0'), timestamp: clock.now(), __openclaw: { id: 'm2', seq: 2, runId: 'run-0' } },
    {
      role: 'user',
      content: content('q1'),
      timestamp: clock.now(),
      idempotencyKey: 'run-1',
      __openclaw: { id: 'm3', seq: 3, runId: 'run-1' },
    },
  ]);
  assert.deepEqual(history['inFlightRun'], { runId: 'run-1', text: 'a1 so far', startedAt: clock.now() });
  assert.deepEqual([history['hasMore'], history['nextOffset'], history['totalMessages'], history['sessionId']], [true, 3, 4, 'ses_1']);
  assert.deepEqual([history['pendingInputs'], history['defaults']], [{ items: [], total: 0 }, { model: 'openclaw/rehearsal' }]);
  const rest = (await call('chat.history', { sessionKey: 'main', limit: 3, offset: 3 })) as Record<string, unknown>;
  assert.deepEqual([rest['hasMore'], rest['nextOffset']], [false, null]);
  const none = (await call('chat.history', { sessionKey: 'none' })) as Record<string, unknown>;
  assert.deepEqual([none['messages'], none['sessionId'], none['sessionInfo']], [[], null, {}]);
});

test('chat.abort stops one run or all of a session, and says which', async () => {
  const { call } = openMethods();
  assert.deepEqual(await call('chat.abort', { sessionKey: 'main', runId: 'run-7' }), { ok: true, aborted: true, runIds: ['run-7'] });
  assert.deepEqual(await call('chat.abort', { sessionKey: 'main' }), { ok: true, aborted: true, runIds: ['run-1', 'run-2'] });
});

test('what happens in a turn comes as events agent and chat to who may read sessions', () => {
  const { connect, turns } = openMethods();
  const [reader, nobody] = [connect(['operator.read']), connect([])];
  const head = { runId: 'run-1', sessionKey: main, agentId: 'main', atMs: 1000 };
  const long = 'x'.repeat(40_000);
  const times = { startedAtMs: 900, endedAtMs: 1000 };
  const result = { runId: 'run-1', sessionKey: main, agentId: 'main', ...times };
  const events: TurnEvent[] = [
    { ...head, seq: 1, kind: 'started', resumed: false },
    { ...head, seq: 2, kind: 'delta', delta: 'lo', text: 'Hello' },
    { ...head, seq: 3, kind: 'delta', delta: 'x', text: long },
    { ...head, seq: 4, kind: 'ended', result: { ...result, status: 'ok', text: 'Hello' } },
    { ...head, seq: 5, kind: 'ended', result: { ...result, status: 'aborted', text: '' } },
    {
      ...head,
      seq: 6,
      kind: 'ended',
      result: { ...result, status: 'error', text: 'so', error: { code: 'upstream_failed', message: 'no' } },
    },
  ];
  events.forEach((event) => turns.tell(event));
  assert.deepEqual(nobody.events, []);
  const payloads = (name: string) =>
    reader.events
      .filter(({ event }) => event === name)
      .map(({ payload }) => {
        const { runId, sessionKey, agentId, seq, ...rest } = payload as Record<string, unknown>;
        assert.deepEqual([runId, sessionKey, agentId, typeof seq], ['run-1', main, 'main', 'number']);
        return rest;
      });
  const said = (text: string) => ({ role: 'assistant', content: [{ type: 'text', text }], timestamp: 1000 });
  assert.deepEqual(payloads('chat'), [
    { state: 'status', phase: 'starting_model' },
    { state: 'delta', deltaText: 'lo', message: said('Hello') },
    { state: 'delta', deltaText: 'x' },
    { state: 'final', stopReason: 'stop', message: said('Hello') },
    { state: 'aborted', stopReason: 'aborted' },
    { state: 'error', errorMessage: 'no', errorKind: 'upstream_failed', message: said('so') },
  ]);
  const ended = { startedAt: 900, endedAt: 1000 };
  assert.deepEqual(payloads('agent'), [
    { ts: 1000, stream: 'lifecycle', data: { phase: 'start', startedAt: 1000 } },
    { ts: 1000, stream: 'assistant', data: { delta: 'lo', text: 'Hello' } },
    { ts: 1000, stream: 'assistant', data: { delta: 'x' } },
    { ts: 1000, stream: 'lifecycle', data: { phase: 'end', ...ended } },
    { ts: 1000, stream: 'lifecycle', data: { phase: 'end', ...ended, aborted: true } },
    { ts: 1000, stream: 'lifecycle', data: { phase: 'error', ...ended, error: 'no' } },
  ]);
});

test('sessions are listed in pages, and looked through by label, agent and words', async () => {
  const { call, turns, clock } = openMethods();
  for (const name of ['main', 'work', 'play']) turns.open(`agent:main:${name}`, 'hi');
  await call('sessions.patch', { key: 'work', label: 'At work', model: 'acme/large' });
  const page = (await call('sessions.list', { limit: 2, includeGlobal: true })) as { sessions: Record<string, unknown>[] };
  const { sessions, ...rest } = page;
  assert.deepEqual(rest, {
    ...{ ts: clock.now(), count: 2, totalCount: 3, limitApplied: 2, hasMore: true, nextOffset: 2, owners: [] },
    defaults: { agentId: 'main', model: 'openclaw/rehearsal' },
  });
  assert.deepEqual(sessions[1], {
    ...{ key: 'agent:main:work', kind: 'direct', sessionId: 'ses_1', agentId: 'main', messageCount: 1 },
    ...{ updatedAt: clock.now(), createdAt: clock.now(), label: 'At work', displayName: 'At work', model: 'acme/large' },
  });
  const keysOf = async (params: Record<string, string | number>): Promise<unknown[]> =>
    ((await call('sessions.list', params)) as { sessions: { key: string }[] }).sessions.map(({ key }) => key);
  assert.deepEqual(await keysOf({ search: 'AT WO' }), ['agent:main:work']);
  assert.deepEqual(await keysOf({ label: 'At work' }), ['agent:main:work']);
  assert.deepEqual(await keysOf({ agentId: 'coder' }), []);
  assert.deepEqual(await keysOf({ search: '', offset: 2 }), ['agent:main:play']);
  clock.advance(10 * 60_000);
  assert.deepEqual(await keysOf({ activeMinutes: 5 }), []);
});

test('a session is previewed, changed, begun anew and deleted, and who follows is told', async () => {
  const { call, connect, turns, clock } = openMethods();
  turns.open('agent:main:work', 'a long question', 'an answer');
  const [follower, other] = [connect(), connect()];
  assert.deepEqual(await call('sessions.subscribe', {}, { client: follower }), { subscribed: true });
  assert.deepEqual(await call('sessions.preview', { keys: ['work', 'none'], maxChars: 20, limit: 1 }), {
    ts: clock.now(),
    previews: [
      { key: 'work', status: 'ok', items: [{ role: 'assistant', text: 'an answer' }] },
      { key: 'none', status: 'missing', items: [] },
    ],
  });
  const { session } = (await call('sessions.describe', { key: 'work' })) as { session: Record<string, unknown> };
  assert.deepEqual([session['key'], session['messageCount']], ['agent:main:work', 2]);
  assert.deepEqual(await call('sessions.describe', { key: 'none' }), { session: null });
  await call('sessions.patch', { key: 'work', label: 'Work' });
  await call('sessions.patch', { key: 'work', label: null });
  assert.equal(turns.sessions.get('agent:main:work')?.summary.label, null);
  await call('sessions.reset', { key: 'work', reason: 'new' });
  assert.deepEqual(await call('sessions.delete', { key: 'work' }), { ok: true, key: 'agent:main:work', deleted: true });
  assert.deepEqual(await call('sessions.delete', { key: 'work' }), { ok: true, key: 'agent:main:work', deleted: false });
  await assert.rejects(call('sessions.reset', { key: 'work' }), OpenClawError);
  const reasons = follower.events.map(({ payload }) => (payload as { reason: string }).reason);
  assert.deepEqual(reasons, ['patch', 'patch', 'reset', 'delete']);
  assert.deepEqual(other.events, []);
});
