/** Work in pieces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurns } from './in-turns.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('each has its turn once, in order; the first two hundred at once, and others have theirs in between', async () => {
  const done: number[] = [];
  inTurns(numbers(450), (number) => done.push(number));
  const counts = [done.length];
  while (done.length < 450) {
    await new Promise(setImmediate);
    counts.push(done.length);
  }
  assert.deepEqual(done, numbers(450));
  assert.deepEqual([...new Set(counts)], [200, 400, 450]);
});

test('what is added meanwhile waits for the next time', async () => {
  const items = new Set(numbers(201));
  const done: number[] = [];
  inTurns(items, (number) => done.push(number));
  items.add(1000);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.deepEqual(done, numbers(201));
});
