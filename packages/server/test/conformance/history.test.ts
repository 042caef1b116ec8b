/** Cases 27, 28, 35, 58 and 59: earlier turns, as clients really send them, and prefixes that a provider has cached. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import type { Quirks } from '../../src/models/dialects/dialect.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cases.ts';
import { eventsOf, viewOf, type Json } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';
import { textAnswer, toolFields } from './stories.ts';

const isOpenai = (cell: Cell): boolean => cell.in === 'openai-completions';

async function asked(cell: Cell, request: JsonObject, quirks: Quirks = {}): Promise<Json> {
  const result = await exchange({ cell, request, quirks, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  assert.equal(viewOf(cell, result).text, 'Yes.');
  return result.asked[0]?.body;
}

/** Each message as one line: `assistant call_1 call_2`, `tool call_1`, `user And?`. */
function outline(messages: Json): string[] {
  return messages.map((message: Json) => {
    const blocks = Array.isArray(message.content) ? message.content : [{ text: message.content }];
    const said = blocks.map((block: Json) => block.id ?? block.tool_use_id ?? block.text ?? '');
    const calls = (message.tool_calls ?? []).map((call: Json) => call.id);
    return [message.role, ...(message.tool_call_id ? [message.tool_call_id] : said), ...calls].filter(Boolean).join(' ');
  });
}

testCase(27, 'a call that was never answered gets an answer that says so, and split results come together', async (cell) => {
  const go = { role: 'user', content: 'Go.' };
  const messages = isOpenai(cell)
    ? [
        go,
        {
          role: 'assistant',
          content: null,
          tool_calls: [openai.wholeCall('call_1', 'look', '{}'), openai.wholeCall('call_2', 'look', '{}')],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'one' },
        { role: 'user', content: 'Stop!' },
        { role: 'tool', tool_call_id: 'call_2', content: 'two' },
        { role: 'assistant', content: null, tool_calls: [openai.wholeCall('call_3', 'look', '{}')] },
        { role: 'user', content: 'And?' },
      ]
    : [
        go,
        { role: 'assistant', content: ['call_1', 'call_2'].map((id) => ({ type: 'tool_use', id, name: 'look', input: {} })) },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: 'one' },
            { type: 'text', text: 'Stop!' },
            { type: 'tool_result', tool_use_id: 'call_2', content: 'two' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_3', name: 'look', input: {} }] },
        { role: 'user', content: 'And?' },
      ];
  const { messages: told } = await asked(cell, { ...toolFields[cell.in], messages });
  assert.deepEqual(
    outline(told),
    cell.out === 'openai-completions'
      ? ['user Go.', 'assistant call_1 call_2', 'tool call_1', 'tool call_2', 'user Stop!', 'assistant call_3', 'tool call_3', 'user And?']
      : ['user Go.', 'assistant call_1 call_2', 'user call_1 call_2 Stop!', 'assistant call_3', 'user call_3 And?'],
  );
  const invented = cell.out === 'openai-completions' ? told[6] : told[4].content[0];
  assert.match(invented.content, /There is no result/);
  if (cell.out === 'anthropic-messages') assert.equal(invented.is_error, true);
  else assert.match(invented.content, /^Error: /);
});

testCase(28, "a turn of the model stands between the result of a tool and the user's next message", async (cell) => {
  const messages = isOpenai(cell)
    ? [
        { role: 'user', content: 'Go.' },
        { role: 'assistant', content: null, tool_calls: [openai.wholeCall('callaaaa1', 'look', '{}')] },
        { role: 'tool', tool_call_id: 'callaaaa1', content: 'one' },
        { role: 'user', content: 'And?' },
      ]
    : [
        { role: 'user', content: 'Go.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'callaaaa1', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'callaaaa1', content: 'one' },
            { type: 'text', text: 'And?' },
          ],
        },
      ];
  const request = { ...toolFields[cell.in], messages };
  const roles = async (quirks: Quirks): Promise<string[]> =>
    (await asked(cell, request, quirks)).messages.map((message: Json) => message.role);
  const mistral = { streamUsage: false, toolIdLength9: true, assistantAfterTool: true };
  assert.deepEqual(await roles(mistral), ['user', 'assistant', 'tool', 'assistant', 'user']);
  assert.deepEqual(await roles({ toolIdLength9: true }), ['user', 'assistant', 'tool', 'user'], 'nowhere else');
});

