/** Cases 62, 64 and 65: what a key may use holds on the whole path, through bursts, failures, clients that leave, and restarts. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CreatedKey, KeyRecord } from '@openclaw/protocol';
import { acme, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider, stream } from '../harness/provider.ts';
import { chatStream, chatWhole } from '../harness/wire.ts';

/** An answer of the provider has 12 tokens, so it costs 1.2 US$. */
const dear = { models: [{ id: 'large', cost: { input: 100_000, output: 100_000 } }] };

async function createKey(gateway: TestGateway, limits: Record<string, unknown>): Promise<CreatedKey> {
  const response = await gateway.request('/admin/v1/keys', { json: { name: 'ci', ...limits } });
  assert.equal(response.status, 201, await response.clone().text());
  return (await response.json()) as CreatedKey;
}

function ask(gateway: TestGateway, key: CreatedKey, more: Record<string, unknown> = {}): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    json: { model: 'acme/large', max_tokens: 3, messages: [{ role: 'user', content: 'Hello?' }], ...more },
    headers: { authorization: `Bearer ${key.key}` },
  });
}

async function show(gateway: TestGateway, { id }: CreatedKey): Promise<KeyRecord> {
  await gateway.running.models.service.requests.idle();
  return (await (await gateway.request(`/admin/v1/keys/${id}`)).json()) as KeyRecord;
}

async function codeOf(response: Response): Promise<string> {
  const body = (await response.json()) as { readonly openclaw?: { readonly code: string }; readonly error?: { readonly code?: string } };
  return body.openclaw?.code ?? body.error?.code ?? String(response.status);
}

function update(gateway: TestGateway, { id }: CreatedKey, body: string): Promise<Response> {
  return gateway.request(`/admin/v1/keys/${id}`, { method: 'PATCH', body });
}

test('requests beyond the rate of a key are refused with the moment of the next one, and others are not held up', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const key = await createKey(gateway, { rpm: 2, tpm: 100_000 });
  const other = await createKey(gateway, { rpm: 1 });
  assert.deepEqual([(await ask(gateway, key)).status, (await ask(gateway, key)).status], [200, 200]);
  const refused = await ask(gateway, key);
  assert.equal(refused.status, 429);
  const seconds = Number(refused.headers.get('retry-after'));
  assert.ok(seconds > 50 && seconds <= 61, `${seconds} s`);
  assert.equal(await codeOf(refused), 'rate_limit_exceeded');
  assert.equal(provider.requests.length, 2);
  assert.equal((await ask(gateway, other)).status, 200);
  const { used, limits } = await show(gateway, key);
  assert.deepEqual(limits, { rpm: 2, tpm: 100_000, usdPerDay: null, usdPerMonth: null });
  assert.deepEqual(used, { requests: 2, tokens: 24, usdToday: null, usdThisMonth: null, usdReserved: null });
});

test('a limit of 0 refuses at once, of each kind', async () => {
  await using gateway = await startTestGateway();
  for (const limit of ['rpm', 'tpm', 'usdPerDay', 'usdPerMonth']) {
    const key = await createKey(gateway, { [limit]: 0 });
    const refused = await ask(gateway, key, { model: 'openclaw/rehearsal' });
    assert.equal(refused.status, 429, limit);
    assert.ok(Number(refused.headers.get('retry-after')) > 0, limit);
  }
});

test('a budget is spent to its end and not beyond, survives a restart, and a change of it holds at once', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-limits-'));
  try {
    await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
    const settings = acme(provider.baseUrl, 'openai-completions', dear);
    let key: CreatedKey;
    {
      await using gateway = await startTestGateway({ settings, stateDirectory });
      key = await createKey(gateway, { usdPerDay: 3 });
      for (let count = 0; count < 3; count += 1) assert.equal((await ask(gateway, key)).status, 200);
      const refused = await ask(gateway, key);
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get('retry-after')) <= 86_400);
      assert.equal(await codeOf(refused), 'budget_exceeded');
      assert.equal((await show(gateway, key)).used?.usdToday, 3.6);
    }
    await using gateway = await startTestGateway({ settings, stateDirectory });
    assert.equal(await codeOf(await ask(gateway, key)), 'budget_exceeded');
    assert.equal((await show(gateway, key)).used?.usdToday, 3.6);
    const changed = (await (await update(gateway, key, '{"usdPerDay": 4.5, "usdPerMonth": 100}')).json()) as KeyRecord;
    assert.deepEqual([changed.limits.usdPerDay, changed.limits.usdPerMonth, changed.used?.usdThisMonth], [4.5, 100, 3.6]);
    assert.equal((await ask(gateway, key)).status, 200);
    assert.equal(await codeOf(await ask(gateway, key)), 'budget_exceeded');
    assert.equal((await update(gateway, key, '{"usdPerDay": null}')).status, 200);
    assert.equal((await ask(gateway, key)).status, 200);
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
});

