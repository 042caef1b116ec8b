import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../core/fake-clock.ts';
import { createRetryBudget } from './retry-budget.ts';

test('a quiet gateway may retry up to the floor, and a minute later again', () => {
  const clock = createFakeClock();
  const budget = createRetryBudget({ percent: 10, clock, floorPerMinute: 3 });
  assert.deepEqual([budget.take(), budget.take(), budget.take(), budget.take()], [true, true, true, false]);
  assert.deepEqual(budget.figures, { taken: 3, refused: 1, left: 0 });
  clock.advance(65_000);
  assert.equal(budget.take(), true);
});

test('above the floor a tenth of the requests may be made again', () => {
  const clock = createFakeClock();
  const budget = createRetryBudget({ percent: 10, clock, floorPerMinute: 0 });
  for (let request = 0; request < 100; request += 1) budget.count();
  let taken = 0;
  while (budget.take()) taken += 1;
  assert.equal(taken, 10);
});

test('in every minute extra requests stay within the floor and the share, however they are mixed with requests', () => {
  const step = fc.oneof(fc.constant('count' as const), fc.constant('take' as const), fc.integer({ min: 1, max: 90_000 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const clock = createFakeClock();
      const budget = createRetryBudget({ percent: 20, clock, floorPerMinute: 2 });
      const requests: number[] = [];
      const extra: number[] = [];
      for (const action of steps) {
        if (typeof action === 'number') clock.advance(action);
        else if (action === 'count') {
          requests.push(clock.monotonicMs());
          budget.count();
        } else if (budget.take()) extra.push(clock.monotonicMs());
        // The sums are kept in slots of five seconds, so a window that is five seconds shorter lies within them.
        const since = clock.monotonicMs() - 55_000;
        const recent = (times: readonly number[]): number => times.filter((time) => time > since).length;
        assert.ok(recent(extra) <= 2 + requests.length * 0.2);
      }
    }),
  );
});
