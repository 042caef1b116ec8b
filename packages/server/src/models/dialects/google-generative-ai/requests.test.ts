/** Requests of OpenAI and Anthropic clients on their way to Gemini: what becomes of each field, and what is refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { fromAnthropic, fromOpenai, hello, png } from './crossing.fixture.ts';

const generation = (body: JsonObject): JsonObject => (body['generationConfig'] ?? {}) as JsonObject;
const refused = (param: string) => ({ code: 'unsupported_feature', param });

const look: JsonValue = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: { at: {} } } } };

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
