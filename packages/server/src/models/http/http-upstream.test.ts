import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createHttpUpstream } from './http-upstream.ts';
import type { SendOptions, UpstreamRequest, UpstreamResponse } from '../upstream.ts';

async function setup(handler: RequestListener) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = createHttpUpstream({ clock: systemClock });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const controller = new AbortController();
  const send = (options: Partial<SendOptions> = {}, body = Buffer.from('{}')): Promise<UpstreamResponse> => {
    const request: UpstreamRequest = { method: 'POST', origin, path: '/v1/chat/completions', headers: {}, body };
    const timeouts = { connectMs: 5000, firstByteMs: 5000, idleMs: 5000, totalMs: 0 };
    return upstream.send(request, { signal: controller.signal, requestId: 'req_1', provider: 'acme', timeouts, ...options });
  };
  return {
    origin,
    upstream,
    controller,
    send,
    async [Symbol.asyncDispose]() {
      await upstream.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function read(response: UpstreamResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const timeouts = { connectMs: 5000, firstByteMs: 5000, idleMs: 5000, totalMs: 0 };

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OpenClawError && error.code === code;
}

test('an answer comes with its status, headers and body, and connections serve the next requests', async () => {
  const ports = new Set<number | undefined>();
  await using up = await setup((request, response) => {
    ports.add(request.socket.remotePort);
    response.writeHead(201, { 'x-a': 'b' }).end('hello');
  });
  for (let round = 0; round < 6; round += 1) {
    const response = await up.send();
    assert.equal(response.status, 201);
    assert.equal(response.headers['x-a'], 'b');
    assert.equal(await read(response), 'hello');
  }
  // The pool may open a second one where the first has not settled when the next request comes.
  assert.ok(ports.size <= 2, `${ports.size} connections for six requests`);
});

test('a compressed answer is read plain, whatever the compression', async () => {
  const plain = 'data: {"text":"Grüße 🦞"}\n\n'.repeat(50);
  const encodings = { gzip: gzipSync(plain), deflate: deflateSync(plain), br: brotliCompressSync(plain), zstd: zstdCompressSync(plain) };
  for (const [name, bytes] of Object.entries(encodings)) {
    await using up = await setup((_request, response) => {
      response.writeHead(200, { 'content-encoding': name });
      response.write(bytes.subarray(0, 10));
      response.end(bytes.subarray(10));
    });
    assert.equal(await read(await up.send()), plain, name);
  }
});

test('a compressed stream is decoded as it arrives, not at its end', async () => {
  const { createGzip, constants } = await import('node:zlib');
  const first = Promise.withResolvers<void>();
  await using up = await setup((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    gzip.pipe(response);
    gzip.write('one');
    void first.promise.then(() => gzip.end('two'));
  });
  const chunks: string[] = [];
  for await (const chunk of (await up.send()).body) {
    chunks.push(chunk.toString());
    first.resolve();
  }
  assert.deepEqual(chunks, ['one', 'two']);
});

test('compression that is not what the header says is the provider’s failure', async () => {
  await using up = await setup((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'));
  await assert.rejects(up.send().then(read), hasCode('upstream_malformed'));
});

test('nobody there is upstream_unreachable, and says where', async () => {
  const closed = createTcpServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const origin = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  const upstream = createHttpUpstream({ clock: systemClock });
  const request: UpstreamRequest = { method: 'GET', origin, path: '/', headers: {}, body: undefined };
  const options: SendOptions = { signal: new AbortController().signal, requestId: 'req_1', provider: 'acme', timeouts };
  await assert.rejects(
    upstream.send(request, options),
    (error) => error instanceof OpenClawError && error.code === 'upstream_unreachable' && error.message.includes(origin),
  );
  await upstream.close();
});

test('what is no HTTP is malformed, and not called unreachable', async () => {
  for (const bytes of ['this is not HTTP\r\n\r\n', `HTTP/1.1 200 OK\r\nx-bomb: ${'a'.repeat(100_000)}\r\n\r\n`]) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.end(bytes);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const upstream = createHttpUpstream({ clock: systemClock });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const request: UpstreamRequest = { method: 'POST', origin, path: '/', headers: {}, body: Buffer.from('{}') };
    const sent = upstream.send(request, { signal: new AbortController().signal, requestId: 'req_1', provider: 'acme', timeouts });
    const failure: unknown = await sent.catch((thrown: unknown) => thrown);
    await upstream.close();
    server.close();
    assert.ok(hasCode('upstream_malformed')(failure), bytes.slice(0, 20));
  }
});

test('an upstream that never answers, stalls, or never finishes is a timeout with its own words', async () => {
  await using silent = await setup(() => {});
  await assert.rejects(silent.send({ timeouts: { ...timeouts, firstByteMs: 20 } }), /did not begin its answer within 20 ms/);
  await using stalled = await setup((_request, response) => void response.writeHead(200).write('half'));
  await assert.rejects(
    stalled.send({ timeouts: { ...timeouts, idleMs: 20 } }).then(read),
    /did not send the next part of its answer within 20 ms/,
  );
  await using endless = await setup((_request, response) => {
    const timer = setInterval(() => response.write('.'), 5);
    response.writeHead(200).on('close', () => clearInterval(timer));
  });
  await assert.rejects(endless.send({ timeouts: { ...timeouts, totalMs: 50 } }).then(read), /did not finish its answer within 50 ms/);
});

test('an answer that breaks off is upstream_truncated, after what arrived', async () => {
  await using up = await setup((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  const chunks: string[] = [];
  await assert.rejects(async () => {
    for await (const chunk of (await up.send()).body) chunks.push(chunk.toString());
  }, hasCode('upstream_truncated'));
  assert.deepEqual(chunks, ['half']);
});

test('an abort closes the connection before the answer, in the middle of it, and while the reader waits', async () => {
  for (const phase of ['before', 'middle'] as const) {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await using up = await setup((_request, response) => {
      response.on('close', () => closed.resolve());
      if (phase === 'middle') response.writeHead(200).write('half');
      arrived.resolve();
    });
    const reason = new OpenClawError('client_closed');
    const answer = up.send().then(read);
    const rejected = assert.rejects(answer, reason);
    await arrived.promise;
    up.controller.abort(reason);
    await rejected;
    await closed.promise;
  }
});

test('a reader that stops early closes the connection', async () => {
  const closed = Promise.withResolvers<void>();
  await using up = await setup((_request, response) => {
    response.on('close', () => closed.resolve());
    response.writeHead(200).write('first');
  });
  for await (const chunk of (await up.send()).body) {
    assert.equal(chunk.toString(), 'first');
    break;
  }
  await closed.promise;
});

test('a request that is aborted already is never sent', async () => {
  let requests = 0;
  await using up = await setup((_request, response) => {
    requests += 1;
    response.end();
  });
  up.controller.abort(new OpenClawError('client_closed'));
  await assert.rejects(up.send(), hasCode('client_closed'));
  assert.equal(requests, 0);
});

test('a slow reader slows its own upstream: little more than the two sockets’ buffers is ever under way', async () => {
  let sent = 0;
  const stopped = Promise.withResolvers<void>();
  await using up = await setup((_request, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(64 * 1024);
    const pump = (): void => {
      while (sent < 256 * 1024 * 1024) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          stopped.resolve();
          response.once('drain', pump);
          return;
        }
      }
      response.end();
    };
    pump();
  });
  const response = await up.send();
  await stopped.promise;
  const body = response.body[Symbol.asyncIterator]();
  await body.next();
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken from the upstream for a reader that read one chunk`);
  await body.return?.();
});

test('a pool that nobody wants any more ends with what is under way in it, and whoever still comes gets an answer', async () => {
  let finish = (): void => {};
  const closed = Promise.withResolvers<void>();
  await using up = await setup((request, response) => {
    request.socket.once('close', () => closed.resolve());
    response.writeHead(200).write('first');
    finish = () => response.end(' last');
  });
  const streaming = await up.send();
  up.upstream.retain([{ origin: 'http://elsewhere.test', timeouts }]);
  assert.deepEqual(up.upstream.figures(), [{ origin: up.origin, connected: 1, running: 1, waiting: 0 }], 'it is still shown');
  const late = await up.send();
  finish();
  assert.equal(await read(late), 'first last');
  up.upstream.retain([{ origin: up.origin, timeouts }]);
  up.controller.abort(new OpenClawError('client_closed'));
  await assert.rejects(read(streaming), hasCode('client_closed'));
  await closed.promise;
});

test('of a pool that nobody wants any more nothing is left once its last answer has come', async () => {
  await using up = await setup((_request, response) => void response.end('whole'));
  assert.equal(await read(await up.send()), 'whole');
  assert.equal(up.upstream.figures().length, 1);
  up.upstream.retain([]);
  assert.equal(await read(await up.send()), 'whole');
  await until(() => up.upstream.figures().length === 0);
});

test('connections that nobody uses are let go when memory is short, and those in use are not', async () => {
  const connections = new Set<unknown>();
  let finish = (): void => {};
  await using up = await setup((request, response) => {
    connections.add(request.socket);
    if (connections.size === 1) response.end('whole');
    else {
      response.writeHead(200).write('first');
      finish = () => response.end(' last');
    }
  });
  await read(await up.send());
  up.upstream.shed();
  const streaming = await up.send();
  assert.equal(connections.size, 2, 'on another connection');
  up.upstream.shed();
  finish();
  assert.equal(await read(streaming), 'first last');
});

/** Turns of the loop until it holds; the test's own timeout is the limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
