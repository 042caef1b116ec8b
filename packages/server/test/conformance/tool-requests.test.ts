/** Cases 21, 24, 25, 29, 30, 31 and 32: what a request says about tools, and calls that open with a placeholder. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cases.ts';
import { errorOf, viewOf, type Json } from './client-view.ts';
import { exchange, replyOf, type Exchange } from './exchange.ts';
import * as anthropic from './fixtures/anthropic-messages.ts';
import * as openai from './fixtures/openai-completions.ts';
import { refusedRequest, textAnswer, toolFields } from './stories.ts';

const isOpenai = (cell: Cell): boolean => cell.in === 'openai-completions';
const crosses = (cell: Cell): boolean => cell.in !== cell.out;

/** Sends the request and gives back what the provider was asked. */
async function asked(cell: Cell, request: JsonObject): Promise<Json> {
  const result = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  assert.equal(viewOf(cell, result).text, 'Yes.');
  return result.asked[0]?.body;
}

async function refused(cell: Cell, request: JsonObject): Promise<Exchange> {
  const result = await exchange({ cell, request, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
  assert.equal(result.status, 400, result.text);
  assert.equal(result.asked.length, 0, 'nobody was asked');
  return result;
}

/** A turn with these calls, their results, and a question. */
function history(cell: Cell, ids: readonly string[]): JsonObject[] {
  const question = { role: 'user', content: 'Go on.' };
  if (isOpenai(cell)) {
    const results = ids.map((id) => ({ role: 'tool', tool_call_id: id, content: id }));
    return [question, { role: 'assistant', content: null, tool_calls: ids.map((id) => openai.wholeCall(id, 'look', '{}')) }, ...results];
  }
  const uses = ids.map((id) => ({ type: 'tool_use', id, name: 'look', input: {} }));
  const results = ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: id }));
  return [question, { role: 'assistant', content: uses }, { role: 'user', content: results }];
}

/** The ids of the calls and of the results, as the provider was told them. */
function idsTold(cell: Cell, messages: Json): { calls: string[]; results: string[] } {
  if (cell.out === 'openai-completions') {
    const calls = messages.flatMap((message: Json) => message.tool_calls ?? []).map((call: Json) => call.id);
    return { calls, results: messages.flatMap((message: Json) => message.tool_call_id ?? []) };
  }
  const blocks = messages.flatMap((message: Json) => (Array.isArray(message.content) ? message.content : []));
  return {
    calls: blocks.flatMap((block: Json) => (block.type === 'tool_use' ? [block.id] : [])),
    results: blocks.flatMap((block: Json) => block.tool_use_id ?? []),
  };
}

testCase(21, 'a placeholder that opens a call is not part of its arguments, and stands where nothing follows', async (cell) => {
  const given = '{"city":"Oslo"}';
  const opened = (index: number, id: string): string =>
    cell.out === 'openai-completions'
      ? openai.chunk({ tool_calls: [{ index, id, type: 'function', function: { name: 'get_weather', arguments: '{}' } }] })
      : anthropic.blockStart(index, { type: 'tool_use', id, name: 'get_weather', input: {} });
  const answer =
    cell.out === 'openai-completions'
      ? openai.opening +
        opened(0, 'call_1') +
        openai.toolArguments(0, given.slice(0, 5)) +
        openai.toolArguments(0, given.slice(5)) +
        opened(1, 'call_2') +
        openai.ending('tool_calls')
      : anthropic.messageStart +
        opened(0, 'call_1') +
        anthropic.inputDelta(0, given.slice(0, 5)) +
        anthropic.inputDelta(0, given.slice(5)) +
        anthropic.blockStop(0) +
        opened(1, 'call_2') +
        anthropic.blockStop(1) +
        anthropic.ending('tool_use');
  // Between the same dialects an answer is rebuilt only for a vendor that needs repair; else its bytes are the client's.
  const quirks = { finishStopOnTools: true };
  const result = await exchange({ cell, request: toolFields[cell.in], replies: [replyOf(cell, answer)], quirks });
  assert.deepEqual(viewOf(cell, result).calls, [
    { id: 'call_1', name: 'get_weather', arguments: given },
    { id: 'call_2', name: 'get_weather', arguments: '{}' },
  ]);
});

