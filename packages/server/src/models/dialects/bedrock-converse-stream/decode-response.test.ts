/** Answers of Bedrock, streamed and whole. Fixtures are constructed after the documented format. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { assertEventOrder } from '../assert-event-order.ts';
import type { ModelEvent } from '../events.ts';
import { decodeResponse } from './decode-response.ts';
import { answer, decodeStream, exceptionFrame, frame, metadata, streamOf, usage, wholeAnswer, type Row } from './frames.fixture.ts';

const start: Row = ['messageStart', { role: 'assistant' }];
const delta = (contentBlockIndex: number, value: JsonObject): Row => ['contentBlockDelta', { contentBlockIndex, delta: value }];
const stop = (contentBlockIndex: number): Row => ['contentBlockStop', { contentBlockIndex }];
const end = (stopReason: string): Row => ['messageStop', { stopReason }];

function decode(...rows: Row[]): ModelEvent[] {
  const events = decodeStream(streamOf(rows));
  assertEventOrder(events);
  return events;
}

function decodeWhole(body: JsonObject): readonly ModelEvent[] {
  const events = decodeResponse('acme').whole(body);
  assertEventOrder(events);
  return events;
}

function errorOf(events: readonly ModelEvent[]) {
  const last = events.at(-1);
  assert.equal(last?.type, 'error');
  return last.error;
}

function finishOf(events: readonly ModelEvent[]) {
  const last = events.at(-1);
  assert.equal(last?.type, 'finish');
  return last;
}

/** Neighbouring deltas of one block and kind put together: what an answer says, however finely it streamed. */
function joined(events: readonly ModelEvent[]): ModelEvent[] {
  const result: ModelEvent[] = [];
  for (const event of events) {
    const last = result.at(-1);
    const { delta: now } = event.type === 'blockDelta' ? event : { delta: undefined };
    const before = last?.type === 'blockDelta' && event.type === 'blockDelta' && last.index === event.index ? last.delta : undefined;
    if (now?.kind === 'text' && before?.kind === 'text')
      result.push({ ...(result.pop() as ModelEvent & { type: 'blockDelta' }), delta: { kind: 'text', text: before.text + now.text } });
    else if (now?.kind === 'arguments' && before?.kind === 'arguments') {
      result.push({ ...(result.pop() as ModelEvent & { type: 'blockDelta' }), delta: { kind: 'arguments', json: before.json + now.json } });
    } else result.push(event);
  }
  return result;
}

const expected: ModelEvent[] = [
  { type: 'start', id: '', model: '' },
  { type: 'blockStart', index: 0, block: { kind: 'thinking' } },
  { type: 'blockDelta', index: 0, delta: { kind: 'text', text: 'Two doors.' } },
  { type: 'blockDelta', index: 0, delta: { kind: 'signature', signature: 'c2lnbmVk' } },
  { type: 'blockStop', index: 0 },
  { type: 'blockStart', index: 1, block: { kind: 'text' } },
  { type: 'blockDelta', index: 1, delta: { kind: 'text', text: 'Looking at both… 世界' } },
  { type: 'blockStop', index: 1 },
  { type: 'blockStart', index: 2, block: { kind: 'toolCall', id: 'tooluse_a', name: 'look' } },
  { type: 'blockDelta', index: 2, delta: { kind: 'arguments', json: '{"at":"left"}' } },
  { type: 'blockStop', index: 2 },
  { type: 'blockStart', index: 3, block: { kind: 'toolCall', id: 'tooluse_b', name: 'look' } },
  { type: 'blockDelta', index: 3, delta: { kind: 'arguments', json: '{"at":"right"}' } },
  { type: 'blockStop', index: 3 },
  { type: 'usage', usage: { input: 107, cacheRead: 90, cacheWrite: 10, output: 5, reasoning: 0 } },
  { type: 'finish', reason: 'toolCalls', providerReason: 'tool_use' },
];

