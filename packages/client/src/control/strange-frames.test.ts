import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { setup } from './control-client.fixture.ts';
import { hello, settle } from './fake-gateway.fixture.ts';

const value = fc.jsonValue({ maxDepth: 3 });
/** Close to what gateways send, and wrong anywhere. */
const frame = fc.oneof(
  value,
  fc.record(
    {
      type: fc.constantFrom('event', 'res', 'req', 7),
      event: fc.oneof(fc.constant('connect.challenge'), value),
      payload: value,
      seq: value,
    },
    { requiredKeys: ['type'] },
  ),
  fc.record(
    {
      type: fc.constant('res'),
      id: fc.oneof(fc.constantFrom('connect', '1', '2'), value),
      ok: fc.oneof(fc.boolean(), value),
      payload: fc.oneof(
        value,
        fc.record(
          { type: fc.constant('hello-ok'), protocol: fc.constantFrom(3, 4), policy: value, auth: value },
          { requiredKeys: ['type'] },
        ),
      ),
      error: fc.oneof(
        value,
        fc.record({ code: value, message: value, details: value, retryable: value, retryAfterMs: value }, { requiredKeys: [] }),
      ),
    },
    { requiredKeys: ['type', 'id'] },
  ),
);
const data = fc.oneof(
  frame.map((one) => JSON.stringify(one)),
  fc.string(),
  fc.constant(new ArrayBuffer(2)),
);

async function survives(messages: readonly unknown[], isAdmitted: boolean): Promise<void> {
  const { client, gateway, clock } = setup({ reconnect: false, requestTimeoutMs: 1000 });
  gateway.isSilent = true;
  const connected = client.connect().then(
    () => undefined,
    (error: unknown) => error,
  );
  await settle();
  const socket = gateway.last;
  if (isAdmitted) {
    socket.event('connect.challenge', { nonce: 'n', ts: 1 });
    await settle();
    assert.equal(client.state.kind, 'connected');
  }
  const request = isAdmitted ? client.request('health').catch((error: unknown) => error) : undefined;
  await settle();
  // A throw here would be an uncaught exception of the program.
  for (const message of messages) socket.text(message);
  await settle();
  const { kind } = client.state;
  assert.ok(kind === 'connected' || kind === 'connecting' || kind === 'stopped', kind);
  if (kind === 'stopped') assert.ok(socket.closed, 'it gave up and left the socket open');
  await client.close();
  await connected;
  await request;
  assert.ok(socket.closed);
  assert.equal(clock.timers, 0);
}

test('whatever comes before the hello, the client waits, is let in, or gives up in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(data, { maxLength: 5 }), (messages) => survives(messages, false)),
    { numRuns: 150 },
  );
});

test('whatever comes after the hello, the client stays, or gives up in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(data, { maxLength: 5 }), (messages) => survives(messages, true)),
    { numRuns: 150 },
  );
});

test('a hello without what the client goes by is none', async () => {
  const { policy: _policy, ...rest } = hello();
  for (const payload of [rest, { ...hello(), policy: { tickIntervalMs: 0 } }, { ...hello(), auth: undefined }, null, 'hello-ok']) {
    const { client, gateway } = setup();
    await using closing = client;
    gateway.script((socket) => socket.answer('connect', payload));
    await assert.rejects(closing.connect(), { code: 'unreadable_answer' });
    assert.ok(gateway.last.closed);
  }
});
