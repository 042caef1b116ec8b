import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from '../target.ts';
import { createKeyTurns } from './key-turns.ts';

function targets(...weights: readonly number[]): readonly Target[] {
  return weights.map((weight, index) => ({ key: { id: String(index + 1), weight } }) as Partial<Target> as Target);
}

function order(all: readonly Target[], turns = createKeyTurns()): string {
  return turns
    .next(all)
    .map(({ key }) => key.id)
    .join('');
}

test('keys take turns by their weight, spread out, and the others stand behind in a ring', () => {
  const turns = createKeyTurns();
  const all = targets(2, 1, 1);
  assert.deepEqual(
    Array.from({ length: 4 }, () => order(all, turns)),
    ['123', '231', '312', '123'],
  );
});

test('a key of weight 0 stands behind all others, whoever’s turn it is', () => {
  const turns = createKeyTurns();
  const all = targets(1, 0, 1);
  assert.deepEqual([order(all, turns), order(all, turns), order(all, turns)], ['132', '312', '132']);
});

test('keys that all have weight 0 are used all the same', () => {
  assert.equal(order(targets(0, 0)), '12');
});
