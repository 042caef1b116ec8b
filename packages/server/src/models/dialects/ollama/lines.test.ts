import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StreamFrame } from '../dialect.ts';
import { createLineParser } from './lines.ts';

function parse(bytes: Buffer, size: number, limitBytes = 1000): StreamFrame[] {
  const parser = createLineParser({ limitBytes, provider: 'ollama' });
  const frames: StreamFrame[] = [];
  for (let at = 0; at < bytes.length; at += size) frames.push(...parser.push(bytes.subarray(at, at + size)));
  return frames;
}

test('wherever the bytes are cut, the lines are the same and keep their bytes', () => {
  const lines = fc.array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => JSON.stringify(text)),
      fc.constantFrom('', '\r'),
    ),
  );
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 30 }), (all, size) => {
      const bytes = Buffer.from(all.map((line) => `${line}\n`).join(''));
      const frames = parse(bytes, size);
      assert.deepEqual(
        frames.map(({ data }) => data),
        all.map((line) => line.trim() || undefined),
      );
      assert.deepEqual(Buffer.concat(frames.map(({ raw }) => raw)), bytes);
    }),
  );
});

test('a line is given when it is complete, and not before', () => {
  const parser = createLineParser();
  assert.deepEqual(parser.push(Buffer.from('{"a":')), []);
  assert.deepEqual(parser.push(Buffer.from('1}')), []);
  assert.deepEqual(
    parser.push(Buffer.from('\n{"b"')).map(({ data }) => data),
    ['{"a":1}'],
  );
});

test('a line over the limit is refused, before its end is there', () => {
  const refused = { code: 'upstream_malformed', message: /longer than 10 bytes/ };
  for (const size of [1, 4, 100]) {
    assert.throws(() => parse(Buffer.from('x'.repeat(11)), size, 10), refused);
    assert.throws(() => parse(Buffer.from(`${'x'.repeat(11)}\n`), size, 10), refused);
    assert.equal(parse(Buffer.from(`${'x'.repeat(10)}\n${'y'.repeat(10)}\n`), size, 10).length, 2);
  }
});
