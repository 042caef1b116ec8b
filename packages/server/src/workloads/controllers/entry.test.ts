import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { createEntries } from './entry.ts';
import { createPortFinder } from './free-port.ts';

interface Backend extends AsyncDisposable {
  readonly port: number;
  readonly sockets: Set<Socket>;
}

/** Says its name and echoes. */
async function backend(name: string): Promise<Backend> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.write(`${name}:`);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function talk(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(text);
  let heard = '';
  for await (const chunk of socket) heard += String(chunk);
  return heard;
}

const findPort = createPortFinder();

test('connections go to ready instances in turn, whole in both directions', async () => {
  await using one = await backend('one');
  await using two = await backend('two');
  const entries = createEntries();
  const port = await findPort();
  assert.equal((await entries.sync('uid', [{ port, targets: [one.port, two.port] }])).size, 0);
  const large = 'x'.repeat(300_000);
  const answers = [await talk(port, large), await talk(port, 'b'), await talk(port, 'c'), await talk(port, 'd')];
  assert.deepEqual(
    answers.map((answer) => answer.slice(0, 4)).toSorted((a, b) => (a < b ? -1 : 1)),
    ['one:', 'one:', 'two:', 'two:'],
  );
  assert.equal(answers[0]?.length, large.length + 4);
  await entries.close();
});

test('one that refuses is passed over, and without any that is ready a connection is refused', async () => {
  await using one = await backend('one');
  const entries = createEntries();
  const [port, nobody] = [await findPort(), await findPort()];
  await entries.sync('uid', [{ port, targets: [nobody, one.port] }]);
  for (let index = 0; index < 4; index += 1) assert.equal(await talk(port, 'a'), 'one:a');
  await entries.sync('uid', [{ port, targets: [] }]);
  await assert.rejects(talk(port, 'a'), { code: 'ECONNRESET' });
  await entries.close();
});

test('an instance that goes keeps the connections that it has, and gets no new ones', async () => {
  await using old = await backend('old');
  await using young = await backend('new');
  const entries = createEntries();
  const port = await findPort();
  await entries.sync('uid', [{ port, targets: [old.port] }]);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'data');
  await entries.sync('uid', [{ port, targets: [young.port] }]);
  assert.equal(entries.connectionsTo(old.port), 1);
  assert.equal(await talk(port, 'a'), 'new:a');
  socket.write('still');
  assert.equal(String((await once(socket, 'data'))[0]), 'still');
  socket.end();
  await once(socket, 'close');
  while (entries.connectionsTo(old.port) > 0) await new Promise(setImmediate);
  await entries.close();
});

test('a port that somebody else has is said, and is opened once it is free', async () => {
  const other = await backend('other');
  const entries = createEntries();
  const problems = await entries.sync('uid', [{ port: other.port, targets: [] }]);
  assert.match(problems.get(other.port) ?? '', /EADDRINUSE/);
  await other[Symbol.asyncDispose]();
  assert.equal((await entries.sync('uid', [{ port: other.port, targets: [] }])).size, 0);
  await entries.close();
});
