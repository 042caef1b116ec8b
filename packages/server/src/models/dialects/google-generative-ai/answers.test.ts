/** Answers of Gemini: what they become, whole and cut anywhere. `fixtures/README.md` says where the bytes are from. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { assertEventOrder } from '../assert-event-order.ts';
import type { ModelEvent } from '../events.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import { collectAnswer } from '../whole-answer.ts';
import { decodeResponse } from './decode-response.ts';

const fixture = readFileSync(new URL('fixtures/thinking-and-calls.sse', import.meta.url));

function decodeStream(bytes: Buffer, size = bytes.length || 1): ModelEvent[] {
  const parser = serverSentEvents.createParser('google');
  const decoder = decodeResponse('google');
  const events: ModelEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const event of parser.push(bytes.subarray(at, at + size))) events.push(...decoder.event(event));
  }
  return [...events, ...decoder.end()];
}

const streamOf = (...pieces: readonly JsonValue[]): Buffer =>
  Buffer.from(pieces.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''));
const stream = (...pieces: readonly JsonValue[]): ModelEvent[] => decodeStream(streamOf(...pieces));
const whole = (body: JsonObject): ModelEvent[] => [...decodeResponse('google').whole(body)];

const answer = (parts: JsonValue, more: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  responseId: 'r-1',
  modelVersion: 'gemini-2.5-flash',
  ...rest,
});
const stopped: JsonObject = { finishReason: 'STOP' };
const counted = (output: number): JsonObject => ({ usageMetadata: { promptTokenCount: 3, candidatesTokenCount: output } });

/** The same answer streamed and whole. */
function eachWay(body: JsonObject, check: (events: readonly ModelEvent[], way: string) => void): void {
  for (const [way, events] of [['stream', stream(body)] as const, ['whole', whole(body)] as const]) {
    assertEventOrder(events);
    check(events, way);
  }
}

const lastOf = (events: readonly ModelEvent[]): ModelEvent | undefined => events.at(-1);
const failureOf = (events: readonly ModelEvent[]) => {
  const last = lastOf(events);
  return last?.type === 'error' ? { code: last.error.code, reason: last.error.details['reason'] } : undefined;
};

test('a stream with thoughts, text and parallel calls keeps all of them apart and in order', () => {
  const events = decodeStream(fixture);
  assertEventOrder(events);
  assert.deepEqual(events[0], { type: 'start', id: 'x1Ygaa-hK8uZ', model: 'gemini-3-pro-preview' });
  const { blocks, usage, finish } = collectAnswer(events, '-');
  assert.deepEqual(
    blocks.map(({ block, text }) => [block, text]),
    [
      [{ kind: 'thinking' }, '**Two doors**\n\nI look at both, größer first.'],
      [{ kind: 'text' }, 'Looking – both.'],
      [
        {
          kind: 'toolCall',
          id: '7q2hxkfd',
          name: 'look',
          extensions: { extra_content: { google: { thought_signature: 'EsYCCsMCAdHtim+/=' } } },
        },
        '{"at":"Tür","n":1}',
      ],
      [{ kind: 'toolCall', id: '9a8s7d6f', name: 'look' }, '{"at":"window","n":2}'],
    ],
  );
  assert.deepEqual(usage, { input: 91, cacheRead: 64, cacheWrite: 0, output: 95, reasoning: 64 });
  assert.deepEqual(finish, { type: 'finish', reason: 'toolCalls', providerReason: 'STOP' });
});

test('wherever a stream is cut, the events are the same', () => {
  const expected = decodeStream(fixture);
  for (const size of [1, 2, 3, 7, 64, 1000]) assert.deepEqual(decodeStream(fixture, size), expected, `pieces of ${size} bytes`);
  const crlf = Buffer.from(fixture.toString('utf8').replaceAll('\n', '\r\n'));
  assert.deepEqual(decodeStream(crlf, 1), expected);
});

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const part: fc.Arbitrary<JsonObject> = fc.oneof(
  text.map((value): JsonObject => ({ text: value })),
  text.map((value): JsonObject => ({ text: value, thought: true })),
  fc
    .tuple(text, fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }))
    .map(([name, args]): JsonObject => ({ functionCall: { name, args: args as JsonObject } })),
  fc.constant<JsonObject>({ text: '', thoughtSignature: 'AAAA' }),
  fc.constant<JsonObject>({ executableCode: { language: 'PYTHON', code: '1' } }),
);

