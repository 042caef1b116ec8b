import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundText, createBoundedText } from './bounded-text.ts';

test('what fits is kept as it is; of more, the beginning and the end stay and the gap is counted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 700, unit: 'grapheme' }), { maxLength: 12 }),
      fc.integer({ min: 201, max: 900 }),
      (pieces, limit) => {
        const bounded = createBoundedText(limit);
        for (const piece of pieces) bounded.add(piece);
        const whole = pieces.join('');
        const kept = bounded.toString();
        assert.ok(kept.length <= limit);
        assert.equal(bounded.length, whole.length);
        if (whole.length <= 200) assert.equal(kept, whole);
        const cut = /^([^]*)\n\[… (\d+) characters are left out here …\]\n([^]*)$/.exec(kept);
        if (cut === null) assert.equal(kept, whole);
        else {
          const [, head = '', missing, tail = ''] = cut;
          assert.ok(whole.startsWith(head) && whole.endsWith(tail));
          const gap = whole.length - head.length - tail.length;
          assert.ok(gap >= Number(missing) && gap <= Number(missing) + 2, 'at most half a pair more on either side');
        }
      },
    ),
  );
});

test('a text is never cut inside a character', () => {
  for (const limit of [300, 301, 302, 303]) assert.ok(boundText('😀'.repeat(1000), limit).isWellFormed());
});

test('an endless text needs no more memory than its limit', () => {
  const bounded = createBoundedText(1000);
  const piece = 'x'.repeat(1024 * 1024);
  for (let megabyte = 0; megabyte < 2048; megabyte += 1) bounded.add(piece);
  assert.equal(bounded.length, 2048 * 1024 * 1024);
  assert.ok(bounded.toString().length <= 1000);
});
