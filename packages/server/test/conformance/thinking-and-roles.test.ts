/** Cases 33 to 37, 39 and 46: thinking that is replayed, or must not be, and system messages in the middle. */
import assert from 'node:assert/strict';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { eventsOf, viewOf, type Json } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import { nativeAnswer } from './fixtures/google-generative-ai.ts';
import type { ToldPart } from './fixtures/wire.ts';
import { conversationAsked } from './provider-view.ts';
import { conversationOf, toolsOf } from './requests.ts';
import { answerOf, clientWords, textAnswer, unfinished } from './stories.ts';

const question = 'What is six times seven?';

/** What of an answer a client keeps for its next request: messages, or items. */
function keptTurn(cell: Cell, text: string): JsonObject[] {
  const events = cell.streaming === 'stream' ? eventsOf(text).map(({ data }) => data) : [];
  const body: Json = cell.streaming === 'stream' ? undefined : JSON.parse(text);
  switch (cell.in) {
    case 'openai-responses':
      return (body ?? events.at(-1).response).output as JsonObject[];
    case 'anthropic-messages':
      return [{ role: 'assistant', content: body ? (body.content as JsonValue) : streamedBlocks(events) }];
    default:
      return [body ? (body.choices[0].message as JsonObject) : streamedMessage(events)];
  }
}