test('random answers decode alike whole, in one piece and cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (parts, size) => {
      const pieces = parts.map((one) => answer([one]));
      const last = answer([], stopped, counted(5));
      const bytes = streamOf(...pieces, last);
      const events = decodeStream(bytes);
      assertEventOrder(events);
      assert.deepEqual(decodeStream(bytes, size), events);
      const together = whole(answer(parts, stopped, counted(5)));
      assert.deepEqual(collectAnswer(together, '-'), collectAnswer(events, '-'));
    }),
  );
});

test('any JSON at all is taken: what is not an answer is an error, and nothing throws', () => {
  const names = [
    'candidates',
    'content',
    'parts',
    'text',
    'thought',
    'functionCall',
    'name',
    'args',
    'finishReason',
    'usageMetadata',
    'promptFeedback',
    'blockReason',
    'error',
    'details',
    'inlineData',
    'thoughtSignature',
  ];
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<JsonValue>(null, true, 0, -1, 'STOP', '', []),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonValue>,
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3 }), (pieces) => {
      assertEventOrder(stream(...pieces));
      for (const piece of pieces) if (typeof piece === 'object' && piece && !Array.isArray(piece)) assertEventOrder(whole(piece));
    }),
    { numRuns: 1000 },
  );
});

test('wrong types are malformed, by what is wrong', () => {
  const rows: readonly (readonly [JsonObject, RegExp])[] = [
    [{ candidates: {} }, /candidates/],
    [{ candidates: [7] }, /candidate is not an object/],
    [{ candidates: [{ content: 'x' }] }, /list of parts/],
    [{ candidates: [{ content: { parts: 'x' } }] }, /list of parts/],
    [answer(['x']), /part is not an object/],
    [answer([{ text: 7 }]), /text/],
    [answer([{ functionCall: { args: {} } }]), /functionCall has no name/],
    [answer([{ functionCall: { name: 'f', args: 'x' } }]), /args/],
    [{}, /no candidates/],
  ];
  for (const [body, reason] of rows) {
    eachWay(body, (events, way) => {
      const failure = failureOf(events);
      assert.equal(failure?.code, 'upstream_malformed', way);
      assert.match(String(failure?.reason), reason);
    });
  }
  assert.equal(failureOf(decodeStream(Buffer.from('data: {"candidates"\n\n')))?.code, 'upstream_malformed');
});

test('calls without ids get some: each its own, the same for the same answer, another in another answer', () => {
  const calls = [{ functionCall: { name: 'f', args: {} } }, { functionCall: { name: 'f', args: {} } }, { functionCall: { name: 'f' } }];
  const idsOf = (events: readonly ModelEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'blockStart' && event.block.kind === 'toolCall' ? [event.block.id] : []));
  const first = idsOf(whole(answer(calls, stopped)));
  assert.equal(new Set(first).size, 3);
  for (const id of first) assert.match(id, /^gemini_[0-9a-z]{9}$/);
  assert.deepEqual(idsOf(stream(...calls.map((one) => answer([one])), answer([], stopped))), first);
  const second = idsOf(whole(answer(calls, stopped, { responseId: 'r-2' })));
  assert.equal(new Set([...first, ...second]).size, 6);
});

test('a call without arguments has an empty object, and text after a call is text', () => {
  const { blocks } = collectAnswer(stream(answer([{ functionCall: { name: 'f' } }, { text: 'Done.' }], stopped)), '-');
  assert.deepEqual(
    blocks.map(({ block, text: said }) => [block.kind, said]),
    [
      ['toolCall', '{}'],
      ['text', 'Done.'],
    ],
  );
});

test('signatures of texts and thoughts travel as those of thinking blocks, marked as whose they are', () => {
  const parts = [{ text: 'Hm.', thought: true, thoughtSignature: 'AAAA' }, { text: 'Hi.' }, { text: '', thoughtSignature: 'BBBB' }];
  const signed = collectAnswer(stream(...parts.map((one) => answer([one])), answer([], stopped)), '-').blocks;
  assert.deepEqual(
    signed.map(({ block, text: said, signature }) => [block.kind, said, signature]),
    [
      ['thinking', 'Hm.', 'google:thought:AAAA'],
      ['text', 'Hi.', undefined],
      ['thinking', '', 'google:text:BBBB'],
    ],
  );
});

test("what Google's own tools did, and where an answer has its knowledge from, are kept verbatim", () => {
  const code = { executableCode: { language: 'PYTHON', code: 'print(1)' } };
  const result = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } };
  const groundingMetadata = { webSearchQueries: ['x'] };
  eachWay(answer([code, result, { text: 'One.' }], { ...stopped, groundingMetadata }), (events) => {
    const { blocks } = collectAnswer(events, '-');
    const dialect = 'google-generative-ai';
    assert.deepEqual(
      blocks.map(({ block }) => block),
      [
        { kind: 'native', dialect, value: code },
        { kind: 'native', dialect, value: result },
        { kind: 'text' },
        { kind: 'native', dialect, value: { groundingMetadata } },
      ],
    );
  });
});

