/** Cases 50 to 53 and 56: images, documents and schemas for the answer. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cases.ts';
import { errorOf, eventsOf, viewOf, type Json } from './client-view.ts';
import { exchange, replyOf, type Exchange } from './exchange.ts';
import { textAnswer } from './stories.ts';

const isOpenai = (cell: Cell): boolean => cell.in === 'openai-completions';
const crosses = (cell: Cell): boolean => cell.in !== cell.out;

async function send(cell: Cell, request: JsonObject): Promise<Exchange> {
  return exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
}

/** The part as the provider was told it. */
async function toldPart(cell: Cell, part: JsonObject): Promise<Json> {
  const result = await send(cell, withPart(part));
  assert.equal(viewOf(cell, result).text, 'Yes.');
  const body: Json = result.asked[0]?.body;
  return body.messages[0].content[1];
}

function withPart(part: JsonObject): JsonObject {
  return { messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, part] }] };
}

async function assertRefused(cell: Cell, request: JsonObject, message: RegExp): Promise<void> {
  const result = await send(cell, request);
  assert.equal(result.status, 400, result.text);
  assert.equal(result.asked.length, 0, 'nobody was asked');
  assert.match(errorOf(cell, result).message, message);
}

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

function imageByUrl(cell: Cell, url: string): JsonObject {
  return isOpenai(cell) ? { type: 'image_url', image_url: { url } } : { type: 'image', source: { type: 'url', url } };
}

function imageByBytes(cell: Cell, mediaType: string, data: string): JsonObject {
  return isOpenai(cell)
    ? { type: 'image_url', image_url: { url: `data:${mediaType};base64,${data}` } }
    : { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
}

testCase(50, 'an image by address stays one, its bytes stay bytes, and addresses of one cloud go to no other', async (cell) => {
  const twin: Cell = { ...cell, in: cell.out };
  const address = 'https://example.com/cat.png';
  assert.deepEqual(await toldPart(cell, imageByUrl(cell, address)), imageByUrl(twin, address));
  assert.deepEqual(await toldPart(cell, imageByBytes(cell, 'image/png', png)), imageByBytes(twin, 'image/png', png));
  for (const elsewhere of ['gs://bucket/cat.png', 's3://bucket/cat.png', 'file:///etc/passwd']) {
    const part = imageByUrl(cell, elsewhere);
    if (!crosses(cell)) assert.deepEqual(await toldPart(cell, part), part, 'the provider of the same dialect knows what it takes');
    else await assertRefused(cell, withPart(part), /an image at (gs|s3|file):/);
  }
});

testCase(51, 'an image is declared as what its bytes are', async (cell) => {
  const twin: Cell = { ...cell, in: cell.out };
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1]).toString('base64');
  const webp = Buffer.from('RIFF\x24\0\0\0WEBPVP8 ', 'latin1').toString('base64');
  const gif = Buffer.from('GIF89a\x01\0\x01\0', 'latin1').toString('base64');
  const images = { 'image/png': png, 'image/jpeg': jpeg, 'image/webp': webp, 'image/gif': gif };
  for (const [actual, data] of Object.entries(images)) {
    for (const declared of ['image/png', 'image/jpeg', actual]) {
      assert.deepEqual(await toldPart(cell, imageByBytes(cell, declared, data)), imageByBytes(twin, actual, data));
    }
  }
  // Bytes that say nothing known keep the word of the client.
  const odd = Buffer.from('neither of them').toString('base64');
  assert.deepEqual(await toldPart(cell, imageByBytes(cell, 'image/png', odd)), imageByBytes(twin, 'image/png', odd));
});

testCase(52, 'a PDF reaches the provider as a document', async (cell) => {
  const data = Buffer.from('%PDF-1.7\n%%EOF').toString('base64');
  const url = `data:application/pdf;base64,${data}`;
  const asFile = { type: 'file', file: { filename: 'report.pdf', file_data: url } };
  const asDocument = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data }, title: 'report.pdf' };
  const given = isOpenai(cell) ? asFile : asDocument;
  assert.deepEqual(await toldPart(cell, given), cell.out === 'openai-completions' ? asFile : asDocument);
  if (!isOpenai(cell)) return;
  // Many clients know no other place for it than that of an image.
  const asImage = { type: 'image_url', image_url: { url } };
  const { title, ...untitled } = asDocument;
  assert.equal(title, 'report.pdf');
  assert.deepEqual(await toldPart(cell, asImage), crosses(cell) ? untitled : asImage);
});

const schema = {
  type: 'object',
  properties: { zip: { type: 'string', pattern: '^[0-9]{5}$' }, age: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }] } },
  required: ['zip', 'age'],
  additionalProperties: false,
};

function schemaRequest(cell: Cell): JsonObject {
  return isOpenai(cell)
    ? { response_format: { type: 'json_schema', json_schema: { name: 'person', schema, strict: true } } }
    : { output_config: { format: { type: 'json_schema', schema } } };
}

function schemaTold(cell: Cell, body: Json): Json {
  return cell.out === 'openai-completions' ? body.response_format.json_schema.schema : body.output_config.format.schema;
}

testCase(53, 'an answer with a schema streams as text, piece by piece, and no tool is put in its place', async (cell) => {
  const pieces = ['{"zip":', '"02134"', ',"age":', 'null}'];
  const result = await exchange({ cell, request: schemaRequest(cell), replies: [replyOf(cell, textAnswer(cell, pieces))] });
  const body: Json = result.asked[0]?.body;
  assert.deepEqual([body.tools, body.tool_choice], [undefined, undefined]);
  assert.deepEqual(schemaTold(cell, body), schema);
  const events = eventsOf(result.text).map(({ data }) => data);
  const texts = events.flatMap((event): string[] => {
    const text = isOpenai(cell) ? event.choices?.[0]?.delta.content : event.delta?.text;
    return text ? [text] : [];
  });
  assert.deepEqual(texts, pieces);
  assert.deepEqual(viewOf(cell, result).calls, []);
});

testCase(56, 'a schema reaches the provider whole, or the request is refused by name', async (cell) => {
  const result = await send(cell, schemaRequest(cell));
  const body: Json = result.asked[0]?.body;
  assert.equal(JSON.stringify(schemaTold(cell, body)), JSON.stringify(schema), 'every keyword, in its order');
  if (cell.out === 'openai-completions') assert.equal(body.response_format.json_schema.strict, true);

  const older = isOpenai(cell) ? { response_format: { type: 'json_object' } } : { output_format: { type: 'json_schema', schema } };
  if (isOpenai(cell) && crosses(cell)) return assertRefused(cell, older, /json_object/);
  const { asked } = await send(cell, older);
  const told: Json = asked[0]?.body;
  if (!crosses(cell)) return assert.deepEqual({ ...told, ...older }, told, 'as the client wrote it');
  assert.deepEqual(schemaTold(cell, told), schema);
});
