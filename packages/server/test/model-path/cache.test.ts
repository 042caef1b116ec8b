/** Answers that are used again: for whom, for what, in which form, and who asks when many ask the same at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import type { CreatedKey } from '@openclaw/protocol';
import OpenAI from 'openai';
import { acme, startTestGateway, type Api, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider, stream, type Reply, type TestProvider } from '../harness/provider.ts';
import { wires } from '../harness/wire.ts';

interface Scene extends AsyncDisposable {
  readonly provider: TestProvider;
  readonly gateway: TestGateway;
}

async function setup(reply: Reply, { api }: { readonly api?: Api } = {}): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const provider = resources.use(await startProvider(reply));
  const settings = acme(provider.baseUrl, api) as { readonly models: object };
  const gateway = resources.use(await startTestGateway({ settings: { models: { ...settings.models, cache: { enabled: true } } } }));
  const kept = resources.move();
  return { provider, gateway, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const question = { model: 'acme/large', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hello?' }] };
const whole = json(wires['openai-completions'].whole({ text: 'Hello you.' }));

interface Asked {
  readonly fields?: object;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function ask({ gateway }: Scene, { fields, headers, signal }: Asked = {}): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    json: { ...question, ...fields },
    ...(headers && { headers }),
    ...(signal && { signal }),
  });
}

async function createKey({ gateway }: Scene): Promise<Record<string, string>> {
  const created = (await (await gateway.request('/admin/v1/keys', { json: { name: 'ci', rpm: 100, usdPerDay: 1 } })).json()) as CreatedKey;
  return { authorization: `Bearer ${created.key}` };
}

test('the same request is answered from memory, and says so; it costs nothing', async () => {
  await using scene = await setup(whole);
  const first = await ask(scene);
  const second = await ask(scene);
  assert.deepEqual([first.headers.get('x-openclaw-cache'), second.headers.get('x-openclaw-cache')], ['miss', 'hit']);
  assert.equal(second.headers.get('x-openclaw-target'), 'acme/large');
  assert.equal(second.headers.get('x-openclaw-cost'), null);
  const [one, two] = (await Promise.all([first.json(), second.json()])) as {
    choices: { message: { content: string } }[];
    usage: { total_tokens: number };
  }[];
  assert.equal(two?.choices[0]?.message.content, 'Hello you.');
  assert.deepEqual([one?.usage.total_tokens, two.usage.total_tokens], [12, 12]);
  assert.equal(scene.provider.requests.length, 1);
  const { rows } = (await (await scene.gateway.request('/admin/v1/usage?since=0&by=model')).json()) as { rows: Record<string, unknown>[] };
  assert.equal(
    rows.reduce((sum, row) => sum + Number(row['inputTokens']), 0),
    9,
    'tokens are counted once',
  );
});

test('another caller, another field, a client that forbids it: each asks the provider', async () => {
  await using scene = await setup(whole);
  await (await ask(scene)).text();
  const one = await createKey(scene);
  const two = await createKey(scene);
  const others: readonly Asked[] = [
    { headers: one },
    { headers: two },
    { fields: { temperature: 0.5 } },
    { fields: { messages: [{ role: 'user', content: 'Hello!' }] } },
    { fields: { a_field_of_tomorrow: 1 } },
    { headers: { 'cache-control': 'no-cache' } },
    { headers: { 'cache-control': 'no-cache' } },
  ];
  for (const other of others) {
    const response = await ask(scene, other);
    assert.notEqual(response.headers.get('x-openclaw-cache'), 'hit', JSON.stringify(other));
    await response.text();
  }
  assert.equal(scene.provider.requests.length, 1 + others.length);
  assert.equal((await ask(scene, { headers: one })).headers.get('x-openclaw-cache'), 'hit', 'each caller has its own');
});

test('an answer from memory leaves the budget of a key as it was', async () => {
  await using scene = await setup(whole);
  const headers = await createKey(scene);
  for (let count = 0; count < 3; count += 1) await (await ask(scene, { headers })).text();
  await scene.gateway.running.models.service.requests.idle();
  const { keys } = (await (await scene.gateway.request('/admin/v1/keys')).json()) as { keys: { id: string }[] };
  const { used } = (await (await scene.gateway.request(`/admin/v1/keys/${keys[0]?.id}`)).json()) as { used: Record<string, number> };
  // One answer of 9 and 3 tokens at 1 and 2 US$ a million.
  assert.deepEqual([used['requests'], used['usdToday'], used['usdReserved']], [3, 0.000_015, 0]);
});

test('a failure is not kept', async () => {
  await using scene = await setup(refuse(400, 'no'));
  assert.equal((await ask(scene)).status, 400);
  scene.provider.answer(whole);
  const response = await ask(scene);
  assert.deepEqual([response.status, response.headers.get('x-openclaw-cache')], [200, 'miss']);
});

test('a stream that broke off is not kept', async () => {
  const parts = wires['openai-completions'].streamed({ text: ['Hel', 'lo'] });
  await using scene = await setup(stream(parts.slice(0, 2), { end: 'cut' }));
  assert.match(await (await ask(scene, { fields: { stream: true } })).text(), /"error"/);
  scene.provider.answer(stream(parts));
  const response = await ask(scene, { fields: { stream: true } });
  assert.equal(response.headers.get('x-openclaw-cache'), 'miss');
  assert.match(await response.text(), /\[DONE\]/);
});

/** What a client reads of an answer, whichever way it came. */
interface Read {
  readonly text: string | null;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  readonly finish: string | null;
  readonly tokens: number;
}