testCase(24, 'tool ids are what the provider takes, each stays itself, and a result keeps to its call', async (cell) => {
  const ids = ['call_aaaaaaaaaaaaaaaa1', 'call_aaaaaaaaaaaaaaaa2', 'functions.look:0', 'functions_look_0', 'D681PevKs'];
  const quirks = cell.out === 'openai-completions' ? { toolIdLength9: true } : {};
  const send = async (some: readonly string[]): Promise<{ calls: string[]; results: string[] }> => {
    const request = { ...toolFields[cell.in], messages: history(cell, some) };
    const result = await exchange({ cell, request, quirks, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
    return idsTold(cell, result.asked[0]?.body['messages']);
  };
  const told = await send(ids);
  assert.deepEqual(told.results, told.calls);
  assert.equal(new Set(told.calls).size, ids.length, 'no two have become one');
  const rule = cell.out === 'openai-completions' ? /^[a-zA-Z0-9]{9}$/ : /^[a-zA-Z0-9_-]+$/;
  for (const id of told.calls) assert.match(id, rule);
  assert.equal(told.calls[4], 'D681PevKs', 'an id that fits stays');
  assert.deepEqual((await send(ids.slice(0, 2))).calls, told.calls.slice(0, 2), 'the same id is the same in every turn');
  assert.deepEqual((await send(told.calls)).calls, told.calls, 'what fits comes back as it is');
});

testCase(25, 'a result that does not say to which call it belongs is refused clearly', async (cell) => {
  const result = isOpenai(cell)
    ? { role: 'tool', content: 'sunny' }
    : { role: 'user', content: [{ type: 'tool_result', content: 'sunny' }] };
  const messages = [...history(cell, ['call_1']).slice(0, 2), result];
  const request = { ...toolFields[cell.in], messages };
  if (crosses(cell)) {
    const error = errorOf(cell, await refused(cell, request));
    assert.match(error.message, isOpenai(cell) ? /messages\[2\]\.tool_call_id/ : /messages\[2\]\.content\[0\]\.tool_use_id/);
    assert.equal(error.type, 'invalid_request_error');
    return;
  }
  // Between the same dialects the provider itself says it, and the client hears its words.
  const refusal = { status: 400, headers: { 'content-type': 'application/json' }, chunks: [Buffer.from(refusedRequest(cell))] };
  const passed = await exchange({ cell, request, replies: [refusal] });
  assert.deepEqual(passed.asked[0]?.body['messages'], messages, 'no id is invented');
  assert.equal(passed.status, 400);
  assert.equal(passed.asked.length, 1);
  assert.ok(errorOf(cell, passed).message.includes(JSON.parse(refusedRequest(cell)).error.message.replace(/\.$/, '')));
});

testCase(29, 'a forced call goes through though thinking is asked for', async (cell) => {
  const forced = isOpenai(cell)
    ? { tool_choice: 'required', reasoning_effort: 'high' }
    : { tool_choice: { type: 'any' }, thinking: { type: 'enabled', budget_tokens: 2048 } };
  const body = await asked(cell, { ...toolFields[cell.in], ...forced, max_tokens: 8192 });
  if (!crosses(cell)) {
    const { model, stream_options: asksUsage, ...rest } = body;
    const { tools } = toolFields[cell.in];
    assert.equal(model, 'large');
    assert.deepEqual({ tools: rest.tools, tool_choice: rest.tool_choice }, { tools, tool_choice: forced.tool_choice });
    assert.equal(asksUsage?.include_usage, isOpenai(cell) && cell.streaming === 'stream' ? true : undefined);
  } else if (isOpenai(cell)) {
    assert.deepEqual(body.tool_choice, { type: 'any' });
    assert.equal(body.thinking, undefined, 'Anthropic refuses thinking before a forced call');
    assert.deepEqual(body.output_config, { effort: 'high' });
    const chosen = await asked(cell, { ...toolFields[cell.in], tool_choice: 'auto', reasoning_effort: 'high' });
    assert.deepEqual(chosen.thinking, { type: 'adaptive' }, 'a call that is not forced leaves it on');
  } else {
    assert.equal(body.tool_choice, 'required');
    assert.equal(body.reasoning_effort, 'low');
  }
});

const threeTools: Record<Cell['in'], JsonObject[]> = {
  'openai-completions': ['zoom', 'ask', 'move'].map((name) => ({
    type: 'function',
    function: {
      name,
      description: `To ${name}.`,
      parameters: { type: 'object', properties: { z: { type: 'string' }, a: { type: 'number' } } },
    },
  })),
  'anthropic-messages': ['zoom', 'ask', 'move'].map((name) => ({
    name,
    description: `To ${name}.`,
    input_schema: { type: 'object', properties: { z: { type: 'string' }, a: { type: 'number' } } },
  })),
};

function namesTold(cell: Cell, body: Json): string[] {
  return body.tools.map((tool: Json) => (cell.out === 'openai-completions' ? tool.function.name : tool.name));
}

testCase(30, 'one call at a time, and a choice among some tools, are carried over', async (cell) => {
  const tools = threeTools[cell.in];
  const toOpenai = cell.out === 'openai-completions';
  const single = isOpenai(cell) ? { parallel_tool_calls: false } : { tool_choice: { type: 'auto', disable_parallel_tool_use: true } };
  const one = await asked(cell, { tools, ...single });
  assert.equal(toOpenai ? one.parallel_tool_calls : one.tool_choice.disable_parallel_tool_use, toOpenai ? false : true);
  const forced = isOpenai(cell)
    ? { parallel_tool_calls: false, tool_choice: 'required' }
    : { tool_choice: { type: 'any', disable_parallel_tool_use: true } };
  const both = await asked(cell, { tools, ...forced });
  if (toOpenai) assert.deepEqual([both.parallel_tool_calls, both.tool_choice], [false, 'required']);
  else assert.deepEqual(both.tool_choice, { type: 'any', disable_parallel_tool_use: true });

  if (!isOpenai(cell)) return;
  const named = ['zoom', 'move'].map((name) => ({ type: 'function', function: { name } }));
  const choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: named } };
  const some = await asked(cell, { tools, tool_choice: choice });
  if (toOpenai) assert.deepEqual(some.tool_choice, choice);
  else {
    assert.deepEqual(namesTold(cell, some), ['zoom', 'move']);
    assert.deepEqual(some.tool_choice, { type: 'any' });
    const nothing = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } };
    assert.match(errorOf(cell, await refused(cell, { tools, tool_choice: nothing })).message, /tool_choice\.allowed_tools/);
  }
});

