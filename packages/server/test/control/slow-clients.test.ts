/** Clients that do not read, do not answer, or ask and do not listen: they hold little, and nobody else up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import type { MethodTable } from '../../src/gateway/control/contract.ts';
import { eventually, startTestPlane } from './plane.ts';
import { connectClient, connectParams, RawClient } from './raw-client.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const text = 'x'.repeat(64 * kibibyte);
const methods: MethodTable = { echo: { scope: 'none', run: ({ params }) => params } };

/** More than the system's own buffers of a connection take. */
const floodBytes = 64 * mebibyte;

test('a client that does not read is closed as a slow consumer at its limit; one that reads hears everything', async () => {
  await using plane = await startTestPlane({
    methods,
    limits: { bufferedBytes: 4 * mebibyte, behindBytes: 64 * kibibyte, closeGraceMs: 5000 },
  });
  await using slow = await connectClient(plane);
  await using quick = await connectClient(plane);
  const { hub } = plane.plane;
  slow.ws.pause();
  let sent = 0;
  while (hub.clients().length === 2 && sent * text.length < floodBytes) {
    hub.broadcast('chat', { text });
    sent += 1;
    // The quick one has its turn.
    await quick.until(() => quick.events('chat').length === sent, 'the event');
  }
  assert.equal(hub.clients().length, 1);
  assert.equal(plane.metric('openclaw_control_slow_consumers_total'), 1);
  assert.equal(quick.events('chat').length, sent);
  slow.ws.resume();
  assert.deepEqual(await slow.ended, { code: 1008, reason: 'slow consumer' });
});

test('a client far behind gets no ticks and no presence until it has caught up; its numbers have no gap', async () => {
  await using plane = await startTestPlane({ methods, limits: { behindBytes: 64 * kibibyte } });
  await using client = await connectClient(plane, { scopes: ['operator.read'] });
  const { hub } = plane.plane;
  client.ws.pause();
  while (plane.metric('openclaw_control_buffered_bytes') === 0) hub.broadcast('chat', { text });
  plane.clock.advance(30_000);
  hub.broadcast('chat', { last: true });
  client.ws.resume();
  await client.until(() => client.events('chat').some(({ payload }) => (payload as { last?: boolean }).last === true), 'the last');
  assert.equal(client.events('tick').length, 0);
  await eventually(() => plane.metric('openclaw_control_buffered_bytes') === 0, 'that it has caught up');
  plane.clock.advance(30_000);
  await client.event('tick');
  const numbers = client.frames.flatMap((frame) => (frame.type === 'event' && frame.seq !== undefined ? [frame.seq] : []));
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
});

test('what waits for all slow clients together has a bound: the one furthest behind goes first', async () => {
  const limits = { bufferedTotalBytes: 8 * mebibyte, behindBytes: 64 * kibibyte };
  await using plane = await startTestPlane({ methods, limits });
  const { hub } = plane.plane;
  const clients = await Promise.all(Array.from({ length: 10 }, () => connectClient(plane)));
  for (const client of clients) client.ws.pause();
  let highest = 0;
  for (let sent = 0; sent < 1000 && hub.clients().length > 1; sent += 1) {
    hub.broadcast('chat', { text });
    highest = Math.max(highest, plane.metric('openclaw_control_buffered_bytes'));
  }
  assert.ok(plane.metric('openclaw_control_slow_consumers_total') >= 9);
  assert.ok(highest <= limits.bufferedTotalBytes, `${highest}`);
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});