test('thinking, text and parallel calls stream as blocks, and the whole answer says the same', () => {
  assert.deepEqual(joined(decode(...answer)), expected);
  assert.deepEqual(joined(decodeWhole(wholeAnswer)), expected);
});

test('an answer is the same wherever its bytes are cut', () => {
  const bytes = streamOf(answer);
  for (let size = 1; size < 200; size += 3) assert.deepEqual(joined(decodeStream(bytes, size)), expected, `chunks of ${size}`);
});

test('cached tokens are part of the input and counted once', () => {
  const counted = decode(start, delta(0, { text: 'Hi' }), stop(0), end('end_turn'), metadata).find((event) => event.type === 'usage');
  assert.deepEqual(counted?.usage, { input: 107, cacheRead: 90, cacheWrite: 10, output: 5, reasoning: 0 });
});

test('the end waits for the counts that come after it, and they come first', () => {
  const events = decode(start, delta(0, { text: 'Hi' }), stop(0), end('end_turn'), metadata);
  assert.deepEqual(
    events.slice(-2).map(({ type }) => type),
    ['usage', 'finish'],
  );
});

test('counts that come before the end are kept', () => {
  const events = decode(start, delta(0, { text: 'Hi' }), stop(0), metadata, end('end_turn'));
  assert.ok(events.some(({ type }) => type === 'usage'));
  finishOf(events);
});

test('a stream that is over after its reason is complete without counts', () => {
  const events = decode(start, delta(0, { text: 'Hi' }), stop(0), end('end_turn'));
  assert.equal(finishOf(events).reason, 'stop');
  assert.ok(!events.some(({ type }) => type === 'usage'));
});

test('a stream that is over before its reason is cut off, and nothing is made up for it', () => {
  const rows = answer.slice(0, -2);
  for (let length = 0; length <= rows.length; length++) {
    const error = errorOf(decode(...rows.slice(0, length)));
    assert.deepEqual([error.code, error.retryable], ['upstream_truncated', true]);
  }
});

test('every block that starts stops, also where its stop did not come', () => {
  const events = decode(start, delta(0, { text: 'Hi' }), end('max_tokens'), metadata);
  assert.equal(events.filter(({ type }) => type === 'blockStart').length, events.filter(({ type }) => type === 'blockStop').length);
});

test('each stop reason keeps its meaning, and one that is new is passed on as it is', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['end_turn', 'stop'],
    ['stop_sequence', 'stopSequence'],
    ['max_tokens', 'length'],
    ['tool_use', 'toolCalls'],
    ['content_filtered', 'contentFilter'],
    ['guardrail_intervened', 'contentFilter'],
    ['model_context_window_exceeded', 'contextWindow'],
    ['malformed_model_output', 'other'],
    ['malformed_tool_use', 'other'],
    ['a_reason_of_tomorrow', 'other'],
  ];
  for (const [word, reason] of rows) {
    const streamed = finishOf(decode(start, delta(0, { text: 'Hi' }), stop(0), end(word), metadata));
    assert.deepEqual([streamed.reason, streamed.providerReason], [reason, word]);
    assert.deepEqual(finishOf(decodeWhole({ ...wholeAnswer, stopReason: word })).providerReason, word);
  }
});

test('the stop sequence is named where the model says it', () => {
  // As Claude's own whole answer has it, and as the last event of its own stream has it.
  for (const additionalModelResponseFields of [{ stop_sequence: 'END' }, { delta: { stop_sequence: 'END' } }]) {
    const row: Row = ['messageStop', { stopReason: 'stop_sequence', additionalModelResponseFields }];
    assert.equal(finishOf(decode(start, delta(0, { text: 'Hi' }), stop(0), row, metadata)).stopSequence, 'END');
    const whole = decodeWhole({ ...wholeAnswer, stopReason: 'stop_sequence', additionalModelResponseFields });
    assert.equal(finishOf(whole).stopSequence, 'END');
  }
});

test('a call is why an answer ended although the model says that its turn did', () => {
  const call: Row = ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'look' } } }];
  assert.equal(finishOf(decode(start, call, stop(0), end('end_turn'), metadata)).reason, 'toolCalls');
});

