/** Cases 6 to 13, 15 and 16: how answers begin, end, break off and fail. */
import assert from 'node:assert/strict';
import { OpenClawError } from '../../src/core/errors.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cases.ts';
import { errorOf, eventsOf, viewOf } from './client-view.ts';
import { exchange, replyOf, type Exchange, type Reply } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';
import { callAnswer, errorWithin, refusedRequest, silentStart, textAnswer, unfinishedText } from './stories.ts';

const dropped = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'the connection was reset' } });

function breaking(cell: Cell, text: string): Reply {
  return { ...replyOf(cell, text), breaksWith: dropped };
}

/** The failure is the client's last word: no end that looks well, in no form. */
function assertNoCleanEnd(cell: Cell, result: Exchange): void {
  assert.ok(!result.text.includes('[DONE]'));
  assert.ok(!result.text.includes('event: message_stop'));
  assert.ok(!/"(finish_reason|stop_reason)":\s*"/.test(result.text), 'no reason is invented');
  assert.equal(result.report.outcome.kind, 'failed');
  if (result.status === 200) assert.ok(cell.streaming === 'stream');
}

testCase(6, 'there is exactly one message_start, also after another attempt', async (cell) => {
  const start = cell.out === 'anthropic-messages' ? silentStart(cell) : '';
  for (const replies of [
    [replyOf(cell, textAnswer(cell, ['Hello']))],
    [breaking(cell, start), replyOf(cell, start + errorWithin(cell)), replyOf(cell, textAnswer(cell, ['Hello']))],
  ]) {
    const result = await exchange({ cell, replies });
    const names = eventsOf(result.text).map(({ name }) => name);
    assert.equal(names.filter((name) => name === 'message_start').length, 1);
    assert.equal(names[0], 'message_start');
    assert.equal(viewOf(cell, result).text, 'Hello');
    assert.equal(result.asked.length, replies.length);
  }
});

testCase(7, 'every block start has its stop', async (cell) => {
  const answers =
    cell.out === 'openai-completions'
      ? [
          openai.opening +
            openai.chunk({ reasoning_content: 'Hm.' }) +
            openai.chunk({ content: 'Let' }) +
            openai.chunk({ content: ' me.' }) +
            openai.toolStart(0, 'call_1', 'look') +
            openai.toolArguments(0, '{}') +
            openai.toolStart(1, 'call_2', 'wait') +
            openai.ending('tool_calls'),
          openai.opening + openai.ending('stop'),
        ]
      : [
          anthropic.messageStart +
            anthropic.blockStart(0, { type: 'thinking', thinking: '', signature: '' }) +
            anthropic.blockDelta(0, { type: 'thinking_delta', thinking: 'Hm.' }) +
            anthropic.blockDelta(0, { type: 'signature_delta', signature: 'EqQBCg==' }) +
            anthropic.blockStop(0) +
            anthropic.blockStart(1, { type: 'redacted_thinking', data: 'EmwKAhgB' }) +
            anthropic.blockStop(1) +
            anthropic.blockStart(2, { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }) +
            anthropic.inputDelta(2, '{"query": "weather"}') +
            anthropic.blockStop(2) +
            anthropic.blockStart(3, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }) +
            anthropic.blockStop(3) +
            anthropic.textBlock(4, ['Let me.']) +
            anthropic.toolBlock(5, { id: 'toolu_1', name: 'look', pieces: ['{}'] }) +
            anthropic.ending('tool_use'),
        ];
  for (const answer of answers) {
    const result = await exchange({ cell, replies: [replyOf(cell, answer)] });
    const events = eventsOf(result.text).map(({ data }) => data);
    const indexes = (type: string): number[] => events.filter((event) => event.type === type).map((event) => event.index as number);
    assert.deepEqual(indexes('content_block_start'), indexes('content_block_stop'));
    assert.deepEqual(indexes('content_block_start'), [...indexes('content_block_start').keys()]);
    viewOf(cell, result);
  }
});

