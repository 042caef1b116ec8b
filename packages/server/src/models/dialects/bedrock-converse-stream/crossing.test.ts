/** Conversations that cross: what a client gets from Bedrock, and what Bedrock gets back with the client's next turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import type { EncodeOptions } from '../dialect.ts';
import { openaiCompletions } from '../openai-completions/index.ts';
import { openaiResponses } from '../openai-responses/index.ts';
import { decodeResponse } from './decode-response.ts';
import { answer, decodeStream, streamOf, usage, wholeAnswer } from './frames.fixture.ts';
import { encodeRequest } from './encode-request.ts';
import { claude, contentOf, fromAnthropic, fromOpenai, hello } from './requests.fixture.ts';

const options: EncodeOptions = { requestedModel: 'bedrock/claude', includeUsage: true, requestId: 'r-1', nowMs: 1_767_225_600_000 };
const answered = ((wholeAnswer['output'] as JsonObject)['message'] as JsonObject)['content'];

const toAnthropic = (body: JsonObject): JsonObject => anthropicMessages.encodeResponse(options).whole(decodeResponse('acme').whole(body));
const toOpenai = (body: JsonObject): JsonObject => openaiCompletions.encodeResponse(options).whole(decodeResponse('acme').whole(body));

function messageOf(completion: JsonObject): JsonObject {
  const [choice] = completion['choices'] as JsonObject[];
  return choice?.['message'] as JsonObject;
}

test('an Anthropic client gets thinking, text and parallel calls, and usage that counts each token once', () => {
  const message = toAnthropic(wholeAnswer);
  assert.equal(message['stop_reason'], 'tool_use');
  assert.equal(message['model'], 'bedrock/claude');
  const content = message['content'] as JsonObject[];
  assert.deepEqual(
    content.map(({ type, id, input }) => [type, id, input]),
    [
      ['thinking', undefined, undefined],
      ['text', undefined, undefined],
      ['tool_use', 'tooluse_a', { at: 'left' }],
      ['tool_use', 'tooluse_b', { at: 'right' }],
    ],
  );
  assert.equal(content[0]?.['signature'], 'c2lnbmVk');
  const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = message['usage'] as JsonObject;
  assert.deepEqual([input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens], [7, 90, 10, 5]);
});

test('an OpenAI client gets the same in its own form', () => {
  const completion = toOpenai(wholeAnswer);
  const { content, tool_calls: calls } = messageOf(completion);
  assert.equal(content, 'Looking at both… 世界');
  assert.deepEqual(
    (calls as JsonObject[]).map((call) => [call['id'], (call['function'] as JsonObject)['arguments']]),
    [
      ['tooluse_a', '{"at":"left"}'],
      ['tooluse_b', '{"at":"right"}'],
    ],
  );
  const counts = completion['usage'] as JsonObject;
  assert.deepEqual([counts['prompt_tokens'], (counts['prompt_tokens_details'] as JsonObject)['cached_tokens']], [107, 90]);
});

test('what was streamed says the same as what was not', () => {
  for (const dialect of [anthropicMessages, openaiCompletions]) {
    const streamed = dialect.encodeResponse(options).whole(decodeStream(streamOf(answer), 17));
    assert.deepEqual(streamed, dialect.encodeResponse(options).whole(decodeResponse('acme').whole(wholeAnswer)));
  }
});

test('a stream reaches both kinds of clients as a stream that ends as theirs do', () => {
  const events = decodeStream(streamOf(answer));
  const messages = anthropicMessages.encodeResponse(options).stream(events);
  assert.equal(messages.split('event: message_start').length, 2);
  assert.equal(messages.split('event: content_block_start').length, messages.split('event: content_block_stop').length);
  assert.match(messages, /event: message_stop\ndata: .*\n\n$/);
  const chunks = openaiCompletions.encodeResponse(options).stream(events);
  assert.match(chunks, /"finish_reason":"tool_calls"/);
  assert.match(chunks, /data: \[DONE\]\n\n$/);
});

test('Bedrock gets its own words back with the next turn of an Anthropic client: a signature is good for its exact text', () => {
  const { content } = toAnthropic(wholeAnswer);
  const results = ['tooluse_a', 'tooluse_b'].map((id) => ({ type: 'tool_result', tool_use_id: id, content: 'open' }));
  const messages: JsonValue[] = [...hello, { role: 'assistant', content: content ?? null }, { role: 'user', content: results }];
  assert.deepEqual(contentOf(fromAnthropic({ messages }), 1), answered);
});

test('and with the next turn of an OpenAI client', () => {
  const message = messageOf(toOpenai(wholeAnswer));
  const results = ['tooluse_a', 'tooluse_b'].map((id) => ({ role: 'tool', tool_call_id: id, content: 'open' }));
  assert.deepEqual(contentOf(fromOpenai({ messages: [...hello, message, ...results] }), 1), answered);
});

test('and with the next turn of a client of the Responses API', () => {
  const tools = [{ type: 'function', name: 'look', parameters: { type: 'object' } }];
  const asked = { tools, store: false, include: ['reasoning.encrypted_content'] };
  const request: JsonObject = { model: 'm', input: [...hello], ...asked };
  const { output } = openaiResponses.encodeResponse({ ...options, request }).whole(decodeResponse('acme').whole(wholeAnswer));
  const results = ['tooluse_a', 'tooluse_b'].map((id) => ({ type: 'function_call_output', call_id: id, output: 'open' }));
  const input: JsonValue[] = [...hello, ...(output as JsonValue[]), ...results];
  const next = openaiResponses.decodeRequest({ model: 'm', input, ...asked });
  const { body } = encodeRequest(next, { provider: 'acme', model: claude, quirks: {}, maxOutputTokens: 100 });
  assert.deepEqual(contentOf(body, 1), answered);
});

test('encrypted thinking comes back as it was', () => {
  const block = { reasoningContent: { redactedContent: 'ZW5jcnlwdGVk' } };
  const body = { output: { message: { role: 'assistant', content: [block, { text: 'Hi.' }] } }, stopReason: 'end_turn', usage };
  const { content } = toAnthropic(body);
  const again = fromAnthropic({ messages: [...hello, { role: 'assistant', content: content ?? null }, ...hello] });
  assert.deepEqual(contentOf(again, 1), [block, { text: 'Hi.' }]);
});

test('a content filter and a full context reach each client in its own word', () => {
  const ending = (stopReason: string): JsonObject => ({
    ...wholeAnswer,
    output: { message: { role: 'assistant', content: [{ text: 'I' }] } },
    stopReason,
  });
  const rows: readonly (readonly [string, string, string])[] = [
    ['guardrail_intervened', 'refusal', 'content_filter'],
    ['content_filtered', 'refusal', 'content_filter'],
    ['max_tokens', 'max_tokens', 'length'],
    ['model_context_window_exceeded', 'model_context_window_exceeded', 'length'],
    ['malformed_tool_use', 'malformed_tool_use', 'malformed_tool_use'],
  ];
  for (const [reason, anthropic, openai] of rows) {
    assert.equal(toAnthropic(ending(reason))['stop_reason'], anthropic);
    const [choice] = toOpenai(ending(reason))['choices'] as JsonObject[];
    assert.equal(choice?.['finish_reason'], openai);
  }
});
