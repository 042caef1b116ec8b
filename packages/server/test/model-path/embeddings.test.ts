/** `/v1/embeddings` and `/v1/messages/count_tokens`: with the real SDKs, in the formats of all providers, and refused by name where there is no way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { acme, startTestGateway, type Api, type ProviderApi, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider, type ReceivedRequest, type Reply, type TestProvider } from '../harness/provider.ts';

interface Scene extends AsyncDisposable {
  readonly provider: TestProvider;
  readonly gateway: TestGateway;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** What the provider was asked last. */
  asked(): ReceivedRequest;
}

async function setup(api: Api | ProviderApi, reply: Reply, more: Record<string, unknown> = {}): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const provider = resources.use(await startProvider(reply));
  const gateway = resources.use(await startTestGateway({ settings: acme(provider.baseUrl, api, more) }));
  const { url, token } = gateway;
  const kept = resources.move();
  return {
    ...{ provider, gateway },
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: url, apiKey: token, authToken: null, maxRetries: 0 }),
    asked: () => provider.requests.at(-1) ?? assert.fail('the provider was not asked'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Numbers that 32 bits hold exactly, so that both ways of writing them give the same. */
const vectors = [
  [0.5, -0.25, 1],
  [0, 2, -8],
];
const texts = ['first', 'second'];
const base64Of = (vector: readonly number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');

/** As OpenAI answers: in the form that is asked for. */
const openaiReply: Reply = (response, request) => {
  const asBase64 = request.json['encoding_format'] === 'base64';
  const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: asBase64 ? base64Of(vector) : vector }));
  return json({ object: 'list', data, model: 'large', usage: { prompt_tokens: 4, total_tokens: 4 } })(response, request);
};

const foreign: Readonly<
  Record<string, { readonly answer: object; readonly path: string; readonly body: object; readonly tokens: number }>
> = {
  'google-generative-ai': {
    answer: { embeddings: vectors.map((values) => ({ values })), usageMetadata: { promptTokenCount: 4 } },
    path: '/v1/models/large:batchEmbedContents',
    body: { requests: texts.map((text) => ({ model: 'models/large', content: { parts: [{ text }] }, outputDimensionality: 3 })) },
    tokens: 4,
  },
  ollama: {
    answer: { model: 'large', embeddings: vectors, prompt_eval_count: 4 },
    // Its own API lies beside the OpenAI-like one.
    path: '/api/embed',
    body: { model: 'large', input: texts, dimensions: 3 },
    tokens: 4,
  },
};

test('the openai SDK gets the vectors of an OpenAI-like provider, in base64 as it asks by itself and as numbers', async () => {
  await using scene = await setup('openai-completions', openaiReply);
  for (const format of [undefined, 'float'] as const) {
    const answer = await scene.openai.embeddings.create({
      ...{ model: 'acme/large', input: texts },
      ...(format && { encoding_format: format }),
    });
    assert.deepEqual(
      answer.data.map(({ embedding }) => [...embedding]),
      vectors,
    );
    assert.equal(answer.usage.prompt_tokens, 4);
    assert.deepEqual(scene.asked().json, { model: 'large', input: texts, encoding_format: format ?? 'base64' });
    assert.equal(scene.asked().path, '/v1/embeddings');
    assert.equal(scene.asked().headers.authorization, 'Bearer acme-key-of-the-provider');
  }
});

for (const [api, { answer, path, body, tokens }] of Object.entries(foreign)) {
  test(`the openai SDK gets the vectors of ${api}, in base64 as it asks by itself and as numbers`, async () => {
    await using scene = await setup(api as ProviderApi, json(answer));
    for (const format of [undefined, 'float'] as const) {
      const got = await scene.openai.embeddings.create({
        ...{ model: 'acme/large', input: texts, dimensions: 3 },
        ...(format && { encoding_format: format }),
      });
      assert.deepEqual(
        got.data.map(({ embedding, index }) => [index, [...embedding]]),
        vectors.map((vector, index) => [index, vector]),
      );
      assert.equal(got.usage.prompt_tokens, tokens);
      assert.equal(scene.asked().path, path);
      assert.deepEqual(scene.asked().json, body);
    }
  });
}

