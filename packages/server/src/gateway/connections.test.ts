import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { createConnectionCounts } from './connections.ts';

test('a connection counts once for its caller, until it is closed', async () => {
  const counts = createConnectionCounts();
  const [first, second, third] = [new Socket(), new Socket(), new Socket()];
  for (let index = 0; index < 3; index += 1) counts.seen(first, 'key_1');
  counts.seen(second, 'key_1');
  counts.seen(third, 'gateway');
  assert.deepEqual(
    [...counts.open()],
    [
      ['key_1', 2],
      ['gateway', 1],
    ],
  );
  // Another caller on the same connection, as through a proxy, does not make it two.
  counts.seen(first, 'key_2');
  const closed = [first, third].map((socket) => once(socket, 'close'));
  first.destroy();
  third.destroy();
  await Promise.all(closed);
  assert.deepEqual([...counts.open()], [['key_1', 1]]);
});

test('a connection that is gone already does not count', () => {
  const counts = createConnectionCounts();
  counts.seen(new Socket().destroy(), 'key_1');
  assert.equal(counts.open().size, 0);
});
