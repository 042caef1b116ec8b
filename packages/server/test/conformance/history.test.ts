/** Cases 26 to 28 and 57 to 59: earlier turns, as clients really send them, and prefixes that a provider has cached. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import type { Quirks } from '../../src/models/dialects/dialect.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { viewOf, type Json } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import { conversationAsked, outlineOf } from './provider-view.ts';
import { conversationOf, toolFields, toolsOf, type Said } from './requests.ts';
import { textAnswer } from './stories.ts';

async function asked(cell: Cell, request: JsonObject, quirks: Quirks = {}): Promise<Json> {
  const result = await exchange({ cell, request, quirks, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  assert.equal(viewOf(cell, result).text, 'Yes.');
  return result.asked[0]?.body;
}

const look = (id: string): { id: string; name: string; json: string } => ({ id, name: 'look', json: '{}' });

testCase(26, 'what the model says beside a call stands before it, and results come before what the user says', async (cell) => {
  const said: Said[] = [
    { user: 'Go.' },
    { calls: [look('call_1')] },
    { assistant: 'Let me look.' },
    { results: [{ id: 'call_1', content: 'one' }] },
    { user: 'And?' },
  ];
  const mixed: Readonly<Record<Cell['in'], JsonObject>> = {
    'openai-completions': conversationOf(cell.in, said),
    'openai-responses': conversationOf(cell.in, said),
    'anthropic-messages': {
      messages: [
        { role: 'user', content: 'Go.' },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'call_1', name: 'look', input: {} },
            { type: 'text', text: 'Let me look.' },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'And?' },
            { type: 'tool_result', tool_use_id: 'call_1', content: 'one' },
          ],
        },
      ],
    },
  };
  const chat = mixed['openai-completions']['messages'] as JsonObject[];
  // Chat completions have both in one message.
  const request =
    cell.in === 'openai-completions' ? { messages: [chat[0]!, { ...chat[1], content: 'Let me look.' }, ...chat.slice(3)] } : mixed[cell.in];
  const { messages } = await asked(cell, { ...toolFields(cell), ...request });
  assert.deepEqual(messages, [
    { role: 'user', content: [{ text: 'Go.' }] },
    { role: 'assistant', content: [{ text: 'Let me look.' }, { toolUse: { toolUseId: 'call_1', name: 'look', input: {} } }] },
    { role: 'user', content: [{ toolResult: { toolUseId: 'call_1', content: [{ text: 'one' }] } }, { text: 'And?' }] },
  ]);
});

testCase(27, 'a call that was never answered gets an answer that says so, and split results come together', async (cell) => {
  const go: Said[] = [{ user: 'Go.' }, { calls: [look('call_1'), look('call_2')] }];
  const request = conversationOf(cell.in, [
    ...go,
    { results: [{ id: 'call_1', content: 'one' }] },
    { user: 'Stop!' },
    { results: [{ id: 'call_2', content: 'two' }] },
    { calls: [look('call_3')] },
    { user: 'And?' },
  ]);
  const told = conversationAsked(cell.out, await asked(cell, { ...toolFields(cell), ...request }));
  assert.deepEqual(outlineOf(told), [
    'user Go.',
    'assistant call_1 call_2',
    'results call_1 call_2',
    'user Stop!',
    'assistant call_3',
    'results call_3',
    'user And?',
  ]);
  const invented = told.flatMap((said) => ('result' in said && said.result.id === 'call_3' ? [said.result] : []))[0];
  assert.match(invented?.text ?? '', /There is no result/);
  assert.equal(invented?.isError, true);
});

testCase(28, "a turn of the model stands between the result of a tool and the user's next message", async (cell) => {
  const said: Said[] = [
    { user: 'Go.' },
    { calls: [look('callaaaa1')] },
    { results: [{ id: 'callaaaa1', content: 'one' }] },
    { user: 'And?' },
  ];
  const request = { ...toolFields(cell), ...conversationOf(cell.in, said) };
  const roles = async (quirks: Quirks): Promise<string[]> =>
    (await asked(cell, request, quirks)).messages.map((message: Json) => message.role);
  const mistral = { streamUsage: false, toolIdLength9: true, assistantAfterTool: true };
  assert.deepEqual(await roles(mistral), ['user', 'assistant', 'tool', 'assistant', 'user']);
  assert.deepEqual(await roles({ toolIdLength9: true }), ['user', 'assistant', 'tool', 'user'], 'nowhere else');
});

const mark: JsonObject = { type: 'ephemeral' };
const long: JsonObject = { type: 'ephemeral', ttl: '1h' };

/** Marks on the tools, the instructions, a question and an answer of a tool: all the places that clients mark. */
function markedRequest(cell: Cell, marked: JsonObject): JsonObject {
  const [tool] = toolsOf(cell.in, [{ name: 'look' }]);
  const conversation = conversationOf(cell.in, [
    { system: [{ text: 'Be brief.', marked }] },
    { user: [{ text: 'A long text.', marked }] },
    { calls: [look('call_1')] },
    { results: [{ id: 'call_1', content: [{ text: 'one', marked }] }] },
  ]);
  return { tools: [{ ...tool, cache_control: marked }], ...conversation };
}

