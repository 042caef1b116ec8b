/** Cases 17, 18, 22 and 23: calls of tools. */
import assert from 'node:assert/strict';
import { testCase } from './case-test.ts';
import { eventsOf, viewOf } from './client-view.ts';
import { exchange, replyOf } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';
import { callAnswer, toolFields } from './stories.ts';

testCase(17, 'a text before it does not shift the index of a tool call, in either direction', async (cell) => {
  const result = await exchange({ cell, request: toolFields[cell.in], replies: [replyOf(cell, callAnswer(cell, '{"city":"Oslo"}'))] });
  const events = eventsOf(result.text).map(({ data }) => data);
  if (cell.in === 'openai-completions') {
    const indexes = events.flatMap((event) => event.choices?.[0]?.delta.tool_calls ?? []).map((call) => call.index as number);
    assert.ok(indexes.length > 1);
    assert.ok(
      indexes.every((index) => index === 0),
      'the first call is 0 though a text came first',
    );
  } else {
    const starts = events.filter((event) => event.type === 'content_block_start');
    assert.deepEqual(
      starts.map((event) => [event.index, event.content_block.type]),
      [
        [0, 'text'],
        [1, 'tool_use'],
      ],
    );
  }
  assert.deepEqual(viewOf(cell, result).calls, [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }]);
});

testCase(18, 'parallel calls whose pieces interleave stay apart', async (cell) => {
  const answer =
    cell.out === 'openai-completions'
      ? openai.opening +
        openai.toolStart(0, 'call_1', 'first') +
        openai.toolStart(1, 'call_2', 'second') +
        openai.toolArguments(1, '{"b"') +
        openai.toolArguments(0, '{"a"') +
        openai.toolArguments(1, ':2}') +
        openai.toolArguments(0, ':1}') +
        openai.ending('tool_calls')
      : anthropic.messageStart +
        anthropic.toolStart(0, 'call_1', 'first') +
        anthropic.toolStart(1, 'call_2', 'second') +
        anthropic.inputDelta(1, '{"b"') +
        anthropic.inputDelta(0, '{"a"') +
        anthropic.inputDelta(1, ':2}') +
        anthropic.inputDelta(0, ':1}') +
        anthropic.blockStop(1) +
        anthropic.blockStop(0) +
        anthropic.ending('tool_use');
  const result = await exchange({ cell, request: toolFields[cell.in], replies: [replyOf(cell, answer)] });
  // What comes interleaved from Anthropic's own wire goes to its own clients as it is.
  if (cell.in === cell.out)
    return assert.deepEqual(result.text, cell.in === 'openai-completions' ? answer.replace(openai.usageChunk, '') : answer);
  const { calls, finish } = viewOf(cell, result);
  assert.deepEqual(calls, [
    { id: 'call_1', name: 'first', arguments: '{"a":1}' },
    { id: 'call_2', name: 'second', arguments: '{"b":2}' },
  ]);
  assert.equal(finish, cell.in === 'openai-completions' ? 'tool_calls' : 'tool_use');
});

testCase(22, 'a call without arguments is a call with none, and malformed arguments are kept as they are', async (cell) => {
  const none = await exchange({ cell, request: toolFields[cell.in], replies: [replyOf(cell, callAnswer(cell, ''))] });
  const [call] = viewOf(cell, none).calls;
  if (cell.in !== cell.out) assert.equal(call?.arguments, '{}');
  else assert.ok(call?.arguments === '' || call?.arguments === '{}');

  const malformed = '{"city": "Os';
  const broken = await exchange({ cell, request: toolFields[cell.in], replies: [replyOf(cell, callAnswer(cell, malformed))] });
  assert.equal(viewOf(cell, broken).calls[0]?.arguments, malformed);

  // The next turn: the client sends both calls back.
  const history =
    cell.in === 'openai-completions'
      ? [
          { role: 'user', content: 'Go.' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [openai.wholeCall('call_1', 'wait', ''), openai.wholeCall('call_2', 'look', malformed)],
          },
          { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
          { role: 'tool', tool_call_id: 'call_2', content: 'not JSON' },
        ]
      : [
          { role: 'user', content: 'Go.' },
          {
            role: 'assistant',
            content: [
              { type: 'tool_use', id: 'call_1', name: 'wait', input: {} },
              { type: 'tool_use', id: 'call_2', name: 'look', input: malformed },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'call_1', content: 'ok' },
              { type: 'tool_result', tool_use_id: 'call_2', content: 'not JSON' },
            ],
          },
        ];
  const next = await exchange({
    cell,
    request: { ...toolFields[cell.in], messages: history },
    replies: [replyOf(cell, callAnswer(cell, '{}'))],
  });
  const sent = JSON.stringify(next.asked[0]?.body['messages']);
  assert.ok(sent.includes(JSON.stringify(malformed)), 'the malformed text is sent on');
  if (cell.in !== cell.out) assert.ok(sent.includes(cell.out === 'openai-completions' ? '"arguments":"{}"' : '"name":"wait","input":{}'));
});

testCase(23, 'the reason is tool calls when tools were called though the upstream says stop', async (cell) => {
  const stopped = { openai: 'stop', anthropic: 'end_turn' };
  const result = await exchange({
    cell,
    request: toolFields[cell.in],
    replies: [replyOf(cell, callAnswer(cell, '{"city":"Oslo"}', stopped))],
    quirks: { finishStopOnTools: true },
  });
  const view = viewOf(cell, result);
  assert.equal(view.finish, cell.in === 'openai-completions' ? 'tool_calls' : 'tool_use');
  assert.deepEqual(view.calls, [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }]);
});
