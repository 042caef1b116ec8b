import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from './fake-clock.ts';
import { createIds } from './ids.ts';

test('an id is its prefix and 26 characters of Crockford base 32', () => {
  const ids = createIds();
  assert.match(ids.request(), /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.match(ids.key(), /^key_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.match(ids.session(), /^ses_[0-9A-HJKMNP-TV-Z]{26}$/);
});

test('an id of a later millisecond sorts after one of an earlier', () => {
  const clock = createFakeClock();
  const ids = createIds({ clock });
  let before = ids.request();
  for (const step of [1, 31, 1000, 86_400_000, 40 * 365 * 86_400_000]) {
    clock.advance(step);
    const after = ids.request();
    assert.ok(before < after, `${before} < ${after}`);
    before = after;
  }
});

test('the random part carries every bit of the generator once, also across batches', () => {
  let fill = 0;
  const ids = createIds({
    clock: createFakeClock({ nowMs: 0 }),
    fillRandom: (buffer) => {
      for (let index = 0; index < buffer.length; index += 1) buffer[index] = (fill + index) % 251;
      fill += buffer.length;
    },
  });
  let next = 0;
  for (let count = 0; count < 1000; count += 1) {
    const expected = Array.from({ length: 10 }, () => next++ % 251);
    assert.deepEqual(decode(ids.request().slice(-16)), expected);
  }
});

test('ids do not repeat', () => {
  const ids = createIds({ clock: createFakeClock() });
  const seen = new Set(Array.from({ length: 20_000 }, () => ids.request()));
  assert.equal(seen.size, 20_000);
});

function decode(text: string): number[] {
  const bits = Array.from(text, (character) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(character).toString(2).padStart(5, '0')).join('');
  return Array.from({ length: bits.length / 8 }, (_, index) => Number.parseInt(bits.slice(index * 8, index * 8 + 8), 2));
}
