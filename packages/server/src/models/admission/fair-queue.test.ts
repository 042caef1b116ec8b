import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFairQueue, type QueueEntry } from './fair-queue.ts';
import { outside } from './heap.ts';

interface Named extends QueueEntry {
  readonly name: string;
}

let sequence = 0;

function entry(turn: string, arrivedMs: number): Named {
  return { turn, arrivedMs, sequence: (sequence += 1), heapIndex: outside, name: `${turn}${arrivedMs}` };
}

function drain(queue: ReturnType<typeof createFairQueue<Named>>): string[] {
  const names: string[] = [];
  for (let next = queue.shift(); next; next = queue.shift()) names.push(next.name);
  return names;
}

test('turns are served one after the other, however many wait in each', () => {
  const queue = createFairQueue<Named>();
  for (const arrivedMs of [1, 2, 3, 4]) queue.add(entry('a', arrivedMs));
  queue.add(entry('b', 5));
  queue.add(entry('c', 6));
  queue.add(entry('b', 7));
  assert.deepEqual(drain(queue), ['a1', 'b5', 'c6', 'a2', 'b7', 'a3', 'a4']);
});

test('within a turn whoever came first is first, also when it comes back to try again', () => {
  const queue = createFairQueue<Named>();
  for (const arrivedMs of [10, 20, 30]) queue.add(entry('a', arrivedMs));
  queue.add(entry('a', 5));
  assert.deepEqual(drain(queue), ['a5', 'a10', 'a20', 'a30']);
});

test('sessions of a turn take turns within it, and however many there are, the others wait for one of them', () => {
  const queue = createFairQueue<Named>();
  const from = (session: string, arrivedMs: number): Named => ({ ...entry('a', arrivedMs), session });
  for (const arrivedMs of [1, 2]) queue.add(from('first', arrivedMs));
  for (const arrivedMs of [3, 4]) queue.add(from(`invented ${arrivedMs}`, arrivedMs));
  queue.add(entry('b', 5));
  assert.equal(queue.aheadOf({ turn: 'c' }), 2);
  assert.equal(queue.aheadOf({ turn: 'a', session: 'new' }), 5);
  assert.deepEqual(drain(queue), ['a1', 'b5', 'a3', 'a4', 'a2']);
  assert.equal(queue.turns, 0);
});

test('those of the same moment are served in the order in which they were added', () => {
  const queue = createFairQueue<Named>();
  const entries = Array.from({ length: 20 }, () => entry('a', 1));
  for (const one of entries) queue.add(one);
  for (const one of entries) assert.equal(queue.shift(), one);
});

test('a turn that is over leaves nothing behind', () => {
  const queue = createFairQueue<Named>();
  for (let index = 0; index < 1000; index += 1) {
    const one = entry(`turn ${index}`, index);
    queue.add(one);
    if (index % 2 === 0) queue.remove(one);
    else assert.equal(queue.shift(), one);
  }
  assert.equal(queue.size, 0);
  assert.equal(queue.turns, 0);
});

test('at most so many are served before a newcomer as are said to be ahead of it', () => {
  const queue = createFairQueue<Named>();
  assert.equal(queue.aheadOf({ turn: 'a' }), 0);
  for (let index = 0; index < 10; index += 1) queue.add(entry('a', index));
  assert.equal(queue.aheadOf({ turn: 'a' }), 10);
  assert.equal(queue.aheadOf({ turn: 'b' }), 1);
  const newcomer = entry('b', 11);
  queue.add(newcomer);
  assert.equal(queue.shift()?.turn, 'a');
  assert.equal(queue.shift(), newcomer);
});

test('whatever comes and goes: nobody is lost, nobody is served twice, and shares of turns that wait throughout differ by one', () => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'add', 'shift', 'remove'),
    turn: fc.constantFrom('a', 'b', 'c'),
    number: fc.nat({ max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = createFairQueue<Named>();
      const inside = new Set<Named>();
      for (const { kind, turn, number } of steps) {
        if (kind === 'add') {
          const one = entry(turn, number);
          queue.add(one);
          inside.add(one);
        } else if (kind === 'remove') {
          const one = [...inside][number % Math.max(1, inside.size)];
          if (!one) continue;
          queue.remove(one);
          queue.remove(one);
          inside.delete(one);
        } else {
          const served = queue.shift();
          assert.equal(served === undefined, inside.size === 0);
          if (!served) continue;
          assert.ok(inside.delete(served));
          assert.ok([...inside].every((other) => other.turn !== served.turn || other.arrivedMs >= served.arrivedMs));
        }
        assert.equal(queue.size, inside.size);
        assert.equal(queue.turns, new Set([...inside].map((one) => one.turn)).size);
        assert.deepEqual(new Set(queue.list()), inside);
      }
      const left = new Map<string, number>();
      for (const { turn } of inside) left.set(turn, (left.get(turn) ?? 0) + 1);
      const rounds = Math.min(...left.values());
      const shares = new Map<string, number>();
      for (let index = 0; index < left.size * rounds && rounds !== Infinity; index += 1) {
        const turn = queue.shift()?.turn ?? '';
        shares.set(turn, (shares.get(turn) ?? 0) + 1);
      }
      assert.ok([...shares.values()].every((share) => share === rounds));
    }),
  );
});
