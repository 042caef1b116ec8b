import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dayMs, daysUntilFull, growthOf } from './growth.ts';

const everyMs = 4 * 60 * 60_000;
const steady = (count: number, bytesPerDay: number) =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * everyMs, bytes: 1e9 + (index * everyMs * bytesPerDay) / dayMs }));

test('steady growth is told as it is, whatever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 180 }), fc.integer({ min: -1e9, max: 1e9 }), (count, bytesPerDay) => {
      const growth = growthOf(steady(count, bytesPerDay));
      assert.ok(growth.known);
      assert.ok(Math.abs(growth.bytesPerDay - bytesPerDay) <= Math.abs(bytesPerDay) * 1e-6 + 1);
    }),
  );
});

test('too few readings, or readings of one hour, are no growth', () => {
  assert.deepEqual(growthOf([]), { known: false, readings: 0, spanMs: 0 });
  assert.deepEqual(growthOf(steady(3, 1e9)), { known: false, readings: 3, spanMs: 2 * everyMs });
  const hour = Array.from({ length: 10 }, (_, index) => ({ atMs: index * 360_000, bytes: index }));
  assert.equal(growthOf(hour).known, false);
});

test('a large file that came and went is not taken for growth', () => {
  const points = steady(40, 1e6).map((point, index) => (index === 20 || index === 21 ? { ...point, bytes: point.bytes + 50e9 } : point));
  const growth = growthOf(points);
  assert.ok(growth.known);
  assert.ok(Math.abs(growth.bytesPerDay - 1e6) < 1e5, String(growth.bytesPerDay));
});

test('there is room for as many days as what is free is of a day', () => {
  const growth = growthOf(steady(40, 1e9));
  assert.ok(Math.abs((daysUntilFull(growth, 7e9) ?? 0) - 7) < 1e-3);
  assert.equal(daysUntilFull(growthOf(steady(40, 0)), 7e9), undefined);
  assert.equal(daysUntilFull(growthOf(steady(40, -1e9)), 7e9), undefined);
  assert.equal(daysUntilFull(growthOf(steady(40, 1)), 7e9), undefined, 'in a thousand years');
  assert.equal(daysUntilFull(growthOf([]), 7e9), undefined);
});
