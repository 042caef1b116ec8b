/** Requests of OpenAI and Anthropic clients on their way to Ollama: what becomes of each field, and what is refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { dialects } from '../index.ts';
import { encodeRequest } from './encode-request.ts';

const hello: JsonValue = [{ role: 'user', content: 'Hello' }];
const png = 'iVBORw0KGgo=';

function crossing(from: 'openai-completions' | 'anthropic-messages', base: JsonObject) {
  return (fields: JsonObject): JsonObject =>
    encodeRequest(dialects[from].decodeRequest({ ...base, ...fields }), {
      provider: 'ollama',
      model: 'qwen3',
      quirks: {},
      maxOutputTokens: 4096,
    }).body;
}

const fromOpenai = crossing('openai-completions', { model: 'm', messages: hello });
const fromAnthropic = crossing('anthropic-messages', { model: 'm', max_tokens: 100, messages: hello });
const refused = (param: string) => ({ code: 'unsupported_feature', param });
const look: JsonValue = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } };

test('the fields that both have are carried, and an answer that is not to stream is asked for as such', () => {
  assert.deepEqual(
    fromOpenai({
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 20,
      stop: 'END',
      seed: 7,
      presence_penalty: 0.5,
      frequency_penalty: 0.25,
      keep_alive: '10m',
      options: { num_ctx: 8192 },
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } }],
      tool_choice: 'auto',
    }),
    {
      model: 'qwen3',
      messages: hello,
      stream: false,
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } }],
      options: {
        num_predict: 50,
        temperature: 0.5,
        top_p: 0.9,
        top_k: 20,
        stop: ['END'],
        seed: 7,
        presence_penalty: 0.5,
        frequency_penalty: 0.25,
        num_ctx: 8192,
      },
      keep_alive: '10m',
    },
  );
  assert.deepEqual(fromOpenai({ stream: true }), { model: 'qwen3', messages: hello, stream: true });
});

test('calls and results cross with their names and ids, images as bytes beside the text', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } };
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: '' },
        { type: 'thinking', thinking: 'Of another model.', signature: 'RXJz' },
        { type: 'tool_use', id: 't1', name: 'look', input: { at: 'door' } },
        { type: 'tool_use', id: 't2', name: 'wait', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'open' }, image] },
        { type: 'tool_result', tool_use_id: 't2', is_error: true, content: 'no time' },
      ],
    },
  ];
  assert.deepEqual(fromAnthropic({ system: 'Be brief.', messages })['messages'], [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is this?', images: [png] },
    {
      role: 'assistant',
      content: '',
      thinking: 'Hm.',
      tool_calls: [
        { id: 't1', function: { index: 0, name: 'look', arguments: { at: 'door' } } },
        { id: 't2', function: { index: 1, name: 'wait', arguments: {} } },
      ],
    },
    { role: 'tool', tool_call_id: 't1', tool_name: 'look', content: 'open', images: [png] },
    { role: 'tool', tool_call_id: 't2', tool_name: 'wait', content: 'Error: no time' },
  ]);
});

test('a schema for the answer is its format, and how much to think is a word or a switch', () => {
  const schema = { type: 'object', properties: {} };
  assert.deepEqual(fromOpenai({ response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } })['format'], schema);
  assert.equal(fromOpenai({ response_format: { type: 'json_object' } })['format'], 'json');
  assert.equal(fromOpenai({ reasoning_effort: 'minimal' })['think'], 'low');
  assert.equal(fromOpenai({ reasoning_effort: 'xhigh' })['think'], 'max');
  assert.equal(fromOpenai({ reasoning_effort: 'none' })['think'], false);
  assert.equal(fromAnthropic({ thinking: { type: 'enabled', budget_tokens: 2000 } })['think'], true);
  assert.equal(fromAnthropic({ thinking: { type: 'disabled' } })['think'], false);
  assert.equal(fromOpenai({})['think'], undefined);
});

test('a choice that leaves tools out leaves them out of the request', () => {
  const named = (name: string): JsonValue => ({ type: 'function', function: { name } });
  assert.equal(fromOpenai({ tools: [look], tool_choice: 'none' })['tools'], undefined);
  const allowed = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named('look')] } };
  assert.deepEqual(fromOpenai({ tools: [named('wait'), look], tool_choice: allowed })['tools'], [look]);
});

test('what Ollama has no counterpart for is refused by its name', () => {
  const part = (value: JsonObject): JsonObject => ({ messages: [{ role: 'user', content: [value] }] });
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ n: 2 }, 'n'],
    [{ logit_bias: { 1: 1 } }, 'logit_bias'],
    [{ service_tier: 'flex' }, 'service_tier'],
    [{ a_field_of_tomorrow: 1 }, 'a_field_of_tomorrow'],
    [{ tools: [look], tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [look], tool_choice: { type: 'function', function: { name: 'look' } } }, 'tool_choice'],
    [{ tools: [look], parallel_tool_calls: false }, 'parallel_tool_calls'],
    [{ tools: [{ type: 'function', function: { name: 'look', strict: true } }] }, 'tools[0].strict'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    [{ reasoning_effort: 'boundless' }, 'reasoning_effort'],
    [{ messages: [{ role: 'user', content: 'x', name: 'Ann' }] }, 'messages[].name'],
    [part({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }), 'messages[].content[].source'],
    [part({ type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' } }), 'messages[].content[].source'],
    [part({ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }), 'messages[].content[]'],
  ];
  for (const [fields, param] of rows) assert.throws(() => fromOpenai(fields), refused(param), param);
});
