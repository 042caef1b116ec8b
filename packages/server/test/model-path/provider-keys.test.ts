/** The key that an operator wrote down for a provider arrives there, however it was written, and nowhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acme, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider } from '../harness/provider.ts';
import { anthropicWhole, chatWhole } from '../harness/wire.ts';

const ask = (gateway: TestGateway): Promise<Response> =>
  gateway.request('/v1/chat/completions', { json: { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] } });

test('apiKey goes to the provider as its format wants it, and the caller’s own credential does not', async () => {
  await using chat = await startProvider(json(chatWhole({ text: 'hi' })));
  await using gateway = await startTestGateway({ settings: acme(chat.baseUrl) });
  assert.equal((await ask(gateway)).status, 200);
  assert.equal(chat.requests[0]?.headers.authorization, 'Bearer acme-key-of-the-provider');

  await using messages = await startProvider(json(anthropicWhole({ text: 'hi' })));
  await using other = await startTestGateway({ settings: acme(messages.baseUrl, 'anthropic-messages') });
  assert.equal((await ask(other)).status, 200);
  assert.equal(messages.requests[0]?.headers['x-api-key'], 'acme-key-of-the-provider');
  assert.equal(messages.requests[0]?.headers.authorization, undefined);
});

test('several apiKeys take turns', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  const apiKeys = [{ key: 'first' }, { key: 'second' }];
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', { apiKey: undefined, apiKeys }) });
  for (let count = 0; count < 3; count += 1) await ask(gateway);
  assert.deepEqual(
    provider.requests.map(({ headers }) => headers.authorization),
    ['Bearer first', 'Bearer second', 'Bearer first'],
  );
});

test('a provider without a key is asked without one', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, 'openai-completions', { apiKey: undefined }) });
  assert.equal((await ask(gateway)).status, 200);
  assert.equal(provider.requests[0]?.headers.authorization, undefined);
  assert.equal(provider.requests[0]?.headers['x-api-key'], undefined);
});

test('a refused key is named by its place', async () => {
  await using provider = await startProvider(refuse(401, 'no such key'));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  assert.match(await (await ask(gateway)).text(), /models\.providers\.acme\.apiKey;/);
});

test('a provider that echoes its key does not tell it to clients, to people who look at the model, or in the trail', async () => {
  const echo = 'Incorrect API key provided: acme-key-of-the-provider.';
  await using provider = await startProvider(refuse(401, echo));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const refused = await ask(gateway);
  const about = await gateway.request('/admin/v1/models/acme%2Flarge');
  const trail = await gateway.request(`/admin/v1/requests/${refused.headers.get('x-openclaw-request-id')}`);
  for (const response of [refused, about, trail]) {
    const text = await response.text();
    assert.match(text, /Incorrect API key provided/);
    assert.doesNotMatch(text, /acme-key-of-the-provider/);
  }
});
