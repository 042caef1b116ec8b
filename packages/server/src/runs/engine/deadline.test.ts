import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { Deadline } from './deadline.ts';

test('it comes once, when it was said last, and not at all where the work is over before', () => {
  const clock = createFakeClock();
  const from = clock.now();
  let late = 0;
  {
    using deadline = new Deadline(clock, () => (late += 1));
    deadline.moveTo(from + 1000);
    clock.advance(400);
    // A child has used 500 of them.
    deadline.moveTo(from + 500);
    clock.advance(99);
    assert.equal(late, 0);
    clock.advance(1);
    assert.equal(late, 1);
    clock.advance(1000);
    assert.equal(late, 1);
    deadline.moveTo(from + 5000);
  }
  clock.advance(10_000);
  assert.equal(late, 1);
});
