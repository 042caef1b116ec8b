/** What clients hear unasked: numbers, ticks, health, presence, broadcasts, and the end of the gateway. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventFrame } from '@openclaw/protocol';
import type { PresenceEntry } from '../../src/gateway/control/contract.ts';
import { eventually, startTestPlane, type TestPlane } from './plane.ts';
import { connectClient, RawClient, testClient } from './raw-client.ts';

const echo = { echo: { scope: 'none', run: ({ params }: { params: object }) => params } } as const;

function presenceOf(event: EventFrame | undefined): readonly PresenceEntry[] {
  return (event?.payload as { presence: readonly PresenceEntry[] } | undefined)?.presence ?? [];
}

/** Everything that was sent before has arrived when this is answered. */
async function settled(client: RawClient): Promise<void> {
  await client.call('echo');
}

test('seq counts the events of one connection from 1, without gaps, whatever their kind', async () => {
  await using plane = await startTestPlane({ methods: echo });
  await using one = await connectClient(plane);
  await using two = await connectClient(plane);
  const { hub } = plane.plane;
  for (let index = 0; index < 5; index += 1) hub.broadcast('chat', { index });
  hub.clients()[1]?.send('agent', { only: 'two' });
  plane.clock.advance(30_000);
  await settled(one);
  await settled(two);
  for (const client of [one, two]) {
    const numbers = client.frames.flatMap((frame) => (frame.type === 'event' && frame.seq !== undefined ? [frame.seq] : []));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    assert.ok(numbers.length >= 7);
  }
  assert.equal(one.events('agent').length, 0);
  assert.deepEqual(two.events('agent')[0]?.payload, { only: 'two' });
});

test('a tick comes every thirty seconds, at one moment for all, with the time of the gateway', async () => {
  await using plane = await startTestPlane({ methods: echo });
  await using early = await connectClient(plane);
  plane.clock.advance(20_000);
  await using late = await connectClient(plane);
  plane.clock.advance(9999);
  await settled(late);
  assert.equal(late.events('tick').length, 0);
  plane.clock.advance(1);
  const ts = plane.clock.now();
  assert.deepEqual([(await early.event('tick')).payload, (await late.event('tick')).payload], [{ ts }, { ts }]);
  plane.clock.advance(60_000);
  await settled(early);
  assert.equal(early.events('tick').length, 3);
});

test('health comes right after the hello and every minute, with a version that rises', async () => {
  let count = 0;
  await using plane = await startTestPlane({ methods: echo, health: () => Promise.resolve({ ok: true, count: (count += 1) }) });
  await using client = await connectClient(plane);
  const first = await client.event('health');
  assert.deepEqual([first.payload, first.seq, first.stateVersion], [{ ok: true, count: 1 }, 1, { presence: 0, health: 1 }]);
  plane.clock.advance(60_000);
  await client.until(() => client.events('health').length === 2, 'the next health');
  assert.deepEqual(client.events('health')[1]?.payload, { ok: true, count: 2 });
  assert.ok((client.events('health')[1]?.stateVersion?.health ?? 0) > 1);
});

test('health is not asked anew for each of many commands, and not at all while nobody is there', async () => {
  let asked = 0;
  await using plane = await startTestPlane({ methods: echo, health: () => ({ asked: (asked += 1) }) });
  for (let index = 0; index < 5; index += 1) await (await connectClient(plane))[Symbol.asyncDispose]();
  assert.equal(asked, 1);
  await gone(plane);
  plane.clock.advance(600_000);
  assert.equal(asked, 1);
});

/** Until the server has noticed that nobody is there. */
async function gone(plane: TestPlane): Promise<void> {
  await eventually(() => plane.plane.hub.clients().length === 0, 'that all have left');
}

