/** The cases that are about providers of Gemini's own format. The answers are constructed after Google's reference. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { testProviderCase } from './case-test.ts';
import type { ProviderCell } from './cases.ts';
import { viewOf, type Json } from './client-view.ts';
import { exchange, replyOf, type Reply } from './exchange.ts';

const png = 'iVBORw0KGgo=';

function geminiReply(cell: ProviderCell, parts: readonly JsonValue[], finishReason: string): Reply {
  const piece = (some: readonly JsonValue[], more: JsonObject): JsonObject => ({
    candidates: [{ content: { role: 'model', parts: [...some] }, index: 0, ...more }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, thoughtsTokenCount: 4 },
    responseId: 'r-1',
    modelVersion: 'gemini-3-pro-preview',
  });
  if (cell.streaming === 'whole') return replyOf(cell, JSON.stringify(piece(parts, { finishReason })));
  const pieces = [...parts.map((part) => piece([part], {})), piece([], { finishReason })];
  return replyOf(cell, pieces.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''), 23);
}

const look = { name: 'look', schema: { type: 'object', properties: { at: { type: 'string' } } } };
const tools = (cell: ProviderCell): JsonValue =>
  cell.in === 'openai-completions'
    ? [{ type: 'function', function: { name: look.name, parameters: look.schema } }]
    : [{ name: look.name, input_schema: look.schema }];

/** The turn that called, as the client had it, and the results that it adds. */
function conversation(cell: ProviderCell, answer: string, result: Json): JsonValue {
  const question = { role: 'user', content: 'What is the weather?' };
  const told = cell.streaming === 'whole' ? JSON.parse(answer) : undefined;
  if (cell.in === 'openai-completions') {
    const message = told ? told.choices[0].message : streamedMessage(answer);
    const results = message.tool_calls.map((call: Json) => ({ role: 'tool', tool_call_id: call.id, content: result }));
    return [question, message, ...results];
  }
  const content = told ? told.content : streamedBlocks(answer);
  const results = content
    .filter((block: Json) => block.type === 'tool_use')
    .map((block: Json) => ({ type: 'tool_result', tool_use_id: block.id, content: result }));
  return [question, { role: 'assistant', content }, { role: 'user', content: results }];
}

const dataOf = (text: string): Json[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)));

function streamedMessage(text: string): Json {
  const calls: Json[] = [];
  for (const { choices } of dataOf(text)) {
    for (const { index, ...piece } of choices[0]?.delta?.tool_calls ?? []) {
      if (calls[index]) calls[index].function.arguments += piece.function.arguments;
      else calls[index] = piece;
    }
  }
  return { role: 'assistant', content: null, tool_calls: calls };
}

function streamedBlocks(text: string): Json[] {
  const blocks: Json[] = [];
  for (const { type, index, content_block: block, delta } of dataOf(text)) {
    if (type === 'content_block_start') blocks[index] = block;
    else if (delta?.type === 'signature_delta') blocks[index].signature += delta.signature;
    else if (delta?.type === 'input_json_delta') blocks[index].input = JSON.parse(delta.partial_json);
  }
  return blocks;
}

const signedCall = { functionCall: { id: 'c1', name: 'look', args: { at: 'left' } }, thoughtSignature: 'U0lHTkVE' };
const secondCall = { functionCall: { id: 'c2', name: 'look', args: { at: 'right' } } };

testProviderCase(37, 'the signature of a call comes back on that call when the client sends its turn back', async (cell) => {
  const reply = geminiReply(cell, [signedCall, secondCall], 'STOP');
  const first = await exchange({ cell, request: { tools: tools(cell) }, replies: [reply] });
  const view = viewOf(cell, first);
  assert.equal(view.finish, cell.in === 'openai-completions' ? 'tool_calls' : 'tool_use');
  assert.ok(first.text.includes('U0lHTkVE'));
  if (cell.in === 'openai-completions') assert.ok(first.text.includes('"extra_content":{"google":{"thought_signature":"U0lHTkVE"}}'));
  const messages = conversation(cell, first.text, 'open');
  const second = await exchange({
    cell,
    request: { tools: tools(cell), messages },
    replies: [geminiReply(cell, [{ text: 'Hi.' }], 'STOP')],
  });
  const body: Json = second.asked[0]?.body;
  assert.deepEqual(body.contents[1], { role: 'model', parts: [signedCall, secondCall] });
});

testProviderCase(44, 'an answer that a filter ended says so, and is never a plain end', async (cell) => {
  for (const reason of ['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII']) {
    const view = viewOf(cell, await exchange({ cell, replies: [geminiReply(cell, [{ text: 'So f' }], reason)] }));
    assert.equal(view.text, 'So f');
    assert.equal(view.finish, cell.in === 'openai-completions' ? 'content_filter' : 'refusal', reason);
  }
});

testProviderCase(49, 'an image in the result of a tool reaches Gemini as an image', async (cell) => {
  const first = await exchange({ cell, request: { tools: tools(cell) }, replies: [geminiReply(cell, [signedCall], 'STOP')] });
  const image =
    cell.in === 'openai-completions'
      ? { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }
      : { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } };
  const messages = conversation(cell, first.text, [{ type: 'text', text: 'A photo:' }, image]);
  const second = await exchange({
    cell,
    request: { tools: tools(cell), messages },
    replies: [geminiReply(cell, [{ text: 'Hi.' }], 'STOP')],
  });
  const body: Json = second.asked[0]?.body;
  const inlineData = { mimeType: 'image/png', data: png };
  assert.deepEqual(body.contents[2].parts[0].functionResponse.parts, [{ inlineData }]);
});

test("a conversation that moves from Gemini to Anthropic leaves Gemini's proofs behind; any other passes byte for byte", async () => {
  const cell = { in: 'anthropic-messages', out: 'anthropic-messages', streaming: 'whole' } as const;
  const reply = replyOf(cell, JSON.stringify({ content: [], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } }));
  const ask = async (signature: string): Promise<Json> => {
    const turn = {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature },
        { type: 'text', text: 'Hi.' },
      ],
    };
    const messages: JsonValue = [{ role: 'user', content: 'Hello' }, turn, { role: 'user', content: 'And "google:call:"?' }];
    const { asked } = await exchange({ cell, request: { messages }, replies: [reply] });
    return asked[0]?.body['messages'];
  };
  assert.equal((await ask('RXJz'))[1].content[0].signature, 'RXJz');
  assert.deepEqual((await ask('google:thought:VEg='))[1], { role: 'assistant', content: 'Hi.' });
});
