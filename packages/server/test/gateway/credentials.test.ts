/** Case 48: who asks, where a client brings both headers, over the whole gateway. */
import assert from 'node:assert/strict';
import { testCase } from '../conformance/case-test.ts';
import type { Cell } from '../conformance/cells.ts';
import { bodyFor, goodReply, paths, startCell } from '../conformance/whole-gateway.ts';

const leftOver = 'sk-left-over-from-a-provider';
const providerKey = 'acme-key-of-the-provider';

/** The header in which a provider's own key goes to it. */
const keyHeaders: Readonly<Record<Cell['out'], readonly [name: string, value: string]>> = {
  'openai-completions': ['authorization', `Bearer ${providerKey}`],
  'openai-responses': ['authorization', `Bearer ${providerKey}`],
  'anthropic-messages': ['x-api-key', providerKey],
  'google-generative-ai': ['x-goog-api-key', providerKey],
  'bedrock-converse-stream': ['authorization', `Bearer ${providerKey}`],
  ollama: ['authorization', `Bearer ${providerKey}`],
};

testCase(48, 'either valid credential is enough, Authorization wins if both are, and the provider gets neither', async (cell) => {
  await using scene = await startCell(cell);
  const { gateway, provider } = scene;
  provider.answer(goodReply(cell));
  const created = await gateway.request('/admin/v1/keys', { json: { name: 'elsewhere', models: ['acme/other'] } });
  const { key } = (await created.json()) as { key: string };

  const ask = async (authorization: string, apiKey: string): Promise<number> => {
    const response = await fetch(gateway.url + paths[cell.in], {
      method: 'POST',
      headers: { authorization: `Bearer ${authorization}`, 'x-api-key': apiKey },
      body: JSON.stringify(bodyFor(cell)),
    });
    assert.equal((await response.text()).includes('Hello'), response.status === 200);
    return response.status;
  };

  assert.equal(await ask(gateway.token, leftOver), 200);
  assert.equal(await ask(leftOver, gateway.token), 200);
  assert.equal(await ask(gateway.token, key), 200, 'the token may ask every model, and wins');
  const answered = provider.requests.length;
  assert.equal(answered, 3);
  assert.equal(await ask(key, gateway.token), 403, 'the key may not ask this model, and wins');
  assert.equal(await ask(leftOver, `${leftOver}-too`), 401);
  assert.equal(provider.requests.length, answered, 'nobody asked the provider');
  for (const { headers } of provider.requests) {
    const [name, value] = keyHeaders[cell.out];
    assert.equal(headers[name], value);
    for (const other of ['authorization', 'x-api-key', 'x-goog-api-key']) if (other !== name) assert.equal(headers[other], undefined);
    const sent = JSON.stringify(headers);
    for (const secret of [leftOver, gateway.token, key]) assert.ok(!sent.includes(secret), 'what the client brought stays here');
  }
});
