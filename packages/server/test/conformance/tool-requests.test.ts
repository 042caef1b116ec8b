/** Cases 24, 25, 29, 30, 31 and 32: what a request says about tools. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/core/json.ts';
import type { Quirks } from '../../src/models/dialects/dialect.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { errorOf, viewOf, type Json } from './client-view.ts';
import { exchange, refusalOf, replyOf, type Exchange } from './exchange.ts';
import { conversationAsked, toolsAsked } from './provider-view.ts';
import { conversationOf, toolFields, toolsOf, type Said } from './requests.ts';
import { refusedRequest, textAnswer, wires } from './stories.ts';

const crosses = (cell: Cell): boolean => cell.in !== cell.out;

function send(cell: Cell, request: JsonObject, quirks: Quirks = {}): Promise<Exchange> {
  return exchange({ cell, request, quirks, replies: [replyOf(cell, textAnswer(cell, ['Yes.']))] });
}

/** Sends the request and gives back what the provider was asked. */
async function asked(cell: Cell, request: JsonObject, quirks: Quirks = {}): Promise<Json> {
  const result = await send(cell, request, quirks);
  assert.equal(viewOf(cell, result).text, 'Yes.');
  return result.asked[0]?.body;
}

/** What the request is refused with, by the gateway itself. */
async function refusal(cell: Cell, request: JsonObject): Promise<Json> {
  const result = await send(cell, request);
  assert.equal(result.status, 400, result.text);
  assert.equal(result.asked.length, 0, 'nobody was asked');
  return errorOf(cell, result);
}

/** A question, a turn with these calls, and their results. */
function history(ids: readonly string[]): Said[] {
  return [
    { user: 'Go on.' },
    { calls: ids.map((id) => ({ id, name: 'look', json: '{}' })) },
    { results: ids.map((id) => ({ id, content: id })) },
  ];
}

/** Which ids a provider takes. */
const idRules = {
  'openai-completions': /^[a-zA-Z0-9]{9}$/,
  'openai-responses': /./,
  'anthropic-messages': /^[a-zA-Z0-9_-]+$/,
  'google-generative-ai': /./,
  'bedrock-converse-stream': /^[a-zA-Z0-9_-]{1,64}$/,
  ollama: /./,
} as const;

testCase(24, 'tool ids are what the provider takes, each stays itself, and a result keeps to its call', async (cell) => {
  const long = `call_${'a'.repeat(80)}`;
  const ids = [
    'call_aaaaaaaaaaaaaaaa1',
    'call_aaaaaaaaaaaaaaaa2',
    'functions.look:0',
    'functions_look_0',
    'D681PevKs',
    `${long}1`,
    `${long}2`,
  ];
  const quirks = cell.out === 'openai-completions' ? { toolIdLength9: true } : {};
  const told = async (some: readonly string[]): Promise<{ calls: string[]; results: string[] }> => {
    const body = await asked(cell, { ...toolFields(cell), ...conversationOf(cell.in, history(some)) }, quirks);
    const said = conversationAsked(cell.out, body);
    return {
      calls: said.flatMap((one) => ('call' in one ? [one.call.id] : [])),
      results: said.flatMap((one) => ('result' in one ? [one.result.id] : [])),
    };
  };
  const all = await told(ids);
  assert.deepEqual(all.results, all.calls);
  assert.equal(new Set(all.calls).size, ids.length, 'no two have become one');
  for (const id of all.calls) assert.match(id, idRules[cell.out]);
  assert.equal(all.calls[4], 'D681PevKs', 'an id that fits stays');
  assert.deepEqual((await told(ids.slice(0, 2))).calls, all.calls.slice(0, 2), 'the same id is the same in every turn');
  assert.deepEqual((await told(all.calls)).calls, all.calls, 'what fits comes back as it is');
});

testCase(25, 'a result that does not say to which call it belongs is refused clearly', async (cell) => {
  const shapes: Readonly<Record<Cell['in'], JsonObject>> = {
    'openai-completions': { role: 'tool', content: 'sunny' },
    'openai-responses': { type: 'function_call_output', output: 'sunny' },
    'anthropic-messages': { role: 'user', content: [{ type: 'tool_result', content: 'sunny' }] },
  };
  const field = cell.in === 'openai-responses' ? 'input' : 'messages';
  const before = conversationOf(cell.in, history(['call_1']).slice(0, 2))[field] as JsonObject[];
  const list = [...before, shapes[cell.in]];
  const request = { ...toolFields(cell), [field]: list };
  if (crosses(cell)) {
    const paths = {
      'openai-completions': /messages\[2\]\.tool_call_id/,
      'openai-responses': /input\[2\]\.call_id/,
      'anthropic-messages': /messages\[2\]\.content\[0\]\.tool_use_id/,
    };
    const error = await refusal(cell, request);
    assert.match(error.message, paths[cell.in]);
    assert.equal(error.type, 'invalid_request_error');
    return;
  }
  // Between the same dialects the provider itself says it, and the client hears its words.
  const passed = await exchange({ cell, request, replies: [refusalOf(refusedRequest(cell))] });
  assert.deepEqual(passed.asked[0]?.body[field], list, 'no id is invented');
  assert.equal(passed.status, 400);
  assert.equal(passed.asked.length, 1);
  assert.ok(errorOf(cell, passed).message.includes(wires[cell.out].words.refusal.replace(/\.$/, '')));
});