test('a burst spends the budget and at most one request more, and leaves nothing reserved', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', dear) });
  const key = await createKey(gateway, { usdPerMonth: 20 });
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask(gateway, key)));
  const answered = answers.filter(({ status }) => status === 200).length;
  // The last one may cost more than what is left, but not be one of several.
  assert.ok(answered > 0 && (answered - 1) * 1.2 < 20, `${answered} were answered`);
  for (const answer of answers) if (answer.status !== 200) assert.match(await codeOf(answer), /^budget_(reserved|exceeded)$/);
  const { used } = await show(gateway, key);
  assert.ok(Math.abs((used?.usdThisMonth ?? 0) - answered * 1.2) < 1e-9);
  assert.equal(used?.usdReserved, 0);
});

test('whatever becomes of a request, nothing of it stays reserved', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', dear) });
  const key = await createKey(gateway, { usdPerDay: 1000, tpm: 1_000_000 });
  provider.answer(refuse(400, 'no'));
  assert.equal((await ask(gateway, key)).status, 400);
  assert.equal((await ask(gateway, key, { model: 'nobody-has-it' })).status, 404);
  provider.answer(stream(chatStream({ text: ['hi'] }).slice(0, 2), { end: 'cut' }));
  await (await ask(gateway, key, { stream: true })).text();
  provider.answer(stream(chatStream({ text: ['hi'] }).slice(0, 2), { end: 'hang' }));
  const leaving = await ask(gateway, key, { stream: true });
  const cut = provider.cutOff();
  await leaving.body?.cancel();
  await cut;
  const { used } = await show(gateway, key);
  assert.equal(used?.usdReserved, 0);
  provider.answer(json(chatWhole({ text: 'hi' })));
  assert.equal((await ask(gateway, key)).status, 200);
});

test('leaving before the first output is not free: the provider has the prompt by then', async () => {
  await using provider = await startProvider(stream([': thinking\n\n'], { end: 'hang' }));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', dear) });
  const key = await createKey(gateway, { usdPerDay: 5 });
  const controller = new AbortController();
  const received = provider.received();
  const leaving = gateway.request('/v1/chat/completions', {
    json: { model: 'acme/large', stream: true, messages: [{ role: 'user', content: 'word '.repeat(100) }] },
    headers: { authorization: `Bearer ${key.key}` },
    signal: controller.signal,
  });
  await received;
  controller.abort();
  await assert.rejects(leaving);
  const { used } = await show(gateway, key);
  assert.ok((used?.usdToday ?? 0) > 5, `${used?.usdToday} US$`);
  assert.equal(used?.usdReserved, 0);
  assert.equal(await codeOf(await ask(gateway, key)), 'budget_exceeded');
});

test('several answers to one question reserve as much as all of them may cost', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const key = await createKey(gateway, { tpm: 1000 });
  assert.equal((await ask(gateway, key)).status, 200);
  assert.equal(await codeOf(await ask(gateway, key, { max_tokens: 10, n: 100 })), 'rate_limit_exceeded');
});

test('an answer that its provider did not count is counted by its length', async () => {
  const [first = '', ...rest] = chatStream({ text: ['x'.repeat(400)] }).filter((event) => !event.includes('"usage"'));
  await using provider = await startProvider(stream([first, ...rest]));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', dear) });
  const key = await createKey(gateway, { usdPerDay: 500, tpm: 1000 });
  await (await ask(gateway, key, { stream: true })).text();
  const { used } = await show(gateway, key);
  assert.ok((used?.usdToday ?? 0) > 10 && (used?.tokens ?? 0) > 100, JSON.stringify(used));
});

test('limits that make no sense are refused by their name, over HTTP too, and change nothing', async () => {
  await using gateway = await startTestGateway();
  const key = await createKey(gateway, { rpm: 5 });
  const refused: [body: string, message: RegExp][] = [
    ['{"rpm": -1}', /rpm: must be a whole number/],
    ['{"rpm": 1.5}', /rpm: must be a whole number/],
    ['{"rpm": "60"}', /rpm: must be a whole number/],
    ['{"tpm": 1e400}', /tpm: must be a whole number|1e400/],
    ['{"usdPerDay": -0.01}', /usdPerDay: must be an amount/],
    ['{"usdPerDay": 1e400}', /usdPerDay: must be an amount|1e400/],
    ['{"usdPerMonth": 1e-12}', /usdPerMonth: must be an amount/],
    ['{"usdPerMonth": "5"}', /usdPerMonth: must be an amount/],
    ['{"usdPerMonth": true}', /usdPerMonth: must be an amount/],
    ['{"scopes": ["admin"]}', /scopes: cannot be changed/],
    ['{}', /body: must name what changes/],
  ];
  for (const [body, message] of refused) {
    const response = await update(gateway, key, body);
    assert.equal(response.status, 400, body);
    assert.match(await response.text(), message, body);
  }
  assert.deepEqual((await show(gateway, key)).limits, { rpm: 5, tpm: null, usdPerDay: null, usdPerMonth: null });
  assert.equal((await gateway.request('/admin/v1/keys/key_none')).status, 404);
  assert.equal((await update(gateway, { ...key, id: 'key_none' }, '{"rpm": 1}')).status, 404);
});