type Reader = (gateway: TestGateway, streaming: boolean) => Promise<Read>;

const readers: Readonly<Record<string, Reader>> = {
  async openai({ url, token }, streaming) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
    const { choices, usage } = streaming
      ? await client.chat.completions.stream({ ...question, stream_options: { include_usage: true } }).finalChatCompletion()
      : await client.chat.completions.create(question);
    const message = choices[0]?.message;
    const calls = (message?.tool_calls ?? []).map((call) => {
      assert.equal(call.type, 'function');
      return call.type === 'function' ? { name: call.function.name, input: JSON.parse(call.function.arguments) as unknown } : assert.fail();
    });
    return { text: message?.content ?? null, calls, finish: choices[0]?.finish_reason ?? null, tokens: usage?.completion_tokens ?? 0 };
  },
  async anthropic({ url, token }, streaming) {
    const client = new Anthropic({ baseURL: url, apiKey: token, authToken: null, maxRetries: 0 });
    const answer = streaming ? await client.messages.stream(question).finalMessage() : await client.messages.create(question);
    return {
      text: answer.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      calls: answer.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [])),
      finish: answer.stop_reason,
      tokens: answer.usage.output_tokens,
    };
  },
};

const calls = [{ id: 'call_1', name: 'look', arguments: '{"at":"it"}' }];

for (const [client, read] of Object.entries(readers)) {
  for (const api of ['openai-completions', 'anthropic-messages'] as const) {
    for (const streaming of [true, false]) {
      const kept = streaming ? 'stream' : 'whole answer';
      test(`a ${kept} that was kept is read alike as a stream and whole [${client} → ${api}]`, async () => {
        const { whole: wholeOf, streamed } = wires[api];
        const reply = streaming ? stream(streamed({ text: ['Hello', ' you.'], calls })) : json(wholeOf({ text: 'Hello you.', calls }));
        await using scene = await setup(reply, { api });
        const first = await read(scene.gateway, streaming);
        assert.deepEqual([first.text, first.calls, first.tokens], ['Hello you.', [{ name: 'look', input: { at: 'it' } }], 3]);
        assert.deepEqual(await read(scene.gateway, !streaming), first);
        assert.deepEqual(await read(scene.gateway, streaming), first);
        assert.equal(scene.provider.requests.length, 1);
      });
    }
  }
}

/** An answer of the provider that comes when the test lets it. */
function held(reply: Reply): { readonly reply: Reply; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { reply: async (response, request) => promise.then(() => reply(response, request)), release: resolve };
}