/** A call is forced, and thinking is asked for. */
const forcedWithThinking: Readonly<Record<Cell['in'], JsonObject>> = {
  'openai-completions': { tool_choice: 'required', reasoning_effort: 'high', max_tokens: 8192 },
  'openai-responses': { tool_choice: 'required', reasoning: { effort: 'high' }, max_output_tokens: 8192 },
  'anthropic-messages': { tool_choice: { type: 'any' }, thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 8192 },
};

testCase(29, 'a forced call goes through though thinking is asked for', async (cell) => {
  const fields = forcedWithThinking[cell.in];
  const request = { ...toolFields(cell), ...fields };
  // Ollama leaves every call to its model, and that is said instead of passed over.
  if (cell.out === 'ollama') return assert.match((await refusal(cell, request)).message, /the choice required/);
  const body = await asked(cell, request);
  if (!crosses(cell)) {
    for (const [name, value] of Object.entries(request)) assert.deepEqual(body[name], value);
    return;
  }
  const chosen = await asked(cell, { ...request, tool_choice: cell.in === 'anthropic-messages' ? { type: 'auto' } : 'auto' });
  const thinks = (one: Json): Json => one.thinking ?? one.additionalModelRequestFields?.thinking;
  switch (cell.out) {
    case 'anthropic-messages':
      assert.deepEqual(body.tool_choice, { type: 'any' });
      assert.equal(thinks(body), undefined, 'Claude refuses thinking before a forced call');
      assert.deepEqual(body.output_config, { effort: 'high' });
      assert.deepEqual(thinks(chosen), { type: 'adaptive' }, 'a call that is not forced leaves it on');
      return;
    case 'bedrock-converse-stream':
      assert.deepEqual(body.toolConfig.toolChoice, { any: {} });
      // A client that speaks Claude's own words has said both, and hears from Claude what it makes of that.
      if (cell.in === 'anthropic-messages') return assert.deepEqual(thinks(body), fields['thinking']);
      assert.equal(thinks(body), undefined, 'Claude refuses thinking before a forced call');
      assert.ok(thinks(chosen), 'a call that is not forced leaves it on');
      return;
    case 'google-generative-ai':
      assert.deepEqual(body.toolConfig.functionCallingConfig, { mode: 'ANY' });
      assert.equal(body.generationConfig.thinkingConfig.includeThoughts, true);
      return;
    default:
      assert.equal(body.tool_choice, 'required');
      assert.equal(body.reasoning_effort ?? body.reasoning.effort, cell.in === 'anthropic-messages' ? 'low' : 'high');
  }
});

const threeTools = ['zoom', 'ask', 'move'].map((name) => ({
  name,
  description: `To ${name}.`,
  schema: { type: 'object', properties: { z: { type: 'string' }, a: { type: 'number' } } },
}));

/** One call at a time, while the choice is the model's or a call is forced. */
function oneAtATime(cell: Cell, forced: boolean): JsonObject {
  if (cell.in === 'anthropic-messages') return { tool_choice: { type: forced ? 'any' : 'auto', disable_parallel_tool_use: true } };
  return { parallel_tool_calls: false, ...(forced && { tool_choice: 'required' }) };
}

const forcedChoice: Readonly<Record<Cell['out'], (body: Json) => unknown>> = {
  'openai-completions': (body) => [body.tool_choice, body.parallel_tool_calls],
  'openai-responses': (body) => [body.tool_choice, body.parallel_tool_calls],
  'anthropic-messages': (body) => body.tool_choice,
  'google-generative-ai': (body) => body.toolConfig.functionCallingConfig,
  'bedrock-converse-stream': (body) => body.toolConfig.toolChoice,
  ollama: (body) => body.tool_choice,
};