test('encrypted thinking is one block, whole', () => {
  const redacted = (bytes: string) => delta(0, { reasoningContent: { redactedContent: Buffer.from(bytes).toString('base64') } });
  const events = decode(start, redacted('abcd'), redacted('efg'), stop(0), delta(1, { text: 'Hi' }), stop(1), end('end_turn'));
  const data = Buffer.from('abcdefg').toString('base64');
  assert.deepEqual(events.slice(1, 3), [
    { type: 'blockStart', index: 0, block: { kind: 'redactedThinking', data } },
    { type: 'blockStop', index: 0 },
  ]);
  const content = [{ reasoningContent: { redactedContent: data } }];
  const whole = decodeWhole({ output: { message: { role: 'assistant', content } }, stopReason: 'end_turn', usage });
  assert.deepEqual(whole.slice(1, 3), events.slice(1, 3));
});

test('thinking of which only the signature came is kept', () => {
  const events = decode(start, delta(0, { reasoningContent: { signature: 'c2ln' } }), stop(0), end('end_turn'), metadata);
  assert.deepEqual(events.slice(1, 4), [
    { type: 'blockStart', index: 0, block: { kind: 'thinking' } },
    { type: 'blockDelta', index: 0, delta: { kind: 'signature', signature: 'c2ln' } },
    { type: 'blockStop', index: 0 },
  ]);
});

test('calls whose deltas interleave are told apart by their index', () => {
  const call = (index: number, id: string): Row => [
    'contentBlockStart',
    { contentBlockIndex: index, start: { toolUse: { toolUseId: id, name: 'look' } } },
  ];
  const piece = (index: number, input: string): Row => delta(index, { toolUse: { input } });
  const events = decode(
    start,
    call(4, 'a'),
    call(7, 'b'),
    piece(4, '{"x":'),
    piece(7, '{"y":'),
    piece(4, '1}'),
    piece(7, '2}'),
    stop(4),
    stop(7),
    end('tool_use'),
  );
  const json = (index: number): string =>
    events
      .map((event) => (event.type === 'blockDelta' && event.index === index && event.delta.kind === 'arguments' ? event.delta.json : ''))
      .join('');
  assert.deepEqual([json(0), json(1)], ['{"x":1}', '{"y":2}']);
});

test('a call without arguments has none', () => {
  const call: Row = ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'now' } } }];
  const events = decode(start, call, delta(0, { toolUse: { input: '' } }), stop(0), end('tool_use'));
  assert.ok(!events.some(({ type }) => type === 'blockDelta'));
});

test('a text that opens with a start of its own is a text', () => {
  const opened: Row = ['contentBlockStart', { contentBlockIndex: 0, start: {} }];
  const events = decode(start, opened, delta(0, { text: 'Hi' }), stop(0), end('end_turn'));
  assert.deepEqual(events[1], { type: 'blockStart', index: 0, block: { kind: 'text' } });
});

test('a tool that Bedrock runs itself is no call to the client', () => {
  const server: Row = [
    'contentBlockStart',
    { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'nova_grounding', type: 'server_tool_use' } } },
  ];
  const events = decode(start, server, delta(0, { toolUse: { input: '{}' } }), stop(0), delta(1, { text: 'Hi' }), stop(1), end('end_turn'));
  assert.equal(finishOf(events).reason, 'stop');
  assert.ok(events.every((event) => event.type !== 'blockStart' || event.block.kind !== 'toolCall'));
});

test('text that carries citations is text', () => {
  const content = [{ citationsContent: { content: [{ text: 'Grass ' }, { text: 'is green.' }], citations: [{ title: 'A book' }] } }];
  const events = decodeWhole({ output: { message: { role: 'assistant', content } }, stopReason: 'end_turn', usage });
  assert.deepEqual(joined(events)[2], { type: 'blockDelta', index: 0, delta: { kind: 'text', text: 'Grass is green.' } });
  const streamed = decode(start, delta(0, { text: 'Grass' }), delta(0, { citation: { title: 'A book' } }), stop(0), end('end_turn'));
  assert.equal(streamed.filter((event) => event.type === 'blockDelta' && event.delta.kind === 'text').length, 1);
});

