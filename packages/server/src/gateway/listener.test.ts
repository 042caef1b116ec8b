import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { listen } from './listener.ts';

const limits = { headerBytes: 4096, headerTimeoutMs: 15_000, bodyTimeoutMs: 15_000, keepAliveMs: 5000, connections: 1 };

test('a connection that spoke no HTTP is closed, whether or not its client closes it too', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0, limits }, { request: (_request, response) => void response.end('served') });
  const stubborn = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
  stubborn.write('garbage\r\n\r\n');
  let text = '';
  stubborn.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(stubborn, 'end');
  assert.match(text, /^HTTP\/1\.1 400 /);
  // There is room for one connection only, so the next client is served as soon as the first is gone.
  const ask = (): Promise<string> => fetch(`http://127.0.0.1:${listener.port}/`).then((response) => response.text(), ask);
  assert.equal(await ask(), 'served');
  stubborn.destroy();
  await listener.close();
});

test('garbage after a request whose answer is under way cuts that answer, and is not answered within it', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0, limits }, { request: (_request, response) => void response.write('part') });
  const client = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  let text = '';
  client.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.endsWith('part\r\n')) client.write('garbage\r\n\r\n');
  });
  await once(client, 'end');
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.ok(text.endsWith('part\r\n'), text);
  client.destroy();
  await listener.close();
});

test('only a request for a WebSocket is handed over; one that offers another protocol is answered as the plain request that it also is', async () => {
  const listener = await listen(
    { host: '127.0.0.1', port: 0, limits },
    {
      request: (_request, response) => void response.end('served'),
      upgrade: (_request, socket) => void socket.end('handed over'),
    },
  );
  const ask = async (protocol: string): Promise<string> => {
    const client = connect(listener.port, '127.0.0.1');
    client.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, close\r\nupgrade: ${protocol}\r\n\r\n`);
    let text = '';
    for await (const part of client.setEncoding('utf8')) text += String(part);
    return text;
  };
  assert.match(await ask('h2c'), /^HTTP\/1\.1 200 .*served$/s);
  assert.equal(await ask('WebSocket'), 'handed over');
  await listener.close();
});
