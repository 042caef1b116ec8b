/**
 * Many clients at once: idle ones that hear ticks, and slow ones that hear nothing. A few by default; with `OPENCLAW_TEST_HEAVY=1`
 * as many as are promised, 2,000 and 200.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { createGarbageCollector } from '../../src/core/process-memory.ts';
import { eventually, startTestPlane, type TestPlane } from './plane.ts';
import { connectParams } from './raw-client.ts';

const isHeavy = process.env['OPENCLAW_TEST_HEAVY'] === '1';
const mebibyte = 1024 * 1024;

/** A client that costs next to nothing, so that what is measured is the gateway: it counts what comes and reads none of it. */
interface ThinClient {
  readonly socket: Socket;
  receivedBytes: number;
  ticks: number;
}

const request = [
  ...['GET / HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade'],
  ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
].join('\r\n');

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}

const connectFrame = textFrame(JSON.stringify({ type: 'req', id: 'c', method: 'connect', params: connectParams() }));

const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

async function connectThin(plane: TestPlane): Promise<ThinClient> {
  const socket = connect(plane.port, '127.0.0.1');
  const client: ThinClient = { socket, receivedBytes: 0, ticks: 0 };
  socket.on('error', () => undefined);
  const connected = Promise.withResolvers<void>();
  socket.on('data', (chunk) => {
    client.receivedBytes += chunk.length;
    const text = chunk.toString('latin1');
    if (text.includes('"hello-ok"')) connected.resolve();
    // A ping without content; nothing else that the gateway sends has these bytes.
    if (text.includes('\x89\0')) socket.write(pong);
    client.ticks += text.split('"event":"tick"').length - 1;
  });
  socket.on('close', () => connected.resolve());
  socket.write(request);
  socket.write(connectFrame);
  await connected.promise;
  return client;
}

async function connectCrowd(plane: TestPlane, count: number): Promise<readonly ThinClient[]> {
  const clients: ThinClient[] = [];
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: Math.min(50, count - clients.length) }, () => connectThin(plane)))));
  }
  return clients;
}

const collect = createGarbageCollector();

function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const idleCount = isHeavy ? 2000 : 250;

test(`${idleCount} idle clients hear each tick, cost little each, and leave nothing behind`, async (t) => {
  // On a clock that leaps a pong must not be due at the leap after its ping.
  await using plane = await startTestPlane({ limits: { pongWindowMs: 60_000 } });
  const beforeBytes = heldBytes();
  const clients = await connectCrowd(plane, idleCount);
  assert.equal(plane.plane.hub.clients().length, idleCount);
  const perClient = (heldBytes() - beforeBytes) / idleCount;
  for (let tick = 1; tick <= 5; tick += 1) {
    const startedMs = performance.now();
    plane.clock.advance(30_000);
    const sentMs = performance.now() - startedMs;
    await eventually(() => clients.every(({ ticks }) => ticks >= tick), `tick ${tick} at all clients`);
    t.diagnostic(`tick ${tick}: ${sentMs.toFixed(1)} ms to send, ${(performance.now() - startedMs).toFixed(1)} ms until all have it`);
    assert.ok(clients.every(({ ticks }) => ticks === tick));
  }
  t.diagnostic(`${(perClient / 1024).toFixed(1)} KiB per client, both ends`);
  assert.ok(perClient < 64 * 1024, `${perClient} bytes per client`);
  for (const { socket } of clients) socket.destroy();
  await eventually(() => plane.openSockets() === 0 && plane.plane.hub.clients().length === 0, 'that all have left');
  assert.equal(plane.metric('openclaw_control_connections'), 0);
});

const slowCount = isHeavy ? 200 : 20;

test(`${slowCount} slow consumers are closed, in bounded memory, while others hear everything`, async (t) => {
  const limits = { bufferedTotalBytes: 64 * mebibyte, bufferedBytes: 16 * mebibyte };
  await using plane = await startTestPlane({ limits });
  const [reader] = await connectCrowd(plane, 1);
  const slow = await connectCrowd(plane, slowCount);
  for (const { socket } of slow) socket.pause();
  const { hub } = plane.plane;
  const text = 'x'.repeat(256 * 1024);
  const beforeBytes = process.memoryUsage().external;
  let [highestBytes, sent] = [0, 0];
  while (hub.clients().length > 1 && sent < 1000) {
    hub.broadcast('chat', { text });
    sent += 1;
    await eventually(() => (reader?.receivedBytes ?? 0) > sent * text.length, 'the event at who reads');
    highestBytes = Math.max(highestBytes, process.memoryUsage().external - beforeBytes);
  }
  t.diagnostic(`${sent} events of 256 KiB; at most ${(highestBytes / mebibyte).toFixed(0)} MiB outside the heap`);
  assert.equal(hub.clients().length, 1);
  assert.equal(plane.metric('openclaw_control_slow_consumers_total'), slowCount);
  // What waits, and for each connection a little more: one event, and what is on its way.
  assert.ok(highestBytes < limits.bufferedTotalBytes + slowCount * 2 * text.length, `${highestBytes}`);
  await eventually(() => plane.openSockets() === 1, 'that their connections are gone');
  for (const { socket } of [...slow, ...(reader ? [reader] : [])]) socket.destroy();
});
