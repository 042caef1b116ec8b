import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readFrames, readObjects } from './streams.ts';

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const size of sizes) yield bytes.subarray(start, (start += size));
  yield bytes.subarray(start);
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });

test('frames are the same however the network cuts them', async () => {
  const frames = fc.array(
    fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), text: fc.string({ maxLength: 60, unit: 'binary' }) }),
  );
  await fc.assert(
    fc.asyncProperty(frames, sizes, async (sent, cuts) => {
      const bytes = Buffer.concat(
        sent.flatMap(({ stream, text }) => {
          const head = Buffer.from([stream === 'stderr' ? 2 : 1, 0, 0, 0, 0, 0, 0, 0]);
          head.writeUInt32BE(Buffer.byteLength(text), 4);
          return [head, Buffer.from(text)];
        }),
      );
      const read: { readonly stream: string; readonly text: string }[] = [];
      for await (const { stream, payload } of readFrames(cut(bytes, cuts))) read.push({ stream, text: payload.toString() });
      assert.deepEqual(
        read,
        sent.map(({ stream, text }) => ({ stream, text: Buffer.from(text).toString() })),
      );
    }),
  );
});

test('what is no frame is refused, and not waited for', async () => {
  const bytes = Buffer.from('HTTP/1.1 500 it is an error in words\r\n');
  await assert.rejects(readFrames(cut(bytes, [])).next(), /none of output/);
});

test('objects are the same however the network cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.string())), sizes, async (sent, cuts) => {
      const bytes = Buffer.from(sent.map((object) => `${JSON.stringify(object)}\r\n`).join(''));
      const read: unknown[] = [];
      for await (const object of readObjects(cut(bytes, cuts))) read.push(object);
      assert.deepEqual(read, JSON.parse(JSON.stringify(sent)));
    }),
  );
});
