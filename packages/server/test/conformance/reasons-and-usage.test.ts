/** Cases 40, 42, 60 and 63: why an answer ended, and what it used. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import { eventsOf, viewOf } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import { usageChunk } from './fixtures/openai-completions.ts';
import { textAnswer } from './stories.ts';

testCase(40, 'a filtered answer is content_filter here and refusal there', async (cell) => {
  const answer = textAnswer(cell, ['I can'], { openai: 'content_filter', anthropic: 'refusal' });
  const view = viewOf(cell, await exchange({ cell, replies: [replyOf(cell, answer)] }));
  assert.equal(view.finish, cell.in === 'openai-completions' ? 'content_filter' : 'refusal');
  assert.equal(view.text, 'I can');
});

testCase(42, 'a reason that is new here is kept, not turned into stop', async (cell) => {
  const answer = textAnswer(cell, ['Well'], { openai: 'moon_phase', anthropic: 'moon_phase' });
  const view = viewOf(cell, await exchange({ cell, replies: [replyOf(cell, answer)] }));
  assert.equal(view.finish, 'moon_phase');
});

testCase(60, 'usage is asked for on every stream, and hidden from a client that did not ask', async (cell) => {
  const answer = textAnswer(cell, ['Hello']);
  const asking = { stream_options: { include_usage: true } };
  for (const request of cell.in === 'openai-completions'
    ? [{}, { stream_options: null }, { stream_options: { include_usage: false } }, asking]
    : [{}]) {
    const result = await exchange({ cell, request, replies: [replyOf(cell, answer)] });
    const options = result.asked[0]?.body['stream_options'] as JsonObject | undefined;
    assert.equal(options?.['include_usage'], true);
    assert.equal(result.report.observed.usage?.input, 120, 'the gateway has counted');
    if (cell.in === 'anthropic-messages') continue;
    const usages = eventsOf(result.text).filter(({ data }) => data.usage);
    assert.equal(usages.length, request === asking ? 1 : 0);
    const expected = request === asking ? answer : answer.replace(usageChunk, '');
    assert.equal(result.text, expected, 'the rest is untouched');
  }
});

testCase(63, 'the usage of a message has every field that clients read', async (cell) => {
  const result = await exchange({ cell, replies: [replyOf(cell, textAnswer(cell, ['Hello']))] });
  const usage = cell.streaming === 'stream' ? eventsOf(result.text)[0]?.data.message.usage : JSON.parse(result.text).usage;
  const fields = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  for (const field of fields) assert.equal(typeof usage[field], 'number', field);
  assert.equal(typeof usage.cache_creation.ephemeral_5m_input_tokens, 'number');
  assert.equal(typeof usage.cache_creation.ephemeral_1h_input_tokens, 'number');
  assert.ok('service_tier' in usage);
  const { usage: last } = viewOf(cell, result);
  assert.deepEqual(
    [last.input_tokens, last.cache_read_input_tokens, last.output_tokens],
    cell.out === 'openai-completions' ? [20, 100, 30] : [15, 100, 30],
  );
});