testCase(31, 'tools keep their order and their bytes from request to request', async (cell) => {
  const tools = threeTools[cell.in];
  const bodies: Json[] = [];
  for (const content of ['One', 'Two']) bodies.push(await asked(cell, { tools, messages: [{ role: 'user', content }] }));
  const [one, two] = bodies;
  assert.deepEqual(namesTold(cell, one), ['zoom', 'ask', 'move']);
  assert.equal(JSON.stringify(one.tools), JSON.stringify(two.tools));
  assert.ok(JSON.stringify(one.tools).includes('{"z":{"type":"string"},"a":{"type":"number"}}'), 'fields of a schema keep their order too');
});

testCase(32, 'tools of the provider and tools of unknown kinds reach it, or are refused by name', async (cell) => {
  const tools = isOpenai(cell)
    ? [
        { type: 'custom', custom: { name: 'shell' } },
        { type: 'moon_phase', depth: 3 },
      ]
    : [
        { type: 'web_search_20260209', name: 'web_search', max_uses: 3 },
        { type: 'moon_phase_20270101', name: 'moon' },
      ];
  for (const tool of tools) {
    const request = { tools: [tool] };
    if (crosses(cell)) {
      const error = errorOf(cell, await refused(cell, request));
      assert.ok(error.message.includes(tool.type), error.message);
      assert.match(error.message, /tools\[0\]/);
      continue;
    }
    assert.deepEqual((await asked(cell, request)).tools, [tool]);
    // Also where the vendor needs repair and the request is rebuilt.
    const rebuilt = await exchange({
      cell,
      request,
      quirks: { finishStopOnTools: true },
      replies: [replyOf(cell, textAnswer(cell, ['Yes.']))],
    });
    assert.deepEqual(rebuilt.asked[0]?.body['tools'], [tool]);
  }
});