testCase(57, 'a mark becomes a cache point after what it marks: tools, instructions, questions and results', async (cell) => {
  const point = { cachePoint: { type: 'default' } };
  const body = await asked(cell, markedRequest(cell, mark));
  assert.deepEqual(body.toolConfig.tools[1], point);
  assert.deepEqual(body.system, [{ text: 'Be brief.' }, point]);
  assert.deepEqual(body.messages[0], { role: 'user', content: [{ text: 'A long text.' }, point] });
  assert.deepEqual(body.messages[2].content.slice(1), [point], 'after the result, which has none within');
  assert.ok(!JSON.stringify(body).includes('cache_control'));
  // The model of the cell keeps a prefix for an hour if asked to.
  const hour = await asked(cell, markedRequest(cell, long));
  assert.deepEqual(hour.system[1], { cachePoint: { type: 'default', ttl: '1h' } });
});

testCase(58, 'a ttl goes with its breakpoint where caches have them, and is left out where they have not', async (cell) => {
  const request = conversationOf(cell.in, [{ user: [{ text: 'A long text.', marked: long }] }]);
  const body = await asked(cell, request);
  const told = JSON.stringify(body);
  if (cell.out === 'anthropic-messages') {
    return assert.deepEqual(body.messages[0].content, [{ type: 'text', text: 'A long text.', cache_control: long }]);
  }
  if (cell.out === 'bedrock-converse-stream') {
    return assert.deepEqual(body.messages[0].content, [{ text: 'A long text.' }, { cachePoint: { type: 'default', ttl: '1h' } }]);
  }
  assert.ok(!told.includes('ttl') && !told.includes('cache_control'), told);
  assert.ok(told.includes('A long text.'));
  if (cell.out === 'google-generative-ai' || cell.out === 'ollama') return;
  const reading = JSON.stringify(await asked(cell, request, { cacheControl: true }));
  assert.ok(reading.includes('"cache_control":{"type":"ephemeral","ttl":"1h"}'), 'a vendor that reads them gets them');
});

/** A conversation of this many turns, with a mark on the instructions and on each question, six in all at most. */
function conversation(cell: Cell, turns: number): JsonObject {
  const said = Array.from({ length: turns }, (_, turn): Said[] => [
    { user: [{ text: `Page ${turn}` }, { text: `Question ${turn}`, marked: mark }] },
    ...(turn === turns - 1 ? [] : [{ assistant: `Answer ${turn}` }]),
  ]).flat();
  return conversationOf(cell.in, [{ system: [{ text: 'Be brief.', marked: mark }] }, ...said]);
}

const marksOf = (body: Json): number => JSON.stringify(body).split(/"cache_control":|"cachePoint":/).length - 1;
const withoutMarks = (value: Json): string =>
  JSON.stringify(value).replaceAll(/,"cache_control":\{[^}]*\}|,\{"cachePoint":\{[^}]*\}\}/g, '');

testCase(59, 'no request has more than four breakpoints, and what a provider has cached keeps its bytes', async (cell) => {
  // A client of Anthropic keeps to the limit itself; clients of other providers need not.
  const most = cell.in === 'anthropic-messages' ? 3 : 5;
  const bodies: Json[] = [];
  for (let turns = 1; turns <= most; turns++) bodies.push(await asked(cell, { ...toolFields(cell), ...conversation(cell, turns) }));
  const counts = bodies.map(marksOf);
  if (cell.out === 'anthropic-messages' || cell.out === 'bedrock-converse-stream') {
    assert.deepEqual(counts, [2, 3, 4, 4, 4].slice(0, most));
    for (const body of bodies) {
      assert.ok(marksOf(body.system) === 1 && marksOf(body.messages.at(-1)) === 1, 'the first stays, and the last');
      assert.equal(marksOf(body.messages.slice(0, -5)), 0);
    }
  } else if (cell.in === cell.out) assert.deepEqual(counts, [2, 3, 4, 5, 6], 'no limit is known there');
  else assert.deepEqual(new Set(counts), new Set([0]), 'nobody there reads them');

  const listOf = (body: Json): Json[] => body.messages ?? body.input ?? body.contents;
  for (const [position, body] of bodies.slice(1).entries()) {
    const before = bodies[position];
    const { tools, system, systemInstruction, instructions, toolConfig } = body;
    const head = JSON.stringify([tools, system, systemInstruction, instructions, toolConfig]);
    assert.equal(JSON.stringify([before.tools, before.system, before.systemInstruction, before.instructions, before.toolConfig]), head);
    assert.equal(withoutMarks(listOf(body).slice(0, listOf(before).length)), withoutMarks(listOf(before)));
  }
});
