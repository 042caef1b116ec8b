/** The real SDKs as clients of the gateway, with providers behind it whose formats no client speaks: Gemini's and Ollama's. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { acme, startTestGateway, type ProviderApi, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, type ReceivedRequest, type Reply } from '../harness/provider.ts';

interface Scene extends AsyncDisposable {
  /** What the provider was asked, apart from trials of the key. */
  readonly asked: readonly ReceivedRequest[];
  readonly gateway: TestGateway;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
}

async function setup(api: ProviderApi, ...replies: Reply[]): Promise<Scene> {
  const asked: ReceivedRequest[] = [];
  const provider = await startProvider((response, request) => {
    // The gateway tries the key once by itself.
    if (request.text === '') return json({})(response, request);
    asked.push(request);
    return replies[Math.min(asked.length, replies.length) - 1]?.(response, request);
  });
  const models = [{ id: 'gemini-3-pro-preview' }];
  const gateway = await startTestGateway({ settings: acme(provider.baseUrl, api, { models }) });
  const { url, token } = gateway;
  return {
    asked,
    gateway,
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: url, apiKey: token, authToken: null, maxRetries: 0 }),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

const model = 'acme/gemini-3-pro-preview';
const question = [{ role: 'user' as const, content: 'Which door?' }];
const schema = { type: 'object' as const, properties: { at: { type: 'string' } } };
const chatTool = { type: 'function' as const, function: { name: 'look', parameters: schema } };
const anthropicTool = { name: 'look', input_schema: schema };
const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 3, thoughtsTokenCount: 2 };

const answer = (parts: unknown[], finishReason?: string): object => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...(finishReason !== undefined && { finishReason }) }],
  usageMetadata,
  responseId: 'r-1',
  modelVersion: 'gemini-3-pro-preview',
});
const thoughts = { text: 'Two doors.', thought: true };
const calls = [
  { functionCall: { id: 'c1', name: 'look', args: { at: 'left' } }, thoughtSignature: 'U0lH' },
  { functionCall: { id: 'c2', name: 'look', args: { at: 'right' } } },
];

/** Written as one stream, in pieces that have nothing to do with its events. */
function streamed(contentType: string, text: string): Reply {
  return async (response) => {
    response.writeHead(200, { 'content-type': contentType });
    for (let at = 0; at < text.length; at += 37) {
      await new Promise<void>((resolve) => response.write(text.slice(at, at + 37), () => setImmediate(resolve)));
    }
    response.end();
  };
}
const gemini = (...pieces: object[]): Reply =>
  streamed('text/event-stream', pieces.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''));
const lines = (...pieces: object[]): Reply => streamed('application/x-ndjson', pieces.map((one) => `${JSON.stringify(one)}\n`).join(''));