function streamedMessage(events: readonly Json[]): JsonObject {
  const deltas = events.flatMap((event) => event.choices ?? []).map((choice) => choice.delta);
  const join = (field: string): string => deltas.map((delta) => delta[field] ?? '').join('');
  const calls: Json[] = [];
  for (const { index, ...piece } of deltas.flatMap((delta) => delta.tool_calls ?? [])) {
    if (calls[index]) calls[index].function.arguments += piece.function.arguments;
    else calls[index] = piece;
  }
  return {
    ...{ role: 'assistant', content: join('content'), reasoning_content: join('reasoning_content') },
    thinking_blocks: deltas.flatMap((delta) => delta.thinking_blocks ?? []),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function streamedBlocks(events: readonly Json[]): JsonObject[] {
  const content: Json[] = [];
  for (const event of events) {
    if (event.type === 'content_block_start') content.push({ ...event.content_block });
    if (event.type !== 'content_block_delta') continue;
    const block = content[event.index];
    for (const field of ['text', 'thinking', 'signature']) if (event.delta[field]) block[field] += event.delta[field];
    if (event.delta.type === 'input_json_delta') block.json = (block.json ?? '') + event.delta.partial_json;
  }
  return content.map(({ json, ...block }) => (json === undefined ? block : { ...block, input: json === '' ? {} : JSON.parse(json) }));
}

/** The conversation so far and one thing more. */
function goingOn(cell: Cell, turn: readonly JsonObject[], said: JsonObject): JsonObject {
  const field = cell.in === 'openai-responses' ? 'input' : 'messages';
  const before = conversationOf(cell.in, [{ user: question }])[field] as JsonObject[];
  const after = conversationOf(cell.in, [said as never])[field] as JsonObject[];
  return { [field]: [...before, ...turn, ...after] };
}

const signature = 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h';
const hidden = 'EmwKAhgBEgy3';

/** What the provider must get back, in its own form. */
const proofs: Readonly<Partial<Record<Cell['out'], (thinking: string) => unknown[]>>> = {
  'anthropic-messages': (thinking) => [
    { type: 'thinking', thinking, signature },
    { type: 'redacted_thinking', data: hidden },
  ],
  'bedrock-converse-stream': (text) => [
    { reasoningContent: { reasoningText: { text, signature } } },
    { reasoningContent: { redactedContent: hidden } },
  ],
  'openai-responses': (text) => [
    {
      ...{ type: 'reasoning', id: 'rs_68af400' },
      ...{ summary: text === '' ? [] : [{ type: 'summary_text', text }], encrypted_content: signature },
    },
  ],
};

function thinkingAnswer(cell: Cell, pieces: readonly string[]): Buffer {
  const redacts = cell.out === 'anthropic-messages' || cell.out === 'bedrock-converse-stream';
  const redacted: ToldPart[] = redacts ? [{ redacted: hidden }] : [];
  return answerOf(cell, [{ thinking: pieces, signature }, ...redacted, { text: ['Forty-two.'] }]);
}

async function replay(cell: Cell, pieces: readonly string[]): Promise<Json> {
  const answer = await exchange({ cell, replies: [replyOf(cell, thinkingAnswer(cell, pieces))] });
  const request = goingOn(cell, keptTurn(cell, answer.text), { user: 'Sure?' });
  const next = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  return next.asked[0]?.body;
}

function thinkingAsked(cell: Cell, body: Json): unknown[] {
  return conversationAsked(cell.out, body).flatMap((said) => ('thinking' in said ? [said.thinking] : []));
}

/** Gemini wants its proof back on the part that it came with or before, and no summary of its thoughts. */
function assertGeminiProof(body: Json): void {
  assert.deepEqual(body.contents[1], { role: 'model', parts: [{ text: 'Forty-two.', thoughtSignature: signature }] });
}

testCase(33, 'thinking reaches the client so that its next request can carry it back', async (cell) => {
  const body = await replay(cell, ['Six times ', 'seven.']);
  if (cell.out === 'google-generative-ai') return assertGeminiProof(body);
  assert.deepEqual(thinkingAsked(cell, body), proofs[cell.out]?.('Six times seven.'));
});

testCase(34, 'a thinking block that is a signature alone is kept', async (cell) => {
  const body = await replay(cell, []);
  const told = JSON.stringify(body).split(signature).length - 1;
  assert.equal(told, 1, 'it is there, once');
  if (cell.out === 'google-generative-ai') return assertGeminiProof(body);
  assert.deepEqual(thinkingAsked(cell, body), proofs[cell.out]?.(''));
});

testCase(35, 'thinking of a stream that broke off, and so is not signed, is not sent back', async (cell) => {
  if (cell.streaming === 'stream') {
    const aborted = await exchange({ cell, replies: [replyOf(cell, unfinished(cell, [{ thinking: ['Six times'] }]))] });
    assert.ok(aborted.text.includes('Six times'), 'the client has it');
    assert.ok(!/thinking_blocks|encrypted_content|"signature_delta"/.test(aborted.text), 'and no proof of it');
  }
  const kept: Readonly<Record<Cell['in'], readonly JsonObject[]>> = {
    'openai-completions': [
      { role: 'assistant', content: 'Forty', reasoning_content: 'Six times' },
      {
        role: 'assistant',
        content: 'Forty',
        reasoning_content: 'Six times',
        thinking_blocks: [{ type: 'thinking', thinking: 'Six times' }],
      },
    ],
    'openai-responses': [{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Six times' }] }],
    'anthropic-messages': [
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Six times', signature: '' },
          { type: 'text', text: 'Forty' },
        ],
      },
    ],
  };
  for (const turn of kept[cell.in]) {
    const said = cell.in === 'openai-responses' ? [turn, { role: 'assistant', content: 'Forty' }] : [turn];
    const result = await exchange({
      cell,
      request: goingOn(cell, said, { user: 'Go on.' }),
      replies: [replyOf(cell, textAnswer(cell, ['Yes.']))],
    });
    assert.equal(viewOf(cell, result).text, 'Yes.');
    const asked = conversationAsked(cell.out, result.asked[0]?.body);
    assert.deepEqual(asked, [{ user: question }, { assistant: 'Forty' }, { user: 'Go on.' }]);
    assert.ok(!result.asked[0]?.bytes.includes('Six times'));
  }
});

testCase(36, "Bedrock's thinking is read from where it nests it, and written there again", async (cell) => {
  const answer = await exchange({ cell, replies: [replyOf(cell, thinkingAnswer(cell, ['Six times seven.']))] });
  const view = viewOf(cell, answer);
  assert.deepEqual([view.thinking, view.text], ['Six times seven.', 'Forty-two.']);
  const request = goingOn(cell, keptTurn(cell, answer.text), { user: 'Sure?' });
  const next = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  const body: Json = next.asked[0]?.body;
  const [, turn] = body.messages;
  assert.deepEqual(turn, {
    role: 'assistant',
    content: [...(proofs[cell.out]?.('Six times seven.') ?? []), { text: 'Forty-two.' }],
  });
});

const look = { name: 'look', schema: { type: 'object', properties: { at: { type: 'string' } } } };
const signedCall = { functionCall: { id: 'c1', name: 'look', args: { at: 'left' } }, thoughtSignature: 'U0lHTkVE' };
const secondCall = { functionCall: { id: 'c2', name: 'look', args: { at: 'right' } } };

testCase(37, 'the signature of a call comes back on that call when the client sends its turn back', async (cell) => {
  const tools = toolsOf(cell.in, [look]);
  const reply = replyOf(cell, nativeAnswer(cell.streaming, [signedCall, secondCall], 'STOP'), 23);
  const first = await exchange({ cell, request: { tools }, replies: [reply] });
  assert.equal(viewOf(cell, first).finish, clientWords[cell.in].calls);
  assert.ok(first.text.includes('U0lHTkVE'));
  if (cell.in === 'openai-completions') assert.ok(first.text.includes('"extra_content":{"google":{"thought_signature":"U0lHTkVE"}}'));
  const results = ['c1', 'c2'].map((id) => ({ id, content: 'open' }));
  const request = { tools, ...goingOn(cell, keptTurn(cell, first.text), { results }) };
  const second = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Hi.']))] });
  const body: Json = second.asked[0]?.body;
  assert.deepEqual(body.contents[1], { role: 'model', parts: [signedCall, secondCall] });
});

/** A turn of another provider's, as each client keeps it, with all the private fields that such turns have. */
const privateTurns: Readonly<Record<Cell['in'], readonly JsonObject[]>> = {
  'openai-completions': [
    {
      ...{ role: 'assistant', content: 'Forty-two.', reasoning_content: 'Six times seven.', reasoning: 'Six times seven.' },
      reasoning_details: [{ type: 'reasoning.text', text: 'Six times seven.' }],
      thinking_blocks: [{ type: 'thinking', thinking: 'Six times seven.', signature }],
    },
  ],
  'openai-responses': [
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Six times seven.' }], encrypted_content: signature },
    {
      type: 'message',
      role: 'assistant',
      id: 'msg_1',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Forty-two.', annotations: [] }],
    },
  ],
  'anthropic-messages': [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Six times seven.', signature },
        { type: 'redacted_thinking', data: hidden },
        { type: 'text', text: 'Forty-two.' },
      ],
    },
  ],
};

