/** Cases 49 to 56: images, documents and schemas for the answer. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { errorOf, eventsOf, viewOf, type Json } from './client-view.ts';
import { exchange, refusalOf, replyOf, type Exchange } from './exchange.ts';
import { conversationAsked, schemaAsked, toolsAsked } from './provider-view.ts';
import { conversationOf, partFields, schemaFields, toolFields, toolsOf } from './requests.ts';
import { refusedRequest, textAnswer, wires } from './stories.ts';

const crosses = (cell: Cell): boolean => cell.in !== cell.out;

async function send(cell: Cell, request: JsonObject): Promise<Exchange> {
  return exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
}

async function asked(cell: Cell, request: JsonObject): Promise<Json> {
  const result = await send(cell, request);
  assert.equal(viewOf(cell, result).text, 'Yes.');
  return result.asked[0]?.body;
}

/** The part as the provider was told it. */
async function toldMedia(cell: Cell, part: JsonObject): Promise<Json> {
  const said = conversationAsked(cell.out, await asked(cell, partFields(cell.in, part)));
  const media = said.flatMap((one) => ('image' in one ? [one.image] : 'document' in one ? [one.document] : []));
  assert.equal(media.length, 1, JSON.stringify(said));
  return media[0];
}

async function assertRefused(cell: Cell, request: JsonObject, message: RegExp): Promise<void> {
  const result = await send(cell, request);
  assert.equal(result.status, 400, result.text);
  assert.equal(result.asked.length, 0, 'nobody was asked');
  assert.match(errorOf(cell, result).message, message);
}

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** An image by its address, as each dialect writes it; `undefined` where there is none. */
function imageByUrl(dialect: Cell['out'], url: string): JsonObject | undefined {
  switch (dialect) {
    case 'openai-completions':
      return { type: 'image_url', image_url: { url } };
    case 'openai-responses':
      return { type: 'input_image', image_url: url };
    case 'anthropic-messages':
      return { type: 'image', source: { type: 'url', url } };
    case 'google-generative-ai':
      return { fileData: { fileUri: url, mimeType: 'image/png' } };
    default:
      return undefined;
  }
}

function imageByBytes(dialect: Cell['out'], mediaType: string, data: string): Json {
  switch (dialect) {
    case 'openai-completions':
      return { type: 'image_url', image_url: { url: `data:${mediaType};base64,${data}` } };
    case 'openai-responses':
      return { type: 'input_image', image_url: `data:${mediaType};base64,${data}` };
    case 'anthropic-messages':
      return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
    case 'google-generative-ai':
      return { inlineData: { mimeType: mediaType, data } };
    case 'bedrock-converse-stream':
      return { image: { format: mediaType.slice('image/'.length), source: { bytes: data } } };
    case 'ollama':
      return data;
  }
}

testCase(49, 'an image in the result of a tool reaches Gemini as an image', async (cell) => {
  const conversation = conversationOf(cell.in, [
    { user: 'What do you see?' },
    { calls: [{ id: 'c1', name: 'get_weather', json: '{}' }] },
    { results: [{ id: 'c1', content: [{ text: 'A photo:' }, { image: png, mediaType: 'image/png' }] }] },
  ]);
  // Both before Gemini 3, whose results hold no parts, and since.
  const body = await asked(cell, { ...toolFields(cell), ...conversation });
  const [result] = body.contents[2].parts;
  assert.deepEqual(result.functionResponse.response, { output: 'A photo:' });
  assert.deepEqual(result.functionResponse.parts, [{ inlineData: { mimeType: 'image/png', data: png } }]);
});

testCase(50, 'an image by address stays one, its bytes stay bytes, and addresses of one cloud go to no other', async (cell) => {
  const address = 'https://example.com/cat.png';
  const byUrl = imageByUrl(cell.in, address) as JsonObject;
  const there = imageByUrl(cell.out, address);
  // Converse and Ollama take bytes alone, and the gateway fetches nothing.
  if (there) assert.deepEqual(await toldMedia(cell, byUrl), there);
  else await assertRefused(cell, partFields(cell.in, byUrl), /an image (at|by) /);
  assert.deepEqual(await toldMedia(cell, imageByBytes(cell.in, 'image/png', png)), imageByBytes(cell.out, 'image/png', png));
  const homes: Readonly<Partial<Record<Cell['out'], string>>> = { 'google-generative-ai': 'gs:', 'bedrock-converse-stream': 's3:' };
  for (const elsewhere of ['gs://bucket/cat.png', 's3://bucket/cat.png', 'file:///etc/passwd']) {
    const part = imageByUrl(cell.in, elsewhere) as JsonObject;
    if (!crosses(cell)) assert.deepEqual(await toldMedia(cell, part), part, 'the provider of the same dialect knows what it takes');
    else if (elsewhere.startsWith(homes[cell.out] ?? 'nowhere')) assert.ok(JSON.stringify(await toldMedia(cell, part)).includes(elsewhere));
    else await assertRefused(cell, partFields(cell.in, part), /an image (at|by) /);
  }
});

