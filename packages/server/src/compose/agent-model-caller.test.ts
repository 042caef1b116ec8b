import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createIds } from '../core/ids.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ModelService } from '../models/index.ts';
import type { Wanted } from '../models/reconfigure.fixture.ts';
import type { ConversationMessage, ModelCaller, ModelPart, ModelRequest, ModelToolSpec } from '../runs/engine/contract.ts';
import { createAgentModelCaller, type Counted } from './agent-model-caller.ts';
import { openModels } from './models.fixture.ts';

type Scene = { readonly callModel: ModelCaller; readonly service: ModelService; readonly counted: Counted[] } & AsyncDisposable;

async function openScene(wanted: Wanted = { providers: {} }): Promise<Scene> {
  const models = await openModels(wanted);
  const counted: Counted[] = [];
  const { service } = models;
  return {
    callModel: createAgentModelCaller({ service, ids: createIds(), onCounted: (told) => counted.push(told) }),
    ...{ service, counted },
    [Symbol.asyncDispose]: () => models[Symbol.asyncDispose](),
  };
}

type Refusal = { readonly status: number; readonly body: string };

/** A provider that sends these events, and what it was sent. */
async function openProvider(
  answer: string | Refusal,
): Promise<{ readonly url: string; readonly requests: JsonObject[] } & AsyncDisposable> {
  const requests: JsonObject[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      requests.push(JSON.parse(text) as JsonObject);
      if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'text/event-stream' }).end(answer);
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const read: ModelToolSpec = {
  name: 'read',
  description: 'Reads a file.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};
/** One call went well, another had arguments that are no JSON. */
const conversation: readonly ConversationMessage[] = [
  { role: 'system', text: 'Be careful.' },
  { role: 'user', text: 'What does a.txt say?' },
  {
    role: 'assistant',
    text: 'I look.',
    toolCalls: [
      { callId: 'one', name: 'read', argumentsText: '{"path":"a.txt"}' },
      { callId: 'two', name: 'read', argumentsText: 'b.txt' },
    ],
  },
  { role: 'tool', callId: 'one', text: 'Hello.' },
  { role: 'tool', callId: 'two', text: 'The arguments are no JSON.' },
];

function ask(model: string, more: Partial<ModelRequest> = {}): ModelRequest {
  const { signal } = new AbortController();
  const run = { runId: 'run-1', sessionKey: 'agent:main:main', idempotencyKey: 'run-1/4' };
  return { model, messages: conversation, tools: [read], ...run, signal, ...more };
}

function rehearse(script: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return ask('openclaw/rehearsal', { messages: [{ role: 'user', text: script }], ...more });
}

async function partsOf(parts: AsyncIterable<ModelPart>): Promise<{ text: string; others: ModelPart[] }> {
  let text = '';
  const others: ModelPart[] = [];
  for await (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else others.push(part);
  }
  return { text, others };
}

test('words come as they are said, tool calls whole, and what it took at the end', async () => {
  await using scene = await openScene();
  const script = 'say Let me look.\ntool read {"path":"a.txt"}\ntool list {}\n\nsay That was all.';
  const { text, others } = await partsOf(scene.callModel(rehearse(script)));
  assert.equal(text, 'Let me look.');
  const [first, second, end, ...more] = others;
  assert.ok(first?.kind === 'toolCall' && second?.kind === 'toolCall' && end?.kind === 'end' && more.length === 0);
  assert.deepEqual([first.call.name, JSON.parse(first.call.argumentsText)], ['read', { path: 'a.txt' }]);
  assert.deepEqual([second.call.name, second.call.argumentsText], ['list', '{}']);
  assert.notEqual(first.call.callId, second.call.callId);
  assert.equal(end.finishReason, 'tool_calls');
  assert.ok(end.use && end.use.inputTokens > 0 && end.use.outputTokens > 0);
  assert.equal(scene.counted[0]?.inputTokens, end.use.inputTokens);
});

test('with the results of its calls a model goes on', async () => {
  await using scene = await openScene();
  const script = 'tool read {"path":"a.txt"}\n\nsay That was all.';
  const { others } = await partsOf(scene.callModel(rehearse(script)));
  const calls = others.flatMap((part) => (part.kind === 'toolCall' ? [part.call] : []));
  const messages: ConversationMessage[] = [
    { role: 'user', text: script },
    { role: 'assistant', text: '', toolCalls: calls },
    ...calls.map(({ callId }): ConversationMessage => ({ role: 'tool', callId, text: 'Hello.' })),
  ];
  const { text, others: rest } = await partsOf(scene.callModel(rehearse('', { messages })));
  assert.equal(text, 'That was all.');
  assert.deepEqual(
    rest.map((part) => part.kind === 'end' && part.finishReason),
    ['stop'],
  );
});

const events = (...chunks: readonly unknown[]): string => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
const named = (...chunks: readonly { readonly type: string; readonly [more: string]: unknown }[]): string =>
  chunks.map((chunk) => `event: ${chunk.type}\ndata: ${JSON.stringify(chunk)}\n\n`).join('');
const price = { models: [{ id: 'm', cost: { input: 2, output: 10 } }] } as const;

const openaiChunk = (delta: object, finish: string | null = null): object => ({
  ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const openaiAnswer =
  events(
    openaiChunk({ role: 'assistant', content: 'Now ' }),
    openaiChunk({ content: 'the other.' }),
    openaiChunk({ tool_calls: [{ index: 0, id: 'three', type: 'function', function: { name: 'read', arguments: '' } }] }),
    openaiChunk({ tool_calls: [{ index: 0, function: { arguments: '{"path":' } }] }),
    openaiChunk({ tool_calls: [{ index: 0, function: { arguments: '"b.txt"}' } }] }),
    openaiChunk({}, 'tool_calls'),
    { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: { prompt_tokens: 100, completion_tokens: 7 } },
  ) + 'data: [DONE]\n\n';

const anthropicAnswer = named(
  {
    type: 'message_start',
    message: {
      ...{ id: 'm1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null },
      usage: { input_tokens: 100, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Now the other.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'three', name: 'read', input: {} } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"path":' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '"b.txt"}' } },
  { type: 'content_block_stop', index: 1 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
);

const googleAnswer = events(
  { candidates: [{ content: { role: 'model', parts: [{ text: 'Now the other.' }] }, index: 0 }] },
  {
    candidates: [
      {
        content: {
          role: 'model',
          parts: [{ functionCall: { id: 'three', name: 'read', args: { path: 'b.txt' } }, thoughtSignature: 'cHJvb2Y=' }],
        },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 7, totalTokenCount: 107 },
  },
);

const dialects = [
  { api: 'openai-completions', path: '/v1', answer: openaiAnswer, history: openaiHistory },
  { api: 'anthropic-messages', path: '/v1', answer: anthropicAnswer, history: anthropicHistory },
  { api: 'google-generative-ai', path: '/v1beta', answer: googleAnswer, history: googleHistory },
] as const;

for (const { api, path, answer, history } of dialects) {
  test(`${api}: calls, results and tools arrive, the answer comes back whole, and its price is known`, async () => {
    await using provider = await openProvider(answer);
    await using scene = await openScene({ providers: { there: { baseUrl: provider.url + path, api, apiKey: 'k', ...price } } });
    const { text, others } = await partsOf(scene.callModel(ask('there/m')));
    assert.equal(text, 'Now the other.');
    const [part, end] = others;
    assert.ok(part?.kind === 'toolCall' && end?.kind === 'end');
    assert.deepEqual([part.call.callId, part.call.name, JSON.parse(part.call.argumentsText)], ['three', 'read', { path: 'b.txt' }]);
    // 100 tokens at 2 US$ a million and 7 at 10.
    assert.deepEqual(end, { kind: 'end', finishReason: 'tool_calls', use: { inputTokens: 100, outputTokens: 7, costNanoUsd: 270_000 } });
    assert.deepEqual(scene.counted, [{ model: 'there/m', messages: conversation, tools: [read], inputTokens: 100 }]);
    assert.equal(provider.requests.length, 1);
    history(provider.requests[0] ?? {});
  });
}

function openaiHistory({ messages, tools }: JsonObject): void {
  assert.deepEqual(tools, [{ type: 'function', function: { ...read } }]);
  assert.deepEqual(messages, [
    { role: 'system', content: 'Be careful.' },
    { role: 'user', content: 'What does a.txt say?' },
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [
        { id: 'one', type: 'function', function: { name: 'read', arguments: '{"path":"a.txt"}' } },
        { id: 'two', type: 'function', function: { name: 'read', arguments: 'b.txt' } },
      ],
    },
    { role: 'tool', tool_call_id: 'one', content: 'Hello.' },
    { role: 'tool', tool_call_id: 'two', content: 'The arguments are no JSON.' },
  ]);
}

function anthropicHistory({ system, messages, tools }: JsonObject): void {
  assert.match(JSON.stringify(system), /Be careful\./);
  assert.match(JSON.stringify(tools), /"name":"read"/);
  const [, calls, results] = Array.isArray(messages) ? messages.filter(isJsonObject).map(({ content }) => content) : [];
  assert.ok(Array.isArray(calls) && Array.isArray(results));
  const ids = (parts: unknown[], type: string, field: string): unknown[] =>
    parts.filter(isJsonObject).flatMap((part) => (part['type'] === type ? [part[field]] : []));
  assert.deepEqual(ids(calls, 'tool_use', 'input'), [{ path: 'a.txt' }, { malformed_arguments: 'b.txt' }]);
  assert.deepEqual(ids(results, 'tool_result', 'tool_use_id'), ids(calls, 'tool_use', 'id'));
}

function googleHistory({ contents, systemInstruction }: JsonObject): void {
  assert.match(JSON.stringify(systemInstruction), /Be careful\./);
  const parts = (Array.isArray(contents) ? contents : []).filter(isJsonObject).flatMap((content) => content['parts'] ?? []);
  const of = (kind: string): unknown[] => parts.filter(isJsonObject).flatMap((part) => (isJsonObject(part[kind]) ? [part[kind]] : []));
  assert.deepEqual(
    of('functionCall').map((call) => isJsonObject(call) && call['args']),
    [{ path: 'a.txt' }, { malformed_arguments: 'b.txt' }],
  );
  assert.equal(of('functionResponse').length, 2);
}

test('what a provider wants back with a call goes back with it, and through JSON', async () => {
  await using provider = await openProvider(googleAnswer);
  const own = { baseUrl: `${provider.url}/v1beta`, api: 'google-generative-ai', apiKey: 'k' } as const;
  await using scene = await openScene({ providers: { there: own } });
  const { others } = await partsOf(scene.callModel(ask('there/m')));
  const toolCalls = others.flatMap((part) => (part.kind === 'toolCall' ? [part.call] : []));
  const kept = JSON.parse(JSON.stringify({ role: 'assistant', text: '', toolCalls })) as ConversationMessage;
  const messages = [...conversation, kept, { role: 'tool', callId: 'three', text: 'World.' } as const];
  await partsOf(scene.callModel(ask('there/m', { messages })));
  assert.match(JSON.stringify(provider.requests[1]), /"thoughtSignature":"cHJvb2Y="/);
});

test('thinking goes back with the calls that it led to, and with nothing else', async () => {
  await using provider = await openProvider(
    openaiAnswer.replace('"content":"Now "', '"content":"Now ","reasoning_content":"It asks for two."'),
  );
  await using scene = await openScene({ providers: { there: { baseUrl: provider.url, apiKey: 'k' } } });
  const { text, others } = await partsOf(scene.callModel(ask('there/m')));
  assert.equal(text, 'Now the other.');
  const toolCalls = others.flatMap((part) => (part.kind === 'toolCall' ? [part.call] : []));
  assert.deepEqual(toolCalls[0]?.opaque, { message: { reasoning_content: 'It asks for two.' } });
  const results: ConversationMessage[] = [{ role: 'tool', callId: 'three', text: 'World.' }];
  await partsOf(scene.callModel(ask('there/m', { messages: [...conversation, { role: 'assistant', text: '', toolCalls }, ...results] })));
  const sent = JSON.stringify(provider.requests[1]?.['messages']);
  assert.equal(sent.split('reasoning_content').length, 2);
});

test('a refusal and a break in the middle come back as what they were', async () => {
  const body = JSON.stringify({ error: { message: 'prompt is too long: 9 tokens > 8 maximum', type: 'invalid_request_error' } });
  await using provider = await openProvider({ status: 400, body });
  await using scene = await openScene({ providers: { there: { baseUrl: provider.url, apiKey: 'k' } } });
  await assert.rejects(partsOf(scene.callModel(ask('there/m'))), { code: 'upstream_refused', message: /prompt is too long/ });
  await assert.rejects(partsOf(scene.callModel(ask('nowhere/m'))), { code: 'model_not_found' });
  await assert.rejects(partsOf(scene.callModel(rehearse('say Begun\nwait 1ms\ncut'))), { code: 'upstream_truncated' });
});

test('an answer that was cut off by an abort never looks like a whole one', async () => {
  await using scene = await openScene();
  const aborting = new AbortController();
  const reading = scene.callModel(rehearse('say Begun\nwait 10m\nsay never', { signal: aborting.signal }))[Symbol.asyncIterator]();
  assert.equal((await reading.next()).value?.kind, 'text');
  const rest = reading.next();
  aborting.abort(new OpenClawError('draining'));
  await assert.rejects(rest, { code: 'draining' });
  await scene.service.requests.idle();
  const { signal } = aborting;
  await assert.rejects(partsOf(scene.callModel(rehearse('say Begun', { signal }))), { code: 'draining' });
});

/** What the model path would write. */
function serving(...chunks: readonly object[]): Pick<ModelService, 'serve'> {
  return {
    async serve({ whenOver }, sink) {
      sink.head(200, { 'content-type': 'text/event-stream' });
      for (const chunk of chunks) if (!sink.write(events(chunk))) await sink.drained();
      whenOver?.({ usage: undefined, costNanoUsd: undefined });
      sink.end('data: [DONE]\n\n');
    },
  };
}

test('calls without an id, and with the same one, are told apart; an answer that was kept costs nothing', async () => {
  const call = (index: number, id?: string): object => ({ index, ...(id && { id }), function: { name: 'read', arguments: '{}' } });
  const service = serving(openaiChunk({ tool_calls: [call(0), call(1, 'a'), call(2, 'a'), call(3)] }), openaiChunk({}, 'tool_calls'));
  const { others } = await partsOf(createAgentModelCaller({ service, ids: createIds() })(ask('m')));
  const ids = others.flatMap((part) => (part.kind === 'toolCall' ? [part.call.callId] : []));
  assert.equal(new Set(ids).size, 4);
  assert.equal(ids[1], 'a');
  assert.deepEqual(others.at(-1), { kind: 'end', finishReason: 'tool_calls', use: { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 } });
});

test('arguments that never end are refused, and not gathered', async () => {
  const piece = openaiChunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'read', arguments: 'x'.repeat(2 ** 20) } }] });
  let isOver = false;
  const endless = serving(...Array.from({ length: 64 }, () => piece));
  const service: Pick<ModelService, 'serve'> = {
    serve: (modelCall, sink) => endless.serve({ ...modelCall, whenOver: () => void (isOver = true) }, sink),
  };
  await assert.rejects(partsOf(createAgentModelCaller({ service, ids: createIds() })(ask('m'))), { code: 'answer_too_large' });
  assert.ok(isOver, 'the model path was let go');
});
