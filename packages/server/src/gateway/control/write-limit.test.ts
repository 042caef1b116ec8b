/** How often who may write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createWriteLimit } from './write-limit.ts';

test('so many in any minute, counted for each method and caller apart', () => {
  const clock = createFakeClock();
  const limit = createWriteLimit(clock, 2);
  assert.equal(limit.take('a', 'me'), undefined);
  clock.advance(30_000);
  assert.equal(limit.take('a', 'me'), undefined);
  clock.advance(10_000);
  assert.equal(limit.take('a', 'me'), 20_000);
  assert.equal(limit.take('b', 'me'), undefined);
  assert.equal(limit.take('a', 'you'), undefined);
  clock.advance(20_000);
  assert.equal(limit.take('a', 'me'), undefined);
  assert.equal(limit.take('a', 'me'), 30_000);
});

test('a write that was refused does not count', () => {
  const clock = createFakeClock();
  const limit = createWriteLimit(clock, 1);
  limit.take('a', 'me');
  for (let second = 0; second < 59; second += 1) {
    clock.advance(1000);
    assert.ok((limit.take('a', 'me') ?? 0) > 0);
  }
  clock.advance(1000);
  assert.equal(limit.take('a', 'me'), undefined);
});

test('who wrote last longest ago is forgotten beyond ten thousand, and everybody after a minute', () => {
  const clock = createFakeClock();
  const limit = createWriteLimit(clock, 1);
  limit.take('a', 'first');
  for (let caller = 0; caller < 9999; caller += 1) limit.take('a', `${caller}`);
  assert.ok((limit.take('a', 'first') ?? 0) > 0);
  limit.take('a', 'one too many');
  assert.equal(limit.take('a', 'first'), undefined);
});