test('a client that asks and does not listen waits with its questions, and has its answers once it listens', async () => {
  await using plane = await startTestPlane({ methods, limits: { behindBytes: 256 * kibibyte } });
  await using client = await connectClient(plane);
  client.ws.pause();
  const count = 600;
  for (let index = 0; index < count; index += 1) client.ask('echo', { index, text });
  await eventually(() => plane.metric('openclaw_control_buffered_bytes') > 0, 'that it is behind');
  // As long as anything of it is still read, the count rises.
  let [answered, unchanged] = [-1, 0];
  await eventually(() => {
    const now = plane.metric('openclaw_control_calls_total');
    unchanged = now === answered ? unchanged + 1 : 0;
    answered = now;
    return unchanged > 100;
  }, 'that nothing more is read');
  const waiting = plane.metric('openclaw_control_buffered_bytes');
  // One answer more than the limit, and what the system took is not seen here.
  assert.ok(waiting < mebibyte, `${waiting} bytes wait`);
  assert.ok(answered < count, `${answered} were read`);
  client.ws.resume();
  await client.until(() => client.frames.filter(({ type }) => type === 'res').length === count + 1, 'all answers');
  assert.equal(plane.metric('openclaw_control_slow_consumers_total'), 0);
});

test('a ping goes out every 25 seconds; who answers stays, who does not is cut one window later', async () => {
  await using plane = await startTestPlane({ methods });
  await using alive = await connectClient(plane);
  const silent = new WebSocket(plane.url, { autoPong: false });
  await new Promise((resolve) => silent.once('message', resolve));
  silent.send(JSON.stringify({ type: 'req', id: '1', method: 'connect', params: connectParams() }));
  await eventually(() => plane.plane.hub.clients().length === 2, 'that both are connected');
  const pinged = [alive.ws, silent].map((ws) => new Promise((resolve) => ws.once('ping', resolve)));
  plane.clock.advance(25_000);
  await Promise.all(pinged);
  await alive.call('echo');
  const ended = new Promise<number>((resolve) => silent.once('close', resolve));
  plane.clock.advance(25_000);
  assert.equal(await ended, 1006);
  await alive.call('echo');
  assert.equal(plane.plane.hub.clients().length, 1);
});

test('a client that takes nothing at all of what waits for it is closed, however little that is', async () => {
  await using plane = await startTestPlane({ methods, limits: { behindBytes: 64 * kibibyte } });
  await using client = await connectClient(plane);
  client.ws.pause();
  while (plane.metric('openclaw_control_buffered_bytes') === 0) plane.plane.hub.broadcast('chat', { text });
  plane.clock.advance(100_000);
  assert.equal(plane.plane.hub.clients().length, 1);
  plane.clock.advance(50_000);
  assert.equal(plane.plane.hub.clients().length, 0);
  await eventually(() => plane.openSockets() === 0, 'that its connection is gone');
});

test('a client that is only slow, and takes something in each window, stays', async () => {
  await using plane = await startTestPlane({ methods, limits: { behindBytes: 64 * kibibyte } });
  await using client = await connectClient(plane);
  const { hub } = plane.plane;
  client.ws.pause();
  const waiting = (): number => plane.metric('openclaw_control_buffered_bytes');
  for (let round = 0; round < 6; round += 1) {
    while (waiting() < mebibyte) hub.broadcast('chat', { text });
    plane.clock.advance(75_000);
    assert.equal(hub.clients().length, 1, `round ${round}`);
    const before = waiting();
    client.ws.resume();
    await eventually(() => waiting() < before, 'that it takes something');
    client.ws.pause();
  }
});

test('a client that leaves while it is behind leaves nothing behind', async () => {
  await using plane = await startTestPlane({ methods, limits: { behindBytes: 64 * kibibyte } });
  const client = await connectClient(plane);
  client.ws.pause();
  while (plane.metric('openclaw_control_buffered_bytes') === 0) plane.plane.hub.broadcast('chat', { text });
  await client[Symbol.asyncDispose]();
  await eventually(() => plane.metric('openclaw_control_buffered_bytes') + plane.openSockets() === 0, 'that all is gone');
  assert.equal(plane.plane.hub.clients().length, 0);
});

test('a connection that is silent before its hello is not kept by pongs', async () => {
  await using plane = await startTestPlane();
  await using client = new RawClient(plane.url);
  await client.event('connect.challenge');
  for (let index = 0; index < 3; index += 1) plane.clock.advance(5000);
  assert.deepEqual(await client.ended, { code: 1000, reason: '' });
});