testCase(39, 'an upstream that is known to be strict gets no field of thinking, whoever the client is', async (cell) => {
  const request = goingOn(cell, privateTurns[cell.in], { user: 'Sure?' });
  const ask = async (reasoningContent?: boolean): Promise<Json> => {
    const quirks = reasoningContent === undefined ? {} : { reasoningContent };
    const result = await exchange({ cell, request, quirks, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
    assert.equal(viewOf(cell, result).text, 'Yes.');
    return result.asked[0]?.body['messages'];
  };
  assert.deepEqual(await ask(false), [
    { role: 'user', content: question },
    { role: 'assistant', content: 'Forty-two.' },
    { role: 'user', content: 'Sure?' },
  ]);
  const reading = await ask(true);
  assert.equal(reading[1].reasoning_content, 'Six times seven.', 'one that reads it gets it');
  if (cell.in !== 'openai-completions') assert.equal((await ask())[1].reasoning_content, undefined, 'without a word it is not sent across');
});

testCase(46, 'a system message within an Anthropic conversation is accepted and keeps its place', async (cell) => {
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'system', content: 'Be kind.' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'And now?' },
  ];
  const result = await exchange({ cell, request: { messages }, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  assert.equal(viewOf(cell, result).text, 'Yes.');
  if (cell.in === cell.out) return assert.deepEqual(result.asked[0]?.body['messages'], messages);
  // Gemini and Converse have the role at the front alone: further down it is text that is marked.
  const marks = cell.out === 'google-generative-ai' || cell.out === 'bedrock-converse-stream';
  assert.deepEqual(conversationAsked(cell.out, result.asked[0]?.body), [
    { user: 'Hello' },
    marks ? { user: '<system>\nBe kind.\n</system>' } : { system: 'Be kind.' },
    { assistant: 'Hi.' },
    { user: 'And now?' },
  ]);
});
