/** Where a prompt is cached. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { claude, newClaude, nova, llama, hello, fromAnthropic, fromOpenai, contentOf, type EncodeOptions } from './requests.fixture.ts';

const mark = { type: 'ephemeral' };
const point = { cachePoint: { type: 'default' } };

test('every cache_control becomes a cache point after its block: system, tools, messages, calls and results', () => {
  const body = fromAnthropic({
    system: [{ type: 'text', text: 'Long.', cache_control: mark }],
    tools: [{ name: 'look', input_schema: { type: 'object' }, cache_control: mark }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hello', cache_control: mark }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {}, cache_control: mark }] },
    ],
  });
  assert.deepEqual(body['system'], [{ text: 'Long.' }, point]);
  assert.deepEqual((body['toolConfig'] as JsonObject)['tools'], [
    { toolSpec: { name: 'look', inputSchema: { json: { type: 'object' } } } },
    point,
  ]);
  assert.deepEqual(contentOf(body), [{ text: 'Hello' }, point]);
  assert.deepEqual(contentOf(body, 1), [{ toolUse: { toolUseId: 'a', name: 'look', input: {} } }, point]);
  const openai = fromOpenai({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello', cache_control: mark }] }] });
  assert.deepEqual(contentOf(openai), [{ text: 'Hello' }, point]);
});

test('a mark within or on the result of a tool stands after the result, and goes with it', () => {
  const results = [
    { type: 'text', text: 'And?' },
    { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'x', cache_control: mark }] },
    { type: 'tool_result', tool_use_id: 'b', content: 'y', cache_control: mark },
  ];
  const calls = ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'look', input: {} }));
  const body = fromAnthropic({ messages: [...hello, { role: 'assistant', content: calls }, { role: 'user', content: results }] });
  const result = (toolUseId: string, text: string): JsonObject => ({ toolResult: { toolUseId, content: [{ text }] } });
  assert.deepEqual(contentOf(body, 2), [result('a', 'x'), point, result('b', 'y'), point, { text: 'And?' }]);
});

test('the mark of a part that is not sent stands after what comes before it', () => {
  const content = [
    { type: 'text', text: 'Long.' },
    { type: 'text', text: ' ', cache_control: mark },
  ];
  assert.deepEqual(contentOf(fromAnthropic({ messages: [{ role: 'user', content }] })), [{ text: 'Long.' }, point]);
});

test('an hour of cache is asked for only of models that have it', () => {
  const content = [{ type: 'text', text: 'Long.', cache_control: { type: 'ephemeral', ttl: '1h' } }];
  const hour = { cachePoint: { type: 'default', ttl: '1h' } };
  const pointAt = (model: string): JsonValue | undefined =>
    (contentOf(fromAnthropic({ messages: [{ role: 'user', content }] }, { model })) as JsonValue[])[1];
  for (const model of [claude, newClaude, 'anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-sonnet-5-v1:0'])
    assert.deepEqual(pointAt(model), hour, model);
  for (const model of [
    'anthropic.claude-3-7-sonnet-20250219-v1:0',
    'anthropic.claude-sonnet-4-20250514-v1:0',
    'anthropic.claude-opus-4-1-20250805-v1:0',
    nova,
  ]) {
    assert.deepEqual(pointAt(model), point, model);
  }
  const short = [{ type: 'text', text: 'Long.', cache_control: { type: 'ephemeral', ttl: '5m' } }];
  assert.deepEqual(contentOf(fromAnthropic({ messages: [{ role: 'user', content: short }] })), [{ text: 'Long.' }, point]);
});

test('models that take no cache points get none, unless the vendor is said to take them', () => {
  const fields: JsonObject = {
    system: [{ type: 'text', text: 'Long.', cache_control: mark }],
    tools: [{ name: 'look', input_schema: { type: 'object' }, cache_control: mark }],
  };
  const placesOf = (options: EncodeOptions): number => JSON.stringify(fromAnthropic(fields, options)).split('cachePoint').length - 1;
  for (const model of [
    llama,
    'anthropic.claude-3-haiku-20240307-v1:0',
    'anthropic.claude-3-5-sonnet-20240620-v1:0',
    'anthropic.claude-v2:1',
  ]) {
    assert.equal(placesOf({ model }), 0, model);
  }
  for (const model of ['anthropic.claude-3-5-sonnet-20241022-v2:0', 'us.anthropic.claude-3-5-haiku-20241022-v1:0', newClaude]) {
    assert.equal(placesOf({ model }), 2, model);
  }
  assert.equal(placesOf({ model: llama, quirks: { cacheControl: true } }), 2);
  assert.equal(placesOf({ model: claude, quirks: { cacheControl: false } }), 0);
  assert.equal(placesOf({ model: nova }), 1, 'Nova caches no tools');
  assert.equal(placesOf({ model: 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123' }), 2);
});

test('there are never more than four cache points: the first stays and the last ones', () => {
  const content = [1, 2, 3, 4, 5].map((number) => ({ type: 'text', text: `Part ${number}.`, cache_control: mark }));
  const body = fromAnthropic({
    tools: [{ name: 'look', input_schema: { type: 'object' }, cache_control: mark }],
    system: [{ type: 'text', text: 'Long.', cache_control: mark }],
    messages: [{ role: 'user', content }],
  });
  assert.equal(((body['toolConfig'] as JsonObject)['tools'] as JsonValue[]).length, 2);
  assert.deepEqual(body['system'], [{ text: 'Long.' }]);
  const texts = content.map(({ text }) => ({ text }));
  assert.deepEqual(contentOf(body), [...texts.slice(0, 3), point, texts[3], point, texts[4], point]);
});

test('the same request always gives the same bytes, so that a cached prefix stays one', () => {
  const content = [
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
    { type: 'text', text: 'Long.', cache_control: mark },
  ];
  const tools = ['c', 'a', 'b'].map((name) => ({ name, input_schema: { type: 'object' } }));
  const one = fromAnthropic({ tools, messages: [{ role: 'user', content }] });
  const more = fromAnthropic({ tools, messages: [{ role: 'user', content }, { role: 'assistant', content: 'Hi.' }, ...hello] });
  assert.equal(JSON.stringify(one['toolConfig']), JSON.stringify(more['toolConfig']));
  assert.equal(JSON.stringify(contentOf(one)), JSON.stringify(contentOf(more)));
});