testCase(51, 'an image is declared as what its bytes are', async (cell) => {
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1]).toString('base64');
  const webp = Buffer.from('RIFF\x24\0\0\0WEBPVP8 ', 'latin1').toString('base64');
  const gif = Buffer.from('GIF89a\x01\0\x01\0', 'latin1').toString('base64');
  const images = { 'image/png': png, 'image/jpeg': jpeg, 'image/webp': webp, 'image/gif': gif };
  for (const [actual, data] of Object.entries(images)) {
    for (const declared of ['image/png', 'image/jpeg', actual]) {
      assert.deepEqual(await toldMedia(cell, imageByBytes(cell.in, declared, data)), imageByBytes(cell.out, actual, data));
    }
  }
  // Bytes that say nothing known keep the word of the client.
  const odd = Buffer.from('neither of them').toString('base64');
  assert.deepEqual(await toldMedia(cell, imageByBytes(cell.in, 'image/png', odd)), imageByBytes(cell.out, 'image/png', odd));
});

const pdf = Buffer.from('%PDF-1.7\n%%EOF').toString('base64');
const pdfUrl = `data:application/pdf;base64,${pdf}`;

/** A document, with its name where the dialect has a place for it. */
const documents: Readonly<Record<Exclude<Cell['out'], 'ollama'>, JsonObject>> = {
  'openai-completions': { type: 'file', file: { filename: 'report.pdf', file_data: pdfUrl } },
  'openai-responses': { type: 'input_file', filename: 'report.pdf', file_data: pdfUrl },
  'anthropic-messages': { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf }, title: 'report.pdf' },
  'google-generative-ai': { inlineData: { mimeType: 'application/pdf', data: pdf } },
  'bedrock-converse-stream': { document: { format: 'pdf', name: 'report', source: { bytes: pdf } } },
};

testCase(52, 'a PDF reaches the provider as a document', async (cell) => {
  const given = documents[cell.in];
  // Ollama has no documents, and a PDF is no text.
  if (cell.out === 'ollama') return assertRefused(cell, partFields(cell.in, given), /a document that is not text/);
  assert.deepEqual(await toldMedia(cell, given), documents[cell.out]);
  if (cell.in === 'anthropic-messages' || !crosses(cell)) return;
  // Many clients know no other place for it than that of an image.
  const asImage = await toldMedia(cell, imageByBytes(cell.in, 'application/pdf', pdf));
  const text = JSON.stringify(asImage);
  assert.ok(text.includes(pdf) && text.includes('pdf'));
  assert.ok(!/"(image|input_image|image_url)"/.test(text), `no image: ${text.slice(0, 80)}`);
});

const schema = {
  type: 'object',
  properties: { zip: { type: 'string', pattern: '^[0-9]{5}$' }, age: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }] } },
  required: ['zip', 'age'],
  additionalProperties: false,
};

testCase(53, 'an answer with a schema streams as text, piece by piece, and no tool is put in its place', async (cell) => {
  const pieces = ['{"zip":', '"02134"', ',"age":', 'null}'];
  const request = schemaFields(cell.in, schema);
  const result = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, pieces))] });
  const body: Json = result.asked[0]?.body;
  assert.deepEqual([body.tools, body.tool_choice, body.toolConfig], [undefined, undefined, undefined]);
  assert.deepEqual(schemaAsked(cell.out, body), schema);
  const texts = eventsOf(result.text).flatMap(({ data }): string[] => {
    const delta = cell.in === 'openai-responses' ? data.type === 'response.output_text.delta' && data.delta : undefined;
    const text = delta ?? (cell.in === 'openai-completions' ? data.choices?.[0]?.delta.content : data.delta?.text);
    return text ? [text] : [];
  });
  assert.deepEqual(texts, pieces);
  assert.deepEqual(viewOf(cell, result).calls, []);
});

const knownWithout = { abilities: { tools: true, images: false, files: false, reasoning: false, structuredOutput: false } };

testCase(54, 'a model that has no schemas is told this one in words, or the request is refused by name', async (cell) => {
  const ask = (strict: boolean | undefined, known: object): Promise<Exchange> =>
    exchange({ cell, request: schemaFields(cell.in, schema, strict), known, replies: [replyOf(cell, textAnswer(cell, ['{}']))] });
  const { asked: native } = await ask(undefined, { abilities: { ...knownWithout.abilities, structuredOutput: true } });
  assert.deepEqual(schemaAsked(cell.out, native[0]?.body), schema);
  const { asked: unknown } = await ask(undefined, {});
  assert.deepEqual(schemaAsked(cell.out, unknown[0]?.body), schema, 'of whom nobody said anything gets it');
  const told = await ask(undefined, knownWithout);
  if (!crosses(cell)) return assert.deepEqual(told.asked[0]?.body, native[0]?.body, 'the provider itself judges');
  const strict = await ask(true, knownWithout);
  for (const refused of cell.in === 'anthropic-messages' ? [told, strict] : [strict]) {
    assert.deepEqual([refused.status, refused.asked.length], [400, 0]);
    assert.match(errorOf(cell, refused).message, /held to a schema/);
  }
  if (cell.in === 'anthropic-messages') return;
  const body = told.asked[0]?.body;
  assert.equal(schemaAsked(cell.out, body), undefined);
  const [first, ...others] = conversationAsked(cell.out, body);
  assert.ok(first && 'system' in first && first.system.endsWith(JSON.stringify(schema)), 'every keyword, in its order');
  assert.deepEqual(others, [{ user: 'What is the weather?' }]);
});

