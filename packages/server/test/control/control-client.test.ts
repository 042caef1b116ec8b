/** `ControlClient` with the WebSocket that Node and browsers share, against a real gateway. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlClient, type ControlClientOptions, type ControlState } from '@openclaw/client/control';
import { startTestGateway, testToken } from '../harness/gateway.ts';

function open(url: string, options: Partial<ControlClientOptions> = {}) {
  let told = Promise.withResolvers<void>();
  const states: ControlState[] = [];
  const client = new ControlClient({
    url,
    auth: { token: testToken },
    client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' },
    reconnect: { baseDelayMs: 20, maxDelayMs: 50 },
    onState(state) {
      states.push(state);
      told.resolve();
      told = Promise.withResolvers();
    },
    ...options,
  });
  /** Resolves once it has been in this state after the first `since`. */
  const reached = async (kind: ControlState['kind'], since: number): Promise<void> => {
    while (!states.slice(since).some((state) => state.kind === kind)) await told.promise;
  };
  return { client, states, reached };
}

test('it is let in, asks, and is refused what its scopes do not hold', async () => {
  await using gateway = await startTestGateway();
  const { client } = open(gateway.url);
  await using closing = client;
  const hello = await closing.connect();
  assert.deepEqual([hello.protocol, hello.auth.method, hello.auth.scopes], [4, 'token', ['operator.read']]);
  assert.match(hello.snapshot.stateId ?? '', /./);
  const health = await closing.request<{ ok: boolean }>('health');
  assert.equal(health.ok, true);
  await assert.rejects(closing.request('device.pair.list', {}), { code: 'MISSING_SCOPE', wireCode: 'FORBIDDEN', closeCode: undefined });
  await assert.rejects(closing.request('no.such.method'), { wireCode: 'FORBIDDEN' });
});

test('a wrong token stops it with the reason, the close, and the state that refused', async () => {
  await using gateway = await startTestGateway();
  const { client } = open(gateway.url, { auth: { token: 'wrong' } });
  await using closing = client;
  await assert.rejects(closing.connect(), (error: Error & Record<string, unknown>) => {
    assert.deepEqual([error['code'], error['closeCode'], error['patience']], ['AUTH_TOKEN_MISMATCH', 1008, 'never']);
    assert.match(String(error['stateId']), /./);
    return true;
  });
  assert.equal(closing.state.kind, 'stopped');
});

test('when the gateway stops it is told, and it comes back to the next one by itself', async () => {
  const first = await startTestGateway();
  const { port } = new URL(first.url);
  const { client, states, reached } = open(first.url);
  await using closing = client;
  const bootId = (await closing.connect()).server.bootId;
  const since = states.length;
  await first[Symbol.asyncDispose]();
  await reached('waiting', since);
  const lost = states.slice(since).find((state) => state.kind === 'waiting');
  assert.equal(lost?.error.code, 'connection_lost');
  assert.equal(lost.error.closeCode, 1012);
  // What is asked while nobody is there waits for who comes.
  const asked = closing.request<{ ok: boolean }>('health');
  await using _second = await startTestGateway({ environment: { OPENCLAW_GATEWAY_PORT: port } });
  assert.equal((await asked).ok, true);
  assert.notEqual(closing.hello?.server.bootId, bootId);
});