/** Resolves when so many wait for an answer that somebody else asks for. */
async function joined({ gateway }: Scene, count: number): Promise<void> {
  for (let patience = 500; patience > 0; patience -= 1) {
    const text = await (await gateway.request('/metrics')).text();
    if (Number(/^openclaw_model_cache_requests_total\{result="joined"\} (\d+)$/m.exec(text)?.[1] ?? 0) >= count) return;
  }
  assert.fail(`${count} did not come to wait`);
}

test('ten that ask the same at once ask the provider once, some streaming and some not', async () => {
  const { reply, release } = held(whole);
  await using scene = await setup(reply);
  const asked = Array.from({ length: 10 }, (_, index) => ask(scene, { fields: { stream: index % 2 === 0 } }));
  await joined(scene, 9);
  release();
  for (const [index, response] of (await Promise.all(asked)).entries()) {
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.ok(
      index % 2 === 0 ? text.endsWith('data: [DONE]\n\n') && text.includes('Hello you.') : text.includes('"content":"Hello you."'),
      text,
    );
  }
  assert.equal(scene.provider.requests.length, 1);
});

test('the client of the one that asks may leave: the next one asks, and the others are answered', async () => {
  const { reply, release } = held(whole);
  await using scene = await setup(reply);
  const leaving = new AbortController();
  const received = scene.provider.received();
  const leader = ask(scene, { signal: leaving.signal });
  leader.catch(() => {});
  await received;
  const others = [ask(scene), ask(scene)];
  await joined(scene, 2);
  const cut = scene.provider.cutOff();
  leaving.abort();
  await cut;
  release();
  for (const response of await Promise.all(others)) {
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Hello you\./);
  }
  await assert.rejects(leader);
  assert.equal(scene.provider.requests.length, 2);
});

test('one of those that wait may leave, and nobody else notices', async () => {
  const { reply, release } = held(whole);
  await using scene = await setup(reply);
  const leaving = new AbortController();
  const received = scene.provider.received();
  const leader = ask(scene);
  await received;
  const gone = ask(scene, { signal: leaving.signal });
  gone.catch(() => {});
  await joined(scene, 1);
  leaving.abort();
  await assert.rejects(gone);
  release();
  assert.equal((await leader).status, 200);
  await (await leader).text();
  await scene.gateway.running.models.service.requests.idle();
  assert.equal(scene.provider.requests.length, 1);
});

test('when the one that asks fails, the next one asks for itself', async () => {
  const { reply, release } = held(refuse(400, 'not you'));
  await using scene = await setup(reply);
  const received = scene.provider.received();
  const leader = ask(scene);
  await received;
  const other = ask(scene);
  await joined(scene, 1);
  scene.provider.answer(whole);
  release();
  assert.deepEqual([(await leader).status, (await other).status], [400, 200]);
  assert.equal(scene.provider.requests.length, 2);
});

test('nobody waits for the failures of a whole crowd: after three that asked in vain the rest ask for themselves, at once', async () => {
  const failures: (() => void)[] = [];
  await using scene = await setup((response, request) => {
    failures.push(() => void refuse(400, 'no')(response, request));
  });
  const asked = Array.from({ length: 6 }, () => ask(scene));
  await joined(scene, 5);
  for (let leaders = 0; leaders < 3; leaders += 1) {
    assert.equal(scene.provider.requests.length, leaders + 1, 'one asks, the others wait');
    const next = scene.provider.received();
    failures[leaders]?.();
    await next;
  }
  while (scene.provider.requests.length < 6) await scene.provider.received();
  for (const fail of failures.slice(3)) fail();
  for (const response of await Promise.all(asked)) assert.equal(response.status, 400);
});

test('it is off unless the configuration says otherwise', async () => {
  await using provider = await startProvider(whole);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  for (let count = 0; count < 2; count += 1) {
    const response = await ask({ provider, gateway, [Symbol.asyncDispose]: () => Promise.resolve() });
    assert.equal(response.headers.get('x-openclaw-cache'), null);
    await response.text();
  }
  assert.equal(provider.requests.length, 2);
});