for (const { name, model, input, sent, answer, expected } of [
  {
    ...{ name: 'Titan takes one text', model: 'amazon.titan-embed-text-v2:0', input: 'first' },
    ...{ sent: { inputText: 'first' }, answer: { embedding: vectors[0], inputTextTokenCount: 2 }, expected: vectors.slice(0, 1) },
  },
  {
    ...{ name: 'Cohere’s models take many', model: 'cohere.embed-english-v3', input: texts },
    ...{ sent: { texts, input_type: 'search_document' }, answer: { embeddings: vectors }, expected: vectors },
  },
  {
    ...{ name: 'Cohere’s newer models name the kind', model: 'cohere.embed-v4:0', input: texts },
    ...{ sent: { texts, input_type: 'search_document' }, answer: { embeddings: { float: vectors } }, expected: vectors },
  },
]) {
  test(`Bedrock: ${name}`, async () => {
    await using scene = await setup('bedrock-converse-stream', json(answer));
    const got = await scene.openai.embeddings.create({ model: `acme/${model}`, input });
    assert.deepEqual(
      got.data.map(({ embedding }) => [...embedding]),
      expected,
    );
    assert.equal(scene.asked().path, `/v1/model/${encodeURIComponent(model)}/invoke`);
    assert.deepEqual(scene.asked().json, sent);
  });
}

function embed({ gateway }: Pick<Scene, 'gateway'>, fields: object): Promise<Response> {
  return gateway.request('/v1/embeddings', { json: { model: 'acme/large', input: texts, ...fields } });
}

const refusals: readonly (readonly [name: string, api: Api | ProviderApi, fields: object, says: RegExp])[] = [
  ['a provider that has no embeddings', 'anthropic-messages', {}, /a request for embeddings/],
  ['input as tokens', 'google-generative-ai', { input: [1, 2, 3] }, /input as tokens/],
  ['input as lists of tokens', 'ollama', { input: [[1, 2], [3]] }, /input as tokens/],
  ['a field that the format has no place for', 'google-generative-ai', { a_field_of_tomorrow: 1 }, /a_field_of_tomorrow/],
  ['several texts to Titan', 'bedrock-converse-stream', { model: 'acme/amazon.titan-embed-text-v2:0' }, /more than one text at a time/],
  [
    'another length to Cohere',
    'bedrock-converse-stream',
    { model: 'acme/cohere.embed-english-v3', dimensions: 3 },
    /another length of the vectors/,
  ],
  ['no text', 'ollama', { input: [] }, /at least one text/],
  ['an empty text', 'google-generative-ai', { input: [''] }, /not empty/],
  ['a length that is none', 'ollama', { dimensions: 0 }, /whole number above 0/],
  ['a format that is none', 'ollama', { encoding_format: 'hex' }, /'float' or 'base64'/],
  ['no model', 'ollama', { model: 7 }, /model/],
];

for (const [name, api, fields, says] of refusals) {
  test(`refused by name before anybody is asked: ${name}`, async () => {
    await using scene = await setup(api, json({}));
    const response = await embed(scene, fields);
    assert.equal(response.status, 400);
    assert.match(await response.text(), says);
    assert.equal(scene.provider.requests.length, 0);
  });
}

test('an answer that has not as many vectors as texts is a broken one, and so is one without any', async () => {
  await using fewer = await setup('ollama', json({ embeddings: vectors.slice(1) }));
  assert.equal((await embed(fewer, {})).status, 502);
  await using none = await setup('openai-completions', json({ object: 'list' }));
  assert.equal((await embed(none, {})).status, 502);
});

