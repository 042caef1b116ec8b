import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../core/errors.ts';
import { createBodyBudget, defaultBudgetBytes, type BodyHolding } from './body-budget.ts';

const mib = 2 ** 20;

test('what does not fit is refused with a moment to come back, and what was held stays held', () => {
  const budget = createBodyBudget(100);
  const holding = budget.open('one');
  holding.reach(60);
  assert.throws(
    () => holding.reach(101),
    (thrown) => thrown instanceof OpenClawError && thrown.code === 'overloaded' && thrown.retryAfterMs === 1000,
  );
  assert.deepEqual(budget.figures, { heldBytes: 60, limitBytes: 100, refused: 1 });
  holding.release();
  assert.equal(budget.figures.heldBytes, 0);
});

test('who has given back holds nothing more, however late a piece of the body comes', () => {
  const budget = createBodyBudget(100);
  const holding = budget.open('one');
  holding.release();
  holding.reach(50);
  holding.release();
  assert.equal(budget.figures.heldBytes, 0);
});

test('one caller cannot hold all of it with many requests, and the others get in', () => {
  const budget = createBodyBudget(800);
  const refused = { code: 'overloaded' };
  for (let count = 0; count < 7; count += 1) budget.open('greedy').reach(100);
  assert.throws(() => budget.open('greedy').reach(1), refused);
  const other = budget.open('other');
  other.reach(60);
  budget.open('other').add(40);
  assert.throws(() => other.add(1), refused);
  assert.equal(budget.figures.heldBytes, 800);
});

test('what a client has not taken stays held until it has, and a later piece counts no more', () => {
  const budget = createBodyBudget(100);
  for (const bodyBytes of [80, 10]) {
    const holding = budget.open('one');
    holding.reach(bodyBytes);
    const response = Object.assign(new EventEmitter(), { writableLength: 30, closed: false, setTimeout() {} }) as unknown as ServerResponse;
    holding.releaseAfter(response);
    holding.add(10);
    assert.equal(budget.figures.heldBytes, 30);
    response.emit('close');
    assert.equal(budget.figures.heldBytes, 0);
  }
});

test('property: the sum is that of those who hold, never above the limit, never negative, and 0 at the end', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), bytes: fc.nat(60) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('reach' as const), which: fc.nat(9), bytes: fc.nat(120) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = createBodyBudget(100);
      const holdings: { readonly holding: BodyHolding; bytes: number; over: boolean }[] = [];
      const reach = (one: (typeof holdings)[number], bytes: number): void => {
        const before = one.bytes;
        const others = budget.figures.heldBytes - before;
        try {
          one.holding.reach(bytes);
          if (!one.over) one.bytes = Math.max(before, bytes);
        } catch {
          assert.ok(!one.over && others + bytes > 100, 'refused although there is room');
        }
      };
      for (const one of steps) {
        if (one.kind === 'open') {
          const opened = { holding: budget.open(`caller ${holdings.length}`), bytes: 0, over: false };
          holdings.push(opened);
          reach(opened, one.bytes);
          continue;
        }
        const chosen = holdings[one.which % Math.max(1, holdings.length)];
        if (!chosen) continue;
        if (one.kind === 'reach') reach(chosen, one.bytes);
        else {
          // Twice now and then: an end that is told twice must not give back twice.
          chosen.holding.release();
          chosen.holding.release();
          chosen.over = true;
          chosen.bytes = 0;
        }
        const sum = holdings.reduce((total, { bytes }) => total + bytes, 0);
        assert.equal(budget.figures.heldBytes, sum);
        assert.ok(sum >= 0 && sum <= 100);
      }
      for (const { holding } of holdings) holding.release();
      assert.equal(budget.figures.heldBytes, 0);
    }),
  );
});

test('without a setting it is a quarter of the limit of the control group, or of the machine where there is none', () => {
  assert.equal(defaultBudgetBytes(512 * mib, 8192 * mib), 128 * mib);
  assert.equal(defaultBudgetBytes(0, 8192 * mib), 2048 * mib);
  // Version 1 of the groups says this where there is no limit.
  assert.equal(defaultBudgetBytes(2 ** 64, 8192 * mib), 2048 * mib);
  const here = defaultBudgetBytes();
  assert.ok(Number.isInteger(here) && here > 0, String(here));
});
