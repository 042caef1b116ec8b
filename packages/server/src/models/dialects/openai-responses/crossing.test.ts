/** Requests and thinking that cross between this dialect and the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { ClientDialectName, EncodeOptions } from '../dialect.ts';
import { dialects } from '../index.ts';

function crossing(from: ClientDialectName, to: ClientDialectName, base: JsonObject) {
  return (fields: JsonObject, provider = 'acme'): JsonObject => {
    const request = dialects[from].decodeRequest({ ...base, ...fields });
    return dialects[to].encodeRequest(request, { provider, model: 'large', quirks: {}, maxOutputTokens: 4096 }).body;
  };
}

const hello: JsonValue = [{ role: 'user', content: 'Hello' }];
const fromChat = crossing('openai-completions', 'openai-responses', { model: 'm', messages: hello });
const fromAnthropic = crossing('anthropic-messages', 'openai-responses', { model: 'm', max_tokens: 100, messages: hello });
const toChat = crossing('openai-responses', 'openai-completions', { model: 'm', input: 'Hello' });
const toAnthropic = crossing('openai-responses', 'anthropic-messages', { model: 'm', input: 'Hello' });
const own = crossing('openai-responses', 'openai-responses', { model: 'm', input: 'Hello' });

const refused = (param: string) => ({ code: 'unsupported_feature', param });
const schema = { type: 'object', properties: {}, additionalProperties: false };
const look = { type: 'function', name: 'look', description: 'Looks.', parameters: schema, strict: true };
const asks = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] };

test('a chat request becomes a response that is stored nowhere and shows its proof of thinking', () => {
  assert.deepEqual(
    fromChat({
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      max_completion_tokens: 50,
      temperature: 0.5,
      stream: true,
      stream_options: { include_usage: true },
      user: 'u-1',
      service_tier: 'flex',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      verbosity: 'low',
      reasoning_effort: 'high',
      parallel_tool_calls: false,
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: schema } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    }),
    {
      model: 'large',
      instructions: 'Be brief.',
      input: [asks],
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
      tools: [{ ...look, strict: false }],
      tool_choice: { type: 'function', name: 'look' },
      parallel_tool_calls: false,
      max_output_tokens: 50,
      temperature: 0.5,
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'high' },
      user: 'u-1',
      service_tier: 'flex',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
    },
  );
});

test('items of a conversation come in their order, from both other dialects', () => {
  const chat = [
    ...hello,
    { role: 'assistant', content: 'Looking.', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '' } }] },
    { role: 'tool', tool_call_id: 'c1', content: 'open' },
    { role: 'developer', content: 'Be kind.' },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      ],
    },
  ];
  const items = [
    asks,
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Looking.' }] },
    { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: 'open' },
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Be kind.' }] },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
      ],
    },
  ];
  assert.deepEqual(fromChat({ messages: chat })['input'], items);
  const back = crossing('openai-responses', 'openai-completions', { model: 'm' })({ input: items });
  assert.deepEqual(
    (back['messages'] as JsonObject[]).map(({ role }) => role),
    ['user', 'assistant', 'tool', 'system', 'user'],
  );
  const failed = [{ type: 'tool_result', tool_use_id: 't1', is_error: true, content: 'no door' }];
  const anthropic = [
    ...hello,
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] },
    { role: 'user', content: failed },
  ];
  assert.deepEqual((fromAnthropic({ messages: anthropic })['input'] as JsonObject[]).slice(1), [
    { type: 'function_call', call_id: 't1', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 't1', output: 'Error: no door' },
  ]);
});

test('case 30: a choice among some of the tools crosses in the form of each side', () => {
  const tools = [look, { ...look, name: 'wait' }];
  const choice = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'wait' }] };
  const nested = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'wait' } }] } };
  assert.deepEqual(toChat({ tools, tool_choice: choice })['tool_choice'], nested);
  assert.deepEqual(own({ tools, tool_choice: choice })['tool_choice'], choice);
  const chatTools = tools.map(({ name }) => ({ type: 'function', function: { name } }));
  assert.deepEqual(fromChat({ tools: chatTools, tool_choice: nested })['tool_choice'], choice);
  const anthropic = toAnthropic({ tools, tool_choice: choice });
  assert.deepEqual([(anthropic['tools'] as JsonObject[]).map(({ name }) => name), anthropic['tool_choice']], [['wait'], { type: 'any' }]);
});

test('native items and fields stay for this dialect, and are refused by name for the others', () => {
  const call = { type: 'computer_call', id: 'cu_1', call_id: 'c1', action: { type: 'screenshot' } };
  const output = {
    type: 'computer_call_output',
    call_id: 'c1',
    output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,x' },
  };
  const custom = { type: 'custom_tool_call', call_id: 'c2', name: 'run', input: 'ls' };
  const input = [asks, call, output, custom, { type: 'item_reference', id: 'msg_1' }];
  assert.deepEqual(own({ input })['input'], input);
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ input: [asks, call] }, 'messages[].content[].type'],
    [{ input: [asks, custom] }, 'messages[].content[].type'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'messages[].content[].type'],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [{ tools: [look], tool_choice: { type: 'custom', name: 'run' } }, 'tool_choice'],
    [{ background: true }, 'background'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ truncation: 'auto' }, 'truncation'],
    [{ include: ['message.output_text.logprobs'] }, 'include'],
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ a_field_of_tomorrow: 1 }, 'a_field_of_tomorrow'],
  ];
  for (const [fields, param] of rows) {
    for (const cross of [toChat, toAnthropic]) assert.throws(() => cross(fields), refused(param), param);
    assert.doesNotThrow(() => own(fields), param);
  }
});

test('what this dialect has no counterpart for is refused by its name', () => {
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ stop: 'END' }, 'stop'],
    [{ top_k: 5 }, 'top_k'],
    [{ seed: 7 }, 'seed'],
    [{ logit_bias: { 50256: -100 } }, 'logit_bias'],
    [{ n: 2 }, 'n'],
    [{ messages: [{ role: 'user', content: 'x', name: 'Ann' }] }, 'messages[].name'],
  ];
  for (const [fields, param] of rows) assert.throws(() => fromChat(fields), refused(param), param);
  assert.throws(() => fromAnthropic({ stop_sequences: ['END'] }), refused('stop'));
});

const options: EncodeOptions = { requestedModel: 'm', includeUsage: true, requestId: 'req_1', nowMs: 0 };
const reasoning = { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'gAAAA:1=' };
const text = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hi.', annotations: [] }],
};
const answer: JsonObject = {
  ...{ id: 'resp_1', object: 'response', created_at: 1, model: 'large', status: 'completed' },
  ...{ output: [reasoning, text], usage: { input_tokens: 9, output_tokens: 3 } },
};

test('case 33, 34: a provider’s proof of thinking comes back to it from clients of other dialects, and to no other provider', () => {
  for (const summary of [reasoning.summary, []]) {
    const events = dialects['openai-responses'].decodeResponse('acme').whole({ ...answer, output: [{ ...reasoning, summary }, text] });
    const { content = null } = dialects['anthropic-messages'].encodeResponse(options).whole(events);
    const anthropicTurn: JsonValue = [...hello, { role: 'assistant', content }, { role: 'user', content: 'And?' }];
    const [choice] = dialects['openai-completions'].encodeResponse(options).whole(events)['choices'] as JsonObject[];
    const chatTurn: JsonValue = [...hello, choice?.['message'] ?? null, { role: 'user', content: 'And?' }];
    for (const [cross, messages] of [
      [fromAnthropic, anthropicTurn],
      [fromChat, chatTurn],
    ] as const) {
      assert.deepEqual((cross({ messages })['input'] as JsonObject[])[1], { ...reasoning, summary });
      assert.equal(JSON.stringify(cross({ messages }, 'another')).includes('gAAAA'), false);
    }
    const toOtherAnthropic = crossing('anthropic-messages', 'anthropic-messages', { model: 'm', max_tokens: 9 });
    assert.equal(JSON.stringify(toOtherAnthropic({ messages: anthropicTurn })).includes('gAAAA'), false);
  }
});

test('case 33: another provider’s proof of thinking comes back to it from clients of this dialect, and to no provider of this one', () => {
  const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmF0dXJl' };
  const redacted = { type: 'redacted_thinking', data: 'ZGF0YQ==' };
  const whole = {
    id: 'msg_1',
    model: 'claude',
    content: [thinking, redacted, { type: 'text', text: 'Hi.' }],
    stop_reason: 'end_turn',
    usage: {},
  };
  const events = dialects['anthropic-messages'].decodeResponse('acme').whole(whole);
  const { output } = dialects['openai-responses'].encodeResponse(options).whole(events);
  const input = [{ role: 'user', content: 'Hello' }, ...(output as JsonObject[]), { role: 'user', content: 'And?' }];
  const [, assistant] = toAnthropic({ input })['messages'] as JsonObject[];
  assert.deepEqual(assistant?.['content'], [thinking, redacted, { type: 'text', text: 'Hi.' }]);
  assert.deepEqual(
    (own({ input })['input'] as JsonObject[]).map(({ type }) => type),
    ['message', 'message', 'message'],
  );
});

test('an answer repeats what was asked for', () => {
  const events = dialects['openai-responses'].decodeResponse('acme').whole(answer);
  const request = {
    model: 'm',
    input: 'Hello',
    instructions: 'Be brief.',
    tools: [look],
    metadata: { a: 'b' },
    text: { verbosity: 'low' },
  };
  const encoder = dialects['openai-responses'].encodeResponse({ ...options, request });
  const whole = encoder.whole(events);
  for (const field of ['instructions', 'tools', 'metadata'] as const) assert.deepEqual(whole[field], request[field]);
  assert.deepEqual(whole['text'], { format: { type: 'text' }, verbosity: 'low' });
  assert.deepEqual([whole['store'], whole['tool_choice'], whole['previous_response_id']], [true, 'auto', null]);
  assert.equal(encoder.answer, whole);
});