test('a picture in an answer is refused by name, because clients of other formats could not be given it', () => {
  eachWay(answer([{ text: 'Here:' }, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }], stopped), (events) => {
    const last = lastOf(events);
    assert.ok(last?.type === 'error' && last.error.code === 'unsupported_feature');
    assert.match(last.error.message, /image\/png/);
  });
});

test('the reasons of Gemini become those that clients know, and new ones stay what they are', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ...['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT'].map(
      (word) => [word, 'contentFilter'] as const,
    ),
    ...['LANGUAGE', 'OTHER', 'NO_IMAGE', 'TOO_MANY_TOOL_CALLS', 'MOON_PHASE'].map((word) => [word, 'other'] as const),
  ];
  for (const [word, reason] of rows) {
    eachWay(answer([{ text: 'So far' }], { finishReason: word }), (events) => {
      assert.deepEqual(lastOf(events), { type: 'finish', reason, providerReason: word });
    });
  }
});

test('a call that Gemini itself calls malformed is a failure, not an end', () => {
  for (const word of ['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL']) {
    eachWay(answer([], { finishReason: word }), (events) => {
      assert.equal(failureOf(events)?.code, 'upstream_failed');
      assert.match(String(failureOf(events)?.reason), new RegExp(word));
    });
  }
});

test('a prompt that was blocked ends with the filter, whether or not there is a candidate', () => {
  const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 8 } };
  eachWay({ ...blocked, responseId: 'r-1' }, (events) => {
    assert.deepEqual(lastOf(events), { type: 'finish', reason: 'contentFilter', providerReason: 'PROHIBITED_CONTENT' });
  });
  eachWay(answer([], { finishReason: 'SAFETY' }), (events) => {
    assert.deepEqual(lastOf(events), { type: 'finish', reason: 'contentFilter', providerReason: 'SAFETY' });
  });
});

test('an answer that ends without a reason is cut off, and what came before it is given', () => {
  eachWay(answer([{ text: 'So f' }]), (events) => {
    assert.equal(failureOf(events)?.code, 'upstream_truncated');
    assert.ok(events.some((event) => event.type === 'blockDelta'));
  });
  assert.equal(failureOf(stream())?.code, 'upstream_malformed');
});

test('a reason in every event does not end the answer before its end', () => {
  const pieces = ['One', ' two', ' three'].map((said) => answer([{ text: said }], stopped));
  assert.equal(collectAnswer(stream(...pieces), '-').blocks[0]?.text, 'One two three');
});

test('an empty answer that counts no token is no answer', () => {
  eachWay(answer([{ text: '' }], stopped, counted(0)), (events) => assert.equal(failureOf(events)?.code, 'upstream_failed'));
  eachWay(answer([{ text: 'x' }], stopped, counted(0)), (events) => assert.equal(lastOf(events)?.type, 'finish'));
});

test('usage counts thoughts as output and what tools fetched as input', () => {
  const usageMetadata = {
    promptTokenCount: 10,
    toolUsePromptTokenCount: 5,
    cachedContentTokenCount: 4,
    candidatesTokenCount: 3,
    thoughtsTokenCount: 2,
    totalTokenCount: 20,
  };
  eachWay(answer([{ text: 'x' }], stopped, { usageMetadata }), (events) => {
    assert.deepEqual(collectAnswer(events, '-').usage, { input: 15, cacheRead: 4, cacheWrite: 0, output: 5, reasoning: 2 });
  });
});

test('only the first of several candidates is read', () => {
  const two = {
    candidates: [
      { index: 1, content: { parts: [{ text: 'B' }] } },
      { index: 0, content: { parts: [{ text: 'A' }] }, ...stopped },
    ],
  };
  eachWay(two, (events) => assert.equal(collectAnswer(events, '-').blocks[0]?.text, 'A'));
});

test('an error inside a stream ends it, alone or in a list', () => {
  const error = { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' };
  for (const last of [{ error }, [{ error }]]) {
    const events = stream(answer([{ text: 'So f' }]), last, answer([{ text: 'ar' }], stopped));
    assertEventOrder(events);
    assert.equal(failureOf(events)?.code, 'upstream_overloaded');
  }
  assert.equal(failureOf(whole({ error }))?.code, 'upstream_overloaded');
});
