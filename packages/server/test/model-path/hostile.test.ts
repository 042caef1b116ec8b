/** What a client or a provider may do on purpose: it is bounded, costs others nothing, and is held against nobody else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider } from '../harness/provider.ts';
import { anthropicWhole, chatWhole } from '../harness/wire.ts';

const ask = (gateway: TestGateway, more: Record<string, unknown> = {}): Promise<Response> =>
  gateway.request('/v1/chat/completions', { json: { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }], ...more } });

/** One failure is enough to open a breaker. */
function touchy(baseUrl: string, limits: Record<string, number>): Record<string, unknown> {
  const settings = acme(baseUrl) as { readonly models: Record<string, unknown> };
  return { models: { ...settings.models, breaker: { failures: 1 } }, gateway: { limits } };
}

async function figure(gateway: TestGateway, name: string): Promise<number> {
  const text = await (await gateway.request('/metrics')).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

async function until(gateway: TestGateway, isRight: (heldBytes: number) => boolean): Promise<void> {
  let heldBytes = await figure(gateway, 'openclaw_http_body_bytes');
  for (let patience = 200; patience > 0 && !isRight(heldBytes); patience -= 1)
    heldBytes = await figure(gateway, 'openclaw_http_body_bytes');
  assert.ok(isRight(heldBytes), `${heldBytes} bytes are held`);
}

test('an answer that is too large is asked for once, and nothing is held against the target', async () => {
  await using provider = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(Buffer.alloc(65 * 2 ** 20, ' '));
  });
  await using gateway = await startTestGateway({ settings: touchy(provider.baseUrl, { heldBodyBytes: 2 ** 30 }) });
  const refused = await ask(gateway);
  assert.equal(refused.status, 502);
  assert.match(await refused.text(), /"code":"answer_too_large"/);
  assert.equal(refused.headers.get('x-should-retry'), 'false');
  assert.equal(provider.requests.length, 1);
  assert.equal(gateway.running.models.administration.targets('5m')[0]?.breaker, 'closed');
});

test('answers for which there is no room are refused with a moment to come back, are not asked for again, and leave nothing held', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'x'.repeat(100_000) })));
  await using gateway = await startTestGateway({ settings: touchy(provider.baseUrl, { bodyBytes: 50_000, heldBodyBytes: 100_000 }) });
  const refused = await ask(gateway);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.match(await refused.text(), /"code":"overloaded"/);
  assert.equal(provider.requests.length, 1);
  await gateway.running.models.service.requests.idle();
  assert.ok(
    (gateway.running.models.administration.targets('5m')[0]?.costNanoUsd ?? 0) > 0,
    'the provider has answered and wants its money',
  );
  assert.equal(gateway.running.models.administration.targets('5m')[0]?.breaker, 'closed');
  provider.answer(json(chatWhole({ text: 'hi' })));
  assert.equal((await ask(gateway)).status, 200);
  await until(gateway, (heldBytes) => heldBytes === 0);
});

test('an answer that its client does not take counts as held until the client has gone', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'x'.repeat(16 * 2 ** 20) })));
  await using gateway = await startTestGateway({ settings: touchy(provider.baseUrl, { heldBodyBytes: 2 ** 30 }) });
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').pause();
  await once(socket, 'connect');
  const body = JSON.stringify({ model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${testToken}\r\ncontent-length: ${body.length}`;
  socket.write(`${head}\r\n\r\n${body}`);
  await provider.received();
  await gateway.running.models.service.requests.idle();
  await until(gateway, (heldBytes) => heldBytes > 2 ** 20);
  socket.destroy();
  await until(gateway, (heldBytes) => heldBytes === 0);
});

test('what is stored is large and asked for with a few bytes: it counts as held before it is read', async () => {
  await using gateway = await startTestGateway({ settings: { gateway: { limits: { bodyBytes: 50_000, heldBodyBytes: 100_000 } } } });
  const store = async (input: string): Promise<string> => {
    const stored = await gateway.request('/v1/responses', { json: { model: 'openclaw/rehearsal', input } });
    assert.equal(stored.status, 200, await stored.clone().text());
    return ((await stored.json()) as { readonly id: string }).id;
  };
  const small = await store('say hi');
  const large = await store(`say hi\n# ${'x'.repeat(40_000)}`);
  for (const path of [`/v1/responses/${large}`, `/v1/responses/${large}/input_items`]) {
    const refused = await gateway.request(path);
    assert.equal(refused.status, 503, path);
    assert.equal(refused.headers.get('retry-after'), '1');
    await refused.text();
  }
  assert.equal((await gateway.request(`/v1/responses/${small}/input_items`)).status, 200);
  await until(gateway, (heldBytes) => heldBytes === 0);
});

test('failures that a client scripts do not use up the tries that others need', async () => {
  await using provider = await startProvider(json({ error: { message: 'no' } }, 500), json(chatWhole({ text: 'hi' })));
  const { models } = acme(provider.baseUrl) as { readonly models: Record<string, unknown> };
  const retry = { baseDelayMs: 1, maxDelayMs: 5, attempts: 5, budgetPercent: 0 };
  await using gateway = await startTestGateway({ settings: { models: { ...models, retry } } });
  const script = { model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'fail 500 x4\nsay hi' }] };
  for (let count = 0; count < 8; count += 1) assert.equal((await ask(gateway, script)).headers.get('x-openclaw-attempts'), '5');
  const answered = await ask(gateway);
  assert.deepEqual([answered.status, answered.headers.get('x-openclaw-attempts')], [200, '2']);
});

test('an idempotency key reaches the provider as one of its caller alone, the same each time', async () => {
  for (const api of ['openai-completions', 'anthropic-messages'] as const) {
    const answer = api === 'openai-completions' ? chatWhole({ text: 'hi' }) : anthropicWhole({ text: 'hi' });
    await using provider = await startProvider(json(answer));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, api) });
    const { key } = (await (await gateway.request('/admin/v1/keys', { json: { name: 'other' } })).json()) as { readonly key: string };
    const send = async (credential: string): Promise<string> => {
      const headers = { authorization: `Bearer ${credential}`, 'idempotency-key': 'order 42' };
      const question = { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] };
      assert.equal((await gateway.request('/v1/chat/completions', { json: question, headers })).status, 200);
      return String(provider.requests.at(-1)?.headers['idempotency-key']);
    };
    const [own, again, other] = [await send(testToken), await send(testToken), await send(key)];
    assert.equal(own, again);
    assert.notEqual(own, other);
    assert.match(own, /^[0-9a-f]{64}$/);
  }
});
