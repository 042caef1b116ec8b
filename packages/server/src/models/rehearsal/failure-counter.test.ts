import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFailureCounter } from './failure-counter.ts';

test('requests and lines are counted apart', () => {
  const counter = createFailureCounter();
  assert.deepEqual([counter.count('a', 1), counter.count('a', 1), counter.count('a', 2), counter.count('b', 1)], [1, 2, 1, 1]);
});

test('above the limit the request that was seen longest ago is forgotten', () => {
  const counter = createFailureCounter(2);
  counter.count('a', 1);
  counter.count('b', 1);
  counter.count('a', 1);
  counter.count('c', 1);
  assert.equal(counter.count('a', 1), 3);
  assert.equal(counter.count('b', 1), 1);
});
