/** Cases 40 to 44 and 60 to 63: why an answer ended, what it used, and what of that an answer costs that was broken off. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { OpenClawError } from '../../src/core/errors.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { eventsOf, viewOf, type Json } from './client-view.ts';
import { createExchanger, exchange, replyOf } from './exchange.ts';
import { nativeAnswer } from './fixtures/google-generative-ai.ts';
import { usageChunk } from './fixtures/openai-completions.ts';
import { counts, type Ending } from './fixtures/wire.ts';
import { clientWords, textAnswer, unfinished } from './stories.ts';

testCase(40, 'a filtered answer is content_filter here and refusal there', async (cell) => {
  const view = viewOf(cell, await exchange({ cell, replies: [replyOf(cell, textAnswer(cell, ['I can'], 'filtered'))] }));
  assert.equal(view.finish, clientWords[cell.in].filtered);
  assert.equal(view.text, 'I can');
});

testCase(41, 'a pause and a full context window are not told as stop', async (cell) => {
  const endings: Ending[] = cell.out === 'anthropic-messages' ? ['pause', 'contextWindow'] : ['contextWindow'];
  const own = { pause: 'pause_turn', contextWindow: 'model_context_window_exceeded' } as Record<Ending, string>;
  for (const ending of endings) {
    const result = await exchange({ cell, replies: [replyOf(cell, textAnswer(cell, ['Well'], ending))] });
    assert.equal(viewOf(cell, result).finish, clientWords[cell.in][ending]);
    assert.ok(result.text.includes(own[ending]), "the provider's own word is there");
  }
});

testCase(42, 'a reason that is new here is kept, not turned into stop', async (cell) => {
  const view = viewOf(cell, await exchange({ cell, replies: [replyOf(cell, textAnswer(cell, ['Well'], 'unknown'))] }));
  assert.equal(view.finish, 'moon_phase');
});

/** The response object, wherever it stands. */
function responseOf(cell: Cell, text: string): Json {
  return cell.streaming === 'whole' ? JSON.parse(text) : eventsOf(text).at(-1)?.data.response;
}

testCase(43, 'an answer that was cut short is incomplete, and says why', async (cell) => {
  for (const ending of ['length', 'stop'] as const) {
    const { text } = await exchange({ cell, replies: [replyOf(cell, textAnswer(cell, ['It is'], ending))] });
    const status = ending === 'length' ? 'incomplete' : 'completed';
    if (cell.streaming === 'stream') assert.equal(eventsOf(text).at(-1)?.data.type, `response.${status}`);
    const response = responseOf(cell, text);
    assert.equal(response.status, status);
    assert.deepEqual(response.incomplete_details, ending === 'length' ? { reason: 'max_output_tokens' } : null);
  }
});

testCase(44, 'an answer that a filter ended says so, and is never a plain end', async (cell) => {
  for (const reason of ['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII']) {
    const reply = replyOf(cell, nativeAnswer(cell.streaming, [{ text: 'So f' }], reason), 23);
    const view = viewOf(cell, await exchange({ cell, replies: [reply] }));
    assert.equal(view.text, 'So f');
    assert.equal(view.finish, clientWords[cell.in].filtered, reason);
  }
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
    if (cell.in !== 'openai-completions') continue;
    const usages = eventsOf(result.text).filter(({ data }) => data.usage);
    assert.equal(usages.length, request === asking ? 1 : 0);
    const expected = request === asking ? answer.toString() : answer.toString().replace(usageChunk, '');
    assert.equal(result.text, expected, 'the rest is untouched');
  }
});

/** What of the counts a provider says. */
function countedBy({ out }: Cell): { cacheRead: number; cacheWrite: number } {
  const cacheWrite = out === 'anthropic-messages' || out === 'bedrock-converse-stream' ? counts.cacheWrite : 0;
  return { cacheRead: out === 'ollama' ? 0 : counts.cacheRead, cacheWrite };
}

testCase(61, 'each token is counted once, cached or not, for the gateway and for the client', async (cell) => {
  const asks = cell.in === 'openai-completions' && cell.streaming === 'stream';
  const request: JsonObject = asks ? { stream_options: { include_usage: true } } : {};
  const result = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Hello']))] });
  const expected = countedBy(cell);
  const { input, cacheRead, cacheWrite, output } = result.report.observed.usage ?? {};
  assert.deepEqual([input, cacheRead, cacheWrite, output], [120, expected.cacheRead, expected.cacheWrite, 30]);
  const { usage } = viewOf(cell, result);
  if (cell.in === 'anthropic-messages') {
    assert.equal(usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens, 120);
    assert.deepEqual([usage.cache_read_input_tokens, usage.output_tokens], [expected.cacheRead, 30]);
    return;
  }
  const [all, details, said] =
    cell.in === 'openai-completions'
      ? [usage.prompt_tokens, usage.prompt_tokens_details, usage.completion_tokens]
      : [usage.input_tokens, usage.input_tokens_details, usage.output_tokens];
  assert.deepEqual([all, details?.cached_tokens ?? 0, said, usage.total_tokens], [120, expected.cacheRead, 30, 150]);
});

const dropped = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'the connection was reset' } });
/** In US$ in billionths for a token: 1 in, 10 out. */
const price = (_: unknown, usage: { input: number; output: number }): number => usage.input + 10 * usage.output;

testCase(62, 'an answer that breaks off, or whose client leaves, costs what it had produced', async (cell) => {
  const said = 'The weather in Oslo is fair. '.repeat(8);
  const begun = unfinished(cell, [{ text: [said] }]);
  const dropping = { ...replyOf(cell, begun), breaksWith: dropped };
  const broken = await exchange({ cell, replies: [dropping], costOf: price });
  const leaving = createExchanger({
    cell,
    replies: [{ ...replyOf(cell, ''), chunks: [begun, textAnswer(cell, ['never seen'])] }],
    costOf: price,
  });
  const left = await leaving.send(cell, {}, { onPiece: (leave) => leave() });
  assert.equal(left.report.outcome.kind, 'cancelled');
  assert.ok(!left.text.includes('never seen'));
  for (const { report } of [broken, left]) {
    const { usage } = report.observed;
    assert.ok(usage);
    // Some providers count as they go; for the others the text is counted.
    assert.ok(usage.output >= said.length / 5 || usage.output === counts.output, `${usage.output} tokens for ${said.length} letters`);
    assert.ok(usage.input > 0, 'the prompt was read');
    assert.equal(report.costNanoUsd, usage.input + 10 * usage.output);
    assert.equal(report.attempts.length, 1);
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
  const { cacheRead, cacheWrite } = countedBy(cell);
  const { usage: last } = viewOf(cell, result);
  assert.deepEqual([last.input_tokens, last.cache_read_input_tokens, last.output_tokens], [120 - cacheRead - cacheWrite, cacheRead, 30]);
});
