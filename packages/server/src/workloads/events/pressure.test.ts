import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { noPressure, pressureAfter, pressureThresholds, type Pressure } from './pressure.ts';

function begins(shares: readonly number[], waitingPercent?: number): number {
  let pressure: Pressure = noPressure;
  let count = 0;
  for (const share of shares) {
    const { now, began } = pressureAfter(pressure, { workingSetBytes: share, limitBytes: 100, waitingPercent });
    pressure = now;
    if (began !== undefined) count += 1;
  }
  return count;
}

test('it begins at 85 % and not below', () => {
  assert.equal(begins([84.9]), 0);
  assert.equal(begins([85]), 1);
});

test('however usage swings between the two thresholds, it is one event', () => {
  const swings = fc.array(fc.double({ min: pressureThresholds.lowPercent, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(fc.property(swings, (shares) => begins([90, ...shares]) === 1));
});

test('it is over after three low readings in a row, and then another one', () => {
  assert.equal(begins([90, 50, 50, 90]), 1);
  assert.equal(begins([90, 50, 50, 50, 90]), 2);
});

test('tasks that wait for memory are pressure too, but not far below the limit', () => {
  assert.equal(begins([60], 50), 1);
  assert.equal(begins([20], 50), 0);
});
