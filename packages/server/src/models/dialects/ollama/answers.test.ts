/** Answers of Ollama, constructed after its documentation and its source (`api/types.go`, `server/routes.go`). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { assertEventOrder } from '../assert-event-order.ts';
import type { ModelEvent } from '../events.ts';
import { collectAnswer } from '../whole-answer.ts';
import { decodeResponse } from './decode-response.ts';
import { ollama } from './index.ts';

function decodeStream(bytes: Buffer, size = bytes.length || 1): ModelEvent[] {
  const parser = ollama.framing.createParser('ollama');
  const decoder = decodeResponse('ollama');
  const events: ModelEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const event of parser.push(bytes.subarray(at, at + size))) events.push(...decoder.event(event));
  }
  return [...events, ...decoder.end()];
}

const bytesOf = (...lines: readonly JsonValue[]): Buffer => Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const stream = (...lines: readonly JsonValue[]): ModelEvent[] => decodeStream(bytesOf(...lines));
const whole = (body: JsonObject): ModelEvent[] => [...decodeResponse('ollama').whole(body)];

const line = (message: JsonObject, more: JsonObject = {}): JsonObject => ({
  model: 'qwen3',
  created_at: '2026-10-26T17:15:24.097767Z',
  message: { role: 'assistant', ...message },
  done: false,
  ...more,
});
const done: JsonObject = { done: true, done_reason: 'stop', total_duration: 1, prompt_eval_count: 11, eval_count: 18 };
const look = (id?: string): JsonObject => ({
  ...(id !== undefined && { id }),
  function: { index: 0, name: 'look', arguments: { at: 'Tür' } },
});

const failureOf = (events: readonly ModelEvent[]): string | undefined => {
  const last = events.at(-1);
  return last?.type === 'error' ? last.error.code : undefined;
};

test('thinking, text and calls of a stream become blocks, and the last line counts and ends it', () => {
  const lines = [
    line({ content: '', thinking: 'Zwei ' }),
    line({ content: '', thinking: 'Türen.' }),
    line({ content: 'Look' }),
    line({ content: 'ing.' }),
    line({ content: '', tool_calls: [look('call_1'), look('call_2')] }),
    line({ content: '' }, done),
  ];
  const events = stream(...lines);
  assertEventOrder(events);
  assert.deepEqual(events[0], { type: 'start', id: '', model: 'qwen3', createdSeconds: 1_793_034_924 });
  const { blocks, usage, finish } = collectAnswer(events, '-');
  assert.deepEqual(
    blocks.map(({ block, text }) => [block, text]),
    [
      [{ kind: 'thinking' }, 'Zwei Türen.'],
      [{ kind: 'text' }, 'Looking.'],
      [{ kind: 'toolCall', id: 'call_1', name: 'look' }, '{"at":"Tür"}'],
      [{ kind: 'toolCall', id: 'call_2', name: 'look' }, '{"at":"Tür"}'],
    ],
  );
  assert.deepEqual(usage, { input: 11, cacheRead: 0, cacheWrite: 0, output: 18, reasoning: 0 });
  assert.deepEqual(finish, { type: 'finish', reason: 'toolCalls', providerReason: 'stop' });
  for (const size of [1, 3, 50]) assert.deepEqual(decodeStream(bytesOf(...lines), size), events);
});

test('a whole answer says the same as its stream', () => {
  const body = line({ thinking: 'Hm.', content: 'Looking.', tool_calls: [look('call_1')] }, done);
  const events = whole(body);
  assertEventOrder(events);
  assert.deepEqual(events, stream(body));
});

test('calls without ids get one each, the same for the same bytes', () => {
  const body = line({ content: '', tool_calls: [look(), look()] }, done);
  const ids = (events: readonly ModelEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'blockStart' && event.block.kind === 'toolCall' ? [event.block.id] : []));
  assert.equal(new Set(ids(whole(body))).size, 2);
  assert.deepEqual(ids(whole(body)), ids(stream(body)));
});

test('an answer that reached its limit says so, and reasons that are new stay what they are', () => {
  const finish = (word: string): ModelEvent | undefined => whole(line({ content: 'So f' }, { ...done, done_reason: word })).at(-1);
  assert.deepEqual(finish('length'), { type: 'finish', reason: 'length', providerReason: 'length' });
  assert.deepEqual(finish('unload'), { type: 'finish', reason: 'other', providerReason: 'unload' });
});

test('a stream that ends before it is done is cut off, as is one that is done without a reason', () => {
  assert.equal(failureOf(stream(line({ content: 'So f' }))), 'upstream_truncated');
  assert.equal(failureOf(stream(line({ content: 'So f' }), line({ content: '' }, { done: true }))), 'upstream_truncated');
  assert.equal(failureOf(whole(line({ content: 'So f' }))), 'upstream_truncated');
  assert.equal(failureOf(stream()), 'upstream_truncated');
});

test('an error line ends the stream, and nothing after it counts', () => {
  const events = stream(
    line({ content: 'So f' }),
    { error: 'an error was encountered while running the model' },
    line({ content: 'ar' }, done),
  );
  assertEventOrder(events);
  assert.equal(failureOf(events), 'upstream_failed');
});

test('an empty answer that counts no token is no answer', () => {
  assert.equal(failureOf(stream(line({ content: '' }, { ...done, eval_count: 0 }))), 'upstream_failed');
});

test('any JSON at all is taken: what is not an answer is an error, and nothing throws', () => {
  const names = [
    'message',
    'content',
    'thinking',
    'tool_calls',
    'function',
    'name',
    'arguments',
    'done',
    'done_reason',
    'error',
    'model',
    'created_at',
  ];
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<JsonValue>(null, true, 0, 'stop', '', []),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonValue>,
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3 }), (lines) => {
      assertEventOrder(stream(...lines));
    }),
    { numRuns: 1000 },
  );
  for (const wrong of [
    'x',
    { message: 7 },
    { message: { content: 7 } },
    line({ tool_calls: 'x' }),
    line({ tool_calls: [{ function: {} }] }),
  ]) {
    assert.equal(failureOf(stream(wrong)), 'upstream_malformed');
  }
  assert.equal(failureOf(decodeStream(Buffer.from('not json\n'))), 'upstream_malformed');
});

test('refusals mean what they mean elsewhere', () => {
  const refusal = (status: number, error: string): string =>
    ollama.classify({ provider: 'ollama', status, headers: {}, body: JSON.stringify({ error }), nowMs: 0 }).code;
  assert.equal(refusal(404, "model 'x' not found"), 'upstream_refused');
  assert.equal(refusal(400, '"qwen2" does not support tools'), 'upstream_refused');
  assert.equal(refusal(503, 'server busy, please try again. maximum pending requests exceeded'), 'upstream_overloaded');
});
