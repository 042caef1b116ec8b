import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, errorOf, setup } from './control-client.fixture.ts';
import { settle } from './fake-gateway.fixture.ts';

test('it introduces itself after the challenge, and connect gives the hello', async () => {
  const { client, gateway, states } = setup({ scopes: ['operator.read', 'operator.pairing'], caps: ['tool-events'] });
  await using closing = client;
  assert.equal((await closing.connect()).server.connId, 'connection-1');
  assert.deepEqual(gateway.last.introduction, {
    minProtocol: 4,
    maxProtocol: 4,
    client: cli,
    caps: ['tool-events'],
    role: 'operator',
    scopes: ['operator.read', 'operator.pairing'],
    auth: { token: 'secret' },
  });
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['connecting', 'connected'],
  );
});

test('a token in a URL never travels, http becomes ws, and a URL that cannot be is refused at once', async () => {
  const { client, gateway } = setup({ url: 'https://gateway.example/path?token=secret#token=secret' });
  await using closing = client;
  await closing.connect();
  assert.equal(gateway.last.url, 'wss://gateway.example/path');
  for (const url of ['gateway', 'ftp://gateway', 'ws://me:word@gateway'])
    assert.throws(() => setup({ url }), { code: 'usage_error', message: /^url has to be/ });
  assert.throws(() => setup({ requestLimit: 0 }), { code: 'usage_error', message: /^requestLimit/ });
  assert.throws(() => setup({ reconnect: { baseDelayMs: -1 } }), { code: 'usage_error', message: /^reconnect\.baseDelayMs/ });
});

test('answers find their requests in any order, parameters are left out where there are none, and refusals are errors', async () => {
  const { client, gateway } = setup();
  await using closing = client;
  await closing.connect();
  const first = closing.request('health');
  const second = closing.request('status', { deep: true });
  const third = errorOf(closing.request('config.set'));
  await settle();
  const frames = gateway.last.sent.slice(1);
  assert.deepEqual(
    frames.map(({ method, params }) => [method, params]),
    [
      ['health', undefined],
      ['status', { deep: true }],
      ['config.set', undefined],
    ],
  );
  assert.ok(!('params' in frames[0]!));
  const details = { code: 'MISSING_SCOPE', missingScope: 'operator.admin', hint: 'Ask for admin.' };
  gateway.last.refuse(frames[2]!.id, { code: 'FORBIDDEN', message: 'missing scope: operator.admin', details });
  gateway.last.answer(frames[1]!.id, 2);
  gateway.last.answer(frames[0]!.id, 1);
  gateway.last.answer('nobody asked', 0);
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  const error = await third;
  assert.deepEqual(
    [error.code, error.wireCode, error.message, error.hint],
    ['MISSING_SCOPE', 'FORBIDDEN', 'missing scope: operator.admin', 'Ask for admin.'],
  );
  assert.equal(error.details['missingScope'], 'operator.admin');
});

test('a method that answers twice: the first answer is told, the second is the result; without a listener the first is', async () => {
  const { client, gateway } = setup();
  await using closing = client;
  await closing.connect();
  const accepted: unknown[] = [];
  const both = closing.request('agent', {}, { onAccepted: (payload) => void accepted.push(payload) });
  const one = closing.request('agent', {});
  await settle();
  const [, { id: idOfBoth }, { id: idOfOne }] = gateway.last.sent as [unknown, { id: string }, { id: string }];
  for (const id of [idOfBoth, idOfOne]) gateway.last.answer(id, { runId: 'run-1', status: 'accepted' });
  gateway.last.answer(idOfBoth, { runId: 'run-1', status: 'ok' });
  assert.deepEqual(accepted, [{ runId: 'run-1', status: 'accepted' }]);
  assert.deepEqual(await both, { runId: 'run-1', status: 'ok' });
  assert.deepEqual(await one, { runId: 'run-1', status: 'accepted' });
});

test('a request ends with its time or its signal, and a late answer disturbs nobody', async () => {
  const { client, gateway, clock } = setup({ requestTimeoutMs: 500 });
  await using closing = client;
  await closing.connect();
  const slow = assert.rejects(closing.request('slow'), { code: 'deadline_exceeded' });
  const controller = new AbortController();
  const aborted = assert.rejects(closing.request('slow', {}, { signal: controller.signal, timeoutMs: Infinity }), /enough/);
  await settle();
  controller.abort(new Error('enough'));
  await aborted;
  clock.advance(500);
  await slow;
  for (const { id } of gateway.last.sent.slice(1)) gateway.last.answer(id, 'late');
  const next = closing.request('health');
  await settle();
  gateway.last.answer(gateway.last.sent.at(-1)!.id, 'well');
  assert.equal(await next, 'well');
});

test('requests have bounds: their number, the length of one, and what waits to be sent', async () => {
  const { client, gateway } = setup({ requestLimit: 2 });
  await using closing = client;
  await closing.connect();
  const waiting = [closing.request('a'), closing.request('b')].map((request) => assert.rejects(request, { code: 'client_disposed' }));
  await assert.rejects(closing.request('c'), { code: 'queue_full' });
  await closing.close();
  await Promise.all(waiting);

  const other = setup();
  await using alsoClosing = other.client;
  await alsoClosing.connect();
  for (const text of ['x'.repeat(1000), 'ß'.repeat(490)]) {
    const error = await errorOf(alsoClosing.request('big', { text }));
    assert.deepEqual([error.code, error.retryable], ['unsendable', false]);
  }
  other.gateway.last.bufferedAmount = 5001;
  await assert.rejects(alsoClosing.request('health'), { code: 'unsendable', message: /5001 bytes wait/ });
  assert.equal(other.gateway.last.sent.length, 1);
  assert.equal(gateway.last.closed?.code, 1000);
});

test('events come in their order, a gap in their numbers is told, and the challenge is none of them', async () => {
  const gaps: unknown[] = [];
  const { client, gateway, events } = setup({ onGap: (gap) => void gaps.push(gap) });
  await using closing = client;
  await closing.connect();
  const seen: string[] = [];
  const unsubscribe = closing.subscribe(({ event }) => void seen.push(event));
  gateway.last.event('tick', { ts: 1 }, 1);
  gateway.last.event('health', {}, 2);
  unsubscribe();
  gateway.last.event('presence', {}, 5);
  gateway.last.event('tick', {}, 6);
  assert.deepEqual(
    events.map(({ event, seq }) => [event, seq]),
    [
      ['tick', 1],
      ['health', 2],
      ['presence', 5],
      ['tick', 6],
    ],
  );
  assert.deepEqual(seen, ['tick', 'health']);
  assert.deepEqual(gaps, [{ expected: 3, received: 5 }]);
});
