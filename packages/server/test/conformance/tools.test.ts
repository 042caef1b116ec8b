/** Cases 17 to 23: calls of tools, as they come. */
import assert from 'node:assert/strict';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { eventsOf, viewOf } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';
import type { ToldCall } from './fixtures/wire.ts';
import { conversationAsked } from './provider-view.ts';
import { conversationOf, toolFields } from './requests.ts';
import { answerOf, callAnswer, callOf, clientWords, framesOf, wires } from './stories.ts';

testCase(17, 'a text before it does not shift the index of a tool call, in either direction', async (cell) => {
  const result = await exchange({ cell, request: toolFields(cell), replies: [replyOf(cell, callAnswer(cell, '{"city":"Oslo"}'))] });
  const events = eventsOf(result.text).map(({ data }) => data);
  if (cell.in === 'openai-completions') {
    const indexes = events.flatMap((event) => event.choices?.[0]?.delta.tool_calls ?? []).map((call) => call.index as number);
    assert.ok(indexes.length > 0);
    assert.ok(
      indexes.every((index) => index === 0),
      'the first call is 0 though a text came first',
    );
  } else {
    const [type, index, inner] =
      cell.in === 'anthropic-messages'
        ? ['content_block_start', 'index', 'content_block']
        : ['response.output_item.added', 'output_index', 'item'];
    const starts = events.filter((event) => event.type === type).map((event) => [event[index], event[inner].type]);
    const [said, called] = cell.in === 'anthropic-messages' ? ['text', 'tool_use'] : ['message', 'function_call'];
    assert.deepEqual(starts, [
      [0, said],
      [1, called],
    ]);
  }
  assert.deepEqual(viewOf(cell, result).calls, [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }]);
});

const first: ToldCall = { id: 'call_1', name: 'first', pieces: ['{"a"', ':1}'] };
const second: ToldCall = { id: 'call_2', name: 'second', pieces: ['{"b"', ':2}'] };

/** Both calls begin, and then their pieces come in turns, those of the second first. */
function interleaved(cell: Cell): Buffer {
  const { beginning, parts, ending } = wires[cell.out].stream({ parts: [{ call: first }, { call: second }], ending: 'calls' });
  const [one, two] = parts.map(({ said, closed }) => ({ start: said.slice(0, -2), pieces: said.slice(-2), closed }));
  assert.ok(one && two);
  const turns = [two.pieces[0], one.pieces[0], two.pieces[1], one.pieces[1]].filter((piece) => piece !== undefined);
  return Buffer.concat([...beginning, ...one.start, ...two.start, ...turns, ...two.closed, ...one.closed, ...ending]);
}

testCase(18, 'parallel calls whose pieces interleave stay apart', async (cell) => {
  const answer = interleaved(cell);
  const result = await exchange({ cell, request: toolFields(cell), replies: [replyOf(cell, answer)] });
  // What comes interleaved from a provider's own wire goes to its own clients as it is.
  if (cell.in === cell.out) return assert.equal(result.text, answer.toString().replace(openai.usageChunk, ''));
  const { calls, finish } = viewOf(cell, result);
  assert.deepEqual(calls, [
    { id: 'call_1', name: 'first', arguments: '{"a":1}' },
    { id: 'call_2', name: 'second', arguments: '{"b":2}' },
  ]);
  assert.equal(finish, clientWords[cell.in].calls);
});

testCase(19, 'each call of a response has an index of its own, counted without the items that are no calls', async (cell) => {
  const parts = [
    { thinking: ['Hm.'], signature: 'Z0FBQUFB' },
    { text: ['Let me look.'] },
    { call: first },
    { text: ['And wait.'] },
    { call: second },
  ];
  const result = await exchange({ cell, request: toolFields(cell), replies: [replyOf(cell, answerOf(cell, parts, 'calls'))] });
  const events = eventsOf(result.text).map(({ data }) => data);
  const indexes =
    cell.in === 'openai-completions'
      ? events.flatMap((event) => event.choices?.[0]?.delta.tool_calls ?? []).map((call) => call.index as number)
      : events.filter((event) => event.content_block?.type === 'tool_use').map((event) => event.index as number);
  const expected = cell.in === 'openai-completions' ? [0, 1] : [2, 4];
  assert.deepEqual([...new Set(indexes)], expected);
  assert.deepEqual(
    viewOf(cell, result).calls.map((call) => [call.id, call.arguments]),
    [
      ['call_1', '{"a":1}'],
      ['call_2', '{"b":2}'],
    ],
  );
});

testCase(20, 'calls that all come as index 0 are told apart by their ids', async (cell) => {
  const calls =
    openai.toolStart(0, 'call_1', 'first') +
    openai.toolArguments(0, '{"a":1}') +
    openai.toolStart(0, 'call_2', 'second') +
    openai.toolArguments(0, '{"b":2}');
  const reply = replyOf(cell, openai.opening + calls + openai.ending('tool_calls'));
  const result = await exchange({ cell, request: toolFields(cell), replies: [reply], quirks: { toolIndexAlwaysZero: true } });
  assert.deepEqual(viewOf(cell, result).calls, [
    { id: 'call_1', name: 'first', arguments: '{"a":1}' },
    { id: 'call_2', name: 'second', arguments: '{"b":2}' },
  ]);
});