testCase(35, 'thinking of a stream that broke off, and so is not signed, is not sent back', async (cell) => {
  let thinking = 'Six times';
  if (cell.streaming === 'stream') {
    const cut =
      anthropic.messageStart +
      anthropic.blockStart(0, { type: 'thinking', thinking: '', signature: '' }) +
      anthropic.blockDelta(0, { type: 'thinking_delta', thinking });
    const aborted = await exchange({ cell, replies: [replyOf(cell, cut)] });
    const deltas = eventsOf(aborted.text).flatMap(({ data }) => data.choices ?? []);
    thinking = deltas.map((choice: Json) => choice.delta.reasoning_content ?? '').join('');
    assert.equal(thinking, 'Six times', 'the client has it');
    assert.ok(!aborted.text.includes('thinking_blocks'), 'and no proof of it');
  }
  for (const kept of [
    { reasoning_content: thinking },
    { reasoning_content: thinking, thinking_blocks: [{ type: 'thinking', thinking }] },
  ]) {
    const messages = [
      { role: 'user', content: 'What is six times seven?' },
      { role: 'assistant', content: 'Forty', ...kept },
      { role: 'user', content: 'Go on.' },
    ];
    const body = await asked(cell, { messages });
    assert.deepEqual(body.messages[1], { role: 'assistant', content: 'Forty' });
    assert.ok(!JSON.stringify(body).includes('Six times'));
  }
});

const mark = { cache_control: { type: 'ephemeral' } };

testCase(58, 'a ttl goes with its breakpoint where caches have them, and is left out where they have not', async (cell) => {
  const long = { cache_control: { type: 'ephemeral', ttl: '1h' } };
  const content = [{ type: 'text', text: 'A long text.', ...long }];
  const request = { messages: [{ role: 'user', content }] };
  const told = (await asked(cell, request)).messages[0].content;
  if (cell.out === 'anthropic-messages') return assert.deepEqual(told, content);
  assert.equal(told, 'A long text.');
  const reading = await asked(cell, request, { cacheControl: true });
  assert.deepEqual(reading.messages[0].content, content);
});

/** A conversation of this many turns, with a mark on the instructions and on each question, six in all at most. */
function conversation(cell: Cell, turns: number): JsonObject {
  const text = (content: string): JsonObject => ({ type: 'text', text: content, ...mark });
  const messages = Array.from({ length: turns }, (_, turn) => [
    { role: 'user', content: [{ type: 'text', text: `Page ${turn}` }, text(`Question ${turn}`)] },
    ...(turn === turns - 1 ? [] : [{ role: 'assistant', content: `Answer ${turn}` }]),
  ]).flat();
  const system = [text('Be brief.')];
  return isOpenai(cell) ? { messages: [{ role: 'system', content: system }, ...messages] } : { system, messages };
}

testCase(59, 'no request has more than four breakpoints, and what a provider has cached keeps its bytes', async (cell) => {
  // A client of Anthropic keeps to the limit itself; clients of other providers need not.
  const most = isOpenai(cell) ? 5 : 3;
  const bodies: Json[] = [];
  for (let turns = 1; turns <= most; turns++) bodies.push(await asked(cell, { ...toolFields[cell.in], ...conversation(cell, turns) }));
  const marksOf = (body: Json): number => JSON.stringify(body).split('"cache_control"').length - 1;
  const counts = bodies.map(marksOf);
  if (cell.out === 'anthropic-messages') {
    assert.deepEqual(counts, isOpenai(cell) ? [2, 3, 4, 4, 4] : [2, 3, 4]);
    for (const body of bodies) {
      assert.ok(marksOf(body.system) === 1 && marksOf(body.messages.at(-1)) === 1, 'the first stays, and the last');
      assert.equal(marksOf(body.messages.slice(0, -5)), 0);
    }
  } else if (isOpenai(cell)) assert.deepEqual(counts, [2, 3, 4, 5, 6], 'no limit is known there');
  else assert.deepEqual(counts, [0, 0, 0], 'nobody there reads them');

  const withoutMarks = (value: Json): string => JSON.stringify(value).replaceAll(/,"cache_control":\{[^}]*\}/g, '');
  for (const [position, body] of bodies.slice(1).entries()) {
    const before = bodies[position];
    assert.equal(JSON.stringify([body.tools, body.system]), JSON.stringify([before.tools, before.system]));
    assert.equal(withoutMarks(body.messages.slice(0, before.messages.length)), withoutMarks(before.messages));
  }
});
