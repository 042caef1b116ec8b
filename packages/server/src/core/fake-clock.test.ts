import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from './fake-clock.ts';

test('timers fire in the order of their moments, each seeing its own moment', () => {
  const clock = createFakeClock();
  const seen: [string, number][] = [];
  clock.after(20, () => seen.push(['late', clock.monotonicMs()]));
  clock.after(10, () => {
    seen.push(['early', clock.monotonicMs()]);
    clock.after(5, () => seen.push(['nested', clock.monotonicMs()]));
  });
  clock.advance(30);
  assert.deepEqual(seen, [
    ['early', 10],
    ['nested', 15],
    ['late', 20],
  ]);
  assert.equal(clock.monotonicMs(), 30);
  assert.equal(clock.pendingTimers, 0);
});

test('a repeating timer fires once per interval until it is cancelled', () => {
  const clock = createFakeClock();
  let count = 0;
  const timer = clock.every(10, () => {
    count += 1;
  });
  clock.advance(35);
  assert.equal(count, 3);
  timer.cancel();
  timer.cancel();
  clock.advance(100);
  assert.equal(count, 3);
});

test('a cancelled timer does not fire', () => {
  const clock = createFakeClock();
  const timer = clock.after(10, () => assert.fail('fired'));
  timer.cancel();
  clock.advance(20);
  assert.equal(clock.pendingTimers, 0);
});

test('a jump of the wall clock moves no timer and not the monotonic clock', () => {
  const clock = createFakeClock({ nowMs: 1000 });
  let fired = false;
  clock.after(10, () => {
    fired = true;
  });
  clock.jumpWallClock(-500);
  assert.equal(clock.now(), 500);
  assert.equal(clock.monotonicMs(), 0);
  clock.advance(9);
  assert.equal(fired, false);
  clock.advance(1);
  assert.equal(fired, true);
  assert.equal(clock.now(), 510);
});
