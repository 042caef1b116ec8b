/** What the client never sees: failures before the first output are tried elsewhere. And what it must see: those after it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider, stream, type Reply, type TestProvider } from '../harness/provider.ts';
import { anthropicStream, chatStream, chatWhole } from '../harness/wire.ts';

interface Pair extends AsyncDisposable {
  readonly first: TestProvider;
  readonly second: TestProvider;
  readonly gateway: TestGateway;
}

async function setup(first: Reply, second: Reply): Promise<Pair> {
  await using resources = new AsyncDisposableStack();
  const one = resources.use(await startProvider(first));
  const two = resources.use(await startProvider(second));
  const provider = (baseUrl: string, api: string): object => ({ baseUrl, api, models: [{ id: 'large' }] });
  const settings = {
    models: {
      providers: { one: provider(one.baseUrl, 'openai-completions'), two: provider(two.baseUrl, 'anthropic-messages') },
      routes: { fast: { targets: ['one/large', 'two/large'] } },
      retry: { baseDelayMs: 1, maxDelayMs: 50, attempts: 4 },
    },
  };
  const gateway = resources.use(await startTestGateway({ settings }));
  const kept = resources.move();
  return { first: one, second: two, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const question = { messages: [{ role: 'user', content: 'Hello?' }], stream: true };
const good = stream(anthropicStream({ text: ['Hello', ' you.'] }));

const failuresBeforeOutput: readonly [string, Reply][] = [
  ['a 500', refuse(500, 'oops')],
  ['a 429 with a long Retry-After', refuse(429, 'slow down', { 'retry-after': '600' })],
  ['a 401 for the gateway’s own key', refuse(401, 'who are you')],
  ['a 404 for its model', refuse(404, 'no such model')],
  ['a reset connection', (response) => void response.destroy()],
  ['a stream that only says hello', stream(chatStream({ text: [] }).slice(0, 1), { end: 'cut' })],
  ['an error inside its 200', stream(['data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n'])],
];

for (const [name, failure] of failuresBeforeOutput) {
  test(`${name} moves the request on, and the client sees one clean stream`, async () => {
    await using pair = await setup(failure, good);
    const response = await pair.gateway.request('/v1/chat/completions', { json: { ...question, model: 'fast' } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-openclaw-target'), 'two/large');
    assert.equal(response.headers.get('x-openclaw-attempts'), '2');
    const text = await response.text();
    assert.ok(!text.includes('error'), text);
    assert.ok(text.endsWith('data: [DONE]\n\n'), text);
    assert.equal(text.split('"role":"assistant"').length - 1, 1, 'one beginning');
    assert.equal(pair.first.requests.length, 1);
  });
}

test('what is wrong with the request itself is not asked twice', async () => {
  await using pair = await setup(refuse(400, 'temperature must be a number'), good);
  const response = await pair.gateway.request('/v1/chat/completions', { json: { ...question, model: 'fast' } });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /temperature must be a number/);
  assert.equal(pair.second.requests.length, 0);
});

test('after the first output a failure ends the stream with an error event, and nobody else is asked', async () => {
  await using pair = await setup(stream(chatStream({ text: ['Hel', 'lo'] }).slice(0, 2), { end: 'cut' }), good);
  const response = await pair.gateway.request('/v1/chat/completions', { json: { ...question, model: 'fast' } });
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.match(text, /"content":"Hel"/);
  assert.match(text, /data: \{"error":\{/);
  assert.ok(!text.includes('[DONE]'), 'never a clean end');
  assert.equal(pair.second.requests.length, 0);
});

test('a provider that says much and nothing is not kept in memory: past a megabyte its stream is passed on', async () => {
  const filler = `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: 'large', choices: [], note: 'y'.repeat(100_000) })}\n\n`;
  await using pair = await setup(stream([...Array.from({ length: 12 }, () => filler), ...chatStream({ text: ['hi'] })]), good);
  const response = await pair.gateway.request('/v1/chat/completions', { json: { ...question, model: 'one/large' } });
  const text = await response.text();
  assert.equal(text.split('"note"').length - 1, 12);
  assert.ok(text.endsWith('data: [DONE]\n\n'));
});

test('a bare model id that two providers have is a failover route over both', async () => {
  await using pair = await setup(refuse(500, 'oops'), good);
  const response = await pair.gateway.request('/openai/v1/chat/completions', { json: { ...question, model: 'large' } });
  assert.equal(response.headers.get('x-openclaw-target'), 'two/large');
  await response.text();
});

test('same dialect: the provider gets the client’s bytes but for the model, and the client the provider’s', async () => {
  const answer = { ...chatWhole({ text: 'hi' }), a_field_of_tomorrow: { deep: [1.0, 'é'] } };
  const bytes = JSON.stringify(answer, undefined, 3);
  await using pair = await setup((response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(bytes), good);
  const sent = '{ "messages" : [{"role":"user","content":"\\u00e9 {\\"model\\":1}"}],\n  "model":"one/large", "new_option": 1e3 }';
  const response = await pair.gateway.request('/v1/chat/completions', { method: 'POST', body: sent });
  assert.equal(await response.text(), bytes);
  assert.equal(pair.first.requests[0]?.text, sent.replace('one/large', 'large'));
});

test('same dialect, streamed: the client gets the provider’s bytes, comments aside', async () => {
  const parts = chatStream({ text: ['Hé', '🦞'] });
  await using pair = await setup(stream([': OPENROUTER PROCESSING\n\n', ...parts]), good);
  const response = await pair.gateway.request('/v1/chat/completions', {
    json: { ...question, model: 'one/large', stream_options: { include_usage: true } },
  });
  assert.equal(await response.text(), parts.join(''));
});

test('what was used and what it cost is in the record, by key and by model', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  const settings = {
    models: {
      providers: {
        acme: { baseUrl: provider.baseUrl, api: 'openai-completions', models: [{ id: 'large', cost: { input: 1, output: 2 } }] },
      },
    },
  };
  await using gateway = await startTestGateway({ settings });
  const key = (await (await gateway.request('/admin/v1/keys', { json: { name: 'ci', models: ['acme/large'] } })).json()) as {
    key: string;
    id: string;
  };
  const ask = (model: string) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.key}` },
      body: JSON.stringify({ ...question, stream: false, model }),
    });
  assert.equal((await ask('acme/large')).status, 200);
  assert.equal((await ask('openclaw/rehearsal')).status, 403);
  const { rows } = (await (await gateway.request('/admin/v1/usage?since=0&by=key')).json()) as { rows: Record<string, unknown>[] };
  const row = rows.find(({ name }) => name === key.id);
  assert.deepEqual([row?.['requests'], row?.['failed'], row?.['inputTokens'], row?.['costNanoUsd']], [2, 1, 9, 15_000]);
  assert.equal((await fetch(`${gateway.url}/admin/v1/usage`, { headers: { authorization: `Bearer ${key.key}` } })).status, 403);
  await gateway.request(`/admin/v1/keys/${key.id}`, { method: 'DELETE' });
  assert.equal((await ask('acme/large')).status, 401);
});
