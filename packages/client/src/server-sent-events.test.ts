import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createServerSentEventParser, type ServerSentEvent } from './server-sent-events.ts';

function parse(...pieces: readonly string[]): ServerSentEvent[] {
  const parser = createServerSentEventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

test('names, data of several lines, comments, and fields that are not known', () => {
  assert.deepEqual(parse(': hello\nevent: error\nid: 7\ndata: one\ndata:two\ndata\n\n:again\n\ndata: x\n\n'), [
    { name: 'error', data: 'one\ntwo\n' },
    { name: 'message', data: 'x' },
  ]);
});

test('an event without its blank line is none, and neither is a name without data', () => {
  assert.deepEqual(parse('data: x\n', 'data: y'), []);
  assert.deepEqual(parse('event: ping\n\ndata: x\n\n'), [{ name: 'message', data: 'x' }]);
});

test('what is held for an event that does not end can be seen', () => {
  const parser = createServerSentEventParser();
  parser.push('data: 12345\ndata: 67');
  assert.equal(parser.heldCharacters, 13);
  parser.push('\n\n');
  assert.equal(parser.heldCharacters, 0);
});

test('however it is cut and whatever ends its lines, the same comes of it', () => {
  const line = fc.oneof(
    fc.constantFrom('', 'data: a', 'data:b', 'data', 'event: e', ': c', 'data: é😀'),
    fc.string().map((text) => text.replace(/[\r\n]/g, '')),
  );
  const lines = fc.array(line, { maxLength: 20 });
  fc.assert(
    fc.property(
      lines,
      fc.array(fc.constantFrom('\n', '\r', '\r\n'), { minLength: 20, maxLength: 20 }),
      fc.array(fc.nat(200), { maxLength: 8 }),
      (all, ends, cuts) => {
        const text = all.map((each, index) => `${each}${ends[index] ?? ''}`).join('');
        // A lone CR before an empty line that ends with LF would be read as one CR LF: both ways of writing it mean the same text.
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((one, other) => one - other), text.length];
        const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
        assert.deepEqual(parse(...pieces), parse(text));
        assert.deepEqual(parse(text), parse(text.replace(/\r\n?/g, '\n')));
      },
    ),
  );
});