testCase(8, "an upstream that drops mid-answer ends in an error of the client's dialect, never cleanly", async (cell) => {
  const text = cell.streaming === 'stream' ? unfinishedText(cell, 'Hello, wor') : textAnswer(cell, ['Hello']).slice(0, 60);
  const result = await exchange({ cell, replies: [breaking(cell, text)] });
  assertNoCleanEnd(cell, result);
  const error = errorOf(cell, result);
  assert.match(error.message, /acme/);
  assert.equal(error.openclaw.code, 'upstream_truncated');
  if (cell.streaming === 'whole') assert.equal(result.status, 502);
  else assert.ok(result.text.includes('Hello, wor'), 'what came before is delivered');
  if (cell.in === 'anthropic-messages') assert.equal(error.type, 'api_error');
});

testCase(9, 'half an event is not passed on before the error', async (cell) => {
  const half =
    cell.out === 'openai-completions'
      ? openai.chunk({ content: 'half' }).slice(0, -20)
      : anthropic.blockDelta(0, { type: 'text_delta', text: 'half' }).slice(0, -20);
  for (const size of [undefined, 1]) {
    const whole = unfinishedText(cell, 'Hello');
    const result = await exchange({ cell, replies: [{ ...replyOf(cell, whole + half, size), breaksWith: dropped }] });
    assert.ok(!result.text.includes('half'));
    const events = eventsOf(result.text);
    assert.ok(events.length > 1, 'each event before is whole JSON');
    assert.equal(errorOf(cell, result).openclaw.code, 'upstream_truncated');
    if (cell.in === cell.out) assert.ok(result.text.startsWith(whole), 'the bytes before are untouched');
  }
});

testCase(10, 'an answer without its end is a failure: no reason, usage or whole tool call is invented', async (cell) => {
  const cutCall =
    cell.out === 'openai-completions'
      ? openai.opening + openai.toolStart(0, 'call_1', 'delete_files') + openai.toolArguments(0, '{"path": "/tmp"')
      : anthropic.messageStart + anthropic.toolStart(0, 'call_1', 'delete_files') + anthropic.inputDelta(0, '{"path": "/tmp"');
  const texts =
    cell.streaming === 'stream' ? [unfinishedText(cell, 'Hello'), cutCall] : [callAnswer(cell, '{"path": "/tmp"}').slice(0, 400)];
  for (const text of texts) {
    const result = await exchange({ cell, replies: [replyOf(cell, text)] });
    assertNoCleanEnd(cell, result);
    errorOf(cell, result);
    if (cell.streaming === 'whole') assert.equal(result.status, 502);
    if (cell.streaming === 'whole') continue;
    const events = eventsOf(result.text).map(({ data }) => data);
    if (cell.in === 'anthropic-messages')
      assert.ok(
        events.every((event) => event.type !== 'content_block_stop'),
        'the cut block is not closed',
      );
    else
      assert.ok(
        events.every((event) => !event.usage),
        'no usage',
      );
  }
});

testCase(11, 'nothing comes after the terminal event', async (cell) => {
  const answer = textAnswer(cell, ['Hello']);
  const plain = await exchange({ cell, replies: [replyOf(cell, answer)] });
  const after = errorWithin(cell) + unfinishedText(cell, 'ghost') + answer;
  for (const size of [undefined, 1, 50]) {
    const result = await exchange({ cell, replies: [replyOf(cell, answer + after, size)] });
    assert.deepEqual(result.bytes, plain.bytes);
    assert.equal(result.report.outcome.kind, 'completed');
    const terminal = cell.in === 'openai-completions' ? 'data: [DONE]\n\n' : 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    assert.ok(result.text.endsWith(terminal));
  }
});

testCase(12, 'an error inside a 200 before the first output is tried again, unseen by the client', async (cell) => {
  const good = replyOf(cell, textAnswer(cell, ['Hello']));
  const plain = await exchange({ cell, replies: [good] });
  const bad = cell.streaming === 'stream' ? silentStart(cell) + errorWithin(cell) : errorWithin(cell);
  const result = await exchange({ cell, replies: [replyOf(cell, bad), good] });
  assert.equal(result.asked.length, 2);
  assert.deepEqual(result.bytes, plain.bytes);
  const failing = await exchange({ cell, replies: [replyOf(cell, bad)] });
  assert.ok(failing.status >= 500);
  assert.ok(errorOf(cell, failing).message);
});