const branch = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const unusual = {
  type: 'object',
  properties: {
    kind: { const: 'a' },
    at: { $ref: '#/$defs/place' },
    size: { not: { type: 'string' }, multipleOf: 2 },
    tags: { type: 'array', items: { oneOf: [{ type: 'string' }, { type: 'integer' }] }, uniqueItems: true },
  },
  patternProperties: { '^x-': { type: 'string' } },
  dependentRequired: { kind: ['at'] },
  $defs: { place: { type: 'string', format: 'uri' } },
};

testCase(55, 'a choice at the top of a schema and rare keywords arrive with their meaning, or are refused by name', async (cell) => {
  const ask = (some: JsonObject): Promise<Exchange> => send(cell, { tools: toolsOf(cell.in, [{ name: 'look', schema: some }]) });
  const toldSchema = async (some: JsonObject): Promise<Json> => {
    const result = await ask(some);
    assert.equal(viewOf(cell, result).text, 'Yes.');
    return toolsAsked(cell.out, result.asked[0]?.body)[0]?.schema;
  };
  assert.equal(JSON.stringify(await toldSchema(unusual)), JSON.stringify(unusual), 'every keyword, in its order');
  const takesNoChoice = crosses(cell) && (cell.out === 'anthropic-messages' || cell.out === 'bedrock-converse-stream');
  const only = { anyOf: [branch] };
  assert.deepEqual(await toldSchema(only), takesNoChoice ? branch : only, 'a choice of one is what it holds');
  for (const choice of ['anyOf', 'oneOf', 'allOf']) {
    const several = { type: 'object', [choice]: [branch, { type: 'object', properties: { zip: { type: 'string' } } }] };
    if (!takesNoChoice) {
      assert.equal(JSON.stringify(await toldSchema(several)), JSON.stringify(several));
      continue;
    }
    const refused = await ask(several);
    assert.deepEqual([refused.status, refused.asked.length], [400, 0]);
    assert.ok(errorOf(cell, refused).message.includes(`tools[0].${choice}`), refused.text);
  }
  // Of the answer's schema the provider says itself what it does not take, and the client hears its words.
  const passed = await exchange({ cell, request: schemaFields(cell.in, { anyOf: [branch] }), replies: [refusalOf(refusedRequest(cell))] });
  assert.deepEqual(schemaAsked(cell.out, passed.asked[0]?.body), { anyOf: [branch] });
  assert.deepEqual([passed.status, passed.asked.length], [400, 1]);
  assert.ok(errorOf(cell, passed).message.includes(wires[cell.out].words.refusal.replace(/\.$/, '')));
});

/** A form without a schema: any JSON at all. */
const anyJson: Readonly<Partial<Record<Cell['in'], JsonObject>>> = {
  'openai-completions': { response_format: { type: 'json_object' } },
  'openai-responses': { text: { format: { type: 'json_object' } } },
};

testCase(56, 'a schema reaches the provider whole, or the request is refused by name', async (cell) => {
  const body = await asked(cell, schemaFields(cell.in, schema, true));
  assert.equal(JSON.stringify(schemaAsked(cell.out, body)), JSON.stringify(schema), 'every keyword, in its order');
  if (cell.out === 'openai-completions') assert.equal(body.response_format.json_schema.strict, true);
  if (cell.out === 'openai-responses')
    assert.equal(body.text?.format.strict, cell.in === 'anthropic-messages' && !crosses(cell) ? undefined : true);

  if (cell.in === 'anthropic-messages') {
    const older = { output_format: { type: 'json_schema', schema } };
    const told = await asked(cell, older);
    if (!crosses(cell)) return assert.deepEqual({ ...told, ...older }, told, 'as the client wrote it');
    return assert.deepEqual(schemaAsked(cell.out, told), schema);
  }
  const any = anyJson[cell.in] as JsonObject;
  // Claude has no form for it.
  if (cell.out === 'anthropic-messages' || cell.out === 'bedrock-converse-stream') return assertRefused(cell, any, /json_object/);
  const told = JSON.stringify(await asked(cell, any));
  assert.match(told, /json_object|"application\/json"|"format":"json"/);
});
