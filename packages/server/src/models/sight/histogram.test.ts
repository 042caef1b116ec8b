import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bucketCount, bucketOf, quantileMs, relativeError } from './histogram.ts';

function countsOf(values: readonly number[]): Float64Array {
  const counts = new Float64Array(bucketCount);
  for (const value of values) counts[bucketOf(value)]! += 1;
  return counts;
}

/** Of sorted values, by the nearest rank. */
function exactQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
}

const duration = fc.oneof(
  fc.double({ min: 1, max: 4e6, noNaN: true }),
  fc.double({ min: 1, max: 5000, noNaN: true }),
  fc.nat(100_000).map((n) => n + 1),
);

test('a quantile is within 5 % of the exact one, whatever the durations', () => {
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), fc.constantFrom(0, 0.5, 0.95, 0.99, 1), (values, share) => {
      const exact = exactQuantile(values, share);
      const found = quantileMs(countsOf(values), share)!;
      assert.ok(Math.abs(found - exact) <= exact * relativeError, `${found} for ${exact}`);
    }),
  );
});

test('below a millisecond a quantile is within 0.05 ms', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (value) => {
      assert.ok(Math.abs(quantileMs(countsOf([value]), 0.5)! - value) <= 0.0501);
    }),
  );
});

test('a longer duration never falls into a lower bucket', () => {
  fc.assert(
    fc.property(duration, duration, (one, other) => {
      assert.equal(Math.sign(bucketOf(Math.max(one, other)) - bucketOf(Math.min(one, other))) >= 0, true);
    }),
  );
});

test('every number has a bucket, also those that no clock gives', () => {
  for (const value of [-1, 0, NaN, Infinity, Number.MAX_VALUE, 2 ** 29, 2 ** 31]) {
    const bucket = bucketOf(value);
    assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < bucketCount, `${value} has ${bucket}`);
  }
});

test('nothing counted has no quantile', () => {
  assert.equal(quantileMs(new Float64Array(bucketCount), 0.5), undefined);
});
