/** Requests that cross from one dialect to the other: what becomes of each field, and what is refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClientDialectName, Quirks } from './dialect.ts';
import { dialects } from './index.ts';
import { omissions } from './omissions.ts';

function crossing(from: ClientDialectName, to: ClientDialectName, base: JsonObject) {
  return (fields: JsonObject, quirks: Quirks = {}): JsonObject => {
    const request = dialects[from].decodeRequest({ ...base, ...fields });
    return dialects[to].encodeRequest(request, { provider: 'acme', model: 'large', quirks, maxOutputTokens: 4096 }).body;
  };
}

const hello: JsonValue = [{ role: 'user', content: 'Hello' }];
const toAnthropic = crossing('openai-completions', 'anthropic-messages', { model: 'm', messages: hello });
const fromResponses = crossing('openai-responses', 'anthropic-messages', { model: 'm', input: 'Hello' });
const toOpenai = crossing('anthropic-messages', 'openai-completions', { model: 'm', max_tokens: 100, messages: hello });

const refused = (param: string) => ({ code: 'unsupported_feature', param });
const png = 'iVBORw0KGgo=';

test('the fields that both have are carried to Anthropic', () => {
  assert.deepEqual(
    toAnthropic({
      max_completion_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop: 'END',
      stream: true,
      user: 'u-1',
      service_tier: 'default',
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' }, strict: true } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
    }),
    {
      model: 'large',
      max_tokens: 50,
      messages: hello,
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
      tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' }, strict: true }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
    },
  );
});

test('the fields that both have are carried to OpenAI', () => {
  assert.deepEqual(
    toOpenai({
      system: 'Be brief.',
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END', 'STOP'],
      stream: true,
      metadata: { user_id: 'u-1' },
      service_tier: 'standard_only',
      tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
    }),
    {
      model: 'large',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END', 'STOP'],
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      user: 'u-1',
      service_tier: 'default',
    },
  );
});

test('Anthropic gets a limit although the client gave none', () => {
  assert.equal(toAnthropic({})['max_tokens'], 4096);
});

test("leading system messages become Anthropic's system, later ones keep their place as marked text", () => {
  const messages = [
    { role: 'system', content: 'One.' },
    { role: 'developer', content: 'Two.' },
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'system', content: 'Now in French.' },
    { role: 'user', content: 'Go on.' },
    { role: 'system', content: 'Be kind.' },
  ];
  const marked = { type: 'text', text: '<system>\nNow in French.\n</system>' };
  const plain = toAnthropic({ messages });
  assert.deepEqual(plain['system'], [
    { type: 'text', text: 'One.' },
    { type: 'text', text: 'Two.' },
  ]);
  assert.deepEqual(plain['messages'], [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: [marked, { type: 'text', text: 'Go on.' }, { type: 'text', text: '<system>\nBe kind.\n</system>' }] },
  ]);
  const native = toAnthropic({ messages }, { systemMessages: true });
  assert.deepEqual((native['messages'] as JsonValue[]).slice(2), [
    { role: 'user', content: [marked, { type: 'text', text: 'Go on.' }] },
    { role: 'system', content: 'Be kind.' },
  ]);
});

test('a system message within an Anthropic conversation stays one for OpenAI', () => {
  const messages = [...hello, { role: 'system', content: 'Be kind.' }];
  assert.deepEqual(toOpenai({ messages })['messages'], messages);
});

test('calls and results cross in both directions, results first in their turn', () => {
  const openai = [
    { role: 'user', content: 'Go.' },
    {
      role: 'assistant',
      content: 'Looking.',
      tool_calls: [
        { id: 'functions.look:0', type: 'function', function: { name: 'look', arguments: '{"at":"door"}' } },
        { id: 'call_2', type: 'function', function: { name: 'wait', arguments: '' } },
      ],
    },
    { role: 'tool', tool_call_id: 'functions.look:0', content: 'open' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'done' }] },
    { role: 'user', content: 'And?' },
  ];
  assert.deepEqual(toAnthropic({ messages: openai })['messages'], [
    { role: 'user', content: 'Go.' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Looking.' },
        { type: 'tool_use', id: 'functions_look_0_5vr4r9c26', name: 'look', input: { at: 'door' } },
        { type: 'tool_use', id: 'call_2', name: 'wait', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'functions_look_0_5vr4r9c26', content: 'open' },
        { type: 'tool_result', tool_use_id: 'call_2', content: 'done' },
        { type: 'text', text: 'And?' },
      ],
    },
  ]);
  const anthropic = [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'door' }, caller: { type: 'direct' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: [{ type: 'text', text: 'no door' }] },
        { type: 'text', text: 'Try again.' },
      ],
    },
  ];
  assert.deepEqual(toOpenai({ messages: anthropic })['messages'], [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"door"}' } }],
    },
    { role: 'tool', tool_call_id: 'toolu_1', content: 'Error: no door' },
    { role: 'user', content: 'Try again.' },
  ]);
});

test('an image in the result of a tool follows in a user message that says where it belongs', () => {
  const result = [
    { type: 'text', text: 'A photo:' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
  ];
  const messages = [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: result }] }];
  assert.deepEqual(toOpenai({ messages })['messages'], [
    {
      role: 'tool',
      tool_call_id: 'toolu_1',
      content: [
        { type: 'text', text: 'A photo:' },
        { type: 'text', text: '[image 1: see the next user message]' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: '[image 1, from the result of tool call toolu_1]' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
      ],
    },
  ]);
});

test('images and documents cross as what they are', () => {
  const openai = [
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    { type: 'file', file: { filename: 'a.txt', file_data: `data:text/plain;base64,${Buffer.from('Grüße').toString('base64')}` } },
  ];
  const anthropic = [
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' }, title: 'a.txt' },
  ];
  const there = toAnthropic({ messages: [{ role: 'user', content: openai }] })['messages'];
  assert.deepEqual(there, [{ role: 'user', content: anthropic }]);
  assert.deepEqual(toOpenai({ messages: [{ role: 'user', content: anthropic }] })['messages'], [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        openai[1],
        openai[2],
        { type: 'text', text: 'a.txt\n\nGrüße' },
      ],
    },
  ]);
});

test('a schema for the answer crosses as a schema, and json_object is refused where there is none', () => {
  const schema = { type: 'object', properties: {}, additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'answer', description: 'The answer.', schema, strict: true } };
  assert.deepEqual(toAnthropic({ response_format: format })['output_config'], {
    format: { type: 'json_schema', schema: { ...schema, description: 'The answer.' } },
  });
  assert.deepEqual(toOpenai({ output_config: { format: { type: 'json_schema', schema } } })['response_format'], {
    type: 'json_schema',
    json_schema: { name: 'response', schema, strict: true },
  });
  assert.deepEqual(toOpenai({ output_format: { type: 'json_schema', schema } })['response_format'], {
    type: 'json_schema',
    json_schema: { name: 'response', schema, strict: true },
  });
  assert.throws(() => toAnthropic({ response_format: { type: 'json_object' } }), refused('response_format.type'));
});

test('how much to think crosses in the words of the other side', () => {
  assert.deepEqual(toAnthropic({ reasoning_effort: 'high' })['output_config'], { effort: 'high' });
  assert.deepEqual(toAnthropic({ reasoning_effort: 'high' })['thinking'], { type: 'adaptive' });
  assert.deepEqual(toAnthropic({ reasoning_effort: 'minimal' })['output_config'], { effort: 'low' });
  assert.deepEqual(toAnthropic({ reasoning_effort: 'none' })['thinking'], { type: 'disabled' });
  const budget: Quirks = { thinkingBudget: true };
  assert.deepEqual(toAnthropic({ reasoning_effort: 'low', max_tokens: 20_000 }, budget)['thinking'], {
    type: 'enabled',
    budget_tokens: 4096,
  });
  assert.deepEqual(toAnthropic({ reasoning_effort: 'high', max_tokens: 4000 }, budget)['thinking'], {
    type: 'enabled',
    budget_tokens: 2000,
  });
  assert.throws(() => toAnthropic({ reasoning_effort: 'high', max_tokens: 1500 }, budget), refused('reasoning_effort'));
  assert.equal(toOpenai({ thinking: { type: 'enabled', budget_tokens: 10_000 } })['reasoning_effort'], 'medium');
  assert.equal(
    toOpenai({ thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'xhigh' } })['reasoning_effort'],
    'xhigh',
  );
  assert.equal(toOpenai({ thinking: { type: 'disabled' } })['reasoning_effort'], undefined);
});

test('signed thinking comes back to Anthropic from an OpenAI client, unsigned thinking does not', () => {
  const blocks = [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'ZGF0YQ==' },
    { type: 'thinking', thinking: 'cut off' },
  ];
  const messages = [
    ...hello,
    { role: 'assistant', content: 'Hi.', reasoning_content: 'Hm.', thinking_blocks: blocks },
    { role: 'assistant', content: 'Ho.', reasoning_content: 'Um.' },
  ];
  assert.deepEqual(toAnthropic({ messages })['messages'], [
    ...hello,
    { role: 'assistant', content: [blocks[0], blocks[1], { type: 'text', text: 'Hi.' }] },
    { role: 'assistant', content: 'Ho.' },
  ]);
});

test('thinking of earlier turns goes to an OpenAI upstream only if it is known to read it', () => {
  const messages = [
    ...hello,
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'text', text: 'Hi.' },
      ],
    },
  ];
  assert.deepEqual(toOpenai({ messages })['messages'], [...hello, { role: 'assistant', content: 'Hi.' }]);
  assert.deepEqual(toOpenai({ messages }, { reasoningContent: true })['messages'], [
    ...hello,
    { role: 'assistant', content: 'Hi.', reasoning_content: 'Hm.' },
  ]);
});

test('cache_control comes along from an OpenAI client, and goes only to an OpenAI upstream that takes it', () => {
  const mark = { type: 'ephemeral', ttl: '1h' };
  const content = [{ type: 'text', text: 'Long.', cache_control: mark }];
  assert.deepEqual(toAnthropic({ messages: [{ role: 'user', content }] })['messages'], [{ role: 'user', content }]);
  assert.deepEqual(toOpenai({ messages: [{ role: 'user', content }] })['messages'], [{ role: 'user', content: 'Long.' }]);
  assert.deepEqual(toOpenai({ messages: [{ role: 'user', content }] }, { cacheControl: true })['messages'], [{ role: 'user', content }]);
});

test('what Anthropic has no counterpart for is refused by its name', () => {
  const audio = [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }] }];
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ seed: 7 }, 'seed'],
    [{ logit_bias: { 50256: -100 } }, 'logit_bias'],
    [{ frequency_penalty: 0.5 }, 'frequency_penalty'],
    [{ store: true }, 'store'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ service_tier: 'flex' }, 'service_tier'],
    [{ prediction: { type: 'content', content: 'x' } }, 'prediction'],
    [{ a_field_of_tomorrow: 1 }, 'a_field_of_tomorrow'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function', function: { name: 'x' } }], tool_choice: { type: 'custom', custom: { name: 'x' } } }, 'tool_choice'],
    [{ messages: audio }, 'messages[].content[].input_audio'],
    [{ messages: [{ role: 'user', content: 'x', name: 'Ann' }] }, 'messages[].name'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'gs://bucket/a.png' } }] }] },
      'messages[].content[].image_url.url',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }, 'messages[].content[].file.file_id'],
    [{ messages: [{ role: 'user', content: [{ type: 'video_url', video_url: {} }] }] }, 'messages[].content[].type'],
  ];
  for (const [fields, param] of rows) {
    assert.throws(() => toAnthropic(fields), refused(param), param);
    assert.throws(() => toAnthropic({ ...fields, stream: true }), refused(param), param);
  }
});

test('what OpenAI has no counterpart for is refused by its name', () => {
  const search = { type: 'search_result', source: 'https://example.com', title: 'x', content: [] };
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ top_k: 5 }, 'top_k'],
    [{ container: 'c-1' }, 'container'],
    [{ thinking: { type: 'between_tools' } }, 'thinking'],
    [{ mcp_servers: [{ url: 'https://example.com' }] }, 'mcp_servers'],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    [{ tools: [{ name: 'x', input_schema: {}, input_examples: [{}] }] }, 'tools[0].input_examples'],
    [{ messages: [{ role: 'user', content: [search] }] }, 'messages[].content[].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] }, 'messages[].content[].source'],
    [
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url', url: 'https://x' } }] }] },
      'messages[].content[].source',
    ],
  ];
  for (const [fields, param] of rows) assert.throws(() => toOpenai(fields), refused(param), param);
  assert.equal(toOpenai({ top_k: 5 }, { topK: true })['top_k'], 5);
});

test('the harmless fields of the table are left out, and a row that depends on its value only for that value', () => {
  const harmless: Readonly<Record<string, JsonValue>> = {
    store: false,
    n: 1,
    logprobs: false,
    top_logprobs: 0,
    logit_bias: {},
    frequency_penalty: 0,
    presence_penalty: 0,
    modalities: ['text'],
    verbosity: 'medium',
    thinking: { type: 'adaptive', display: 'omitted' },
    speed: 'standard',
    include: ['reasoning.encrypted_content'],
    reasoning: { effort: 'low', summary: 'auto' },
    text: { verbosity: 'medium' },
    truncation: 'disabled',
    background: false,
  };
  const crossings: Readonly<Record<string, typeof toOpenai>> = {
    'openai-completions': toAnthropic,
    'openai-responses': fromResponses,
    'anthropic-messages': toOpenai,
  };
  for (const { from, place, field } of omissions) {
    if (place !== 'request') continue;
    const body = crossings[from]?.({ [field]: harmless[field] ?? { a: 'b' } }) ?? {};
    assert.equal(body[field], undefined, field);
  }
});

test('tool ids fit an upstream that takes nine letters or digits, the same for call and result', () => {
  const messages = [
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'toolu_01A', name: 'look', input: {} },
        { type: 'tool_use', id: 'abcDEF123', name: 'look', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01A', content: 'x' }] },
  ];
  const [assistant, tool] = toOpenai({ messages }, { toolIdLength9: true })['messages'] as JsonObject[];
  const calls = assistant?.['tool_calls'] as JsonObject[];
  assert.match(String(calls[0]?.['id']), /^[a-z0-9]{9}$/);
  assert.equal(calls[1]?.['id'], 'abcDEF123');
  assert.equal(tool?.['tool_call_id'], calls[0]?.['id']);
});