test('an exception within a stream is the error that it names, and the last event', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['throttlingException', 'upstream_rate_limited', true],
    ['modelStreamErrorException', 'upstream_failed', true],
    ['internalServerException', 'upstream_failed', true],
    ['serviceUnavailableException', 'upstream_overloaded', true],
    ['validationException', 'upstream_refused', false],
    ['modelTimeoutException', 'upstream_failed', true],
    ['anExceptionOfTomorrow', 'upstream_failed', true],
  ];
  for (const [name, code, retryable] of rows) {
    const bytes = Buffer.concat([streamOf(answer.slice(0, 4)), exceptionFrame(name, { message: 'Because.' }), streamOf(answer.slice(4))]);
    const events = decodeStream(bytes);
    assertEventOrder(events);
    const error = errorOf(events);
    assert.deepEqual([error.code, error.retryable], [code, retryable], name);
    assert.match(error.message, /Because/);
  }
});

test('an exception before the answer begins is an error too', () => {
  assert.equal(errorOf(decodeStream(exceptionFrame('throttlingException', {}))).code, 'upstream_rate_limited');
});

test('nothing comes after the end', () => {
  const bytes = Buffer.concat([streamOf(answer), exceptionFrame('internalServerException', {}), streamOf(answer)]);
  assert.deepEqual(joined(decodeStream(bytes)), expected);
});

test('an answer that ends well, says nothing and counts no token is no answer', () => {
  const nothing: Row = ['metadata', { usage: { inputTokens: 7, outputTokens: 0, totalTokens: 7 } }];
  assert.equal(errorOf(decode(start, end('end_turn'), nothing)).code, 'upstream_failed');
  const whole = {
    output: { message: { role: 'assistant', content: [] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 7, outputTokens: 0 },
  };
  assert.equal(errorOf(decodeWhole(whole)).code, 'upstream_failed');
});

test('events of kinds that are new are passed over', () => {
  const hello = frame({ ':message-type': 'event', ':event-type': 'initial-response' }, '');
  const bytes = Buffer.concat([hello, streamOf([...answer.slice(0, 5), ['somethingNew', { a: 1 }], ...answer.slice(5)])]);
  assert.deepEqual(joined(decodeStream(bytes)), expected);
});

test('what is not the format is an error and never a wrong answer', () => {
  const call: Row = ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'look' } } }];
  const rows: readonly (readonly Row[])[] = [
    [delta(0, { text: 'Hi' })],
    [start, ['contentBlockDelta', { delta: { text: 'Hi' } }]],
    [start, ['contentBlockDelta', { contentBlockIndex: 0 }]],
    [start, delta(0, { text: 7 })],
    [start, delta(0, { reasoningContent: 'Hm.' })],
    [start, delta(0, { reasoningContent: { text: 7 } })],
    [start, delta(0, { toolUse: { input: '{}' } })],
    [start, call, delta(0, { toolUse: { input: {} } })],
    [start, call, delta(0, { text: 'Hi' })],
    [start, ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { name: 'look' } } }]],
    [start, ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: 7 } }]],
    [start, ['messageStop', {}]],
    [end('end_turn')],
    [start, delta(0, { text: 'Hi' }), stop(0), end('end_turn'), delta(1, { text: 'more' })],
  ];
  for (const wrong of rows) assert.equal(errorOf(decode(...wrong)).code, 'upstream_malformed', JSON.stringify(wrong));
  const blocks: JsonValue[] = [
    7,
    { text: 7 },
    { text: null },
    { toolUse: 7 },
    { toolUse: { toolUseId: 'a', name: 'look', input: 7 } },
    { toolUse: { toolUseId: 'a', input: {} } },
    { reasoningContent: 'Hm.' },
    { reasoningContent: {} },
    { reasoningContent: { reasoningText: { signature: 'c2ln' } } },
    { reasoningContent: { reasoningText: { text: 'Hm.', signature: 7 } } },
    { citationsContent: { citations: [] } },
    { citationsContent: { content: [{ text: 7 }] } },
  ];
  for (const block of blocks) {
    const body = { output: { message: { role: 'assistant', content: [{ text: 'Hi' }, block] } }, stopReason: 'end_turn', usage };
    assert.equal(errorOf(decodeWhole(body)).code, 'upstream_malformed', JSON.stringify(block));
  }
  for (const body of [
    {},
    { output: 7 },
    { output: { message: {} } },
    { ...wholeAnswer, stopReason: 7 },
    { ...wholeAnswer, output: null },
  ]) {
    assert.equal(errorOf(decodeWhole(body)).code, 'upstream_malformed', JSON.stringify(body));
  }
  const noJson = frame({ ':message-type': 'event', ':event-type': 'contentBlockDelta' }, 'Hi');
  assert.equal(errorOf(decodeStream(Buffer.concat([streamOf([start]), noJson]))).code, 'upstream_malformed');
});

