/** The handshake, rule by rule: what a first frame may be, what it gets, and the code that ends the connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeCodes, type ConnectParams, type HelloOk } from '@openclaw/protocol';
import { OpenClawError } from '../../src/core/errors.ts';
import type { ControlState } from '../../src/gateway/control/index.ts';
import { admitByToken, eventually, startTestPlane, testToken, testVersion } from './plane.ts';
import { connectClient, connectFrame, connectParams, open, shakeHands, testClient } from './raw-client.ts';

test('the first thing that is heard is a challenge: a nonce of its own, the time of the gateway, and no seq', async () => {
  await using plane = await startTestPlane();
  await using one = await open(plane);
  await using other = await open(plane);
  const [challenge] = one.frames;
  assert.ok(challenge?.type === 'event' && challenge.event === 'connect.challenge');
  assert.ok(!('seq' in challenge));
  const { nonce, ts } = challenge.payload as { nonce: string; ts: number };
  assert.match(nonce, /^[0-9a-f-]{36}$/);
  assert.equal(ts, plane.clock.now());
  assert.notDeepEqual(challenge, other.frames[0]);
});

test('a connect frame as the command line sends it is answered by a hello with what there is', async () => {
  const methods = { health: { scope: 'none', run: () => ({}) }, status: { scope: 'operator.read', run: () => ({}) } } as const;
  const snapshot = { configPath: '/c', stateDir: '/s', authMode: 'token', stateId: 'state-1', appliedConfigHash: 'h' };
  await using plane = await startTestPlane({ methods, events: ['chat', 'tick'], capabilities: ['one'], snapshot: () => snapshot });
  const client = { id: 'cli', version: '2026.9.6', platform: 'linux', deviceFamily: 'Linux', mode: 'cli', instanceId: 'i' } as const;
  const { client: connected, hello } = await shakeHands(plane, { client, caps: [], role: 'operator', scopes: ['operator.read'] });
  await using _ = connected;
  assert.deepEqual(hello, {
    type: 'hello-ok',
    protocol: 4,
    server: { version: testVersion, bootId: hello.server.bootId ?? 'none', connId: hello.server.connId },
    features: {
      methods: ['health', 'status'],
      events: ['connect.challenge', 'tick', 'presence', 'health', 'shutdown', 'chat'],
      capabilities: ['one'],
    },
    snapshot: {
      ...{ presence: [], health: { ok: true }, stateVersion: { presence: 0, health: 1 }, uptimeMs: 0 },
      ...{ stateId: 'state-1', appliedConfigHash: 'h' },
    },
    auth: { method: 'token', role: 'operator', scopes: ['operator.read'] },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
  } satisfies HelloOk);
});

test('where the files of the gateway are is told to admins alone', async () => {
  const snapshot = { configPath: '/c', stateDir: '/s', authMode: 'token' };
  await using plane = await startTestPlane({ snapshot: () => snapshot });
  const admin = await shakeHands(plane, { scopes: ['operator.admin'] });
  const writer = await shakeHands(plane, { scopes: ['operator.write'] });
  assert.equal(admin.hello.snapshot.configPath, '/c');
  assert.deepEqual(
    [writer.hello.snapshot.configPath, writer.hello.snapshot.stateDir, writer.hello.snapshot.authMode],
    [undefined, undefined, undefined],
  );
});

test('a device token that the door gives is in the hello', async () => {
  await using plane = await startTestPlane({
    admit: (asked) => ({ ...admitByToken(asked), deviceToken: 'd', issuedAtMs: 5 }) as ReturnType<typeof admitByToken>,
  });
  const { hello } = await shakeHands(plane);
  assert.deepEqual([hello.auth.deviceToken, hello.auth.issuedAtMs], ['d', 5]);
});

const proper = connectFrame();
test('a reason that is too long for a close frame is cut where a character ends', async () => {
  const closeReason = '…'.repeat(100);
  const error = { code: 'NOT_PAIRED', message: closeReason } as const;
  await using plane = await startTestPlane({ admit: () => ({ admitted: false, error, closeReason }) });
  await using client = await open(plane);
  client.send(proper);
  assert.deepEqual(await client.ended, { code: 1008, reason: '…'.repeat(40) });
});

const versions: readonly (readonly [title: string, params: Partial<ConnectParams>, admitted: boolean])[] = [
  ['4 to 4', { minProtocol: 4, maxProtocol: 4 }, true],
  ['3 to 5', { minProtocol: 3, maxProtocol: 5 }, true],
  ['only 3', { minProtocol: 3, maxProtocol: 3 }, false],
  ['only 5', { minProtocol: 5, maxProtocol: 5 }, false],
  ['5 to 4', { minProtocol: 5, maxProtocol: 4 }, false],
  ['only 3, to see whether somebody is there', { minProtocol: 3, maxProtocol: 3, client: { ...testClient, mode: 'probe' } }, true],
  ['only 2, to see whether somebody is there', { minProtocol: 2, maxProtocol: 2, client: { ...testClient, mode: 'probe' } }, false],
  ['4 to 3, to see whether somebody is there', { minProtocol: 4, maxProtocol: 3, client: { ...testClient, mode: 'probe' } }, false],
  ['only 3, as a node', { minProtocol: 3, maxProtocol: 3, role: 'node' }, true],
];

test('versions meet at 4, for nodes and those who only look also at 3; otherwise 1002 and both sides of the mismatch', async (t) => {
  await using plane = await startTestPlane();
  for (const [title, params, admitted] of versions) {
    await t.test(title, async () => {
      await using client = await open(plane);
      const { ok, error } = await client.call('connect', connectParams(params));
      assert.equal(ok, admitted);
      if (admitted) return;
      assert.deepEqual(error, {
        code: 'INVALID_REQUEST',
        message: 'protocol mismatch',
        details: {
          code: 'PROTOCOL_MISMATCH',
          clientMinProtocol: params.minProtocol,
          clientMaxProtocol: params.maxProtocol,
          expectedProtocol: 4,
          minimumProbeProtocol: 3,
        },
      });
      assert.deepEqual(await client.ended, { code: 1002, reason: 'protocol mismatch' });
    });
  }
});

test('who says nothing is closed with 1000 after fifteen seconds, and not before', async () => {
  await using plane = await startTestPlane();
  await using client = await open(plane);
  plane.clock.advance(14_999);
  assert.equal(plane.metric('openclaw_control_handshakes'), 1);
  plane.clock.advance(1);
  assert.deepEqual(await client.ended, { code: 1000, reason: '' });
  assert.equal(plane.metric('openclaw_control_handshakes_refused_total', 'reason="timeout"'), 1);
});

test('the time of the handshake is a setting, and ends a door that does not answer too', async () => {
  const asked = Promise.withResolvers<void>();
  const admit = async (): Promise<never> => {
    asked.resolve();
    return new Promise<never>(() => undefined);
  };
  await using plane = await startTestPlane({ admit, handshakeTimeoutMs: () => 100 });
  await using client = await open(plane);
  client.send(proper);
  await asked.promise;
  plane.clock.advance(100);
  assert.deepEqual(await client.ended, { code: 1000, reason: '' });
});

test('who is let in after it has gone, or after its time, is no client', async () => {
  const doors: PromiseWithResolvers<void>[] = [];
  const admit = async (asked: Parameters<typeof admitByToken>[0]) => {
    const door = Promise.withResolvers<void>();
    doors.push(door);
    await door.promise;
    return admitByToken(asked);
  };
  await using plane = await startTestPlane({ admit });
  const left = await open(plane);
  await using late = await open(plane);
  left.send(proper);
  late.send(proper);
  await eventually(() => doors.length === 2, 'that the door was asked');
  await left[Symbol.asyncDispose]();
  plane.clock.advance(15_000);
  await late.ended;
  await eventually(() => plane.openSockets() === 0, 'that both have gone');
  for (const door of doors) door.resolve();
  await new Promise(setImmediate);
  assert.equal(plane.plane.hub.clients().length, 0);
  assert.equal(plane.metric('openclaw_control_handshakes'), 0);
});

test('frames that come before the hello wait, up to fifteen, and are answered after it in their order', async () => {
  const door = Promise.withResolvers<void>();
  const order: unknown[] = [];
  const methods = { note: { scope: 'none', run: ({ params }: { params: object }) => void order.push(params) } } as const;
  await using plane = await startTestPlane({ methods, admit: async (asked) => (await door.promise, admitByToken(asked)) });
  await using client = await open(plane);
  client.send(proper);
  for (let index = 0; index < 15; index += 1) client.send({ type: 'req', id: `n${index}`, method: 'note', params: { index } });
  door.resolve();
  await client.response('n14');
  assert.deepEqual(
    order,
    Array.from({ length: 15 }, (_, index) => ({ index })),
  );
  assert.equal(
    client.frames.findIndex((frame) => frame.type === 'res' && frame.id === 'c'),
    1,
  );
});

test('the sixteenth frame before the hello closes the connection', async () => {
  await using plane = await startTestPlane({ admit: () => new Promise<never>(() => undefined) });
  await using client = await open(plane);
  client.send(proper);
  for (let index = 0; index < 16; index += 1) client.send({ type: 'req', id: `n${index}`, method: 'note' });
  assert.deepEqual(await client.ended, { code: 1008, reason: 'too many pending handshake frames' });
});

for (const [title, bytes] of [
  ['a little', 64 * 1024 + 1],
  ['ten times', 640 * 1024],
  ['far', 20 * 1024 * 1024],
] as const) {
  test(`a first frame that is ${title} over 64 KiB is closed with 1009`, async () => {
    await using plane = await startTestPlane();
    await using client = await open(plane);
    client.send('x'.repeat(bytes));
    assert.deepEqual(await client.ended, { code: 1009, reason: 'preauth payload too large' });
  });
}

test('a first frame of exactly 64 KiB is read', async () => {
  await using plane = await startTestPlane();
  await using client = await open(plane);
  const text = JSON.stringify(connectFrame());
  client.send(text + ' '.repeat(64 * 1024 - text.length));
  assert.equal((await client.response('c')).ok, true);
});

test('several frames of nearly 64 KiB before the hello are no frame that is too large', async () => {
  const door = Promise.withResolvers<void>();
  const methods = { note: { scope: 'none', run: () => ({}) } } as const;
  await using plane = await startTestPlane({ methods, admit: async (asked) => (await door.promise, admitByToken(asked)) });
  await using client = await open(plane);
  client.send(proper);
  const note = JSON.stringify({ type: 'req', id: 'n', method: 'note' });
  for (let index = 0; index < 10; index += 1) client.send(note + ' '.repeat(60_000));
  door.resolve();
  await client.until(() => client.responses('n').length === 10, 'the answers');
});

test('pieces without end before the hello are closed with 1009, before they are a message', async () => {
  await using plane = await startTestPlane();
  await using client = await open(plane);
  const piece = 'x'.repeat(1000);
  for (let index = 0; index < 1000; index += 1) client.ws.send(piece, { fin: false });
  assert.deepEqual(await client.ended, { code: 1009, reason: 'preauth payload too large' });
});

for (const [state, reason, detail] of [
  ['starting', 'gateway starting', 'startup-sidecars'],
  ['draining', 'gateway draining', 'gateway-draining'],
] as const) {
  test(`while the gateway is ${state} a connect is asked to come back: UNAVAILABLE, then 1013`, async () => {
    await using plane = await startTestPlane({ state: (): ControlState => state });
    await using client = await open(plane);
    const { error } = await client.call('connect', connectParams());
    assert.deepEqual(error, { code: 'UNAVAILABLE', message: reason, details: { reason: detail }, retryable: true, retryAfterMs: 500 });
    assert.deepEqual(await client.ended, { code: 1013, reason });
  });
}

test('a page of another origin is refused by name of the setting; a program without an Origin is not asked', async () => {
  const allowed = 'https://gateway.example';
  await using plane = await startTestPlane({ isOriginAllowed: ({ headers }) => headers.origin === allowed });
  await using foreign = await open(plane, { origin: 'https://evil.example' });
  const { error } = await foreign.call('connect', connectParams());
  assert.equal(error?.details?.['code'], 'CONTROL_UI_ORIGIN_NOT_ALLOWED');
  assert.match(error?.message ?? '', /gateway\.controlUi\.allowedOrigins/);
  const end = await foreign.ended;
  assert.equal(end.code, 1008);
  assert.match(end.reason, /^origin not allowed \(open the Control UI from the gateway host/);
  await using own = (await shakeHands(plane, {}, { origin: allowed })).client;
  await using program = await connectClient(plane);
  assert.ok(own.end === undefined && program.end === undefined);
});

test('what the door refuses goes out as it is, with 1008', async () => {
  const error = {
    code: 'NOT_PAIRED',
    message: 'pairing required: device is not approved yet',
    details: { code: 'PAIRING_REQUIRED', requestId: 'r-1' },
  } as const;
  await using plane = await startTestPlane({
    admit: () => ({ admitted: false, error, closeReason: `${error.message} (requestId: r-1)` }),
  });
  await using client = await open(plane);
  assert.deepEqual((await client.call('connect', connectParams())).error, error);
  assert.deepEqual(await client.ended, { code: 1008, reason: 'pairing required: device is not approved yet (requestId: r-1)' });
  assert.equal(plane.metric('openclaw_control_handshakes_refused_total', 'reason="pairing_required"'), 1);
});

test('the door hears what was asked, the challenge, and who is at the other end', async () => {
  const heard: unknown[] = [];
  await using plane = await startTestPlane({
    addressOf: () => '192.0.2.7',
    isOriginAllowed: () => true,
    admit(asked) {
      const { peer, challenge, params } = asked;
      heard.push([challenge, peer.address, peer.isDirectLoopback, peer.origin, peer.headers['x-a'], params.auth?.token]);
      return admitByToken(asked);
    },
  });
  const { client } = await shakeHands(plane, {}, { origin: 'http://here', 'x-a': 'b' });
  await using _ = client;
  const [challenge] = client.events('connect.challenge');
  assert.deepEqual(heard, [[challenge?.payload, '192.0.2.7', true, 'http://here', 'b', testToken]]);
});

test('a door that fails is told as an internal error without its words, and 1011', async () => {
  const admit = (): never => {
    throw new Error('the database is at /secret/place');
  };
  await using plane = await startTestPlane({ admit });
  await using client = await open(plane);
  const { error } = await client.call('connect', connectParams());
  assert.deepEqual([error?.code, error?.message, error?.retryable], ['UNAVAILABLE', 'internal error', true]);
  assert.deepEqual(await client.ended, { code: 1011, reason: 'gateway message handler unavailable' });
  assert.doesNotMatch(JSON.stringify(client.frames), /secret/);
  const line = plane.logLines.find(({ connectionId }) => connectionId === error?.details?.['requestId']);
  assert.match(JSON.stringify(line), /secret\/place/);
});

test('an error of the catalogue from the door keeps its code, words and hint', async () => {
  const admit = (): never => {
    throw new OpenClawError('overloaded', { details: { limit: 3, what: 'doors', setting: 'x' }, retryAfterMs: 700 });
  };
  await using plane = await startTestPlane({ admit });
  await using client = await open(plane);
  const { error } = await client.call('connect', connectParams());
  assert.deepEqual([error?.code, error?.retryable, error?.retryAfterMs], ['UNAVAILABLE', true, 700]);
  assert.equal(error?.details?.['openclawCode'], 'overloaded');
  assert.equal((await client.ended).code, 1008);
});

test('who is thrown out while the door decides does not come in with what the door saw before', async () => {
  const door = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const admit = async (request: Parameters<typeof admitByToken>[0]) => {
    const admission = admitByToken(request);
    asked.resolve();
    await door.promise;
    return admission;
  };
  await using plane = await startTestPlane({ admit });
  await using client = await open(plane);
  client.send(proper);
  await asked.promise;
  const end = { code: closeCodes.authChanged, reason: 'gateway auth changed' };
  assert.equal(
    plane.plane.hub.closeWhere(({ principal }) => principal.method === 'token', end),
    0,
  );
  door.resolve();
  assert.deepEqual(await client.ended, end);
  assert.equal(plane.plane.hub.clients().length, 0);
});

test('a token is in no line of the log', async () => {
  await using plane = await startTestPlane();
  await using bad = await open(plane);
  bad.send(connectFrame({ auth: { token: 'mistyped-token' } }));
  await bad.ended;
  await using good = await connectClient(plane);
  assert.ok(good.end === undefined && plane.logLines.length > 0);
  assert.doesNotMatch(JSON.stringify(plane.logLines), /mistyped-token|token-of-the-control-plane/);
});