test('health that cannot be found out is no event and a line of the log; the next time counts', async () => {
  let broken = true;
  const health = (): object => {
    if (broken) throw new Error('the disk is gone');
    return { ok: true };
  };
  await using plane = await startTestPlane({ methods: echo, health });
  await using client = await connectClient(plane);
  broken = false;
  plane.clock.advance(60_000);
  await client.until(() => client.events('health').some(({ payload }) => (payload as { ok?: boolean }).ok === true), 'health');
  assert.ok(plane.logLines.some((line) => line['level'] === 'warn' && JSON.stringify(line).includes('the disk is gone')));
});

const ui = { ...testClient, id: 'openclaw-control-ui', mode: 'ui', displayName: 'Page' } as const;
const reader = { scopes: ['operator.read'] };

test('presence says who stays connected, once for many changes, to those who may read', async () => {
  await using plane = await startTestPlane({ methods: echo });
  await using watcher = await connectClient(plane, { ...reader, client: { ...ui, instanceId: 'w', deviceFamily: 'Mac' } });
  await using outsider = await connectClient(plane);
  await using page = await connectClient(plane, { client: { ...ui, instanceId: 'p', displayName: 'Other' } });
  plane.clock.advance(2000);
  await watcher.event('presence');
  await settled(watcher);
  await settled(outsider);
  assert.equal(watcher.events('presence').length, 1);
  assert.equal(outsider.events('presence').length, 0);
  const [event] = watcher.events('presence');
  assert.ok((event?.stateVersion?.presence ?? 0) === 1);
  assert.deepEqual(
    presenceOf(event).map(({ host, instanceId }) => [host, instanceId]),
    [
      ['Page', 'w'],
      ['test', undefined],
      ['Other', 'p'],
    ],
  );
  const [first] = presenceOf(event);
  assert.deepEqual(first, {
    ...{ host: 'Page', ip: '127.0.0.1', version: '1.0.0', platform: 'linux', deviceFamily: 'Mac', mode: 'ui', reason: 'connect' },
    ...{ instanceId: 'w', text: 'Page (127.0.0.1) · 1.0.0 · ui', ts: first?.ts },
  });
  await page[Symbol.asyncDispose]();
  await eventually(() => plane.plane.hub.clients().length === 2, 'that all have left');
  plane.clock.advance(2000);
  await watcher.until(() => watcher.events('presence').length === 2, 'the next presence');
  assert.equal(presenceOf(watcher.events('presence')[1]).length, 2);
  assert.deepEqual(plane.plane.hub.presence(), presenceOf(watcher.events('presence')[1]));
});

test('commands that ask once are not in the presence, and change nothing in it', async () => {
  await using plane = await startTestPlane({ methods: echo });
  await using watcher = await connectClient(plane, { ...reader, client: ui });
  plane.clock.advance(2000);
  await watcher.event('presence');
  for (const mode of ['cli', 'probe'] as const) {
    await using command = await connectClient(plane, { client: { ...testClient, mode } });
    assert.equal(plane.plane.hub.presence().length, 1);
    plane.clock.advance(5000);
    await settled(command);
  }
  await settled(watcher);
  assert.equal(watcher.events('presence').length, 1);
});

test('a program that connects again is one line, its latest; no more than 200 are told', async () => {
  await using plane = await startTestPlane();
  await using _one = await connectClient(plane, { client: { ...ui, instanceId: 'same', displayName: 'old' } });
  await using _two = await connectClient(plane, { client: { ...ui, instanceId: 'same', displayName: 'new' } });
  assert.deepEqual(
    plane.plane.hub.presence().map(({ host }) => host),
    ['new'],
  );
  const many = await Promise.all(Array.from({ length: 205 }, () => connectClient(plane)));
  assert.equal(plane.plane.hub.presence().length, 200);
  await Promise.all(many.map((client) => client[Symbol.asyncDispose]()));
});

test('the presence in the hello is for those who may read', async () => {
  const { shakeHands } = await import('./raw-client.ts');
  await using plane = await startTestPlane();
  await using _page = await connectClient(plane, { client: ui });
  const seeing = await shakeHands(plane, reader);
  const blind = await shakeHands(plane);
  assert.deepEqual([seeing.hello.snapshot.presence.length, blind.hello.snapshot.presence.length], [1, 0]);
});

