import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createServerSentEventParser, type ServerSentEvent } from './server-sent-events.ts';

function parse(chunks: readonly Buffer[]): { events: ServerSentEvent[]; incomplete: Buffer } {
  const parser = createServerSentEventParser();
  const events = chunks.flatMap((chunk) => parser.push(chunk));
  return { events, ...parser.end() };
}

function meaning(text: string): (string | undefined)[][] {
  return parse([Buffer.from(text)]).events.map(({ name, data }) => [name, data]);
}

test('an event has its name, its data and its bytes', () => {
  const { events, incomplete } = parse([Buffer.from('event: ping\ndata: {"a":1}\n\ndata: rest')]);
  assert.deepEqual(events, [{ name: 'ping', data: '{"a":1}', raw: Buffer.from('event: ping\ndata: {"a":1}\n\n') }]);
  assert.equal(incomplete.toString(), 'data: rest');
});

test("the standard's spellings all mean what it says", () => {
  assert.deepEqual(meaning('data:x\n\n'), [['message', 'x']]);
  assert.deepEqual(meaning('data:  x\n\n'), [['message', ' x']]);
  assert.deepEqual(meaning('data\n\n'), [['message', '']]);
  assert.deepEqual(meaning('data: a\ndata: b\ndata:\n\n'), [['message', 'a\nb\n']]);
  assert.deepEqual(meaning('\ufeffdata: x\n\n'), [['message', 'x']]);
  assert.deepEqual(meaning('data: x\r\n\r\ndata: y\r\rdata: z\n\n'), [
    ['message', 'x'],
    ['message', 'y'],
    ['message', 'z'],
  ]);
  assert.deepEqual(meaning('dataset: x\nevents: y\ndata: z\n\n'), [['message', 'z']]);
  assert.deepEqual(meaning('event:\ndata: x\n\n'), [['message', 'x']]);
  assert.deepEqual(meaning('id: 7\nretry: 10\ndata: x\n\n'), [['message', 'x']]);
});

test('a block of comments has no data', () => {
  assert.deepEqual(meaning(': hello\n\n'), [['message', undefined]]);
  assert.deepEqual(meaning(': hello\ndata: x\n\n'), [['message', 'x']]);
});

test('an event within one chunk is a slice of it, not a copy', () => {
  const chunk = Buffer.from('data: a\n\ndata: b\n\n');
  const [, second] = createServerSentEventParser().push(chunk);
  assert.equal(second?.raw.buffer, chunk.buffer);
  assert.equal(second?.raw.byteOffset, chunk.byteOffset + 9);
});

test('an event ends with its blank line, though a line feed may follow the carriage return', () => {
  const parser = createServerSentEventParser();
  assert.equal(parser.push(Buffer.from('data: x\r\n\r')).length, 1);
  assert.deepEqual(
    parser.push(Buffer.from('\ndata: y\r\n\r\n')).map(({ data }) => data),
    ['y'],
  );
});

test('an event over the limit is refused, whole or in pieces, and one at the limit is not', () => {
  const event = Buffer.from(`data: ${'x'.repeat(92)}\n\n`);
  for (const size of [event.length, 7]) {
    const feed = (limitBytes: number): ServerSentEvent[] => {
      const parser = createServerSentEventParser({ limitBytes, provider: 'acme' });
      const events: ServerSentEvent[] = [];
      for (let start = 0; start < event.length; start += size) events.push(...parser.push(event.subarray(start, start + size)));
      return events;
    };
    assert.equal(feed(100).length, 1);
    assert.throws(() => feed(99), { code: 'upstream_malformed', message: /acme sent .* longer than 99 bytes/ });
  }
});

const line = fc.oneof(
  fc.constantFrom('', 'data', 'data:', 'data: ', 'event: ping', ': comment', 'id: 1', 'data:x', 'event:'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, '')}`),
);
const streamText = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 30 }).map((lines) => lines.flat().join(''));
const cuts = fc.array(fc.nat(400), { maxLength: 40 });

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

test('any cutting gives the same events, and their bytes together are the input', () => {
  fc.assert(
    fc.property(streamText, cuts, fc.constantFrom('', '\ufeff'), (text, places, mark) => {
      const bytes = Buffer.from(mark + text);
      const whole = parse([bytes]);
      const cut = parse(cutAt(bytes, places));
      assert.deepEqual(
        cut.events.map(({ name, data }) => [name, data]),
        whole.events.map(({ name, data }) => [name, data]),
      );
      for (const { events, incomplete } of [whole, cut])
        assert.deepEqual(Buffer.concat([...events.map(({ raw }) => raw), incomplete]), bytes);
    }),
  );
});

test('any bytes at all are taken, whether they are UTF-8 or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (input, places) => {
      const bytes = Buffer.from(input);
      const { events, incomplete } = parse(cutAt(bytes, places));
      assert.deepEqual(Buffer.concat([...events.map(({ raw }) => raw), incomplete]), bytes);
    }),
  );
});

test('the cost of single bytes grows with their number and not with its square', () => {
  const cpuMicros = (length: number): number => {
    const bytes = Buffer.from(`data: ${'x'.repeat(length)}\n\n`);
    const parser = createServerSentEventParser();
    const before = process.cpuUsage();
    let found = 0;
    for (let at = 0; at < bytes.length; at++) found += parser.push(bytes.subarray(at, at + 1)).length;
    assert.equal(found, 1);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const best = (length: number): number => Math.min(cpuMicros(length), cpuMicros(length), cpuMicros(length));
  best(20_000);
  // Sixteen times the bytes take sixteen times the work; were it quadratic, 256 times.
  assert.ok(best(320_000) < 100 * Math.max(best(20_000), 500));
});
