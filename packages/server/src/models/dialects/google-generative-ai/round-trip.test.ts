/**
 * Turns of a conversation between clients of other formats and Gemini, streamed and whole: what the client is shown, and what
 * Gemini gets when the client sends it back as it was.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { EncodeOptions } from '../dialect.ts';
import type { ModelEvent } from '../events.ts';
import { dialects } from '../index.ts';
import { createServerSentEventParser } from '../server-sent-events.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';

const options: EncodeOptions = { requestedModel: 'google/gemini-3-pro', includeUsage: true, requestId: 'req_1', nowMs: 1_767_225_600_000 };
const target = { provider: 'google', model: 'gemini-3-pro-preview', quirks: {}, maxOutputTokens: 100 };

const thought = { text: 'Two doors.', thought: true };
const text = { text: 'Looking.' };
const firstCall = { functionCall: { id: 'c1', name: 'look', args: { at: 'door' } }, thoughtSignature: 'U0lH' };
const secondCall = { functionCall: { id: 'c2', name: 'look', args: { at: 'window' } } };
const modelTurn = [thought, text, firstCall, secondCall];

const answer = (parts: JsonValue, more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  responseId: 'r-1',
  modelVersion: 'gemini-3-pro-preview',
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, thoughtsTokenCount: 2 },
});

function eventsOf(parts: readonly JsonObject[]): readonly ModelEvent[] {
  const decoder = decodeResponse('google');
  const pieces = [...parts.map((part) => answer([part])), answer([], { finishReason: 'STOP' })];
  const raw = Buffer.alloc(0);
  return [...pieces.flatMap((piece) => decoder.event({ name: 'message', data: JSON.stringify(piece), raw })), ...decoder.end()];
}

/** The message of an OpenAI client: what it put together from the chunks of a stream. */
function openaiStreamed(parts: readonly JsonObject[]): { message: JsonObject; finish: JsonValue | undefined } {
  const bytes = Buffer.from(dialects['openai-completions'].encodeResponse(options).stream(eventsOf(parts)));
  const message: JsonObject = { role: 'assistant', content: '' };
  const calls: JsonObject[] = [];
  let finish: JsonValue | undefined;
  for (const { data } of createServerSentEventParser().push(bytes)) {
    if (data === undefined || data === '[DONE]') continue;
    const [choice] = (JSON.parse(data) as { choices: { delta: JsonObject; finish_reason: JsonValue }[] }).choices;
    if (!choice) continue;
    finish = choice.finish_reason ?? finish;
    if (typeof choice.delta['content'] === 'string') message['content'] = String(message['content']) + choice.delta['content'];
    if (Array.isArray(choice.delta['thinking_blocks'])) message['thinking_blocks'] = choice.delta['thinking_blocks'];
    for (const piece of (choice.delta['tool_calls'] ?? []) as JsonObject[]) addCall(calls, piece);
  }
  if (calls.length > 0) message['tool_calls'] = calls;
  return { message, finish };
}

function addCall(calls: JsonObject[], { index, ...piece }: JsonObject): void {
  const known = calls[Number(index)];
  if (!known) calls[Number(index)] = piece;
  else if (isJsonObject(known['function']) && isJsonObject(piece['function'])) {
    known['function']['arguments'] = String(known['function']['arguments']) + String(piece['function']['arguments']);
  }
}

function openaiWhole(parts: readonly JsonObject[]): { message: JsonObject; finish: JsonValue | undefined } {
  const body = dialects['openai-completions']
    .encodeResponse(options)
    .whole([...decodeResponse('google').whole(answer([...parts], { finishReason: 'STOP' }))]);
  const [choice] = body['choices'] as [{ message: JsonObject; finish_reason: JsonValue }];
  return { message: choice.message, finish: choice.finish_reason };
}

function anthropicWhole(parts: readonly JsonObject[]): { content: JsonValue; finish: JsonValue | undefined } {
  const body = dialects['anthropic-messages']
    .encodeResponse(options)
    .whole([...decodeResponse('google').whole(answer([...parts], { finishReason: 'STOP' }))]);
  return { content: body['content'] ?? [], finish: body['stop_reason'] };
}

