import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { autocorrelation, independentCount } from './autocorrelation.ts';
import { fitColumns } from './least-squares.ts';
import { normalBelow, normalWidth } from './normal.ts';
import { median, medianDeviation, quantile, ranks } from './order.ts';

const close = (actual: number, expected: number, within = 1e-6): void =>
  assert.ok(Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
const integers = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 40 });

test('ranks are the mean place of all that are equal', () => {
  fc.assert(
    fc.property(integers, (values) => {
      const expected = values.map(
        (value) => values.filter((other) => other < value).length + (values.filter((other) => other === value).length + 1) / 2,
      );
      assert.deepEqual(ranks(values), expected);
    }),
  );
});

test('a quantile lies between its neighbours, the ends are the extremes, and the median halves', () => {
  fc.assert(
    fc.property(integers, fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
      const order = values.toSorted((left, right) => left - right);
      assert.equal(quantile(values, 0), order[0]);
      assert.equal(quantile(values, 1), order.at(-1));
      const found = quantile(values, fraction);
      const place = fraction * (values.length - 1);
      assert.ok(found >= (order[Math.floor(place)] ?? 0) && found <= (order[Math.ceil(place)] ?? 0));
    }),
  );
  assert.equal(median([3, 1, 2, 10]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('the deviation by medians is that of the normal distribution, and an outlier does not move it', () => {
  const normal = Array.from({ length: 999 }, (_, index) => 10 * inverseNormal((index + 0.5) / 999));
  close(medianDeviation(normal), 10, 0.01);
  close(medianDeviation([...normal, 1e9]), 10, 0.01);
});

test('the normal distribution has the values of the tables', () => {
  for (const [z, below] of [
    [0, 0.5],
    [1, 0.8413447],
    [-1, 0.1586553],
    [1.959964, 0.975],
    [3, 0.9986501],
  ] as const)
    close(normalBelow(z), below);
  close(normalWidth(0.95), 1.959964, 1e-5);
  close(normalWidth(0.8), 1.281552, 1e-5);
});

test('autocorrelation is the textbook sum, at every lag', () => {
  fc.assert(
    fc.property(integers, (values) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      for (const [index, found] of autocorrelation(values).entries()) {
        const lag = index + 1;
        const products = values.slice(lag).reduce((sum, value, at) => sum + (value - mean) * ((values[at] ?? 0) - mean), 0);
        close(found, squares === 0 ? 0 : products / squares);
      }
    }),
  );
});

test('values that are alike count as fewer', () => {
  assert.ok(independentCount([1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9]) < 6);
  assert.equal(independentCount([1, 9, 1, 9, 1, 9, 1, 9]), 8);
});

test('least squares leave residuals that no column explains, and find what was put in', () => {
  const column = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(column, column, column, (noise, left, right) => {
      const fit = fitColumns(noise, [left, right]);
      if (!fit) return;
      const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
      close(sum(fit.residuals), 0, 1e-4);
      for (const columnOf of [left, right]) close(sum(fit.residuals.map((value, index) => value * (columnOf[index] ?? 0))), 0, 1e-3);
    }),
  );
  const time = Array.from({ length: 30 }, (_, index) => index);
  const load = time.map((at) => Math.sin(at));
  const fit = fitColumns(
    time.map((at) => 7 + 3 * at + 5 * Math.sin(at)),
    [time, load],
  );
  close(fit?.coefficients[0] ?? 0, 3);
  close(fit?.coefficients[1] ?? 0, 5);
});

test('columns that say the same cannot be told apart, and too few values fit nothing', () => {
  const time = Array.from({ length: 30 }, (_, index) => index);
  assert.equal(fitColumns(time, [time, time.map((at) => 2 * at + 1)]), undefined);
  assert.equal(fitColumns([1, 2, 3], [[1, 2, 4]]), undefined);
});

/** By halving; for the test alone. */
function inverseNormal(share: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}
