/** Requests of OpenAI and Anthropic clients on their way to Gemini: what becomes of each field, and what is refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { dialects } from '../index.ts';
import { encodeRequest } from './encode-request.ts';

const hello: JsonValue = [{ role: 'user', content: 'Hello' }];
const png = 'iVBORw0KGgo=';

function crossing(from: 'openai-completions' | 'anthropic-messages', base: JsonObject) {
  return (fields: JsonObject, model = 'gemini-3-pro-preview') =>
    encodeRequest(dialects[from].decodeRequest({ ...base, ...fields }), { provider: 'google', model, quirks: {}, maxOutputTokens: 4096 });
}

const fromOpenai = crossing('openai-completions', { model: 'm', messages: hello });
const fromAnthropic = crossing('anthropic-messages', { model: 'm', max_tokens: 100, messages: hello });
const generation = (body: JsonObject): JsonObject => (body['generationConfig'] ?? {}) as JsonObject;
const refused = (param: string) => ({ code: 'unsupported_feature', param });

const look: JsonValue = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: { at: {} } } } };
const call = (id: string, name: string, json = '{}'): JsonObject => ({ id, type: 'function', function: { name, arguments: json } });

test('the model is in the path, and a stream is asked for by its method', () => {
  assert.equal(fromOpenai({}, 'gemini-2.5-flash').path, '/models/gemini-2.5-flash:generateContent');
  assert.equal(fromOpenai({ stream: true }, 'gemini-2.5-flash').path, '/models/gemini-2.5-flash:streamGenerateContent?alt=sse');
  assert.equal(fromOpenai({}, 'models/gemini-2.5-flash').path, '/models/gemini-2.5-flash:generateContent');
  assert.equal(fromOpenai({}, 'tunedModels/mine').path, '/tunedModels/mine:generateContent');
});

test('a name of a model cannot lead to another path', () => {
  assert.equal(fromOpenai({}, 'a?b=c#d').path, '/models/a%3Fb%3Dc%23d:generateContent');
  for (const model of ['../files/x', 'models/..', '', 'a//b']) {
    assert.throws(() => fromOpenai({}, model), { code: 'invalid_request', param: 'model' }, model);
  }
});

test('the fields that both have are carried to Gemini', () => {
  assert.deepEqual(
    fromOpenai({
      max_completion_tokens: 50,
      temperature: 1.5,
      top_p: 0.9,
      top_k: 20,
      stop: ['END', 'STOP'],
      seed: 7,
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
      user: 'u-1',
      service_tier: 'flex',
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: { at: { $ref: '#/$defs/place' } } } },
        },
        { type: 'function', function: { name: 'wait', parameters: { type: 'object', properties: {}, additionalProperties: false } } },
      ],
      tool_choice: 'required',
      parallel_tool_calls: true,
    }).body,
    {
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'look',
              description: 'Looks.',
              parametersJsonSchema: { type: 'object', properties: { at: { $ref: '#/$defs/place' } } },
            },
            { name: 'wait' },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
      generationConfig: {
        temperature: 1.5,
        topP: 0.9,
        topK: 20,
        maxOutputTokens: 50,
        stopSequences: ['END', 'STOP'],
        seed: 7,
        presencePenalty: 0.5,
        frequencyPenalty: -0.5,
      },
      serviceTier: 'flex',
    },
  );
});

test('no limit is made up where the client gave none', () => {
  assert.equal(fromOpenai({}).body['generationConfig'], undefined);
});

test('leading system messages become the system instruction, later ones keep their place as marked text', () => {
  const messages = [
    { role: 'system', content: 'One.' },
    { role: 'developer', content: 'Two.' },
    ...hello,
    { role: 'assistant', content: 'Hi.' },
    { role: 'system', content: 'Now in French.' },
    { role: 'user', content: 'Go on.' },
  ];
  const { body } = fromOpenai({ messages });
  assert.deepEqual(body['systemInstruction'], { parts: [{ text: 'One.' }, { text: 'Two.' }] });
  assert.deepEqual(body['contents'], [
    { role: 'user', parts: [{ text: 'Hello' }] },
    { role: 'model', parts: [{ text: 'Hi.' }] },
    { role: 'user', parts: [{ text: '<system>\nNow in French.\n</system>' }] },
    { role: 'user', parts: [{ text: 'Go on.' }] },
  ]);
  assert.deepEqual(fromAnthropic({ system: 'Be brief.' }).body['systemInstruction'], { parts: [{ text: 'Be brief.' }] });
});

test('the choice among tools becomes a mode, with names where only some may be called', () => {
  const config = (fields: JsonObject): JsonValue | undefined => fromOpenai({ tools: [look], ...fields }).body['toolConfig'];
  const mode = (name: string, more: JsonObject = {}): JsonObject => ({ functionCallingConfig: { mode: name, ...more } });
  assert.equal(config({}), undefined);
  assert.equal(config({ tool_choice: 'auto' }), undefined);
  assert.deepEqual(config({ tool_choice: 'none' }), mode('NONE'));
  assert.deepEqual(config({ tool_choice: 'required' }), mode('ANY'));
  assert.deepEqual(
    config({ tool_choice: { type: 'function', function: { name: 'look' } } }),
    mode('ANY', { allowedFunctionNames: ['look'] }),
  );
  const allowed = (word: string): JsonObject => ({
    tool_choice: { type: 'allowed_tools', allowed_tools: { mode: word, tools: [{ type: 'function', function: { name: 'look' } }] } },
  });
  assert.deepEqual(config(allowed('required')), mode('ANY', { allowedFunctionNames: ['look'] }));
  assert.deepEqual(config(allowed('auto')), mode('VALIDATED', { allowedFunctionNames: ['look'] }));
  assert.equal(fromOpenai({ tool_choice: 'none' }).body['toolConfig'], undefined);
});

test('a strict tool holds the model to its schema', () => {
  const strict: JsonValue = { type: 'function', function: { name: 'look', strict: true } };
  const validated = { functionCallingConfig: { mode: 'VALIDATED' } };
  assert.deepEqual(fromOpenai({ tools: [strict] }).body['toolConfig'], validated);
  assert.deepEqual(fromOpenai({ tools: [strict], tool_choice: 'auto' }).body['toolConfig'], validated);
  assert.deepEqual(fromOpenai({ tools: [strict], tool_choice: 'none' }).body['toolConfig'], { functionCallingConfig: { mode: 'NONE' } });
});

test("Google's own tools go by the names that Google gives them", () => {
  const { body } = fromOpenai({ tools: [look, { type: 'google_search' }, { type: 'code_execution' }] });
  assert.deepEqual((body['tools'] as JsonValue[]).slice(1), [{ googleSearch: {} }, { codeExecution: {} }]);
});

test('a schema for the answer crosses as JSON Schema', () => {
  const schema = { type: 'object', properties: { a: { type: ['string', 'null'] } }, additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'answer', description: 'The answer.', schema, strict: true } };
  assert.deepEqual(generation(fromOpenai({ response_format: format }).body), {
    responseMimeType: 'application/json',
    responseJsonSchema: { ...schema, description: 'The answer.' },
  });
  assert.deepEqual(generation(fromAnthropic({ output_config: { format: { type: 'json_schema', schema } } }).body), {
    maxOutputTokens: 100,
    responseMimeType: 'application/json',
    responseJsonSchema: schema,
  });
  assert.deepEqual(generation(fromOpenai({ response_format: { type: 'json_object' } }).body), { responseMimeType: 'application/json' });
  assert.deepEqual(generation(fromOpenai({ response_format: { type: 'text' } }).body), {});
});

test('how much to think is a level for Gemini 3 and a budget before it', () => {
  const thinking = (fields: JsonObject, model: string): JsonValue | undefined =>
    generation(fromOpenai(fields, model).body)['thinkingConfig'];
  const shown = { includeThoughts: true };
  assert.deepEqual(thinking({ reasoning_effort: 'low' }, 'gemini-3-pro-preview'), { thinkingLevel: 'LOW', ...shown });
  assert.deepEqual(thinking({ reasoning_effort: 'minimal' }, 'gemini-3-pro-preview'), { thinkingLevel: 'LOW', ...shown });
  assert.deepEqual(thinking({ reasoning_effort: 'minimal' }, 'gemini-3-flash'), { thinkingLevel: 'MINIMAL', ...shown });
  assert.deepEqual(thinking({ reasoning_effort: 'xhigh' }, 'gemini-flash-latest'), { thinkingLevel: 'HIGH', ...shown });
  assert.deepEqual(thinking({ reasoning_effort: 'none' }, 'gemini-3-pro-preview'), { thinkingLevel: 'LOW' });
  assert.deepEqual(thinking({ reasoning_effort: 'medium' }, 'gemini-2.5-flash'), { thinkingBudget: 8192, ...shown });
  assert.deepEqual(thinking({ reasoning_effort: 'none' }, 'gemini-2.5-flash'), { thinkingBudget: 0 });
  assert.deepEqual(thinking({ reasoning_effort: 'none' }, 'gemini-2.5-pro'), { thinkingBudget: 128 });
  assert.equal(thinking({}, 'gemini-2.5-pro'), undefined);
  for (const model of ['gemini-2.0-flash', 'gemini-1.5-pro', 'gemma-3-27b-it'])
    assert.equal(thinking({ reasoning_effort: 'none' }, model), undefined);
});

test('a budget of an Anthropic client is kept within what the model takes', () => {
  const thinking = (value: JsonObject, model: string): JsonValue | undefined =>
    generation(fromAnthropic({ thinking: value }, model).body)['thinkingConfig'];
  const budget = { type: 'enabled', budget_tokens: 31_999 };
  assert.deepEqual(thinking(budget, 'gemini-2.5-pro'), { thinkingBudget: 31_999, includeThoughts: true });
  assert.deepEqual(thinking(budget, 'gemini-2.5-flash'), { thinkingBudget: 24_576, includeThoughts: true });
  assert.deepEqual(thinking({ type: 'adaptive' }, 'gemini-2.5-flash'), { thinkingBudget: -1, includeThoughts: true });
  assert.deepEqual(thinking({ type: 'adaptive' }, 'gemini-3-pro-preview'), { includeThoughts: true });
  assert.deepEqual(thinking({ type: 'disabled' }, 'gemini-3-flash-preview'), { thinkingLevel: 'MINIMAL' });
});

test("what Google's compatible endpoint takes in extra_body is carried, and nothing else in it", () => {
  const google = {
    thinking_config: { include_thoughts: true, thinking_budget: 5 },
    cached_content: 'cachedContents/1',
    safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
  };
  const { body } = fromOpenai({ extra_body: { google }, reasoning_effort: 'low' });
  assert.deepEqual(generation(body)['thinkingConfig'], google.thinking_config);
  assert.equal(body['cachedContent'], 'cachedContents/1');
  assert.deepEqual(body['safetySettings'], google.safety_settings);
  assert.throws(() => fromOpenai({ extra_body: { google: { other: 1 } } }), refused('extra_body.google.other'));
  assert.throws(() => fromOpenai({ extra_body: { acme: {} } }), refused('extra_body.acme'));
});

test('images, files and sound cross as bytes, addresses as what Google fetches itself', () => {
  const content = [
    { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${png}`, detail: 'low' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.webp?size=2' } },
    { type: 'image_url', image_url: { url: 'gs://bucket/a' } },
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
  ];
  assert.deepEqual(fromOpenai({ messages: [{ role: 'user', content }] }).body['contents'], [
    {
      role: 'user',
      parts: [
        { inlineData: { mimeType: 'image/png', data: png } },
        { fileData: { fileUri: 'https://example.com/a.webp?size=2', mimeType: 'image/webp' } },
        { fileData: { fileUri: 'gs://bucket/a' } },
        { text: 'a.pdf' },
        { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
        { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
      ],
    },
  ]);
  const documents = [
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Long.' }, title: 'a.txt', context: 'Notes.' },
    { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
  ];
  assert.deepEqual(fromAnthropic({ messages: [{ role: 'user', content: documents }] }).body['contents'], [
    {
      role: 'user',
      parts: [{ text: 'a.txt\nNotes.\n\nLong.' }, { fileData: { fileUri: 'https://example.com/a.pdf', mimeType: 'application/pdf' } }],
    },
  ]);
});

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

test('what Gemini has no counterpart for is refused by its name', () => {
  const rows: readonly (readonly [JsonObject, string])[] = [
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ logit_bias: { 50256: -100 } }, 'logit_bias'],
    [{ store: true }, 'store'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ service_tier: 'scale' }, 'service_tier'],
    [{ prediction: { type: 'content', content: 'x' } }, 'prediction'],
    [{ web_search_options: { search_context_size: 'low' } }, 'web_search_options'],
    [{ a_field_of_tomorrow: 1 }, 'a_field_of_tomorrow'],
    [{ tools: [look], parallel_tool_calls: false }, 'parallel_tool_calls'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    [{ tools: [look], tool_choice: { type: 'custom', custom: { name: 'x' } } }, 'tool_choice'],
    [{ reasoning_effort: 'boundless' }, 'reasoning_effort'],
    [{ messages: [{ role: 'user', content: 'x', name: 'Ann' }] }, 'messages[].name'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] },
      'messages[].content[].source',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }, 'messages[].content[].source'],
    [{ messages: [{ role: 'user', content: [{ type: 'video_url', video_url: {} }] }] }, 'messages[].content[].type'],
  ];
  for (const [fields, param] of rows) {
    assert.throws(() => fromOpenai(fields), refused(param), param);
    assert.throws(() => fromOpenai({ ...fields, stream: true }), refused(param), param);
  }
  const search = { type: 'web_search_20250305', name: 'web_search' };
  assert.throws(() => fromAnthropic({ tools: [search] }), refused('tools[0].type'));
  assert.throws(() => fromAnthropic({ container: 'c' }), refused('container'));
});