/** The blocks of an Anthropic client: what it put together from the events of a stream. */
function anthropicStreamed(parts: readonly JsonObject[]): { content: JsonValue; finish: JsonValue | undefined } {
  const bytes = Buffer.from(dialects['anthropic-messages'].encodeResponse(options).stream(eventsOf(parts)));
  const content: JsonObject[] = [];
  const json: string[] = [];
  let finish: JsonValue | undefined;
  for (const { data } of createServerSentEventParser().push(bytes)) {
    const event = JSON.parse(data ?? '{}') as { type: string; index: number; content_block: JsonObject; delta: JsonObject };
    if (event.type === 'content_block_start') content[event.index] = event.content_block;
    if (event.type === 'message_delta') finish = event.delta['stop_reason'];
    const block = content[event.index];
    if (event.type !== 'content_block_delta' || !block) continue;
    for (const field of ['text', 'thinking', 'signature']) {
      if (typeof event.delta[field] === 'string') block[field] = String(block[field]) + event.delta[field];
    }
    if (typeof event.delta['partial_json'] === 'string') {
      json[event.index] = (json[event.index] ?? '') + event.delta['partial_json'];
      block['input'] = JSON.parse(json[event.index] ?? '{}') as JsonValue;
    }
  }
  return { content, finish };
}

const question: JsonObject = { role: 'user', content: 'Which door?' };

function contentsFromOpenai(message: JsonObject): JsonObject[] {
  const results = ((message['tool_calls'] ?? []) as JsonObject[]).map((call): JsonObject => ({
    role: 'tool',
    tool_call_id: call['id'] ?? '',
    content: 'open',
  }));
  const request = dialects['openai-completions'].decodeRequest({
    model: 'm',
    messages: [question, message, ...results, ...(results.length > 0 ? [] : [question])],
  });
  return encodeRequest(request, target).body['contents'] as JsonObject[];
}

function contentsFromAnthropic(content: JsonValue): JsonObject[] {
  const calls = (content as JsonObject[]).filter(({ type }) => type === 'tool_use');
  const results = calls.map(({ id }): JsonObject => ({ type: 'tool_result', tool_use_id: id ?? '', content: 'open' }));
  const last: JsonObject = results.length > 0 ? { role: 'user', content: results } : question;
  const request = dialects['anthropic-messages'].decodeRequest({
    model: 'm',
    max_tokens: 10,
    messages: [question, { role: 'assistant', content }, last],
  });
  return encodeRequest(request, target).body['contents'] as JsonObject[];
}

const results = {
  role: 'user',
  parts: ['c1', 'c2'].map((id) => ({ functionResponse: { id, name: 'look', response: { output: 'open' } } })),
};

test('parallel calls and the signature of the first come back from an OpenAI client as Gemini wrote them', () => {
  for (const { message, finish } of [openaiStreamed(modelTurn), openaiWhole(modelTurn)]) {
    assert.equal(finish, 'tool_calls');
    assert.deepEqual((message['tool_calls'] as JsonObject[])[0], {
      id: 'c1',
      type: 'function',
      function: { name: 'look', arguments: '{"at":"door"}' },
      extra_content: { google: { thought_signature: 'U0lH' } },
    });
    assert.deepEqual(contentsFromOpenai(message).slice(1), [{ role: 'model', parts: [text, firstCall, secondCall] }, results]);
  }
});

test('parallel calls and the signature of the first come back from an Anthropic client as Gemini wrote them', () => {
  for (const { content, finish } of [anthropicStreamed(modelTurn), anthropicWhole(modelTurn)]) {
    assert.equal(finish, 'tool_use');
    assert.deepEqual(
      (content as JsonObject[]).map(({ type, signature }) => [type, signature]),
      [
        ['thinking', ''],
        ['text', undefined],
        ['thinking', 'google:call:U0lH'],
        ['tool_use', undefined],
        ['tool_use', undefined],
      ],
    );
    assert.deepEqual(contentsFromAnthropic(content).slice(1), [{ role: 'model', parts: [text, firstCall, secondCall] }, results]);
  }
});

