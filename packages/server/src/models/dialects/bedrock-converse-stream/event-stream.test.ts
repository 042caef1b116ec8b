/** Frames from bytes: cut anywhere, damaged anywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import type { StreamFrame } from '../dialect.ts';
import { awsEventStream, createEventStreamParser } from './event-stream.ts';
import { answer, codec, decodeStream, eventFrame, exceptionFrame, frame, streamOf } from './frames.fixture.ts';

const malformed = { code: 'upstream_malformed' };

function parse(bytes: Buffer, size = bytes.length, limitBytes = 1024 * 1024): StreamFrame[] {
  const parser = createEventStreamParser({ codec, provider: 'acme', limitBytes });
  const frames: StreamFrame[] = [];
  for (let start = 0; start < bytes.length; start += size) frames.push(...parser.push(bytes.subarray(start, start + size)));
  return frames;
}

/** A prelude whose checksum is right, whatever it says. */
function prelude(totalBytes: number, headerBytes: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(totalBytes, 0);
  bytes.writeUInt32BE(headerBytes, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  return bytes;
}

test('a frame has the name of its event, its payload as text, and all its bytes', () => {
  const bytes = eventFrame('messageStart', { role: 'assistant' });
  assert.deepEqual(parse(bytes), [{ name: 'messageStart', data: '{"role":"assistant","p":"abcdefghijk"}', raw: bytes }]);
});

test('an exception is named as one, and a failure of the connection too', () => {
  const failure = frame({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'It "broke".' }, '');
  const frames = parse(Buffer.concat([exceptionFrame('throttlingException', { message: 'slow' }), failure]));
  assert.deepEqual(
    frames.map(({ name, data }) => [name, data]),
    [
      ['exception:throttlingException', '{"message":"slow"}'],
      ['exception:InternalError', '{"message":"It \\"broke\\"."}'],
    ],
  );
});

test('frames come out alike wherever the bytes are cut', () => {
  const bytes = streamOf(answer);
  const whole = parse(bytes);
  assert.equal(whole.length, answer.length);
  for (const size of [1, 2, 3, 11, 12, 13, 64, 257]) assert.deepEqual(parse(bytes, size), whole, `chunks of ${size}`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parser = createEventStreamParser({ codec, provider: 'acme' });
    const frames = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))];
    assert.deepEqual(frames, whole, `cut at ${cut}`);
  }
});

test('a frame that was cut does not change when its chunks are used again', () => {
  const bytes = streamOf(answer);
  const parser = createEventStreamParser({ codec, provider: 'acme' });
  const reused = Buffer.alloc(7);
  const frames: StreamFrame[] = [];
  for (let start = 0; start < bytes.length; start += reused.length) {
    const taken = bytes.copy(reused, 0, start, start + reused.length);
    for (const one of parser.push(reused.subarray(0, taken))) frames.push(one);
  }
  assert.deepEqual(
    frames.map(({ data }) => data),
    parse(bytes).map(({ data }) => data),
  );
});

test('one wrong bit anywhere is an error, and no event comes from its frame', () => {
  const bytes = Buffer.concat([eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Pay 100' } })]);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => parse(damaged), malformed, `bit ${bit}`);
  }
});

test('damage anywhere in a stream never gives another answer: what comes before it is as it was, then an error', () => {
  const bytes = streamOf(answer);
  const events = decodeStream(bytes);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 80 }), (at, mask, size) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ mask;
      const parser = createEventStreamParser({ codec, provider: 'acme' });
      const frames: StreamFrame[] = [];
      assert.throws(() => {
        for (let start = 0; start < damaged.length; start += size) frames.push(...parser.push(damaged.subarray(start, start + size)));
      }, malformed);
      assert.deepEqual(frames, parse(bytes).slice(0, frames.length));
      assert.ok(frames.length < answer.length);
    }),
  );
  assert.equal(events.at(-1)?.type, 'finish');
});

test('a frame over the limit is refused by its prelude alone, before its bytes are waited for', () => {
  assert.throws(() => parse(prelude(1025, 0), 12, 1024), { ...malformed, message: /longer than 1024 bytes/ });
  assert.deepEqual(parse(prelude(1024, 0), 12, 1024), []);
  assert.throws(() => createEventStreamParser({ codec, provider: 'acme' }).push(prelude(16 * 1024 * 1024 + 1, 0)), malformed);
});

test('a prelude with a wrong checksum is refused at once, whatever length it speaks of', () => {
  const bytes = prelude(4000, 10);
  bytes[1] = 0xff;
  assert.throws(() => parse(bytes, 5), { ...malformed, message: /checksum of its prelude/ });
});

test('lengths that do not fit each other are refused', () => {
  assert.throws(() => parse(prelude(15, 0)), malformed);
  assert.throws(() => parse(prelude(0, 0)), malformed);
  assert.throws(() => parse(prelude(40, 25)), malformed);
});

test('a frame whose headers say no kind is refused', () => {
  for (const headers of [{}, { ':message-type': 'event' }, { ':message-type': 'exception' }, { ':message-type': 'new' }]) {
    assert.throws(() => parse(frame(headers, '{}')), malformed, JSON.stringify(headers));
  }
});

test('headers that end within themselves are refused', () => {
  const headers = Buffer.from([13, ...Buffer.from(':message-type'), 7, 0xff, 0xff]);
  const body = Buffer.concat([prelude(12 + headers.length + 4, headers.length), headers]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  assert.throws(() => parse(Buffer.concat([body, checksum])), malformed);
});

test('random bytes are an error or wait for more, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (bytes, size) => {
      try {
        assert.deepEqual(parse(Buffer.from(bytes), size), []);
      } catch (thrown) {
        assert.equal((thrown as { code?: string }).code, 'upstream_malformed');
      }
    }),
  );
});

test('the framing loads its codec once and then reads', async () => {
  assert.equal(awsEventStream.contentType, 'application/vnd.amazon.eventstream');
  await awsEventStream.prepare?.();
  assert.equal(awsEventStream.createParser('acme').push(streamOf(answer)).length, answer.length);
});