testCase(30, 'one call at a time, and a choice among some tools, are carried over or refused by name', async (cell) => {
  const tools = toolsOf(cell.in, threeTools);
  const single = { tools, ...oneAtATime(cell, false) };
  // Neither has a word for it, and Converse none that every model takes.
  const refuses = ['google-generative-ai', 'ollama', 'bedrock-converse-stream'].includes(cell.out);
  if (refuses) assert.match((await refusal(cell, single)).message, /one tool call at a time/);
  else {
    const one = await asked(cell, single);
    assert.equal(one.parallel_tool_calls ?? !one.tool_choice.disable_parallel_tool_use, false);
    const both = await asked(cell, { tools, ...oneAtATime(cell, true) });
    const expected = cell.out === 'anthropic-messages' ? { type: 'any', disable_parallel_tool_use: true } : ['required', false];
    assert.deepEqual(forcedChoice[cell.out](both), expected);
  }
  if (cell.in !== 'anthropic-messages') await carriesAllowedTools(cell, tools);
});

/** OpenAI's choice among some of the tools. */
async function carriesAllowedTools(cell: Cell, tools: JsonObject[]): Promise<void> {
  const allowed = (mode: string, names: readonly string[]): JsonObject => {
    if (cell.in === 'openai-responses') return { type: 'allowed_tools', mode, tools: names.map((name) => ({ type: 'function', name })) };
    return { type: 'allowed_tools', allowed_tools: { mode, tools: names.map((name) => ({ type: 'function', function: { name } })) } };
  };
  const some = { tools, tool_choice: allowed('required', ['zoom', 'move']) };
  if (cell.out === 'ollama') return assert.match((await refusal(cell, some)).message, /tool_choice/);
  const body = await asked(cell, some);
  const names = toolsAsked(cell.out, body).map(({ name }) => name);
  if (cell.out === 'google-generative-ai') {
    assert.deepEqual(forcedChoice[cell.out](body), { mode: 'ANY', allowedFunctionNames: ['zoom', 'move'] });
  } else if (cell.out === 'anthropic-messages' || cell.out === 'bedrock-converse-stream') {
    assert.deepEqual(names, ['zoom', 'move'], 'the others are not offered');
    assert.deepEqual(forcedChoice[cell.out](body), cell.out === 'anthropic-messages' ? { type: 'any' } : { any: {} });
    assert.match((await refusal(cell, { tools, tool_choice: allowed('auto', []) })).message, /tool_choice\.allowed_tools/);
  } else {
    assert.deepEqual(names, ['zoom', 'ask', 'move']);
    const told = JSON.stringify(body.tool_choice);
    assert.ok(
      told.includes('allowed_tools') &&
        told.includes('"required"') &&
        told.includes('zoom') &&
        told.includes('move') &&
        !told.includes('ask'),
    );
  }
}

testCase(31, 'tools keep their order and their bytes from request to request', async (cell) => {
  const tools = toolsOf(cell.in, threeTools);
  const bodies: Json[] = [];
  for (const user of ['One', 'Two']) bodies.push(await asked(cell, { tools, ...conversationOf(cell.in, [{ user }]) }));
  const [one, two] = bodies.map((body) => toolsAsked(cell.out, body));
  assert.deepEqual(
    one?.map(({ name }) => name),
    ['zoom', 'ask', 'move'],
  );
  assert.equal(JSON.stringify(one), JSON.stringify(two));
  assert.ok(JSON.stringify(one).includes('{"z":{"type":"string"},"a":{"type":"number"}}'), 'fields of a schema keep their order too');
});

/** Tools that a provider runs itself, and kinds that nobody here knows. */
const otherTools: Readonly<Record<Cell['in'], readonly JsonObject[]>> = {
  'openai-completions': [
    { type: 'custom', custom: { name: 'shell' } },
    { type: 'moon_phase', depth: 3 },
  ],
  'openai-responses': [
    { type: 'web_search', search_context_size: 'low' },
    { type: 'moon_phase', depth: 3 },
  ],
  'anthropic-messages': [
    { type: 'web_search_20260209', name: 'web_search', max_uses: 3 },
    { type: 'moon_phase_20270101', name: 'moon' },
  ],
};

testCase(32, 'tools of the provider and tools of unknown kinds reach it, or are refused by name', async (cell) => {
  for (const tool of otherTools[cell.in]) {
    const request = { tools: [tool] };
    if (crosses(cell)) {
      const { message } = await refusal(cell, request);
      assert.ok(message.includes(tool['type']), message);
      assert.match(message, /tools\[0\]/);
      continue;
    }
    assert.deepEqual((await asked(cell, request)).tools, [tool]);
    // Also where the vendor needs repair and the request is rebuilt.
    assert.deepEqual((await asked(cell, request, { finishStopOnTools: true })).tools, [tool]);
  }
});
