import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { countConnections } from './connections.ts';

/** Each request says itself who sent it. */
function setup() {
  const { authenticate, open } = countConnections((request) => {
    const id = request.headers.authorization;
    if (id === undefined) throw new Error('who are you?');
    return { id };
  });
  return { open, ask: (socket: Socket, authorization?: string) => authenticate({ socket, headers: { authorization } } as IncomingMessage) };
}

test('a connection counts once for its caller, until it is closed', async () => {
  const { ask, open } = setup();
  const [first, second, third] = [new Socket(), new Socket(), new Socket()];
  for (let index = 0; index < 3; index += 1) assert.deepEqual(ask(first, 'key_1'), { id: 'key_1' });
  ask(second, 'key_1');
  ask(third, 'gateway');
  assert.deepEqual(
    [...open()],
    [
      ['key_1', 2],
      ['gateway', 1],
    ],
  );
  // Another caller on the same connection, as through a proxy, does not make it two.
  ask(first, 'key_2');
  const closed = [first, third].map((socket) => once(socket, 'close'));
  first.destroy();
  third.destroy();
  await Promise.all(closed);
  assert.deepEqual([...open()], [['key_1', 1]]);
});

test('a connection without a good credential, or one that is gone already, does not count', () => {
  const { ask, open } = setup();
  assert.throws(() => ask(new Socket()), /who are you/);
  ask(new Socket().destroy(), 'key_1');
  assert.equal(open().size, 0);
});
