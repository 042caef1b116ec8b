import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { test } from 'node:test';
import { textToSign } from '@openclaw/protocol';
import { createSigner, errorOf, setup } from './control-client.fixture.ts';
import { admit, challenge, hello, refuseWith, settle, whileTimePasses } from './fake-gateway.fixture.ts';

test('a device signs version 3 of the text with the nonce and time of the challenge', async () => {
  const device = createSigner();
  const { client, gateway } = setup({ device });
  await using closing = client;
  await closing.connect();
  const proof = gateway.last.introduction?.device;
  assert.ok(proof);
  assert.deepEqual(
    [proof.id, proof.publicKey, proof.nonce, proof.signedAt],
    [device.deviceId, device.publicKey, challenge.nonce, challenge.ts],
  );
  const text = textToSign(3, {
    ...{ deviceId: device.deviceId, clientId: 'cli', clientMode: 'cli', role: 'operator', scopes: ['operator.read'] },
    ...{ signedAtMs: challenge.ts, token: 'secret', nonce: challenge.nonce, platform: 'linux', deviceFamily: 'linux' },
  });
  assert.ok(verify(null, Buffer.from(text), device.key, Buffer.from(proof.signature, 'base64url')));
});

test('a device that does not sign ends the attempt with what it threw', async () => {
  const { client } = setup({ device: { ...createSigner(), sign: () => Promise.reject(new Error('the key is gone')) } });
  await using closing = client;
  const error = await errorOf(closing.connect());
  assert.equal(error.code, 'connect_aborted');
  assert.match(error.message, /the key is gone/);
});

