import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatUnit, parseUnit } from './units.ts';

test('sizes and times are read as people write them', () => {
  const sizes = { '1B': 1, '500kB': 500_000, '32MiB': 33_554_432, '1.5 GiB': 1_610_612_736 };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseUnit(text, 'bytes'), bytes, text);
  const times = { '5ms': 5, '0.1s': 100, '20s': 20_000, '2m': 120_000, '2min': 120_000, '1.5h': 5_400_000, '7d': 604_800_000 };
  for (const [text, ms] of Object.entries(times)) assert.equal(parseUnit(text, 'ms'), ms, text);
});

test('a text without a unit, with another unit, or that is no whole number of the unit is refused', () => {
  for (const text of ['', '32', '-1s', '1 s ', '1e3s', '0x1s', '20S', '1.5ms', '5MiB', '99999999999999999d'])
    assert.equal(parseUnit(text, 'ms'), undefined, text);
});

test('a number is written in the largest unit that leaves it whole, and reads back as itself', () => {
  assert.deepEqual(
    [33_554_432, 1500, 0].map((value) => formatUnit(value, 'bytes')),
    ['32MiB', '1500B', '0B'],
  );
  assert.deepEqual(
    [90_000, 86_400_000, 1, 0].map((value) => formatUnit(value, 'ms')),
    ['90s', '1d', '1ms', '0ms'],
  );
  for (const value of [0, 1, 999, 1024, 90_000, 2 ** 40]) {
    assert.equal(parseUnit(formatUnit(value, 'bytes'), 'bytes'), value);
    assert.equal(parseUnit(formatUnit(value, 'ms'), 'ms'), value);
  }
});