/** Each value within a body replaced by one of another type. */
function* mangled(value: JsonValue, replacement: JsonValue): Generator<JsonValue> {
  yield replacement;
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) for (const other of mangled(inner, replacement)) yield value.with(index, other);
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) for (const other of mangled(inner, replacement)) yield { ...value, [key]: other };
  }
}

const replacements: readonly JsonValue[] = [null, 7, 'x', true, [], {}, [null], { text: 7 }];

test('a wrong type anywhere in an answer is an error or of no account, never a crash', () => {
  for (const replacement of replacements) {
    for (const body of mangled(wholeAnswer, replacement)) if (isJsonObject(body)) decodeWhole(body);
  }
});

test('a wrong type anywhere in a stream is an error or of no account, never a crash', () => {
  const wrongRows = answer.flatMap(([name, payload], position) =>
    replacements.flatMap((replacement) =>
      [...mangled(payload, replacement)].filter(isJsonObject).map((body) => answer.with(position, [name, body])),
    ),
  );
  for (const rows of wrongRows) decode(...rows);
});

interface PlannedBlock {
  readonly kind: 'text' | 'thinking' | 'toolCall';
  readonly pieces: readonly string[];
}

const planned = fc.array(
  fc.record({
    kind: fc.constantFrom<PlannedBlock['kind']>('text', 'thinking', 'toolCall'),
    pieces: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 5 },
);

function rowsOf(blocks: readonly PlannedBlock[]): Row[] {
  const rows = blocks.flatMap(({ kind, pieces }, index): Row[] => {
    const opening: Row[] =
      kind === 'toolCall'
        ? [['contentBlockStart', { contentBlockIndex: index, start: { toolUse: { toolUseId: `t${index}`, name: 'look' } } }]]
        : [];
    const deltas = pieces.map((piece) =>
      delta(
        index,
        kind === 'toolCall' ? { toolUse: { input: piece } } : kind === 'text' ? { text: piece } : { reasoningContent: { text: piece } },
      ),
    );
    return [...opening, ...deltas, stop(index)];
  });
  return [start, ...rows, end('end_turn'), metadata];
}

test('any answer comes out as it was said, however its bytes are cut', () => {
  fc.assert(
    fc.property(planned, fc.integer({ min: 1, max: 300 }), (blocks, size) => {
      const bytes = streamOf(rowsOf(blocks));
      const events = decodeStream(bytes, size);
      assertEventOrder(events);
      assert.deepEqual(events, decodeStream(bytes));
      const said = blocks.map((_, index) =>
        events
          .map((event) =>
            event.type !== 'blockDelta' || event.index !== index
              ? ''
              : event.delta.kind === 'arguments'
                ? event.delta.json
                : event.delta.kind === 'text'
                  ? event.delta.text
                  : '',
          )
          .join(''),
      );
      assert.deepEqual(
        said,
        blocks.map(({ pieces }) => pieces.join('')),
      );
    }),
  );
});
