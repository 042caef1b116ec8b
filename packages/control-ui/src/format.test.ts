import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatNanoUsd,
  formatPercent,
  formatRate,
  formatTime,
  formatUsd,
  plural,
} from './format.ts';

test('counts are exact while they are small, and short when they are large', () => {
  assert.deepEqual([0, 7, 1234, 9999, 10_000, 12_345, 999_999, 4_500_000, 2e12].map(formatCount), [
    ...['0', '7', '1,234', '9,999', '10k', '12.3k', '1M', '4.5M', '2T'],
  ]);
});

test('rates below one keep what they say', () => {
  assert.deepEqual([0, 0.001, 0.42, 0.5, 3.14, 42, 12_345].map(formatRate), ['0', '<0.01', '0.42', '0.5', '3.1', '42', '12.3k']);
});

test('durations have the unit that fits, and never 1000 ms or 60 s', () => {
  assert.deepEqual([0, 0.42, 12.4, 999.4, 999.6, 1240, 9999, 12_340, 59_960, 180_000, 7_500_000, 356_400_000].map(formatDuration), [
    ...['0 ms', '0.4 ms', '12 ms', '999 ms', '1 s', '1.24 s', '10 s', '12.3 s', '1 min', '3 min', '2 h 5 min', '4 d 3 h'],
  ]);
});

test('sizes are in units of 1024', () => {
  assert.deepEqual([0, 512, 1024, 1536 * 1024, 200 * 2 ** 20, 3.5 * 2 ** 30].map(formatBytes), [
    ...['0 B', '512 B', '1 KiB', '1.5 MiB', '200 MiB', '3.5 GiB'],
  ]);
});

test('a share is never rounded to all or nothing', () => {
  assert.deepEqual([0, 0.0001, 0.003, 0.12, 0.997, 0.99999, 1].map(formatPercent), [
    ...['0 %', '<0.1 %', '0.3 %', '12 %', '99.7 %', '>99.9 %', '100 %'],
  ]);
});

test('money keeps cents, and what is below them', () => {
  assert.deepEqual([0, 0.00001, 0.0012, 0.34, 12.5, 1234.4].map(formatUsd), ['$0', '<$0.0001', '$0.0012', '$0.34', '$12.50', '$1,234']);
  assert.equal(formatNanoUsd(1_500_000_000), '$1.50');
});

test('what is not known is a dash and not a zero', () => {
  for (const format of [formatCount, formatRate, formatDuration, formatBytes, formatPercent, formatUsd, formatNanoUsd, formatTime])
    assert.deepEqual([format(null), format(undefined)], ['–', '–']);
  assert.equal(formatCount(Number.NaN), '–');
  assert.equal(formatTime('soon'), '–');
});

test('times are told from now, both ways', () => {
  assert.equal(formatAgo(1000, 2000), 'just now');
  assert.equal(formatAgo(0, 61_000), '1 min ago');
  assert.equal(formatAgo(0, 12_345), '12 s ago');
  assert.equal(formatAgo(100_000_000, 0), 'in 1 d 3 h');
});

test('one of a thing is singular', () => {
  assert.deepEqual(
    [plural(0, 'key'), plural(1, 'key'), plural(2, 'key'), plural(2, 'try', 'tries')],
    ['0 keys', '1 key', '2 keys', '2 tries'],
  );
});
