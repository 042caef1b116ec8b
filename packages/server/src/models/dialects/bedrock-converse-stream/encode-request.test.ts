/** What becomes of each field of a request but its messages, and what is refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { claude, newClaude, nova, llama, hello, helloTurn, fromAnthropic, fromOpenai, refused, pathFor } from './requests.fixture.ts';

test('the model is in the path, and whether to stream too', () => {
  assert.equal(pathFor({}, claude), '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse');
  assert.equal(
    pathFor({ stream: true }, 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0'),
    '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0/converse-stream',
  );
  assert.equal(pathFor({}, "a'(b)*!"), '/model/a%27%28b%29%2A%21/converse');
  assert.equal(fromOpenai({ stream: true })['model'], undefined);
  assert.equal(fromOpenai({ stream: true })['stream'], undefined);
});

test('the fields that both have are carried', () => {
  const common: JsonObject = {
    system: [{ text: 'Be brief.' }],
    messages: [helloTurn],
    inferenceConfig: { maxTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
    additionalModelResponseFieldPaths: ['/stop_sequence', '/delta/stop_sequence'],
    toolConfig: {
      tools: [{ toolSpec: { name: 'look', description: 'Looks.', inputSchema: { json: { type: 'object' } } } }],
      toolChoice: { any: {} },
    },
    serviceTier: { type: 'default' },
    requestMetadata: { user: 'u-1' },
  };
  assert.deepEqual(
    fromOpenai({
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      max_completion_tokens: 50,
      max_tokens: null,
      temperature: 0.5,
      top_p: 0.9,
      stop: 'END',
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } }],
      tool_choice: 'required',
      parallel_tool_calls: true,
      service_tier: 'default',
      user: 'u-1',
    }),
    common,
  );
  assert.deepEqual(
    fromAnthropic({
      system: 'Be brief.',
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
      tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any' },
      service_tier: 'standard_only',
      metadata: { user_id: 'u-1' },
    }),
    common,
  );
});

test('nothing is sent that the client did not say', () => {
  assert.deepEqual(fromOpenai({ max_tokens: null }), { messages: [helloTurn] });
});

test('each choice of a tool has its word, and a tool may be strict', () => {
  const tools = [{ type: 'function', function: { name: 'look', strict: true } }];
  const choiceOf = (choice: JsonValue): JsonValue | undefined =>
    (fromOpenai({ tools, tool_choice: choice })['toolConfig'] as JsonObject)['toolChoice'];
  assert.deepEqual(choiceOf('auto'), { auto: {} });
  assert.deepEqual(choiceOf('required'), { any: {} });
  assert.deepEqual(choiceOf({ type: 'function', function: { name: 'look' } }), { tool: { name: 'look' } });
  assert.deepEqual(fromOpenai({ tools })['toolConfig'], {
    tools: [{ toolSpec: { name: 'look', inputSchema: { json: { type: 'object', properties: {} } }, strict: true } }],
  });
});

test('the choice of no tool leaves the tools out, and is refused where the conversation needs them', () => {
  const tools = [{ type: 'function', function: { name: 'look' } }];
  assert.equal(fromOpenai({ tools, tool_choice: 'none' })['toolConfig'], undefined);
  const called = [
    ...hello,
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }] },
  ];
  assert.throws(() => fromOpenai({ tools, tool_choice: 'none', messages: called }), refused('tool_choice'));
});

test('of allowed tools only those are offered', () => {
  const tools = ['look', 'wait'].map((name) => ({ type: 'function', function: { name } }));
  const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'wait' } }] };
  const { toolConfig } = fromOpenai({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } });
  assert.deepEqual(toolConfig, {
    tools: [{ toolSpec: { name: 'wait', inputSchema: { json: { type: 'object', properties: {} } } } }],
    toolChoice: { any: {} },
  });
});

test('how much to think is said as the model takes it', () => {
  const thinkingOf = (fields: JsonObject, model: string, from = fromOpenai): JsonValue[] => {
    const {
      additionalModelRequestFields: fieldsOfModel,
      outputConfig,
      inferenceConfig,
    } = from({ max_tokens: 20_000, ...fields }, { model });
    return [
      isJsonObject(fieldsOfModel) ? (fieldsOfModel['thinking'] ?? null) : null,
      outputConfig ?? null,
      (inferenceConfig as JsonObject)['maxTokens'] ?? null,
    ];
  };
  assert.deepEqual(thinkingOf({ reasoning_effort: 'low' }, claude), [{ type: 'enabled', budget_tokens: 4096 }, null, 20_000]);
  assert.deepEqual(thinkingOf({ reasoning_effort: 'high', max_tokens: null }, claude), [
    { type: 'enabled', budget_tokens: 4096 },
    null,
    8192,
  ]);
  assert.deepEqual(thinkingOf({ reasoning_effort: 'high' }, newClaude), [{ type: 'adaptive' }, { effort: 'high' }, 20_000]);
  assert.deepEqual(thinkingOf({ reasoning_effort: 'none' }, newClaude), [{ type: 'disabled' }, null, 20_000]);
  assert.deepEqual(thinkingOf({ reasoning_effort: 'minimal' }, nova), [null, { effort: 'low' }, 20_000]);
  assert.deepEqual(thinkingOf({ reasoning_effort: 'none' }, nova), [null, null, 20_000]);
  const budget = { thinking: { type: 'enabled', budget_tokens: 10_000 } };
  assert.deepEqual(thinkingOf(budget, claude, fromAnthropic), [budget.thinking, null, 20_000]);
  assert.deepEqual(thinkingOf(budget, nova, fromAnthropic), [null, { effort: 'medium' }, 20_000]);
  const adaptive = { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'max' } };
  assert.deepEqual(thinkingOf(adaptive, newClaude, fromAnthropic), [adaptive.thinking, { effort: 'max' }, 20_000]);
  assert.deepEqual(thinkingOf({ thinking: { type: 'disabled' } }, newClaude, fromAnthropic), [{ type: 'disabled' }, null, 20_000]);
  assert.throws(() => fromOpenai({ reasoning_effort: 'high', max_tokens: 1500 }), refused('reasoning_effort'));
});

test('a call that is forced goes before thinking, which Claude cannot do then', () => {
  const forced = { tools: [{ type: 'function', function: { name: 'look' } }], tool_choice: 'required', reasoning_effort: 'high' };
  assert.equal(fromOpenai(forced)['additionalModelRequestFields'], undefined);
  assert.deepEqual(fromOpenai(forced, { model: newClaude })['outputConfig'], { effort: 'high' });
  assert.equal(fromOpenai(forced, { model: newClaude })['additionalModelRequestFields'], undefined);
});

test('top_k goes where the family of the model has it, and is refused elsewhere', () => {
  assert.deepEqual(fromAnthropic({ top_k: 5 })['additionalModelRequestFields'], { top_k: 5 });
  assert.deepEqual(fromAnthropic({ top_k: 5 }, { model: nova })['additionalModelRequestFields'], { inferenceConfig: { topK: 5 } });
  assert.throws(() => fromAnthropic({ top_k: 5 }, { model: llama }), refused('top_k'));
  assert.deepEqual(fromAnthropic({ top_k: 5 }, { model: llama, quirks: { topK: true } })['additionalModelRequestFields'], { top_k: 5 });
});

test('a schema for the answer is never dropped: it is carried, or refused where there is none', () => {
  const schema = { type: 'object', properties: { b: { type: 'string' }, a: { type: 'string' } }, additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'answer', description: 'The answer.', schema, strict: true } };
  assert.deepEqual(fromOpenai({ response_format: format })['outputConfig'], {
    textFormat: {
      type: 'json_schema',
      structure: { jsonSchema: { schema: JSON.stringify(schema), name: 'answer', description: 'The answer.' } },
    },
  });
  const { outputConfig } = fromAnthropic({ output_config: { format: { type: 'json_schema', schema } } });
  assert.equal(JSON.stringify(outputConfig).includes('additionalProperties'), true);
  assert.throws(() => fromOpenai({ response_format: { type: 'json_object' } }), refused('response_format.type'));
});

test("Converse's own fields are carried from clients that name them", () => {
  const own: JsonObject = {
    guardrailConfig: { guardrailIdentifier: 'g-1', guardrailVersion: '1' },
    performanceConfig: { latency: 'optimized' },
    requestMetadata: { team: 'a' },
    additionalModelRequestFields: { min_p: 0.1 },
  };
  const { messages: _messages, inferenceConfig: _config, ...carried } = fromOpenai(own);
  assert.deepEqual(carried, own);
  assert.deepEqual(fromAnthropic({ ...own, top_k: 3 })['additionalModelRequestFields'], { min_p: 0.1, top_k: 3 });
  assert.throws(() => fromOpenai({ guardrailConfig: 'g-1' }), { code: 'invalid_request', param: 'guardrailConfig' });
});

test("the user's id is a label of the request where it can be one", () => {
  assert.deepEqual(fromOpenai({ safety_identifier: 'hash=1' })['requestMetadata'], { user: 'hash=1' });
  assert.equal(fromOpenai({ user: 'Jürgen' })['requestMetadata'], undefined);
  assert.deepEqual(fromOpenai({ user: 'u-1', requestMetadata: { team: 'a' } })['requestMetadata'], { user: 'u-1', team: 'a' });
});

test('each service tier has its word', () => {
  assert.deepEqual(fromOpenai({ service_tier: 'flex' })['serviceTier'], { type: 'flex' });
  assert.deepEqual(fromOpenai({ service_tier: 'priority' })['serviceTier'], { type: 'priority' });
  assert.equal(fromOpenai({ service_tier: 'auto' })['serviceTier'], undefined);
  assert.throws(() => fromOpenai({ service_tier: 'scale' }), refused('service_tier'));
});

test('what Converse has no counterpart for is refused by its name', () => {
  const tools = [{ type: 'function', function: { name: 'look' } }];
  const fromChat: readonly (readonly [JsonObject, string])[] = [
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ seed: 7 }, 'seed'],
    [{ frequency_penalty: 0.5 }, 'frequency_penalty'],
    [{ temperature: 1.5 }, 'temperature'],
    [{ tools, parallel_tool_calls: false }, 'parallel_tool_calls'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    [{ tools, tool_choice: { type: 'custom', custom: { name: 'x' } } }, 'tool_choice'],
    [{ a_field_of_tomorrow: 1 }, 'a_field_of_tomorrow'],
    [{ messages: [{ role: 'user', content: 'x', name: 'Ann' }] }, 'messages[].name'],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }, 'messages[].content[].file.file_data'],
    [{ messages: [{ role: 'user', content: [{ type: 'video_url', video_url: {} }] }] }, 'messages[].content[].type'],
  ];
  for (const [fields, param] of fromChat) assert.throws(() => fromOpenai(fields), refused(param), param);
  const url = { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } };
  const cited = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' }, citations: { enabled: true } };
  const fromMessages: readonly (readonly [JsonObject, string])[] = [
    [{ container: 'c-1' }, 'container'],
    [{ mcp_servers: [{ url: 'https://example.com' }] }, 'mcp_servers'],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    [{ tools: [{ name: 'x', input_schema: {}, input_examples: [{}] }] }, 'tools[0].input_examples'],
    [{ messages: [{ role: 'user', content: [url] }] }, 'messages[].content[].file.file_data'],
    [{ messages: [{ role: 'user', content: [cited] }] }, 'messages[].content[].citations'],
    [
      { messages: [{ role: 'user', content: [{ type: 'search_result', source: 'x', title: 'x', content: [] }] }] },
      'messages[].content[].type',
    ],
  ];
  for (const [fields, param] of fromMessages) assert.throws(() => fromAnthropic(fields), refused(param), param);
});