testCase(13, 'an error event after output surfaces as an error', async (cell) => {
  // In two chunks: what comes in one with its error has not been shown yet, and is tried again.
  const chunks = [unfinishedText(cell, 'Hello'), errorWithin(cell)].map((text) => Buffer.from(text));
  const result = await exchange({ cell, replies: [{ ...replyOf(cell, ''), chunks }] });
  assertNoCleanEnd(cell, result);
  assert.equal(result.asked.length, 1, 'it is not tried again: the client has seen text');
  const error = errorOf(cell, result);
  assert.match(error.message, cell.out === 'openai-completions' ? /The server had an error/ : /Overloaded/);
  assert.equal(eventsOf(result.text).filter(({ data }) => data.error).length, 1);
});

/** An answer of no words, with this count of output tokens. */
function emptyAnswer(cell: Cell, finish: { openai: string; anthropic: string }, outputTokens: number): string {
  const empty =
    cell.streaming === 'whole'
      ? cell.out === 'openai-completions'
        ? openai.whole({ content: '' }, finish.openai)
        : anthropic.whole([], finish.anthropic)
      : cell.out === 'openai-completions'
        ? openai.opening + openai.ending(finish.openai)
        : anthropic.messageStart + anthropic.ending(finish.anthropic);
  return empty.replace(/("(?:completion|output)_tokens":\s*)\d+/g, (_, name: string) => `${name}${outputTokens}`);
}

testCase(15, 'an empty stop that counts no token is tried again, and is a failure in the end', async (cell) => {
  const stop = { openai: 'stop', anthropic: 'end_turn' };
  const good = replyOf(cell, textAnswer(cell, ['Hello']));
  const plain = await exchange({ cell, replies: [good] });
  const empty = replyOf(cell, emptyAnswer(cell, stop, 0));
  const result = await exchange({ cell, replies: [empty, good] });
  assert.equal(result.asked.length, 2);
  assert.deepEqual(result.bytes, plain.bytes, 'nothing of the empty one is seen');
  const failing = await exchange({ cell, replies: [empty] });
  assert.equal(failing.asked.length, 3);
  assert.equal(failing.status, 502);
  assert.match(errorOf(cell, failing).message, /acme/);
  assert.equal(errorOf(cell, failing).openclaw.code, 'upstream_failed');
  // What was counted, or stopped for a reason, is an answer though it says nothing.
  const filtered = { openai: 'content_filter', anthropic: 'refusal' };
  for (const reply of [emptyAnswer(cell, stop, 3), emptyAnswer(cell, filtered, 0)]) {
    const answered = await exchange({ cell, replies: [replyOf(cell, reply)] });
    assert.equal(answered.asked.length, 1);
    assert.equal(viewOf(cell, answered).text, '');
    assert.equal(answered.report.outcome.kind, 'completed');
  }
});

testCase(16, 'the same bad request gets the same answer, streaming or not', async (cell) => {
  const badFields = [
    { messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] },
    { messages: 'hello' },
    { messages: [{ role: 'user', content: 'hi' }], tools: [{ type: cell.in === 'openai-completions' ? 'function' : 'custom' }] },
    { temperature: 'hot' },
  ];
  const twin: Cell = { ...cell, streaming: cell.streaming === 'stream' ? 'whole' : 'stream' };
  const refusal: Reply = { status: 400, headers: { 'content-type': 'application/json' }, chunks: [Buffer.from(refusedRequest(cell))] };
  for (const request of [...badFields, {}]) {
    const [one, other] = await Promise.all([cell, twin].map((each) => exchange({ cell: each, request, replies: [refusal] })));
    assert.ok(one && other);
    assert.equal(one.status, 400);
    assert.equal(other.status, one.status);
    assert.equal(other.text, one.text);
    assert.match(one.headers['content-type'] ?? '', /application\/json/);
    if (cell.in !== cell.out && Object.keys(request).length > 0) assert.equal(one.asked.length, 0, 'it is refused before anybody is asked');
  }
});
