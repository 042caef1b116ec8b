import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Usage } from '../dialects/events.ts';
import { costNanoUsd, mergePrices } from './price.ts';

const none: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
const million = 1_000_000;

test('a million tokens cost the published price', () => {
  const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
  assert.equal(costNanoUsd(price, { ...none, input: million }), 3_000_000_000);
  assert.equal(costNanoUsd(price, { ...none, output: million }), 15_000_000_000);
});

test('case 61: a cached token is charged once, at the cache price', () => {
  const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
  // 1000 of input: 600 read from the cache, 300 written to it, 100 plain.
  const usage = { ...none, input: 1000, cacheRead: 600, cacheWrite: 300 };
  assert.equal(costNanoUsd(price, usage), 600 * 300 + 300 * 3750 + 100 * 3000);
});

test('cached tokens cost as other input where the provider publishes no cache price', () => {
  assert.equal(costNanoUsd({ input: 2, output: 4 }, { ...none, input: 10, cacheRead: 4, cacheWrite: 3 }), 20_000);
});

test('thinking is part of the output and not charged again', () => {
  assert.equal(costNanoUsd({ input: 1, output: 10 }, { ...none, output: 50, reasoning: 40 }), 500_000);
});

test('an unknown price gives no cost, and a price of zero gives zero', () => {
  assert.equal(costNanoUsd(undefined, { ...none, input: 5 }), undefined);
  assert.equal(costNanoUsd({ input: 0, output: 0 }, { ...none, input: 5 }), 0);
});

test('fractions of a nano-dollar are summed before they are rounded', () => {
  // 0.0375 US$ per million is 37.5 nano-dollars a token.
  assert.equal(costNanoUsd({ input: 0.0375, output: 0.0375 }, { ...none, input: 1, output: 1 }), 75);
  assert.equal(costNanoUsd({ input: 0.0375, output: 0.0375 }, { ...none, input: 1 }), 38);
});

test('cached counts above the total never make the rest negative', () => {
  assert.equal(costNanoUsd({ input: 5, output: 5, cacheRead: 1 }, { ...none, input: 10, cacheRead: 100 }), 100_000);
});

test('the cost of a whole conversation is the sum of its parts, exactly', () => {
  const tokens = fc.record({ input: fc.integer({ min: 0, max: 5_000_000 }), output: fc.integer({ min: 0, max: 5_000_000 }) });
  const mills = fc.record({ input: fc.integer({ min: 0, max: 60_000 }), output: fc.integer({ min: 0, max: 60_000 }) });
  fc.assert(
    fc.property(tokens, mills, (used, price) => {
      const whole = costNanoUsd({ input: price.input / 1000, output: price.output / 1000 }, { ...none, ...used });
      assert.equal(whole, used.input * price.input + used.output * price.output);
    }),
    { numRuns: 200 },
  );
});

test("the operator's price overrides the known one field by field", () => {
  const known = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
  assert.deepEqual(mergePrices(known, undefined), known);
  assert.deepEqual(mergePrices(known, { cacheRead: 0.2 }), { ...known, cacheRead: 0.2 });
  assert.deepEqual(mergePrices(known, { output: 0 }), { ...known, output: 0 });
});

test("a known cache price does not survive the operator's other input price", () => {
  assert.deepEqual(mergePrices({ input: 3, output: 15, cacheRead: 0.3 }, { input: 1 }), { input: 1, output: 15 });
});

test('half a price is none', () => {
  assert.equal(mergePrices(undefined, { input: 1 }), undefined);
  assert.equal(mergePrices(undefined, {}), undefined);
  assert.equal(mergePrices(undefined, undefined), undefined);
});
