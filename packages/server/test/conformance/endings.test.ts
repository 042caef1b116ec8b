/** Cases 6 to 16: how answers begin, end, break off and fail. */
import assert from 'node:assert/strict';
import { OpenClawError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { errorOf, eventsOf, viewOf } from './client-view.ts';
import { exchange, refusalOf, replyOf, type Exchange, type Reply } from './exchange.ts';
import { delta } from './fixtures/bedrock-converse-stream.ts';
import { errorEvent } from './fixtures/openai-responses.ts';
import type { Ending, ToldPart } from './fixtures/wire.ts';
import { conversationOf } from './requests.ts';
import {
  answerOf,
  answerTold,
  errorWithin,
  refusedRequest,
  silentStart,
  textAnswer,
  unfinished,
  unfinishedText,
  wires,
} from './stories.ts';

const dropped = new OpenClawError('upstream_truncated', { details: { provider: 'acme', reason: 'the connection was reset' } });

function breaking(cell: Cell, bytes: Buffer): Reply {
  return { ...replyOf(cell, bytes), breaksWith: dropped };
}

/** The failure is the client's last word: no end that looks well, in no form. */
function assertNoCleanEnd(cell: Cell, result: Exchange): void {
  assert.ok(!result.text.includes('[DONE]'));
  assert.ok(!result.text.includes('event: message_stop'));
  assert.ok(!/event: response\.(completed|incomplete)/.test(result.text));
  assert.ok(!/"(finish_reason|stop_reason)":\s*"/.test(result.text), 'no reason is invented');
  assert.equal(result.report.outcome.kind, 'failed');
  if (result.status === 200) assert.ok(cell.streaming === 'stream');
}

testCase(6, 'there is exactly one message_start, also after another attempt', async (cell) => {
  const start = silentStart(cell);
  for (const replies of [
    [replyOf(cell, textAnswer(cell, ['Hello']))],
    [breaking(cell, start), replyOf(cell, Buffer.concat([start, errorWithin(cell)])), replyOf(cell, textAnswer(cell, ['Hello']))],
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
  const call = (id: string, pieces: readonly string[]): ToldPart => ({ call: { id, name: 'look', pieces } });
  const signed = cell.out === 'openai-completions' || cell.out === 'ollama' ? {} : { signature: 'EqQBCg==' };
  const parts: ToldPart[] = [{ thinking: ['Hm.'], ...signed }, { text: ['Let', ' me.'] }, call('call_1', ['{}']), call('call_2', [])];
  for (const answer of [answerOf(cell, parts, 'calls'), answerOf(cell, [])]) {
    const result = await exchange({ cell, replies: [replyOf(cell, answer)] });
    const events = eventsOf(result.text).map(({ data }) => data);
    const [start, stop, at] =
      cell.in === 'anthropic-messages'
        ? ['content_block_start', 'content_block_stop', 'index']
        : ['response.output_item.added', 'response.output_item.done', 'output_index'];
    const indexes = (type: string): number[] => events.filter((event) => event.type === type).map((event) => event[at] as number);
    assert.deepEqual(indexes(stop), indexes(start));
    assert.deepEqual(indexes(start), [...indexes(start).keys()]);
    viewOf(cell, result);
  }
});

testCase(8, "an upstream that drops mid-answer ends in an error of the client's dialect, never cleanly", async (cell) => {
  const bytes = cell.streaming === 'stream' ? unfinishedText(cell, 'Hello, wor') : textAnswer(cell, ['Hello']).subarray(0, 60);
  const result = await exchange({ cell, replies: [breaking(cell, bytes)] });
  assertNoCleanEnd(cell, result);
  const error = errorOf(cell, result);
  assert.match(error.message, /acme/);
  assert.equal(error.openclaw.code, 'upstream_truncated');
  if (cell.streaming === 'whole') assert.equal(result.status, 502);
  else assert.ok(result.text.includes('Hello, wor'), 'what came before is delivered');
  if (cell.in === 'anthropic-messages') assert.equal(error.type, 'api_error');
  if (cell.in === 'openai-responses' && cell.streaming === 'stream') assert.equal(eventsOf(result.text).at(-1)?.name, 'response.failed');
});

testCase(9, 'half an event is not passed on before the error', async (cell) => {
  const begun = unfinishedText(cell, 'Hello');
  const half = unfinished(cell, [{ text: ['Hello', 'half'] }]).subarray(begun.length, -20);
  assert.ok(half.length > 20);
  for (const size of [undefined, 1]) {
    const reply = replyOf(cell, Buffer.concat([begun, half]), size);
    const result = await exchange({ cell, replies: [{ ...reply, breaksWith: dropped }] });
    assert.ok(!result.text.includes('half'));
    const events = eventsOf(result.text);
    assert.ok(events.length > 1, 'each event before is whole JSON');
    assert.equal(errorOf(cell, result).openclaw.code, 'upstream_truncated');
    if (cell.in === cell.out) assert.ok(result.text.startsWith(begun.toString()), 'the bytes before are untouched');
  }
});

testCase(10, 'an answer without its end is a failure: no reason, usage or whole tool call is invented', async (cell) => {
  const cutCall: ToldPart = { call: { id: 'call_1', name: 'delete_files', pieces: ['{"path": "/tmp"'] } };
  const comesWhole = cell.out === 'google-generative-ai' || cell.out === 'ollama';
  const said: readonly (readonly ToldPart[])[] = [[{ text: ['Hello'] }], ...(comesWhole ? [] : [[cutCall]])];
  const answers =
    cell.streaming === 'stream'
      ? said.map((parts) => unfinished(cell, parts))
      : [answerOf(cell, [{ call: { id: 'call_1', name: 'delete_files', pieces: ['{"path": "/tmp"}'] } }]).subarray(0, -30)];
  for (const answer of answers) {
    const result = await exchange({ cell, replies: [replyOf(cell, answer)] });
    assertNoCleanEnd(cell, result);
    errorOf(cell, result);
    if (cell.streaming === 'whole') {
      assert.equal(result.status, 502);
      continue;
    }
    for (const { data } of eventsOf(result.text)) {
      assert.ok(data.type !== 'content_block_stop' && data.type !== 'response.output_item.done', 'what was cut is not closed');
      assert.ok(!data.response?.usage && (cell.in === 'anthropic-messages' || !data.usage), 'no usage');
    }
  }
});

testCase(11, 'nothing comes after the terminal event', async (cell) => {
  const answer = textAnswer(cell, ['Hello']);
  const plain = await exchange({ cell, replies: [replyOf(cell, answer)] });
  // The end of Gemini's stream is the end of its connection: its reason may stand in every event.
  const after = cell.out === 'google-generative-ai' ? [] : [errorWithin(cell), unfinishedText(cell, 'ghost'), answer];
  for (const size of [undefined, 1, 50]) {
    const result = await exchange({ cell, replies: [replyOf(cell, Buffer.concat([answer, ...after]), size)] });
    assert.deepEqual(result.bytes, plain.bytes);
    assert.equal(result.report.outcome.kind, 'completed');
    viewOf(cell, result);
  }
  const last = plain.text.trimEnd().split('\n\n').at(-1) ?? '';
  const terminal = {
    'openai-completions': /^data: \[DONE\]$/,
    'openai-responses': /^event: response\.completed\n/,
    'anthropic-messages': /^event: message_stop\n/,
  };
  assert.match(last, terminal[cell.in]);
});

testCase(12, 'an error inside a 200 before the first output is tried again, unseen by the client', async (cell) => {
  const good = replyOf(cell, textAnswer(cell, ['Hello']));
  const plain = await exchange({ cell, replies: [good] });
  const bad = cell.streaming === 'stream' ? Buffer.concat([silentStart(cell), errorWithin(cell)]) : errorWithin(cell);
  const result = await exchange({ cell, replies: [replyOf(cell, bad), good] });
  assert.equal(result.asked.length, 2);
  assert.deepEqual(result.bytes, plain.bytes);
  const failing = await exchange({ cell, replies: [replyOf(cell, bad)] });
  assert.ok(failing.status >= 500);
  assert.ok(errorOf(cell, failing).message);
});

testCase(13, 'an error event after output surfaces as an error', async (cell) => {
  const errors = cell.out === 'openai-responses' ? [errorWithin(cell), errorEvent] : [errorWithin(cell)];
  for (const error of errors) {
    // In two chunks: what comes in one with its error has not been shown yet, and is tried again.
    const result = await exchange({ cell, replies: [{ ...replyOf(cell, ''), chunks: [unfinishedText(cell, 'Hello'), error] }] });
    assertNoCleanEnd(cell, result);
    assert.equal(result.asked.length, 1, 'it is not tried again: the client has seen text');
    assert.ok(result.text.includes('Hello'));
    assert.ok(errorOf(cell, result).message.includes(wires[cell.out].words.error.replace(/\.$/, '')));
    assert.equal(eventsOf(result.text).filter(({ data }) => data.error ?? data.response?.error).length, 1);
  }
});

testCase(14, 'a frame that reports an error is read, and one whose checksum is wrong is refused', async (cell) => {
  const begun = unfinishedText(cell, 'Hello');
  const whole = errorWithin(cell);
  const read = await exchange({ cell, replies: [{ ...replyOf(cell, ''), chunks: [begun, whole] }] });
  assert.equal(errorOf(cell, read).openclaw.code, 'upstream_overloaded');
  // Any bit of it: in its lengths, in a header, in its payload, in a checksum.
  for (const position of [2, 9, 14, 40, whole.length - 20, whole.length - 1]) {
    const damaged = Buffer.from(whole);
    damaged[position] = (damaged[position] ?? 0) ^ 1;
    for (const size of [undefined, 1]) {
      const chunks = size === undefined ? [begun, damaged] : [begun, ...Array.from(damaged, (byte) => Buffer.from([byte]))];
      const result = await exchange({ cell, replies: [{ ...replyOf(cell, ''), chunks }] });
      assertNoCleanEnd(cell, result);
      assert.equal(errorOf(cell, result).openclaw.code, 'upstream_malformed', `byte ${position}`);
    }
  }
  const damagedText = Buffer.from(delta(0, { text: 'Hello' }));
  const at = damagedText.indexOf('Hello');
  damagedText[at] = 0x4a;
  const changed = await exchange({ cell, replies: [replyOf(cell, Buffer.concat([begun, damagedText]))] });
  assert.ok(!changed.text.includes('Jello'), 'what was changed on its way is not shown');
});

testCase(15, 'an empty stop that counts no token is tried again, and is a failure in the end', async (cell) => {
  const good = replyOf(cell, textAnswer(cell, ['Hello']));
  const plain = await exchange({ cell, replies: [good] });
  const empty = replyOf(cell, answerTold(cell, { parts: [], ending: 'stop', outputTokens: 0 }));
  const result = await exchange({ cell, replies: [empty, good] });
  assert.equal(result.asked.length, 2);
  assert.deepEqual(result.bytes, plain.bytes, 'nothing of the empty one is seen');
  const failing = await exchange({ cell, replies: [empty] });
  assert.equal(failing.asked.length, 3);
  assert.equal(failing.status, 502);
  assert.match(errorOf(cell, failing).message, /acme/);
  assert.equal(errorOf(cell, failing).openclaw.code, 'upstream_failed');
  // What was counted, or stopped for a reason, is an answer though it says nothing.
  const reason: Ending = cell.out === 'ollama' ? 'length' : 'filtered';
  for (const reply of [
    answerTold(cell, { parts: [], ending: 'stop', outputTokens: 3 }),
    answerTold(cell, { parts: [], ending: reason, outputTokens: 0 }),
  ]) {
    const answered = await exchange({ cell, replies: [replyOf(cell, reply)] });
    assert.equal(answered.asked.length, 1);
    assert.equal(viewOf(cell, answered).text, '');
    assert.equal(answered.report.outcome.kind, 'completed');
  }
});

/** Requests that no provider could be asked, with what is wrong with each. */
function badRequests(cell: Cell): JsonObject[] {
  const field = cell.in === 'openai-responses' ? 'input' : 'messages';
  const kind = { 'openai-completions': 'function', 'openai-responses': 'function', 'anthropic-messages': 'custom' }[cell.in];
  const textType = cell.in === 'openai-responses' ? 'input_text' : 'text';
  return [
    { [field]: [{ role: 'user', content: [{ type: textType, text: 7 }] }] },
    { [field]: 7 },
    { ...conversationOf(cell.in, [{ user: 'hi' }]), tools: [{ type: kind }] },
    { temperature: 'hot' },
  ];
}

testCase(16, 'the same bad request gets the same answer, streaming or not', async (cell) => {
  const twin: Cell = { ...cell, streaming: cell.streaming === 'stream' ? 'whole' : 'stream' };
  const refusal = refusalOf(refusedRequest(cell));
  for (const request of [...badRequests(cell), {}]) {
    const [one, other] = await Promise.all([cell, twin].map((each) => exchange({ cell: each, request, replies: [refusal] })));
    assert.ok(one && other);
    assert.equal(one.status, 400);
    assert.equal(other.status, one.status);
    assert.equal(other.text, one.text);
    assert.match(one.headers['content-type'] ?? '', /application\/json/);
    if (cell.in !== cell.out && Object.keys(request).length > 0) assert.equal(one.asked.length, 0, 'it is refused before anybody is asked');
    if (Object.keys(request).length === 0) assert.ok(errorOf(cell, one).message.includes(wires[cell.out].words.refusal.replace(/\.$/, '')));
  }
});
