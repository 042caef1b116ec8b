import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMs } from './durations.ts';

test('a duration has three figures at most, in the unit that suits it', () => {
  const wanted = [
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [12.6, '13 ms'],
    [999.4, '999 ms'],
    [1000, '1 s'],
    [12_345, '12.3 s'],
    [61_500, '1 min 2 s'],
    [3_599_800, '1 h 0 min'],
    [7_260_000, '2 h 1 min'],
  ] as const;
  for (const [ms, text] of wanted) assert.equal(formatMs(ms), text);
});