test('a wrong token stops it: the error says so with the way the connection closed, and it asks no second time', async () => {
  const { client, gateway, clock, states } = setup();
  await using closing = client;
  gateway.script(
    refuseWith('AUTH_TOKEN_MISMATCH', {
      message: 'unauthorized: gateway token mismatch',
      details: { recommendedNextStep: 'update_auth_credentials' },
    }),
  );
  const error = await errorOf(closing.connect());
  assert.deepEqual(
    [error.code, error.wireCode, error.closeCode, error.closeReason, error.nextStep, error.patience, error.stateId],
    ['AUTH_TOKEN_MISMATCH', 'INVALID_REQUEST', 1008, 'unauthorized: gateway token mismatch', 'update_auth_credentials', 'never', 'state-1'],
  );
  assert.match(error.hint ?? '', /not this gateway's/);
  assert.equal(states.at(-1)?.kind, 'stopped');
  clock.advance(600_000);
  await settle();
  assert.equal(gateway.sockets.length, 1);
  await assert.rejects(closing.request('health'), { code: 'AUTH_TOKEN_MISMATCH' });
  gateway.script(admit);
  assert.ok(await closing.connect());
});

test('a refusal whose close never comes is told after a second', async () => {
  const { client, gateway, clock } = setup({ reconnect: false });
  await using closing = client;
  gateway.script((socket) =>
    socket.refuse('connect', { code: 'UNAVAILABLE', message: 'gateway starting', retryable: true, retryAfterMs: 500 }),
  );
  const refused = errorOf(closing.connect());
  await settle();
  clock.advance(1000);
  const error = await refused;
  assert.deepEqual([error.code, error.retryAfterMs, error.closeCode], ['UNAVAILABLE', 500, undefined]);
  assert.equal(gateway.last.closed?.code, 1000);
});

test('who waits for approval is told the request, asks slowly, and is in once it is approved', async () => {
  const { client, gateway, clock, states } = setup({ device: createSigner() });
  await using closing = client;
  const refusal = refuseWith(
    'PAIRING_REQUIRED',
    {
      code: 'NOT_PAIRED',
      message: 'pairing required: device is not approved yet',
      details: { requestId: 'request-7', reason: 'not-paired' },
    },
    { code: 1008, reason: 'pairing required: device is not approved yet (requestId: request-7)' },
  );
  gateway.script(refusal, refusal, admit);
  await whileTimePasses(clock, closing.connect());
  const waits = states.flatMap((state) => (state.kind === 'waiting' ? [state] : []));
  assert.deepEqual(
    waits.map(({ delayMs, error }) => [delayMs, error.code, error.pairingRequestId, error.wireCode]),
    [
      [6250, 'PAIRING_REQUIRED', 'request-7', 'NOT_PAIRED'],
      [6250, 'PAIRING_REQUIRED', 'request-7', 'NOT_PAIRED'],
    ],
  );
  assert.equal(waits[0]?.error.hint, 'Approve it where the gateway runs: openclaw devices approve request-7');
});

test('where only the close says it, the request is read from its reason', async () => {
  const { client, gateway } = setup({ reconnect: false });
  await using closing = client;
  gateway.script((socket) => socket.end(1008, 'pairing required: device is not approved yet (requestId: request-8)'));
  const error = await errorOf(closing.connect());
  assert.deepEqual([error.code, error.pairingRequestId, error.patience], ['PAIRING_REQUIRED', 'request-8', 'slowly']);
});

test('a gateway that speaks another version, or something else, stops it', async () => {
  for (const script of [
    refuseWith('PROTOCOL_MISMATCH', {}, { code: 1002, reason: 'protocol mismatch' }),
    (socket: { end(code: number, reason: string): void }) => socket.end(1002, 'protocol mismatch'),
    (socket: { answer(id: string, payload: unknown): void }) => socket.answer('connect', { ...hello(), protocol: 5 }),
    (socket: { text(data: unknown): void }) => socket.text('<html>'),
    (socket: { text(data: unknown): void }) => socket.text(new ArrayBuffer(3)),
  ]) {
    const { client, gateway } = setup();
    await using closing = client;
    gateway.script(script);
    assert.equal((await errorOf(closing.connect())).patience, 'never');
    assert.equal(closing.state.kind, 'stopped');
  }
});

test('locked out, it waits for as long as it is told, or a minute', async () => {
  for (const [retryAfterMs, delayMs] of [
    [300_000, 301_250],
    [undefined, 61_250],
  ] as const) {
    const { client, gateway, states, clock } = setup();
    await using closing = client;
    gateway.script(
      refuseWith('AUTH_RATE_LIMITED', { code: 'UNAVAILABLE', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }),
      admit,
    );
    await whileTimePasses(clock, closing.connect());
    assert.deepEqual(
      states.flatMap((state) => (state.kind === 'waiting' ? [state.delayMs] : [])),
      [delayMs],
    );
  }
});

test('after a wrong token the token of the device is tried once, on this machine or with a known certificate, and used from then on', async () => {
  const mismatch = refuseWith('AUTH_TOKEN_MISMATCH');
  for (const place of [{}, { url: 'wss://gateway.example', isCertificatePinned: true }]) {
    const { client, gateway, clock } = setup({ auth: { token: 'old', deviceToken: 'device' }, device: createSigner(), ...place });
    await using closing = client;
    gateway.script(mismatch, admit);
    await closing.connect();
    assert.deepEqual(
      gateway.sockets.map(({ introduction }) => introduction?.auth),
      [{ token: 'old' }, { deviceToken: 'device' }],
    );
    gateway.last.end(1012, 'service restart');
    await settle();
    clock.advanceToNext();
    await settle();
    assert.deepEqual(gateway.last.introduction?.auth, { deviceToken: 'device' });
  }
});

test('the token of a device is not shown where somebody may stand in between, without a device, or a second time', async () => {
  const mismatch = refuseWith('AUTH_TOKEN_MISMATCH');
  const auth = { token: 'old', deviceToken: 'device' };
  for (const options of [
    { url: 'ws://192.168.1.5:18789', device: createSigner() },
    { url: 'wss://gateway.example', device: createSigner() },
    {},
  ]) {
    const { client, gateway } = setup({ auth, ...options });
    await using closing = client;
    gateway.script(mismatch);
    await errorOf(closing.connect());
    assert.equal(gateway.sockets.length, 1);
  }
  const { client, gateway, deviceTokens } = setup({ auth, device: createSigner() });
  await using closing = client;
  gateway.script(mismatch, refuseWith('AUTH_DEVICE_TOKEN_MISMATCH'));
  assert.equal((await errorOf(closing.connect())).code, 'AUTH_DEVICE_TOKEN_MISMATCH');
  assert.equal(gateway.sockets.length, 2);
  assert.deepEqual(deviceTokens, [undefined]);
});

test('a token that the gateway issues is told to be kept, and is used where there is no other; one that no longer holds is told too', async () => {
  const { client, gateway, deviceTokens, clock } = setup({ auth: {}, device: createSigner() });
  await using closing = client;
  const issue = (deviceToken: string) => (socket: { answer(id: string, payload: unknown): void }) =>
    socket.answer('connect', hello({ auth: { role: 'operator', scopes: [], deviceToken } }));
  gateway.script(issue('device-1'), issue('device-1'), refuseWith('AUTH_DEVICE_TOKEN_MISMATCH'));
  await closing.connect();
  for (let turn = 0; turn < 2; turn++) {
    gateway.last.end(1012, 'service restart');
    await settle();
    clock.advanceToNext();
    await settle();
  }
  assert.deepEqual(
    gateway.sockets.map(({ introduction }) => introduction?.auth),
    [{}, { deviceToken: 'device-1' }, { deviceToken: 'device-1' }],
  );
  assert.deepEqual(deviceTokens, ['device-1', undefined]);
  assert.equal(closing.state.kind, 'stopped');
});