/** A call whose pieces are given, and one that is over with its placeholder. */
function withPlaceholders(cell: Cell, json: string): Buffer {
  const placeheld = (index: number, id: string): string =>
    openai.chunk({ tool_calls: [{ index, id, type: 'function', function: { name: 'get_weather', arguments: '{}' } }] });
  const none = { call: { id: 'call_2', name: 'get_weather', pieces: [] } };
  if (cell.out === 'openai-completions') {
    const pieces = [json.slice(0, 5), json.slice(5)].map((piece) => openai.toolArguments(0, piece)).join('');
    return Buffer.from(openai.opening + placeheld(0, 'call_1') + pieces + placeheld(1, 'call_2') + openai.ending('tool_calls'));
  }
  if (cell.out === 'anthropic-messages') {
    // There every call opens with one.
    const block = { type: 'tool_use', id: 'call_2', name: 'get_weather', input: {} };
    const pieces = [json.slice(0, 5), json.slice(5)];
    const calls =
      anthropic.toolBlock(0, { id: 'call_1', name: 'get_weather', pieces }) + anthropic.blockStart(1, block) + anthropic.blockStop(1);
    return Buffer.from(anthropic.messageStart + calls + anthropic.ending('tool_use'));
  }
  const frames = framesOf(wires[cell.out].stream({ parts: [callOf(json), none], ending: 'calls' }));
  const replaced = frames.map((frame) =>
    frame.toString().replace(/"status":"in_progress","arguments":""/, '"status":"in_progress","arguments":"{}"'),
  );
  return Buffer.from(replaced.join(''));
}

testCase(21, 'a placeholder that opens a call is not part of its arguments, and stands where nothing follows', async (cell) => {
  const given = '{"city":"Oslo"}';
  // Between the same dialects an answer is rebuilt only for a vendor that needs repair; else its bytes are the client's.
  const quirks = { finishStopOnTools: true };
  const result = await exchange({ cell, request: toolFields(cell), replies: [replyOf(cell, withPlaceholders(cell, given))], quirks });
  assert.deepEqual(viewOf(cell, result).calls, [
    { id: 'call_1', name: 'get_weather', arguments: given },
    { id: 'call_2', name: 'get_weather', arguments: '{}' },
  ]);
});

testCase(22, 'a call without arguments is a call with none, and malformed arguments are kept as they are', async (cell) => {
  const none = await exchange({ cell, request: toolFields(cell), replies: [replyOf(cell, callAnswer(cell, ''))] });
  const [call] = viewOf(cell, none).calls;
  if (cell.in !== cell.out) assert.equal(call?.arguments, '{}');
  else assert.ok(call?.arguments === '' || call?.arguments === '{}');

  const malformed = '{"city": "Os';
  // The arguments of Gemini's calls are objects: what is malformed never leaves Google.
  if (cell.out !== 'google-generative-ai') {
    const broken = await exchange({ cell, request: toolFields(cell), replies: [replyOf(cell, callAnswer(cell, malformed))] });
    assert.equal(viewOf(cell, broken).calls[0]?.arguments, malformed);
  }

  // The next turn: the client sends both calls back.
  const conversation = conversationOf(cell.in, [
    { user: 'Go.' },
    {
      calls: [
        { id: 'call_1', name: 'wait', json: '' },
        { id: 'call_2', name: 'look', json: malformed },
      ],
    },
    {
      results: [
        { id: 'call_1', content: 'ok' },
        { id: 'call_2', content: 'not JSON' },
      ],
    },
  ]);
  const next = await exchange({
    cell,
    request: { ...toolFields(cell), ...conversation },
    replies: [replyOf(cell, callAnswer(cell, '{}'))],
  });
  const [one, two] = conversationAsked(cell.out, next.asked[0]?.body).flatMap((said) => ('call' in said ? [said.call.input] : []));
  if (cell.in !== cell.out) assert.equal(typeof one === 'string' ? one : JSON.stringify(one), '{}');
  assert.ok(JSON.stringify(two).includes(JSON.stringify(malformed).slice(1, -1)), `the malformed text is sent on: ${JSON.stringify(two)}`);
});

testCase(23, 'the reason is tool calls when tools were called though the upstream says stop', async (cell) => {
  const stopped = callAnswer(cell, '{"city":"Oslo"}', 'stop');
  const result = await exchange({
    cell,
    request: toolFields(cell),
    replies: [replyOf(cell, stopped)],
    quirks: { finishStopOnTools: true },
  });
  const view = viewOf(cell, result);
  assert.equal(view.finish, clientWords[cell.in].calls);
  assert.deepEqual(view.calls, [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }]);
});
