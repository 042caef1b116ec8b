/** Earlier turns on their way to Gemini: calls, results, thinking and the signatures of all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { dialects } from '../index.ts';
import { call, fromAnthropic, fromOpenai, hello, png } from './crossing.fixture.ts';

test('results bear the name of their call, stand in the order of the calls, and every call has one', () => {
  const messages = [
    ...hello,
    { role: 'assistant', content: '', tool_calls: [call('a', 'look', '{"at":"door"}'), call('b', 'wait', ''), call('c', 'sing', 'la')] },
    { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'done' }] },
    { role: 'tool', tool_call_id: 'a', content: 'open' },
    { role: 'user', content: 'And?' },
  ];
  const contents = fromOpenai({ messages }, 'gemini-2.5-pro').body['contents'] as JsonValue[];
  const noResult = 'There is no result: the conversation went on before this call was answered.';
  assert.deepEqual(contents.slice(1), [
    {
      role: 'model',
      parts: [
        { functionCall: { id: 'a', name: 'look', args: { at: 'door' } } },
        { functionCall: { id: 'b', name: 'wait', args: {} } },
        { functionCall: { id: 'c', name: 'sing', args: { malformed_arguments: 'la' } } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: 'a', name: 'look', response: { output: 'open' } } },
        { functionResponse: { id: 'b', name: 'wait', response: { output: 'done' } } },
        { functionResponse: { id: 'c', name: 'sing', response: { error: noResult } } },
      ],
    },
    { role: 'user', parts: [{ text: 'And?' }] },
  ]);
});

test('a result that answers no call is refused, because its name cannot be known', () => {
  const messages = [...hello, { role: 'tool', tool_call_id: 'x', content: 'open' }];
  assert.throws(() => fromOpenai({ messages }), { code: 'invalid_request', param: 'messages[].tool_call_id' });
});

test('an id that was made up here is not sent to Gemini', () => {
  const messages = [
    ...hello,
    { role: 'assistant', content: null, tool_calls: [call('gemini_0123abcde', 'look')] },
    { role: 'tool', tool_call_id: 'gemini_0123abcde', content: 'open' },
  ];
  const contents = fromOpenai({ messages }, 'gemini-2.5-pro').body['contents'] as JsonValue[];
  assert.deepEqual(contents.slice(1), [
    { role: 'model', parts: [{ functionCall: { name: 'look', args: {} } }] },
    { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'open' } } }] },
  ]);
});

test('an image in the result of a tool reaches Gemini as an image: within the result for Gemini 3, beside it before', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } };
  const messages = [
    ...hello,
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'shoot', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'A photo:' }, image] }] },
  ];
  const results = (model: string): JsonValue | undefined => (fromAnthropic({ messages }, model).body['contents'] as JsonObject[]).at(-1);
  const inlineData = { mimeType: 'image/png', data: png };
  assert.deepEqual(results('gemini-3-pro-preview'), {
    role: 'user',
    parts: [{ functionResponse: { id: 't', name: 'shoot', response: { output: 'A photo:' }, parts: [{ inlineData }] } }],
  });
  assert.deepEqual(results('gemini-2.5-pro'), {
    role: 'user',
    parts: [
      { functionResponse: { id: 't', name: 'shoot', response: { output: 'A photo:\n[attachment 1: see after the results]' } } },
      { inlineData },
    ],
  });
});

test('a signature of a call comes back from an OpenAI client where Google puts it', () => {
  const proof = { extra_content: { google: { thought_signature: 'c2ln' } } };
  const messages = [
    ...hello,
    { role: 'assistant', content: null, tool_calls: [{ ...call('a', 'look'), ...proof }, call('b', 'wait')] },
    { role: 'tool', tool_call_id: 'a', content: '1' },
    { role: 'tool', tool_call_id: 'b', content: '2' },
  ];
  assert.deepEqual((fromOpenai({ messages }).body['contents'] as JsonValue[])[1], {
    role: 'model',
    parts: [
      { functionCall: { id: 'a', name: 'look', args: {} }, thoughtSignature: 'c2ln' },
      { functionCall: { id: 'b', name: 'wait', args: {} } },
    ],
  });
});

test('a call whose signature is lost gets the value that Google documents, where the model demands one', () => {
  const messages = [
    ...hello,
    { role: 'assistant', content: 'So:', tool_calls: [call('a', 'look'), call('b', 'wait')] },
    { role: 'tool', tool_call_id: 'a', content: '1' },
    { role: 'tool', tool_call_id: 'b', content: '2' },
  ];
  const signatures = (model: string): unknown[] => {
    const [, turn] = fromOpenai({ messages }, model).body['contents'] as [JsonValue, { parts: JsonObject[] }];
    return turn.parts.map((part) => part['thoughtSignature']);
  };
  for (const model of ['gemini-3-pro-preview', 'gemini-3.5-flash', 'gemini-flash-latest', 'models/gemini-3-pro-preview']) {
    assert.deepEqual(signatures(model), [undefined, 'skip_thought_signature_validator', undefined], model);
  }
  for (const model of ['gemini-2.5-pro', 'gemini-2.0-flash-001', 'gemma-3-27b-it']) {
    assert.deepEqual(signatures(model), [undefined, undefined, undefined], model);
  }
});

test("thinking goes back only with a signature of Gemini's, each to the part that it came on", () => {
  const thinking = (text: string, signature: string): JsonObject => ({ type: 'thinking', thinking: text, signature });
  const content = [
    thinking('Unsigned.', ''),
    thinking('Of another model.', 'RXJz'),
    thinking('Hm.', 'google:thought:AAAA'),
    { type: 'text', text: 'Looking.' },
    thinking('', 'google:text:BBBB'),
    thinking('', 'google:call:CCCC'),
    { type: 'tool_use', id: 't', name: 'look', input: {} },
  ];
  const messages = [
    ...hello,
    { role: 'assistant', content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'open' }] },
  ];
  assert.deepEqual((fromAnthropic({ messages }).body['contents'] as JsonValue[])[1], {
    role: 'model',
    parts: [
      { text: 'Hm.', thought: true, thoughtSignature: 'AAAA' },
      { text: 'Looking.', thoughtSignature: 'BBBB' },
      { functionCall: { id: 't', name: 'look', args: {} }, thoughtSignature: 'CCCC' },
    ],
  });
});

test('a signature of a text comes back from an OpenAI client, before the text as it is there', () => {
  const blocks = [{ type: 'thinking', thinking: '', signature: 'google:text:BBBB' }];
  const turn = (fields: JsonObject): JsonValue | undefined =>
    (fromOpenai({ messages: [...hello, { role: 'assistant', content: 'Hi.', ...fields }, ...hello] }).body['contents'] as JsonValue[])[1];
  const signed = { role: 'model', parts: [{ text: 'Hi.', thoughtSignature: 'BBBB' }] };
  assert.deepEqual(turn({ reasoning_content: 'Hm.', thinking_blocks: blocks }), signed);
  assert.deepEqual(turn({ extra_content: { google: { thought_signature: 'BBBB' } } }), signed);
  assert.deepEqual(turn({ reasoning_content: 'Hm.' }), { role: 'model', parts: [{ text: 'Hi.' }] });
});

test("Gemini's signatures are not shown to Anthropic", () => {
  const blocks = [{ type: 'thinking', thinking: 'Hm.', signature: 'google:thought:AAAA' }];
  const proof = { extra_content: { google: { thought_signature: 'c2ln' } } };
  const messages = [
    ...hello,
    { role: 'assistant', content: null, thinking_blocks: blocks, tool_calls: [{ ...call('a', 'look'), ...proof }] },
    { role: 'tool', tool_call_id: 'a', content: '1' },
  ];
  const request = dialects['openai-completions'].decodeRequest({ model: 'm', messages });
  const { body } = dialects['anthropic-messages'].encodeRequest(request, {
    provider: 'anthropic',
    model: 'claude',
    quirks: {},
    maxOutputTokens: 10,
  });
  assert.doesNotMatch(JSON.stringify(body), /google|AAAA|c2ln/);
});