test('they go the same way as conversations: failover, headers that say what happened, usage, and the cost', async () => {
  await using one = await startProvider(refuse(500, 'oops'));
  await using two = await startProvider(openaiReply);
  const provider = (baseUrl: string, api: Api): object => ({ baseUrl, api, models: [{ id: 'large', cost: { input: 1, output: 0 } }] });
  const settings = {
    models: {
      providers: {
        none: provider(one.baseUrl, 'anthropic-messages'),
        one: provider(one.baseUrl, 'openai-completions'),
        two: provider(two.baseUrl, 'openai-responses'),
      },
      // The first has no embeddings at all, and the next one fails.
      routes: { vectors: { targets: ['none/large', 'one/large', 'two/large'] } },
      retry: { baseDelayMs: 1, maxDelayMs: 20 },
    },
  };
  await using gateway = await startTestGateway({ settings });
  const response = await embed({ gateway }, { model: 'vectors' });
  assert.equal(response.status, 200);
  const header = (name: string): string | null => response.headers.get(`x-openclaw-${name}`);
  assert.deepEqual([header('target'), header('attempts'), header('cost')], ['two/large', '3', '0.000004000']);
  assert.match(header('queue-ms') ?? '', /^\d+$/);
  assert.match(header('request-id') ?? '', /./);
  await response.text();
  await gateway.running.models.service.requests.idle();
  const { rows } = (await (await gateway.request('/admin/v1/usage?since=0&by=model')).json()) as { rows: Record<string, unknown>[] };
  assert.deepEqual(
    rows.map((row) => [row['requests'], row['failed'], row['inputTokens'], row['costNanoUsd']]),
    [[1, 0, 4, 4000]],
  );
});

test('a client that leaves takes its request for embeddings along', async () => {
  await using scene = await setup('openai-completions', () => {});
  const leaving = new AbortController();
  const [cut, received] = [scene.provider.cutOff(), scene.provider.received()];
  const asked = scene.openai.embeddings.create({ model: 'acme/large', input: texts }, { signal: leaving.signal });
  asked.catch(() => {});
  await received;
  leaving.abort();
  await cut;
  await scene.gateway.running.models.service.requests.idle();
});

const counted = {
  model: 'acme/large',
  system: 'You look at doors.',
  messages: [{ role: 'user' as const, content: 'Which door do you see?' }],
  tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' as const, properties: { at: { type: 'string' } } } }],
};

test('a provider of the Messages API counts tokens itself, and its answer goes through', async () => {
  const bytes = '{"input_tokens": 42,\n "a_field_of_tomorrow": 1.0}';
  await using scene = await setup('anthropic-messages', (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
  });
  const answer = await scene.anthropic.messages.countTokens(counted);
  assert.equal(answer.input_tokens, 42);
  assert.equal(scene.asked().path, '/v1/messages/count_tokens');
  assert.deepEqual(scene.asked().json, { ...counted, model: 'large' });
  assert.equal(scene.asked().headers['x-api-key'], 'acme-key-of-the-provider');
  const raw = await scene.gateway.request('/v1/messages/count_tokens', { json: counted });
  assert.equal(await raw.text(), bytes);
  assert.equal(scene.asked().headers['anthropic-version'], '2023-06-01', 'the provider demands one, also where the client says none');
});

test('for another provider the count is an estimate from what would be sent, and says so', async () => {
  await using scene = await setup('openai-completions', json({}));
  const count = async (fields: object = {}): Promise<number> => {
    const response = await scene.gateway.request('/v1/messages/count_tokens', { json: { ...counted, ...fields } });
    assert.equal(response.status, 200);
    const answer = (await response.json()) as { input_tokens: number; openclaw: { estimated: boolean } };
    assert.equal(answer.openclaw.estimated, true);
    return answer.input_tokens;
  };
  const few = await count();
  assert.ok(few > 20 && few < 200, String(few));
  const many = await count({ messages: [{ role: 'user', content: 'word '.repeat(4000) }] });
  assert.ok(many > 4000 && many < 6000, String(many));
  assert.ok((await count({ tools: [] })) < few);
  assert.ok((await count({ system: 'word '.repeat(400) })) > few + 400, 'instructions count too');
  assert.equal((await scene.anthropic.messages.countTokens(counted)).input_tokens, few);
  assert.equal(scene.provider.requests.length, 0);
});

test('counting costs nothing, is nobody’s usage, and a count that is none is a broken answer', async () => {
  await using scene = await setup('anthropic-messages', json({ input_tokens: 42 }));
  await (await scene.gateway.request('/v1/messages/count_tokens', { json: counted })).text();
  await scene.gateway.running.models.service.requests.idle();
  const { rows } = (await (await scene.gateway.request('/admin/v1/usage?since=0&by=model')).json()) as { rows: Record<string, number>[] };
  assert.equal(
    rows.reduce((sum, row) => sum + (row['inputTokens'] ?? 0), 0),
    0,
  );
  scene.provider.answer(json({ tokens: 42 }));
  assert.equal((await scene.gateway.request('/v1/messages/count_tokens', { json: counted })).status, 502);
});