describe('a Gemini provider', () => {
  test('is asked at the path of its model, with its key in its own header', async () => {
    await using scene = await setup('google-generative-ai', json(answer([{ text: 'The left.' }], 'STOP')));
    const whole = await scene.openai.chat.completions.create({ model, messages: question });
    assert.equal(whole.choices[0]?.message.content, 'The left.');
    assert.deepEqual([whole.usage?.prompt_tokens, whole.usage?.completion_tokens], [9, 5]);
    const [request] = scene.asked;
    assert.equal(request?.path, '/v1/models/gemini-3-pro-preview:generateContent');
    assert.equal(request?.headers['x-goog-api-key'], 'acme-key-of-the-provider');
    assert.equal(request?.headers['authorization'], undefined);
  });

  test('streams to both SDKs, thinking apart from text', async () => {
    const reply = gemini(answer([thoughts]), answer([{ text: 'The ' }]), answer([{ text: 'größere.' }]), answer([{ text: '' }], 'STOP'));
    await using scene = await setup('google-generative-ai', reply);
    let text = '';
    for await (const chunk of await scene.openai.chat.completions.create({ model, messages: question, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, 'The größere.');
    const message = await scene.anthropic.messages.stream({ model, max_tokens: 50, messages: question }).finalMessage();
    assert.deepEqual(
      message.content.map((block) => (block.type === 'thinking' ? block.thinking : block.type === 'text' ? block.text : block.type)),
      ['Two doors.', 'The größere.'],
    );
    assert.equal(message.stop_reason, 'end_turn');
    assert.equal(message.usage.output_tokens, 5);
    assert.equal(scene.asked[1]?.path, '/v1/models/gemini-3-pro-preview:streamGenerateContent?alt=sse');
  });

  test('gets its calls and their signature back from the OpenAI SDK', async () => {
    await using scene = await setup(
      'google-generative-ai',
      json(answer([thoughts, ...calls], 'STOP')),
      json(answer([{ text: 'Left.' }], 'STOP')),
    );
    const first = await scene.openai.chat.completions.create({ model, messages: question, tools: [chatTool] });
    const message = first.choices[0]?.message;
    assert.equal(first.choices[0]?.finish_reason, 'tool_calls');
    assert.ok(message);
    const results = (message.tool_calls ?? []).map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'open' }));
    await scene.openai.chat.completions.create({ model, messages: [...question, message, ...results], tools: [chatTool] });
    assert.deepEqual((scene.asked[1]?.json['contents'] as unknown[] | undefined)?.[1], { role: 'model', parts: calls });
  });

  test('gets its calls and their signature back from the Anthropic SDK, streamed', async () => {
    const reply = gemini(answer([thoughts]), answer(calls), answer([], 'STOP'));
    await using scene = await setup('google-generative-ai', reply, json(answer([{ text: 'Left.' }], 'STOP')));
    const tools = [anthropicTool];
    const first = await scene.anthropic.messages.stream({ model, max_tokens: 50, messages: question, tools }).finalMessage();
    assert.equal(first.stop_reason, 'tool_use');
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'open' }] : [],
    );
    const turn = { role: 'assistant' as const, content: first.content };
    const messages = [...question, turn, { role: 'user' as const, content: results }];
    await scene.anthropic.messages.create({ model, max_tokens: 50, messages, tools });
    assert.deepEqual((scene.asked[1]?.json['contents'] as unknown[] | undefined)?.[1], { role: 'model', parts: calls });
  });

  test('holds its answer to the schema of the client', async () => {
    await using scene = await setup('google-generative-ai', json(answer([{ text: '{"at":"left"}' }], 'STOP')));
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'place', schema, strict: true } };
    const whole = await scene.openai.chat.completions.create({ model, messages: question, response_format });
    assert.deepEqual(JSON.parse(whole.choices[0]?.message.content ?? ''), { at: 'left' });
    assert.deepEqual(scene.asked[0]?.json['generationConfig'], {
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    });
  });

  test('that breaks off is told as a failure, never as an end', async () => {
    await using scene = await setup('google-generative-ai', gemini(answer([{ text: 'The ' }])));
    await assert.rejects(async () => {
      for await (const _ of await scene.openai.chat.completions.create({ model, messages: question, stream: true }));
    });
    await assert.rejects(scene.anthropic.messages.stream({ model, max_tokens: 50, messages: question }).finalMessage());
  });

  test('whose key is not valid is told apart from a bad request', async () => {
    const error = { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] };
    await using scene = await setup('google-generative-ai', json({ error }, 400));
    const response = await scene.gateway.request('/v1/chat/completions', { json: { model, messages: question } });
    assert.equal(response.status, 502);
    assert.match(await response.text(), /upstream_authentication/);
  });
});

