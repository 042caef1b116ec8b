import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../core/json.ts';
import { assertEventOrder } from '../assert-event-order.ts';
import type { ModelEvent } from '../events.ts';
import { createServerSentEventParser } from '../server-sent-events.ts';
import { collectAnswer } from '../whole-answer.ts';
import { openaiResponses } from './index.ts';

const head = { id: 'resp_1', object: 'response', created_at: 1, model: 'large', status: 'in_progress', output: [] };
const created = { type: 'response.created', response: head };
const completed = (output: JsonObject[] = [], more: JsonObject = {}): JsonObject => ({
  type: 'response.completed',
  response: { ...head, status: 'completed', output, usage: { input_tokens: 9, output_tokens: 3 }, ...more },
});

function read(...events: JsonObject[]): ModelEvent[] {
  const text = events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const decoder = openaiResponses.decodeResponse('acme');
  const parser = createServerSentEventParser();
  const read = [...parser.push(Buffer.from(text)).flatMap((event) => decoder.event(event)), ...decoder.end()];
  assertEventOrder(read);
  return read;
}

const said = (events: readonly ModelEvent[]): unknown[] =>
  collectAnswer(events, 'req_1').blocks.map(({ block, text }) =>
    block.kind === 'toolCall' ? [block.id, block.name, text] : [block.kind, text],
  );

const message = (text: string): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
});
const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
const textEvents: Readonly<Record<string, JsonObject>> = {
  added: { type: 'response.output_item.added', output_index: 0, item: { ...message(''), content: [] } },
  delta: { type: 'response.output_text.delta', ...at, delta: 'Hello' },
  more: { type: 'response.output_text.delta', ...at, delta: ' you.' },
  textDone: { type: 'response.output_text.done', ...at, text: 'Hello you.' },
  itemDone: { type: 'response.output_item.done', output_index: 0, item: message('Hello you.') },
};
const { added, delta, more, textDone, itemDone } = textEvents as Record<'added' | 'delta' | 'more' | 'textDone' | 'itemDone', JsonObject>;

test('a text is read once, whichever of the events that hold it come', () => {
  const streams: readonly JsonObject[][] = [
    [created, added, delta, more, textDone, itemDone, completed([message('Hello you.')])],
    [created, added, delta, more, completed([message('Hello you.')])],
    [created, added, delta, more, completed()],
    [created, added, delta, textDone, itemDone, completed()],
    [created, added, delta, itemDone, completed()],
    [created, added, textDone, completed()],
    [created, itemDone, completed()],
    [created, completed([message('Hello you.')])],
    [delta, more, completed()],
    [completed([message('Hello you.')])],
  ];
  for (const events of streams) {
    assert.deepEqual(said(read(...events)), [['text', 'Hello you.']], events.map(({ type }) => String(type)).join(' '));
  }
});

const call = (index: number, more: JsonObject = {}): JsonObject => ({
  ...{ id: `fc_${index}`, type: 'function_call', call_id: `call_${index}`, name: 'look', arguments: '' },
  ...more,
});
const callAdded = (index: number): JsonObject => ({ type: 'response.output_item.added', output_index: index, item: call(index) });
const callDelta = (index: number, text: string): JsonObject => ({
  ...{ type: 'response.function_call_arguments.delta', item_id: `fc_${index}`, output_index: index, delta: text },
});
const callDone = (index: number, json: string): JsonObject => ({
  ...{ type: 'response.output_item.done', output_index: index, item: call(index, { arguments: json }) },
});

test('case 18, 19: calls that stream interleaved keep their own pieces and an index each', () => {
  const events = read(
    ...[created, added, delta, callAdded(1), callAdded(2), callDelta(1, '{"a"'), callDelta(2, '{"b"'), callDelta(1, ':1}')],
    ...[callDelta(2, ':2}'), callDone(1, '{"a":1}'), callDone(2, '{"b":2}'), completed()],
  );
  assert.deepEqual(said(events), [
    ['text', 'Hello'],
    ['call_1', 'look', '{"a":1}'],
    ['call_2', 'look', '{"b":2}'],
  ]);
  assert.deepEqual(events.at(-1), { type: 'finish', reason: 'toolCalls', providerReason: 'completed' });
});

test('case 10: a stream that ends without its last event is a failure, and so is a call without an end', () => {
  const codeOf = (events: readonly ModelEvent[]): unknown => {
    const last = events.at(-1);
    return last?.type === 'error' ? last.error.code : last?.type;
  };
  assert.equal(codeOf(read(created, added, delta, textDone, itemDone)), 'upstream_truncated');
  assert.equal(codeOf(read(created, callAdded(0), callDelta(0, '{"a"'), completed())), 'upstream_malformed');
  const cutOff = completed([], { incomplete_details: { reason: 'max_output_tokens' } });
  assert.equal(codeOf(read(created, callAdded(0), callDelta(0, '{"a"'), { ...cutOff, type: 'response.incomplete' })), 'finish');
});

