import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortRows } from './sort-rows.ts';

const sorted = (values: readonly (number | string | null)[], descending = false) =>
  sortRows(values, { sortBy: (value) => value, descending });

test('numbers go by size and words as people sort them', () => {
  assert.deepEqual(sorted([10, 9, 100]), [9, 10, 100]);
  assert.deepEqual(sorted(['model-10', 'Model-9', 'model-1']), ['model-1', 'Model-9', 'model-10']);
});

test('what is not known comes last, whichever way it goes', () => {
  assert.deepEqual(sorted([null, 2, null, 1]), [1, 2, null, null]);
  assert.deepEqual(sorted([null, 2, null, 1], true), [2, 1, null, null]);
});

test('the rows that were given stay as they were', () => {
  const rows = [2, 1];
  sorted(rows);
  assert.deepEqual(rows, [2, 1]);
});