describe('variations that are data', () => {
  const chat = { choices: [{ index: 0, message: { role: 'assistant', content: 'Left.' }, finish_reason: 'stop' }] };
  const message = {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text: 'Left.' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  };

  async function ask(
    name: string,
    settings: (baseUrl: string) => Record<string, unknown>,
    reply: object,
  ): Promise<ReceivedRequest | undefined> {
    await using provider = await startProvider(json(reply));
    await using gateway = await startTestGateway({ settings: { models: { providers: { [name]: settings(provider.baseUrl) } } } });
    const path = name === 'vertex-claude' ? '/v1/messages' : '/v1/chat/completions';
    const response = await gateway.request(path, { json: { model: `${name}/some@1`, max_tokens: 9, messages: question } });
    assert.match(await response.text(), /Left\./);
    return provider.requests[0];
  }

  test('Azure gets its key in its own header and the output limit under its new name', async () => {
    const request = await ask('azure', (baseUrl) => ({ baseUrl, apiKey: 'azure-key' }), chat);
    assert.equal(request?.path, '/v1/chat/completions');
    assert.equal(request.headers['api-key'], 'azure-key');
    assert.equal(request.headers['authorization'], undefined);
  });

  test("Azure's older API has its version in the query of every request", async () => {
    const settings = (baseUrl: string) => ({ baseUrl: `${baseUrl}/openai/deployments/mine?api-version=2024-10-21`, apiKey: 'azure-key' });
    const request = await ask('azure', settings, chat);
    assert.equal(request?.path, '/v1/openai/deployments/mine/chat/completions?api-version=2024-10-21');
  });

  test('Gemini on Vertex is asked below its publisher with a token', async () => {
    const settings = (baseUrl: string) => ({ baseUrl: `${baseUrl}/projects/p/locations/global/publishers/google`, apiKey: 'token' });
    const request = await ask('vertex', settings, answer([{ text: 'Left.' }], 'STOP'));
    assert.equal(request?.path, '/v1/projects/p/locations/global/publishers/google/models/some@1:generateContent');
    assert.equal(request.headers['authorization'], 'Bearer token');
  });

  test('Claude on Vertex is asked by the path of its model, although client and provider speak the same format', async () => {
    const settings = (baseUrl: string) => ({ baseUrl: `${baseUrl}/projects/p/locations/global/publishers/anthropic`, apiKey: 'token' });
    const request = await ask('vertex-claude', settings, message);
    assert.equal(request?.path, '/v1/projects/p/locations/global/publishers/anthropic/models/some@1:rawPredict');
    assert.deepEqual(request.json, { anthropic_version: 'vertex-2023-10-16', max_tokens: 9, messages: question });
    assert.equal(request.headers['authorization'], 'Bearer token');
  });

  test('a vendor whose customers have base URLs of their own says which form they have', async () => {
    await assert.rejects(startTestGateway({ settings: { models: { providers: { azure: { apiKey: 'k' } } } } }), {
      hint: /openai\.azure\.com/,
    });
  });

  test('a key of such a vendor that lies in the environment does not make a provider by itself', async () => {
    await using gateway = await startTestGateway({ environment: { AZURE_OPENAI_API_KEY: 'k' } });
    assert.doesNotMatch(await (await gateway.request('/v1/models')).text(), /azure/);
  });
});

describe('an Ollama provider', () => {
  const line = (message: object, more: object = {}): object => ({
    model: 'qwen3',
    created_at: '2026-10-26T17:15:24.097767Z',
    message: { role: 'assistant', ...message },
    done: false,
    ...more,
  });
  const done = { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 18 };

  test('streams lines to both SDKs, with thinking and calls', async () => {
    const call = { function: { name: 'look', arguments: { at: 'Tür' } } };
    const reply = lines(
      line({ content: '', thinking: 'Hm.' }),
      line({ content: 'Loo' }),
      line({ content: 'king.', tool_calls: [call] }),
      line({ content: '' }, done),
    );
    await using scene = await setup('ollama', reply);
    const { anthropic, openai, asked } = scene;
    const message = await anthropic.messages.stream({ model, max_tokens: 50, messages: question, tools: [anthropicTool] }).finalMessage();
    assert.equal(message.stop_reason, 'tool_use');
    assert.deepEqual(
      message.content.map(({ type }) => type),
      ['thinking', 'text', 'tool_use'],
    );
    const chat = await openai.chat.completions
      .stream({ model, messages: question, tools: [chatTool], stream_options: { include_usage: true } })
      .finalChatCompletion();
    const [made] = chat.choices[0]?.message.tool_calls ?? [];
    assert.equal(made?.type === 'function' && made.function.arguments, '{"at":"Tür"}');
    assert.deepEqual([chat.usage?.prompt_tokens, chat.usage?.completion_tokens], [11, 18]);
    assert.equal(asked[0]?.json['stream'], true);
    assert.equal(asked[0]?.path, '/api/chat');
  });

  test('answers whole', async () => {
    await using scene = await setup('ollama', json(line({ content: 'Left.' }, done)));
    const whole = await scene.openai.chat.completions.create({ model, messages: question });
    assert.equal(whole.choices[0]?.message.content, 'Left.');
    assert.equal(scene.asked[0]?.json['stream'], false);
  });

  test('that breaks off is told as a failure, never as an end', async () => {
    await using scene = await setup('ollama', lines(line({ content: 'The ' })));
    await assert.rejects(scene.anthropic.messages.stream({ model, max_tokens: 50, messages: question }).finalMessage());
  });
});