test('case 13: failures within a stream are errors, and the last event', () => {
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'slow down', param: null }, 'upstream_rate_limited'],
    [{ type: 'error', error: { type: 'invalid_request_error', message: 'no' } }, 'upstream_refused'],
    [
      { type: 'response.failed', response: { ...head, status: 'failed', error: { code: 'server_error', message: 'broken' } } },
      'upstream_failed',
    ],
    [{ type: 'response.failed', response: { ...head, status: 'failed', error: null } }, 'upstream_failed'],
    [{ type: 'response.cancelled', response: { ...head, status: 'cancelled' } }, 'upstream_failed'],
  ];
  for (const [failure, code] of rows) {
    const events = read(created, added, delta, failure, more, completed());
    const last = events.at(-1);
    assert.equal(last?.type === 'error' ? last.error.code : last?.type, code);
    const { response } = failure;
    if (response === undefined) continue;
    const [only] = openaiResponses.decodeResponse('acme').whole(response as JsonObject);
    assert.equal(only?.type === 'error' ? only.error.code : only?.type, code);
  }
});

test('an answer is incomplete for the reason that it gives', () => {
  const finish = (reason: string, more: JsonObject = {}): unknown => {
    const details = { incomplete_details: { reason, ...more } };
    const last = read(created, added, delta, { ...completed([], details), type: 'response.incomplete' }).at(-1);
    return last?.type === 'finish' ? last.reason : last?.type;
  };
  assert.equal(finish('max_output_tokens'), 'length');
  assert.equal(finish('max_output_tokens', { native_finish_reason: 'model_context_window_exceeded' }), 'contextWindow');
  assert.equal(finish('content_filter'), 'contentFilter');
  assert.equal(finish('a_reason_of_tomorrow'), 'other');
});

test('parts of a summary are paragraphs of one thought, and its proof comes with it', () => {
  const place = { item_id: 'rs_1', output_index: 0 };
  const summary = ['One.', 'Two.'].map((text) => ({ type: 'summary_text', text }));
  const item = { id: 'rs_1', type: 'reasoning', summary, encrypted_content: 'gAAAA' };
  const events = read(
    ...[created, { type: 'response.output_item.added', output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } }],
    { type: 'response.reasoning_summary_text.delta', ...place, summary_index: 0, delta: 'One.' },
    { type: 'response.reasoning_summary_text.done', ...place, summary_index: 0, text: 'One.' },
    { type: 'response.reasoning_summary_text.delta', ...place, summary_index: 1, delta: 'Two.' },
    ...[{ type: 'response.output_item.done', output_index: 0, item }, completed([item])],
  );
  const [block] = collectAnswer(events, 'req_1').blocks;
  assert.deepEqual([block?.text, block?.signature], ['One.\n\nTwo.', 'openai-responses:acme:rs_1:gAAAA']);
  const [bare] = collectAnswer(read(created, completed([{ ...item, summary: [] }])), 'req_1').blocks;
  assert.deepEqual([bare?.text, bare?.signature], ['', 'openai-responses:acme:rs_1:gAAAA']);
  const open = { id: 'rs_1', type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] };
  assert.deepEqual(said(read(created, completed([open]))), [['thinking', 'Hm.']]);
});

test('an empty answer that counts no token is no answer', () => {
  const [only] = read(completed([], { usage: { input_tokens: 9, output_tokens: 0 } })).slice(-1);
  assert.equal(only?.type === 'error' ? only.error.code : only?.type, 'upstream_failed');
});

test('what only this dialect has goes through the events whole', () => {
  const search = { id: 'ws_1', type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'x' } };
  const annotation = { type: 'url_citation', url: 'https://example.com', title: 'x', start_index: 0, end_index: 5 };
  const cited = {
    ...message('Hello you.'),
    content: [{ type: 'output_text', text: 'Hello you.', annotations: [annotation], logprobs: [] }],
  };
  const events = read(
    ...[created, { type: 'response.output_item.added', output_index: 0, item: { ...search, status: 'in_progress' } }],
    { type: 'response.web_search_call.searching', item_id: 'ws_1', output_index: 0, sequence_number: 7 },
    { type: 'response.output_item.done', output_index: 0, item: search },
    ...([
      { ...added, output_index: 1 },
      { ...delta, output_index: 1 },
      { ...more, output_index: 1 },
    ] as JsonObject[]),
    { type: 'response.output_text.annotation.added', ...at, output_index: 1, annotation_index: 0, annotation },
    ...[{ ...itemDone, output_index: 1 } as JsonObject, completed()],
  );
  const encode = () => openaiResponses.encodeResponse({ requestedModel: 'm', includeUsage: true, requestId: 'req_1', nowMs: 0 });
  const output = encode().whole(events)['output'] as JsonObject[];
  assert.deepEqual(output[0], search);
  assert.deepEqual(output[1]?.['content'], cited.content);
  const stream = encode().stream(events);
  assert.ok(stream.includes('event: response.web_search_call.searching\n'));
  assert.ok(stream.includes('event: response.output_text.annotation.added\n'));
});
