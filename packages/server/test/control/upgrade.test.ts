/** How a connection becomes a WebSocket, and what does not: paths, hosts, broken requests, crowds. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { OpenClawError } from '../../src/core/errors.ts';
import { eventually, startTestPlane, type TestPlane } from './plane.ts';
import { connectClient, RawClient } from './raw-client.ts';

const websocket = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

/** Everything that a request in these lines is answered with until the connection ends. */
async function ask(plane: TestPlane, requestLine: string, headers: readonly string[] = websocket): Promise<string> {
  const socket = connect(plane.port, '127.0.0.1');
  socket.write([requestLine, 'Host: localhost', ...headers, '', ''].join('\r\n'));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

for (const path of ['/ws', '/v1/chat/completions', '//', '/__openclaw__/worker', '/../', '/%2e']) {
  test(`there is no WebSocket at ${path}: a plain 404`, async () => {
    await using plane = await startTestPlane();
    const answer = await ask(plane, `GET ${path} HTTP/1.1`);
    assert.match(answer, /^HTTP\/1\.1 404 not found\r\n/);
    const [, body = ''] = answer.split('\r\n\r\n');
    assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'not_found');
  });
}

test('what stands behind a question mark changes nothing', async () => {
  await using plane = await startTestPlane();
  await using client = new RawClient(`${plane.url}/?x=1`);
  await client.event('connect.challenge');
});

test('another protocol than WebSocket is refused by name', async () => {
  await using plane = await startTestPlane();
  assert.match(
    await ask(plane, 'GET / HTTP/1.1', ['Upgrade: h2c', 'Connection: Upgrade']),
    /^HTTP\/1\.1 400 .*Upgrade: must be websocket/s,
  );
});

for (const [title, headers] of [
  ['no key', websocket.slice(0, 3)],
  ['a key that is none', [...websocket.slice(0, 3), 'Sec-WebSocket-Key: x']],
  ['a version that nobody speaks', ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 7', websocket[3]!]],
] as const) {
  test(`a request with ${title} is 400 and leaves nothing behind`, async () => {
    await using plane = await startTestPlane();
    assert.match(await ask(plane, 'GET / HTTP/1.1', headers), /^HTTP\/1\.1 400 /);
    assert.equal(plane.metric('openclaw_control_handshakes'), 0);
  });
}

test('compression is not agreed to, whatever is offered', async () => {
  await using plane = await startTestPlane();
  const { WebSocket } = await import('ws');
  const ws = new WebSocket(plane.url, { perMessageDeflate: true });
  await new Promise((resolve) => ws.once('open', resolve));
  assert.equal(ws.extensions, '');
  ws.terminate();
});

test('what the gateway refuses, such as a Host that is not its own, is answered in plain HTTP', async () => {
  const refuseUpgrade = ({ headers }: { headers: { host?: string | undefined } }): OpenClawError | undefined =>
    headers.host === 'localhost' ? new OpenClawError('host_unknown', { details: { host: 'localhost' } }) : undefined;
  await using plane = await startTestPlane({ refuseUpgrade });
  assert.match(await ask(plane, 'GET / HTTP/1.1'), /^HTTP\/1\.1 403 .*"code":"host_unknown"/s);
  await using client = await connectClient(plane);
  assert.equal(client.end, undefined);
});

test('more waiting connections of one address than allowed are 503 with Retry-After; this machine is excepted', async () => {
  let address = '192.0.2.1';
  await using plane = await startTestPlane({ addressOf: () => address, limits: { waitingConnectionsPerAddress: 2 } });
  await using one = await waitingClient(plane);
  await using two = await waitingClient(plane);
  assert.match(await ask(plane, 'GET / HTTP/1.1'), /^HTTP\/1\.1 503 too many handshakes\r\nretry-after: 1\r\n/);
  address = '192.0.2.2';
  await using other = await waitingClient(plane);
  address = '127.0.0.1';
  const local = await Promise.all([waitingClient(plane), waitingClient(plane), waitingClient(plane)]);
  assert.equal(plane.metric('openclaw_control_handshakes'), 6);
  address = '192.0.2.1';
  await one[Symbol.asyncDispose]();
  await eventually(() => plane.metric('openclaw_control_handshakes') === 5, 'that all have left');
  await using again = await waitingClient(plane);
  assert.ok(again.end === undefined && two.end === undefined && other.end === undefined);
  await Promise.all(local.map((client) => client[Symbol.asyncDispose]()));
});

async function waitingClient(plane: TestPlane): Promise<RawClient> {
  const client = new RawClient(plane.url);
  await client.event('connect.challenge');
  return client;
}

test('where too many wait, who has waited longest and for a second gives way, so that silent connections keep nobody out', async () => {
  await using plane = await startTestPlane({ limits: { waitingConnections: 3 } });
  const silent = [await waitingClient(plane), await waitingClient(plane), await waitingClient(plane)];
  assert.match(await ask(plane, 'GET / HTTP/1.1'), /^HTTP\/1\.1 503 too many handshakes/);
  plane.clock.advance(1000);
  await using client = await connectClient(plane);
  assert.equal((await silent[0]!.ended).code, 1013);
  assert.ok(silent[1]?.end === undefined && silent[2]?.end === undefined && client.end === undefined);
  await Promise.all(silent.map((one) => one[Symbol.asyncDispose]()));
});

test('a connection that breaks while it becomes a WebSocket leaves its place', async () => {
  await using plane = await startTestPlane();
  const sockets: Socket[] = Array.from({ length: 20 }, () => connect(plane.port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.write(['GET / HTTP/1.1', 'Host: localhost', ...websocket, '', ''].join('\r\n'), () => socket.resetAndDestroy());
    socket.on('error', () => undefined);
  }
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  await eventually(() => plane.openSockets() + plane.metric('openclaw_control_handshakes') === 0, 'that all have left');
  await using client = await connectClient(plane);
  assert.equal(client.end, undefined);
});

test('frames that no WebSocket sends end the connection without more', async () => {
  await using plane = await startTestPlane();
  for (const [bytes, code] of [
    [[0xf1, 0x80, 0, 0, 0, 0], 1002],
    [[0x83, 0x80, 0, 0, 0, 0], 1002],
    [[0x81, 0x02, 0x68, 0x69], 1002],
    [[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007],
    [[0x88, 0x81, 0, 0, 0, 0, 1], 1002],
  ] as const) {
    const socket = connect(plane.port, '127.0.0.1');
    socket.write(['GET / HTTP/1.1', 'Host: localhost', ...websocket, '', ''].join('\r\n'));
    socket.write(Buffer.from(bytes));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const end = Buffer.concat(chunks).subarray(-4);
    assert.deepEqual([end[0], end.readUInt16BE(2)], [0x88, code]);
  }
  await eventually(() => plane.openSockets() === 0, 'that all have left');
});
