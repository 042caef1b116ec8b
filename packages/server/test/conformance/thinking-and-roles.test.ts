/** Cases 20, 33, 34, 41, 46 and 61: calls without indexes, thinking that is replayed, rarer reasons, roles and counts. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cases.ts';
import { eventsOf, viewOf, type Json } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';
import { textAnswer, toolFields } from './stories.ts';

testCase(20, 'calls that all come as index 0 are told apart by their ids', async (cell) => {
  const calls =
    openai.toolStart(0, 'call_1', 'first') +
    openai.toolArguments(0, '{"a":1}') +
    openai.toolStart(0, 'call_2', 'second') +
    openai.toolArguments(0, '{"b":2}');
  const reply = replyOf(cell, openai.opening + calls + openai.ending('tool_calls'));
  const result = await exchange({ cell, request: toolFields[cell.in], replies: [reply], quirks: { toolIndexAlwaysZero: true } });
  assert.deepEqual(viewOf(cell, result).calls, [
    { id: 'call_1', name: 'first', arguments: '{"a":1}' },
    { id: 'call_2', name: 'second', arguments: '{"b":2}' },
  ]);
});

/** Thinking with this text, signed, and then a short answer. */
function thinkingAnswer(cell: Cell, text: string): string {
  const signature = 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h';
  if (cell.streaming === 'whole') {
    return anthropic.whole([
      { type: 'thinking', thinking: text, signature },
      { type: 'redacted_thinking', data: 'EmwKAhgBEgy3' },
      { type: 'text', text: 'Forty-two.' },
    ]);
  }
  return (
    anthropic.messageStart +
    anthropic.blockStart(0, { type: 'thinking', thinking: '', signature: '' }) +
    (text === '' ? '' : anthropic.blockDelta(0, { type: 'thinking_delta', thinking: text })) +
    anthropic.blockDelta(0, { type: 'signature_delta', signature }) +
    anthropic.blockStop(0) +
    anthropic.blockStart(1, { type: 'redacted_thinking', data: 'EmwKAhgBEgy3' }) +
    anthropic.blockStop(1) +
    anthropic.textBlock(2, ['Forty-two.']) +
    anthropic.ending('end_turn')
  );
}

/** The message as a client keeps it for its next request. */
function keptMessage(cell: Cell, text: string): JsonObject {
  if (cell.streaming === 'whole') {
    const body: Json = JSON.parse(text);
    return (cell.in === 'openai-completions' ? body.choices[0].message : { role: 'assistant', content: body.content }) as JsonObject;
  }
  const events = eventsOf(text).map(({ data }) => data);
  if (cell.in === 'openai-completions') {
    const deltas = events.flatMap((event) => event.choices ?? []).map((choice) => choice.delta);
    const join = (field: string): string => deltas.map((delta) => delta[field] ?? '').join('');
    const blocks = deltas.flatMap((delta) => delta.thinking_blocks ?? []);
    return { role: 'assistant', content: join('content'), reasoning_content: join('reasoning_content'), thinking_blocks: blocks };
  }
  const content: Json[] = [];
  for (const event of events) {
    if (event.type === 'content_block_start') content.push({ ...event.content_block });
    if (event.type !== 'content_block_delta') continue;
    const block = content[event.index];
    for (const field of ['text', 'thinking', 'signature']) if (event.delta[field]) block[field] += event.delta[field];
  }
  return { role: 'assistant', content };
}

async function replay(cell: Cell, thinking: string): Promise<void> {
  const answer = await exchange({ cell, replies: [replyOf(cell, thinkingAnswer(cell, thinking))] });
  const question = { role: 'user', content: 'What is it?' };
  const messages = [question, keptMessage(cell, answer.text), { role: 'user', content: 'Sure?' }];
  const next = await exchange({ cell, request: { messages }, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  const sent: Json = next.asked[0]?.body['messages'];
  const blocks = sent[1].content.map(({ type, thinking: text, signature, data }: Json) => ({ type, text, signature, data }));
  assert.deepEqual(blocks.slice(0, 2), [
    { type: 'thinking', text: thinking, signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h', data: undefined },
    { type: 'redacted_thinking', text: undefined, signature: undefined, data: 'EmwKAhgBEgy3' },
  ]);
}

testCase(33, 'thinking reaches the client so that its next request can carry it back', (cell) => replay(cell, 'Six times seven.'));

testCase(34, 'a thinking block that is a signature alone is kept', (cell) => replay(cell, ''));

testCase(41, 'a pause and a full context window are not told as stop', async (cell) => {
  const reasons = { pause_turn: ['pause_turn', 'pause_turn'], model_context_window_exceeded: ['length', 'model_context_window_exceeded'] };
  for (const [reason, [forOpenai, forAnthropic]] of Object.entries(reasons)) {
    const answer = textAnswer(cell, ['Well'], { openai: reason, anthropic: reason });
    const result = await exchange({ cell, replies: [replyOf(cell, answer)] });
    assert.equal(viewOf(cell, result).finish, cell.in === 'openai-completions' ? forOpenai : forAnthropic);
    assert.ok(result.text.includes(reason), "the provider's own word is there");
  }
});

testCase(46, 'a system message within an Anthropic conversation is accepted and keeps its place', async (cell) => {
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'system', content: 'Be kind.' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'And now?' },
  ];
  const result = await exchange({ cell, request: { messages }, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  assert.deepEqual(result.asked[0]?.body['messages'], messages);
  assert.equal(viewOf(cell, result).text, 'Yes.');
});

testCase(61, 'each token is counted once, cached or not, for the gateway and for the client', async (cell) => {
  const request: JsonObject =
    cell.in === 'openai-completions' && cell.streaming === 'stream' ? { stream_options: { include_usage: true } } : {};
  const result = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Hello']))] });
  const written = cell.out === 'anthropic-messages' ? 5 : 0;
  const { input, cacheRead, cacheWrite, output } = result.report.observed.usage ?? {};
  assert.deepEqual([input, cacheRead, cacheWrite, output], [120, 100, written, 30]);
  const { usage } = viewOf(cell, result);
  if (cell.in === 'openai-completions') {
    assert.deepEqual(
      [usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.completion_tokens, usage.total_tokens],
      [120, 100, 30, 150],
    );
  } else {
    assert.equal(usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens, 120);
    assert.deepEqual([usage.cache_read_input_tokens, usage.output_tokens], [100, 30]);
  }
});
