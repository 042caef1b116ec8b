/** What becomes of messages: turns, calls, thinking, images and documents. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { nova, hello, helloTurn, png, fromAnthropic, fromOpenai, refused, contentOf } from './requests.fixture.ts';

test('calls and results cross, text before the calls and results before the text', () => {
  const result = { toolResult: { toolUseId: 'toolu_1', content: [{ text: 'open' }] } };
  const failed = { toolResult: { toolUseId: 'toolu_2', content: [{ text: 'no door' }], status: 'error' } };
  const spoken = [
    { text: 'Looking.' },
    { text: 'At both.' },
    { toolUse: { toolUseId: 'toolu_1', name: 'look', input: { at: 'door' } } },
    { toolUse: { toolUseId: 'toolu_2', name: 'look', input: {} } },
  ];
  const expected = [helloTurn, { role: 'assistant', content: spoken }, { role: 'user', content: [result, failed, { text: 'And?' }] }];
  const anthropic = fromAnthropic({
    messages: [
      ...hello,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'door' } },
          { type: 'text', text: 'At both.' },
          { type: 'tool_use', id: 'toolu_2', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'open' },
          { type: 'text', text: 'And?' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: [{ type: 'text', text: 'no door' }], is_error: true },
        ],
      },
    ],
  });
  assert.deepEqual(anthropic['messages'], expected);
  const calls = [
    { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"door"}' } },
    { id: 'toolu_2', type: 'function', function: { name: 'look', arguments: '' } },
  ];
  const openai = fromOpenai({
    messages: [
      ...hello,
      { role: 'assistant', content: 'Looking.', tool_calls: calls },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'open' },
      { role: 'tool', tool_call_id: 'toolu_2', content: 'no door' },
      { role: 'user', content: 'And?' },
    ],
  });
  assert.deepEqual(contentOf(openai, 1), [{ text: 'Looking.' }, ...spoken.slice(2)]);
  assert.deepEqual(contentOf(openai, 2), [
    result,
    { toolResult: { toolUseId: 'toolu_2', content: [{ text: 'no door' }] } },
    { text: 'And?' },
  ]);
});

test('a call that nobody answered gets an answer that says so', () => {
  const body = fromAnthropic({
    messages: [...hello, { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }] }, ...hello],
  });
  const [first] = contentOf(body, 2) as { toolResult?: { status?: string } }[];
  assert.equal(first?.toolResult?.status, 'error');
});

test('arguments that are no JSON object are kept for the model to see', () => {
  const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{"at":' } };
  const body = fromOpenai({ messages: [...hello, { role: 'assistant', content: null, tool_calls: [call] }] });
  assert.deepEqual(contentOf(body, 1), [{ toolUse: { toolUseId: 'a', name: 'look', input: { malformed_arguments: '{"at":' } } }]);
});

test('tool ids are at most 64 of the characters that Converse takes, alike for call and result, and never two alike', () => {
  const idsOf = (ids: readonly string[]): string[] => {
    const content = ids.map((id) => ({ type: 'tool_use', id, name: 'look', input: {} }));
    const results = ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: 'x' }));
    const body = fromAnthropic({ messages: [...hello, { role: 'assistant', content }, { role: 'user', content: results }] });
    const calls = (contentOf(body, 1) as JsonObject[]).map((block) => (block['toolUse'] as JsonObject)['toolUseId'] as string);
    const answered = (contentOf(body, 2) as JsonObject[]).map((block) => (block['toolResult'] as JsonObject)['toolUseId'] as string);
    assert.deepEqual(answered, calls);
    return calls;
  };
  assert.deepEqual(idsOf(['toolu_01A-b', 'a'.repeat(64)]), ['toolu_01A-b', 'a'.repeat(64)]);
  const ids = fc.uniqueArray(
    fc.oneof(fc.string({ minLength: 1, maxLength: 100 }), fc.constantFrom('x'.repeat(70), `${'x'.repeat(70)}y`, 'a.b', 'a:b')),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(ids, (given) => {
      const sent = idsOf(given);
      for (const id of sent) assert.match(id, /^[a-zA-Z0-9_-]{1,64}$/);
      assert.equal(new Set(sent).size, given.length);
    }),
  );
});

test('turns alternate: neighbours of one role become one turn', () => {
  const body = fromOpenai({
    messages: [
      { role: 'user', content: 'One.' },
      { role: 'user', content: 'Two.' },
      { role: 'assistant', content: 'Three.' },
      { role: 'assistant', content: 'Four.' },
      { role: 'user', content: 'Five.' },
    ],
  });
  assert.deepEqual(body['messages'], [
    { role: 'user', content: [{ text: 'One.' }, { text: 'Two.' }] },
    { role: 'assistant', content: [{ text: 'Three.' }, { text: 'Four.' }] },
    { role: 'user', content: [{ text: 'Five.' }] },
  ]);
});

test('blank texts are not sent, nor turns of nothing else, nor do they leave two turns of one role', () => {
  const body = fromOpenai({
    messages: [
      { role: 'system', content: '' },
      {
        role: 'user',
        content: [
          { type: 'text', text: ' \n' },
          { type: 'text', text: 'One.' },
        ],
      },
      { role: 'assistant', content: '  ' },
      { role: 'user', content: 'Two.' },
    ],
  });
  assert.deepEqual(body, {
    messages: [{ role: 'user', content: [{ text: 'One.' }, { text: 'Two.' }] }],
    inferenceConfig: { maxTokens: 100 },
  });
});

test('an empty result of a tool has no content', () => {
  const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } };
  const messages = [...hello, { role: 'assistant', content: null, tool_calls: [call] }, { role: 'tool', tool_call_id: 'a', content: '' }];
  assert.deepEqual(contentOf(fromOpenai({ messages }), 2), [{ toolResult: { toolUseId: 'a', content: [] } }]);
});

test('leading system messages are the system, a later one keeps its place as marked text', () => {
  const body = fromOpenai({
    messages: [
      { role: 'system', content: 'One.' },
      { role: 'developer', content: 'Two.' },
      ...hello,
      { role: 'system', content: 'Be kind.' },
    ],
  });
  assert.deepEqual(body['system'], [{ text: 'One.' }, { text: 'Two.' }]);
  assert.deepEqual(contentOf(body), [{ text: 'Hello' }, { text: '<system>\nBe kind.\n</system>' }]);
});

test('signed thinking goes back where Bedrock has it, and what is not signed or signed by others does not', () => {
  const content = [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'ZGF0YQ==' },
    { type: 'thinking', thinking: '', signature: 'b25seQ==' },
    { type: 'thinking', thinking: 'cut off', signature: '' },
    { type: 'thinking', thinking: 'Of another.', signature: 'google:text:c2ln' },
    { type: 'text', text: 'Hi.' },
  ];
  const body = fromAnthropic({ messages: [...hello, { role: 'assistant', content }] });
  assert.deepEqual(contentOf(body, 1), [
    { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } },
    { reasoningContent: { redactedContent: 'ZGF0YQ==' } },
    { reasoningContent: { reasoningText: { text: '', signature: 'b25seQ==' } } },
    { text: 'Hi.' },
  ]);
});

test('images are bytes with the format that they have, not the one that they are said to have', () => {
  const anthropic = fromAnthropic({
    messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: png } }] }],
  });
  const expected = [{ image: { format: 'png', source: { bytes: png } } }];
  assert.deepEqual(contentOf(anthropic), expected);
  const openai = fromOpenai({
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }] }],
  });
  assert.deepEqual(contentOf(openai), expected);
});

test('an image in the result of a tool stays in it', () => {
  const inner = [
    { type: 'text', text: 'A photo:' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
  ];
  const body = fromAnthropic({
    messages: [
      ...hello,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: inner }] },
    ],
  });
  const content = [{ text: 'A photo:' }, { image: { format: 'png', source: { bytes: png } } }];
  assert.deepEqual(contentOf(body, 2), [{ toolResult: { toolUseId: 'a', content } }]);
});

test('documents have a format and a name of their own in the characters that Converse takes', () => {
  const pdf = (title?: string): JsonObject => ({
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
    ...(title !== undefined && { title }),
  });
  const text: JsonObject = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' }, title: 'a  b' };
  const content = [
    pdf('Q1_report: final.pdf'),
    pdf('Q1-report- final'),
    pdf(),
    pdf(),
    text,
    pdf('…'),
    pdf('x'.repeat(300)),
    pdf('x'.repeat(300)),
  ];
  const documents = contentOf(fromAnthropic({ messages: [{ role: 'user', content }] })) as JsonObject[];
  const names = documents.map((block) => (block['document'] as JsonObject)['name'] as string);
  assert.deepEqual(names.slice(0, 6), ['Q1-report- final', 'Q1-report- final (2)', 'document', 'document (2)', 'a b', '-']);
  assert.deepEqual(documents[4], { document: { format: 'txt', name: 'a b', source: { bytes: Buffer.from('Grüße').toString('base64') } } });
  for (const name of names) assert.match(name, /^(?!.*\s\s)[a-zA-Z0-9\s()[\]-]{1,200}$/);
  assert.equal(new Set(names).size, names.length);
});

test('files of OpenAI clients are documents, a PDF that came as an image too', () => {
  const content = [
    { type: 'file', file: { filename: 'table.csv', file_data: 'data:text/csv;base64,YSxi' } },
    { type: 'image_url', image_url: { url: 'data:application/pdf;base64,JVBERi0=' } },
  ];
  assert.deepEqual(contentOf(fromOpenai({ messages: [{ role: 'user', content }] })), [
    { document: { format: 'csv', name: 'table', source: { bytes: 'YSxi' } } },
    { document: { format: 'pdf', name: 'document', source: { bytes: 'JVBERi0=' } } },
  ]);
});

test('what lies in a bucket is named, what lies in the web is refused', () => {
  const image = (url: string): JsonValue => [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
  assert.deepEqual(contentOf(fromOpenai({ messages: image('s3://bucket/a.jpg') }, { model: nova })), [
    { image: { format: 'jpeg', source: { s3Location: { uri: 's3://bucket/a.jpg' } } } },
  ]);
  for (const url of ['https://example.com/a.png', 'http://169.254.169.254/a.png', 'file:///etc/passwd', 's3://bucket/a', 'gs://b/a.png']) {
    assert.throws(() => fromOpenai({ messages: image(url) }), refused('messages[].content[].image_url.url'), url);
  }
});

test('sound is carried in the formats that Converse names', () => {
  const sound = (format: string): JsonValue => [
    { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format } }] },
  ];
  assert.deepEqual(contentOf(fromOpenai({ messages: sound('wav') }, { model: nova })), [
    { audio: { format: 'wav', source: { bytes: 'UklGRg==' } } },
  ]);
  assert.throws(() => fromOpenai({ messages: sound('midi') }), refused('messages[].content[].input_audio.format'));
});
