/** What holds for the items of any conversation: they are written as they were read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../core/json.ts';
import { openaiResponses } from './index.ts';

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const item = <T extends JsonObject>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<JsonObject> =>
  fc.record(fields).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

const inputText = item({ type: fc.constant('input_text'), text });
const image = item({ type: fc.constant('input_image'), image_url: fc.webUrl(), detail: fc.constantFrom('low', 'auto') });
const file = item({ type: fc.constant('input_file'), filename: word, file_url: fc.webUrl() });
const outputText = item({ type: fc.constant('output_text'), text });
const outputMessage = item({
  type: fc.constant('message'),
  role: fc.constant('assistant'),
  content: fc.array(outputText, { minLength: 1, maxLength: 2 }),
  id: word.map((end) => `msg_${end}`),
  status: fc.constantFrom('completed', 'incomplete'),
  phase: fc.constantFrom('commentary', 'final_answer'),
});

const anyItem: fc.Arbitrary<JsonObject> = fc.oneof(
  item({
    type: fc.constant('message'),
    role: fc.constantFrom('user', 'system', 'developer'),
    content: fc.array(fc.oneof(inputText, image, file), { minLength: 1, maxLength: 3 }),
  }),
  outputMessage,
  item({
    type: fc.constant('reasoning'),
    id: word.map((end) => `rs_${end}`),
    summary: text.map((summary) => [{ type: 'summary_text', text: summary }]),
    encrypted_content: fc.base64String({ minLength: 4 }),
  }),
  item({
    ...{ type: fc.constant('function_call'), call_id: word, name: word, arguments: text },
    ...{ id: word.map((end) => `fc_${end}`), status: fc.constant('completed') },
  }),
  item({ type: fc.constant('function_call_output'), call_id: word, output: text }),
  item({ type: fc.constant('function_call_output'), call_id: word, output: fc.array(image, { minLength: 1, maxLength: 2 }) }),
  item({ type: fc.constant('custom_tool_call'), call_id: word, name: word, input: text }),
  item({ type: fc.constant('custom_tool_call_output'), call_id: word, output: text }),
  item({ type: fc.constant('web_search_call'), id: word, status: fc.constant('completed') }),
  item({ type: fc.constant('item_reference'), id: word }),
);

test('items are written as they were read, each in its place', () => {
  fc.assert(
    fc.property(fc.array(anyItem, { maxLength: 8 }), fc.boolean(), (input, instructed) => {
      // The first system message would become the instructions if there were none, which is the same to a model.
      const body: JsonObject = { model: 'large', input, ...(instructed && { instructions: 'Be brief.' }) };
      const request = openaiResponses.decodeRequest(body);
      const target = { provider: 'acme', model: 'large', quirks: {}, maxOutputTokens: 1 };
      const written = openaiResponses.encodeRequest(request, target).body;
      if (instructed) assert.deepEqual(written, body);
      assert.deepEqual(openaiResponses.decodeRequest(JSON.parse(JSON.stringify(written)) as JsonObject), request);
    }),
    { numRuns: 300 },
  );
});
