import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf, setup } from './control-client.fixture.ts';
import { admit, hello, refuseWith, settle } from './fake-gateway.fixture.ts';

test('silence of two ticks ends the connection with 4000, any frame counts as a sign of life, and it comes back', async () => {
  const { client, gateway, clock, states } = setup();
  await using closing = client;
  await closing.connect();
  clock.advance(59_000);
  gateway.last.event('tick', {}, 1);
  clock.advance(59_000);
  await settle();
  assert.equal(gateway.last.closed, undefined);
  clock.advance(1000);
  assert.deepEqual(gateway.last.closed, { code: 4000, reason: 'tick timeout' });
  await settle();
  const state = states.at(-1);
  assert.equal(state?.kind, 'waiting');
  assert.equal(state.kind === 'waiting' && state.error.closeCode, 4000);
  clock.advance(250);
  await settle();
  assert.equal(gateway.sockets.length, 2);
  assert.equal(closing.state.kind, 'connected');
});

test('after a restart it comes back by itself: what was under way is rejected, and what is asked meanwhile waits', async () => {
  const { client, gateway, clock } = setup();
  await using closing = client;
  await closing.connect();
  const lost = errorOf(closing.request('cron.run'));
  await settle();
  gateway.last.end(1012, 'service restart');
  const error = await lost;
  assert.deepEqual([error.code, error.retryable, error.closeCode, error.closeReason], ['connection_lost', true, 1012, 'service restart']);
  assert.match(error.message, /service restart \(code 1012\)/);
  const asked = closing.request('health');
  clock.advance(250);
  await settle();
  assert.equal(gateway.sockets.length, 2);
  gateway.last.answer(gateway.last.sent.at(-1)!.id, 'well');
  assert.equal(await asked, 'well');
});

test('waits grow with each failure, are half of 500, 1000, 2000, … with the middle of chance, and have a bound', async () => {
  const { client, gateway, clock, states } = setup();
  await using closing = client;
  gateway.isSilent = true;
  const opened = closing.connect();
  for (let failure = 0; failure < 8; failure++) {
    await settle();
    gateway.last.fail('connect ECONNREFUSED');
    await settle();
    if (failure === 7) {
      gateway.isSilent = false;
    }
    clock.advanceToNext();
  }
  await opened;
  const delays = states.flatMap((state) => (state.kind === 'waiting' ? [state.delayMs] : []));
  assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 7500, 7500, 7500]);
  assert.ok(states.every((state) => state.kind !== 'waiting' || /could not be reached: connect ECONNREFUSED/.test(state.error.message)));
});

test('a connection that ends at once is no success that lets the waits begin anew; one that lasted is', async () => {
  const { client, gateway, clock, states } = setup();
  await using closing = client;
  gateway.script((socket) => {
    socket.answer('connect', hello());
    socket.end(1011, 'handler unavailable');
  });
  await closing.connect();
  for (let turn = 0; turn < 3; turn++) {
    await settle();
    clock.advanceToNext();
  }
  await settle();
  gateway.script(admit);
  clock.advanceToNext();
  await settle();
  clock.advance(5000);
  gateway.last.end(1012, 'service restart');
  await settle();
  assert.deepEqual(
    states.flatMap((state) => (state.kind === 'waiting' ? [state.delayMs] : [])),
    [250, 500, 1000, 2000, 250],
  );
});

test('retryNow cuts the wait short', async () => {
  const { client, gateway } = setup();
  await using closing = client;
  await closing.connect();
  gateway.last.end(1006);
  await settle();
  assert.equal(closing.state.kind, 'waiting');
  closing.retryNow();
  await settle();
  assert.equal(closing.state.kind, 'connected');
});

test('no hello in time is a failure that passes by itself', async () => {
  const { client, gateway, clock } = setup({ reconnect: false, connectTimeoutMs: 2000 });
  await using closing = client;
  gateway.isSilent = true;
  const failed = errorOf(closing.connect());
  await settle();
  clock.advance(2000);
  const error = await failed;
  assert.deepEqual([error.code, error.retryable], ['connection_failed', true]);
  assert.match(error.message, /no hello within 2000 ms/);
});

test('without reconnect the first end is the last', async () => {
  const { client, gateway, clock } = setup({ reconnect: false });
  await using closing = client;
  await closing.connect();
  gateway.last.end(1012, 'service restart');
  await settle();
  assert.equal(closing.state.kind, 'stopped');
  clock.advance(60_000);
  await settle();
  assert.equal(gateway.sockets.length, 1);
  await assert.rejects(closing.request('health'), { code: 'connection_lost' });
});

test('before connect nothing is sent; the signal of connect ends the wait alone; after close everything is refused', async () => {
  const { client, gateway, clock, states } = setup();
  await assert.rejects(client.request('health'), { code: 'not_connected' });
  gateway.isSilent = true;
  const controller = new AbortController();
  const wait = assert.rejects(client.connect(controller.signal), /changed my mind/);
  await settle();
  controller.abort(new Error('changed my mind'));
  await wait;
  assert.equal(client.state.kind, 'connecting');
  const lasting = assert.rejects(client.connect(), { code: 'client_disposed' });
  await settle();
  await client.close();
  await client.close();
  await lasting;
  assert.ok(gateway.last.closed);
  assert.equal(clock.timers, 0);
  assert.equal(states.at(-1)?.kind, 'closed');
  await assert.rejects(client.connect(), { code: 'client_disposed' });
  await assert.rejects(client.request('health'), { code: 'client_disposed' });
});

test('close while it waits leaves no timer behind', async () => {
  const { client, gateway, clock } = setup();
  await client.connect();
  gateway.last.end(1006);
  await settle();
  assert.equal(client.state.kind, 'waiting');
  await client.close();
  assert.equal(clock.timers, 0);
});

test('who is told that it stopped may connect again at once', async () => {
  const again: Promise<unknown>[] = [];
  const { client, gateway } = setup({
    onState(state) {
      if (state.kind === 'stopped') again.push(client.connect());
    },
  });
  await using closing = client;
  gateway.script(refuseWith('AUTH_TOKEN_MISMATCH'), admit);
  await errorOf(closing.connect());
  assert.equal(again.length, 1);
  await again[0];
  assert.equal(closing.state.kind, 'connected');
});