test('a signature on a text comes back on that text, from clients of either format', () => {
  const signed = [thought, text, { text: '', thoughtSignature: 'VEVYVA==' }];
  const expected = [{ role: 'model', parts: [{ text: 'Looking.', thoughtSignature: 'VEVYVA==' }] }];
  for (const { content } of [anthropicStreamed(signed), anthropicWhole(signed)])
    assert.deepEqual(contentsFromAnthropic(content).slice(1, 2), expected);
  for (const { message } of [openaiStreamed(signed), openaiWhole(signed)])
    assert.deepEqual(contentsFromOpenai(message).slice(1, 2), expected);
});

test('a signed thought comes back as that thought, from clients of either format', () => {
  const signed = { text: 'Two doors.', thought: true, thoughtSignature: 'VEg=' };
  const expected = [{ role: 'model', parts: [signed, text] }];
  for (const { content } of [anthropicStreamed([signed, text]), anthropicWhole([signed, text])]) {
    assert.deepEqual(contentsFromAnthropic(content).slice(1, 2), expected);
  }
  for (const { message } of [openaiStreamed([signed, text]), openaiWhole([signed, text])]) {
    assert.deepEqual(contentsFromOpenai(message).slice(1, 2), expected);
  }
});

/** The items of a Responses client, sent back as they came. */
function contentsFromResponses(parts: readonly JsonObject[]): JsonObject[] {
  const events = [...decodeResponse('google').whole(answer([...parts], { finishReason: 'STOP' }))];
  const output = dialects['openai-responses'].encodeResponse(options).whole(events)['output'] as JsonObject[];
  const outputs = output.flatMap((item): JsonObject[] =>
    item['type'] === 'function_call' ? [{ type: 'function_call_output', call_id: item['call_id'] ?? '', output: 'open' }] : [],
  );
  const input = [question, ...output, ...(outputs.length > 0 ? outputs : [question])];
  const request = dialects['openai-responses'].decodeRequest({ model: 'm', input });
  return encodeRequest(request, target).body['contents'] as JsonObject[];
}

test('calls, thoughts and texts come back with their signatures from a Responses client', () => {
  assert.deepEqual(contentsFromResponses(modelTurn).slice(1), [{ role: 'model', parts: [text, firstCall, secondCall] }, results]);
  const signed = { text: 'Two doors.', thought: true, thoughtSignature: 'VEg=' };
  const proof = { text: '', thoughtSignature: 'VEVYVA==' };
  assert.deepEqual(contentsFromResponses([signed, text, proof]).slice(1, 2), [
    { role: 'model', parts: [signed, { ...text, thoughtSignature: 'VEVYVA==' }] },
  ]);
});

test('a filtered answer is told to each client in its own word', () => {
  const filtered = [...decodeResponse('google').whole(answer([], { finishReason: 'RECITATION' }))];
  const openai = dialects['openai-completions'].encodeResponse(options).whole(filtered);
  assert.equal((openai['choices'] as [JsonObject])[0]['finish_reason'], 'content_filter');
  assert.equal(dialects['anthropic-messages'].encodeResponse(options).whole(filtered)['stop_reason'], 'refusal');
});

test('each client sees the counts in its own fields', () => {
  const events = [...decodeResponse('google').whole(answer([text], { finishReason: 'STOP' }))];
  const openai = dialects['openai-completions'].encodeResponse(options).whole(events)['usage'] as JsonObject;
  assert.deepEqual(
    [openai['prompt_tokens'], openai['completion_tokens'], openai['completion_tokens_details']],
    [9, 7, { reasoning_tokens: 2 }],
  );
  const anthropic = dialects['anthropic-messages'].encodeResponse(options).whole(events)['usage'] as JsonObject;
  assert.deepEqual([anthropic['input_tokens'], anthropic['output_tokens']], [9, 7]);
});