test('a broadcast reaches those who hold its scope and are meant', async () => {
  await using plane = await startTestPlane({ methods: echo });
  const { hub } = plane.plane;
  await using pairing = await connectClient(plane, { scopes: ['operator.pairing'] });
  await using admin = await connectClient(plane, { scopes: ['operator.admin'], caps: ['tool-events'] });
  await using nobody = await connectClient(plane);
  hub.broadcast('device.pair.requested', { requestId: 'r' }, { scope: 'operator.pairing' });
  hub.broadcast('session.tool', {}, { to: ({ capabilities }) => capabilities.has('tool-events') });
  hub.broadcast('chat', {});
  for (const client of [pairing, admin, nobody]) await settled(client);
  const heard = [pairing, admin, nobody].map((client) =>
    ['device.pair.requested', 'session.tool', 'chat'].map((name) => client.events(name).length),
  );
  assert.deepEqual(heard, [
    [1, 0, 1],
    [1, 1, 1],
    [0, 0, 1],
  ]);
});

test('clients that match are closed with the code and reason that is given, and are gone for the hub at once', async () => {
  await using plane = await startTestPlane({ methods: echo });
  const { hub } = plane.plane;
  const device = { id: 'device-1', publicKey: 'b', signature: 'c', signedAt: 1, nonce: 'd' };
  await using removed = await connectClient(plane, { device });
  await using stays = await connectClient(plane);
  const closed = hub.closeWhere(({ principal }) => principal.deviceId === 'device-1', {
    code: 4001,
    reason: 'client invalidated: device removed',
  });
  assert.equal(closed, 1);
  assert.equal(hub.clients().length, 1);
  hub.broadcast('chat', {});
  assert.deepEqual(await removed.ended, { code: 4001, reason: 'client invalidated: device removed' });
  assert.equal(removed.events('chat').length, 0);
  await settled(stays);
  assert.equal(stays.events('chat').length, 1);
});

test('at the end clients hear shutdown and are closed with 1012; those in the handshake too, and nobody comes in any more', async () => {
  const plane = await startTestPlane();
  const clients = await Promise.all([connectClient(plane), connectClient(plane)]);
  const waiting = new RawClient(plane.url);
  await waiting.event('connect.challenge');
  const closing = plane.plane.close({ restartExpectedMs: 5000 });
  for (const client of clients) {
    assert.deepEqual(await client.ended, { code: 1012, reason: 'service restart' });
    const last = client.frames.at(-1);
    assert.ok(last?.type === 'event' && last.event === 'shutdown');
    assert.deepEqual(last.payload, { reason: 'gateway stopping', restartExpectedMs: 5000 });
  }
  assert.deepEqual(await waiting.ended, { code: 1012, reason: 'service restart' });
  await closing;
  const late = new RawClient(plane.url);
  const refused = Promise.withResolvers<number | undefined>();
  late.ws.on('unexpected-response', (_request, response) => refused.resolve(response.statusCode));
  assert.equal(await refused.promise, 503);
  late.ws.terminate();
  assert.equal(plane.clock.pendingTimers <= 1, true, 'the time for last words is all that is left');
  await plane[Symbol.asyncDispose]();
});

test('a client that does not answer the close is cut after the grace', async () => {
  await using plane = await startTestPlane({ limits: { closeGraceMs: 50 } });
  const deaf = await connectClient(plane);
  deaf.ws.pause();
  await plane.plane.close();
  assert.equal(plane.openSockets(), 0);
  deaf.ws.resume();
  assert.equal((await deaf.ended).code, 1012);
});

test('a call under way at the end is aborted', async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  const run = ({ signal }: { signal: AbortSignal }): Promise<never> => {
    begun.resolve(signal);
    return new Promise<never>(() => undefined);
  };
  await using plane = await startTestPlane({ methods: { wait: { scope: 'none', run } } });
  const client = await connectClient(plane);
  client.ask('wait');
  const signal = await begun.promise;
  await plane.plane.close();
  assert.equal(signal.aborted, true);
});
