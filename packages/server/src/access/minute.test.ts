import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../core/fake-clock.ts';
import { createMinute } from './minute.ts';

test('what was used counts for a minute, and at most a second longer', () => {
  const clock = createFakeClock();
  clock.advance(500);
  const minute = createMinute(clock);
  minute.use(3);
  clock.advance(60_000);
  assert.equal(minute.used, 3);
  clock.advance(500);
  assert.equal(minute.used, 0);
});

test('what is given back is free at once; after its time there is nothing to give back', () => {
  const clock = createFakeClock();
  const minute = createMinute(clock);
  const second = minute.use(5);
  assert.equal(minute.waitMs(1, 5), 61_000);
  minute.giveBack(2, second);
  assert.equal(minute.waitMs(2, 5), 0);
  clock.advance(61_000);
  minute.use(1);
  minute.giveBack(3, second);
  assert.equal(minute.used, 1);
});

test('an amount larger than the limit fits once nothing is used, and below a limit of 0 nothing ever fits', () => {
  const clock = createFakeClock();
  const minute = createMinute(clock);
  assert.equal(minute.waitMs(1000, 10), 0);
  minute.use(1);
  assert.equal(minute.waitMs(1000, 10), 61_000);
  assert.equal(minute.waitMs(0, 0), 60_000);
  clock.advance(61_000);
  assert.equal(minute.waitMs(1000, 10), 0);
  assert.equal(minute.waitMs(1, 0), 60_000);
});

test('property: the wait is the first moment at which the amount fits', () => {
  const uses = fc.array(fc.record({ amount: fc.nat(20), gapMs: fc.nat(9000) }), { maxLength: 40 });
  fc.assert(
    fc.property(uses, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (steps, amount, limit) => {
      const clock = createFakeClock();
      const minute = createMinute(clock);
      for (const { amount: used, gapMs } of steps) {
        minute.use(used);
        clock.advance(gapMs);
      }
      const waitMs = minute.waitMs(amount, limit);
      assert.ok(waitMs <= 61_000);
      if (waitMs === 0) return;
      clock.advance(waitMs - 1);
      assert.equal(minute.waitMs(amount, limit), 1);
      clock.advance(1);
      assert.equal(minute.waitMs(amount, limit), 0);
    }),
  );
});

test('property: with gaps of any length it agrees with a list of everything that was used', () => {
  const step = fc.record({
    amount: fc.nat(50),
    gapMs: fc.oneof(fc.nat(1500), fc.nat(200_000)),
    giveBack: fc.option(fc.nat(10), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = createFakeClock();
      const minute = createMinute(clock);
      const list: { second: number; amount: number }[] = [];
      for (const { amount, gapMs, giveBack } of steps) {
        list.push({ second: minute.use(amount), amount });
        clock.advance(gapMs);
        const entry = giveBack === undefined ? undefined : list.at(-1 - giveBack);
        if (entry) {
          minute.giveBack(entry.amount, entry.second);
          entry.amount = 0;
        }
        const oldest = Math.floor(clock.monotonicMs() / 1000) - 60;
        const expected = list.filter(({ second }) => second >= oldest).reduce((sum, { amount: one }) => sum + one, 0);
        assert.equal(minute.used, expected);
      }
    }),
  );
});
