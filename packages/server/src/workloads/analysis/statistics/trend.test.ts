import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { correction, interceptOf, kendallScore, noTrend, type Run, scoreVariance, trendOf } from './trend.ts';

const runOf = (values: readonly number[]): Run => values.map((value, at) => ({ at, value }));
const near = (actual: number, expected: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${what}: ${actual}, not ${expected}`);

/**
 * Values and what two public implementations say of them: pymannkendall 1.4.3 (`hamed_rao_modification_test`, `original_test`) and the
 * slope of scipy 1.17 (`theilslopes`).
 */
const published = [
  {
    values: [
      100.0, 101.4, 100.18, 98.83, 100.64, 99.53, 103.18, 107.52, 102.52, 102.64, 106.47, 106.57, 106.32, 103.71, 106.91, 109.59, 103.97,
      107.13, 103.3, 105.63, 104.47, 109.79, 107.2, 112.31,
    ],
    expected: { score: 160, variance: 1625.3333333333333, z: 3.9439000781063096, tau: 0.5797101449275363, slope: 0.35706249999 },
    corrected: { variance: 1625.3333333333333, z: 3.9439000781063096 },
  },
  {
    values: [
      98, 99, 102, 104, 98, 97, 100, 94, 96, 98, 103, 103, 101, 99, 99, 104, 101, 99, 101, 100, 99, 96, 98, 98, 102, 103, 101, 103, 100,
      103,
    ],
    expected: { score: 73, variance: 3076.3333333333335, z: 1.2981228685701771, tau: 0.167816091954023, slope: 0.07692307692307693 },
    corrected: { variance: 3076.3333333333335, z: 1.2981228685701771 },
  },
  {
    values: [
      99.98, 101.79, 97.79, 99.11, 94.2, 88.74, 89.03, 87.51, 89.33, 97.23, 95.1, 93.82, 95.16, 97.23, 97.1, 96.89, 99.43, 101.18, 98.09,
      98.19, 98.62, 95.74, 97.1, 94.98, 98.56, 99.46, 99.95, 98.36, 98.36, 92.72, 90.25, 92.51, 87.08, 91.12, 86.99, 90.78, 89.39, 93.02,
      94.34, 90.54, 95.48, 100.5, 100.51, 99.9, 99.69, 97.07, 100.93, 99.49, 99.67, 97.62, 96.27, 93.11, 97.88, 97.94, 101.36, 101.58,
      99.66, 99.05, 97.8, 98.38,
    ],
    expected: { score: 275, variance: 24580.333333333332, z: 1.7476589234217805, tau: 0.1553672316384181, slope: 0.050178571428571364 },
    corrected: { variance: 60970.90734543797, z: 1.1096582178639156 },
  },
] as const;

test('score, variance, correction and slope are those of public implementations', () => {
  for (const { values, expected, corrected } of published) {
    const run = runOf(values);
    near(kendallScore(run), expected.score, 'score');
    near(scoreVariance(run), expected.variance, 'variance');
    const plain = trendOf([run], { corrected: false });
    near(plain.z, expected.z, 'z');
    near(plain.tau, expected.tau, 'tau');
    near(plain.slope, expected.slope, 'slope');
    near(scoreVariance(run) * correction(run, plain.slope), corrected.variance, 'corrected variance');
    near(trendOf([run]).z, corrected.z, 'corrected z');
  }
});

const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 30 });

test('the score counts the pairs that rise less those that fall, and the slope is the median over all pairs', () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const run = runOf(numbers);
      const pairs = numbers.flatMap((left, index) => numbers.slice(index + 1).map((right, gap) => ({ rise: right - left, run: gap + 1 })));
      const naive = pairs.filter(({ rise }) => rise > 0).length - pairs.filter(({ rise }) => rise < 0).length;
      assert.equal(kendallScore(run), naive);
      const slopes = pairs.map(({ rise, run: along }) => rise / along).toSorted((left, right) => left - right);
      const middle = slopes.length / 2;
      const expected = slopes.length % 2 === 1 ? slopes[Math.floor(middle)] : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
      near(trendOf([run]).slope, expected ?? Number.NaN, 'slope');
    }),
  );
});

test('the variance of the score is that over all orders of the same values', () => {
  const small = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 6 });
  fc.assert(
    fc.property(small, (numbers) => {
      const scores = permutations(numbers).map((order) => kendallScore(runOf(order)));
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      near(mean, 0, 'mean');
      near(scoreVariance(runOf(numbers)), scores.reduce((sum, score) => sum + score * score, 0) / scores.length, 'variance');
    }),
    { numRuns: 30 },
  );
});

test('a trend turns with the values, moves with their scale, and does not care where they begin', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 1000 }), fc.integer({ min: -1000, max: 1000 }), (numbers, scale, offset) => {
      const trend = trendOf([runOf(numbers)]);
      const moved = trendOf([runOf(numbers.map((value) => value * scale + offset))]);
      near(moved.slope, trend.slope * scale, 'slope');
      near(moved.tau, trend.tau, 'tau');
      const turned = trendOf([runOf(numbers.map((value) => -value))]);
      near(turned.slope, -trend.slope, 'slope turned');
      near(turned.low, -trend.high, 'interval turned');
      near(turned.z, -trend.z, 'z turned');
      assert.ok(trend.low <= trend.slope && trend.slope <= trend.high);
    }),
  );
});

test('points of two runs are never compared: what lies between two lives of a process is no growth', () => {
  const saw = [0, 1, 2, 3, 4].map((life) =>
    Array.from({ length: 8 }, (_, index) => ({ at: life * 10 + index, value: 5 - life * 100 + index })),
  );
  const trend = trendOf(saw);
  near(trend.slope, 1, 'slope');
  near(trend.tau, 1, 'tau');
  assert.ok(trend.z > 5);
});

test('values that wander have no trend for nearly all seeds, and would have one for many without the correction', () => {
  let plain = 0;
  let corrected = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const run = runOf(wander(seed));
    if (trendOf([run], { corrected: false }).z > 2.33) plain += 1;
    if (trendOf([run]).z > 2.33) corrected += 1;
  }
  assert.ok(plain > 30, `${plain} of 200 without the correction`);
  assert.ok(corrected < plain / 2, `${corrected} of 200 with it`);
});

test('too few points, and points that are all alike, have no trend', () => {
  assert.deepEqual(trendOf([]), noTrend);
  assert.deepEqual(trendOf([runOf([1, 2])]), noTrend);
  const flat = trendOf([runOf([5, 5, 5, 5, 5, 5])]);
  assert.deepEqual([flat.z, flat.slope, flat.low, flat.high], [0, 0, 0, 0]);
});

test('half of the points lie on either side of the line', () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const run = runOf(numbers);
      const { slope } = trendOf([run]);
      const intercept = interceptOf(run, slope);
      const above = run.filter(({ at, value }) => value > intercept + slope * at + 1e-9).length;
      const below = run.filter(({ at, value }) => value < intercept + slope * at - 1e-9).length;
      assert.ok(above <= run.length / 2 && below <= run.length / 2);
    }),
  );
});

function permutations(numbers: readonly number[]): number[][] {
  if (numbers.length === 0) return [[]];
  return numbers.flatMap((value, index) => permutations(numbers.toSpliced(index, 1)).map((rest) => [value, ...rest]));
}

/** Autocorrelated noise from a seed. */
function wander(seed: number): number[] {
  let state = seed * 7919;
  let level = 0;
  return Array.from({ length: 60 }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    level = 0.7 * level + state / 2 ** 31 - 0.5;
    return level;
  });
}
