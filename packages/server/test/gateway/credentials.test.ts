/** Case 48: who asks, where a client brings both headers, over the whole gateway. */
import assert from 'node:assert/strict';
import { testCase } from '../conformance/case-test.ts';
import { json, stream } from '../harness/provider.ts';
import { startScene } from '../harness/scene.ts';
import { anthropicStream, anthropicWhole, chatStream, chatWhole } from '../harness/wire.ts';

const leftOver = 'sk-left-over-from-a-provider';

testCase(48, 'either valid credential is enough, Authorization wins if both are, and the provider gets neither', async (cell) => {
  await using scene = await startScene(cell.out);
  const { gateway, provider } = scene;
  const isChat = cell.out === 'openai-completions';
  const text = ['Hello'];
  if (cell.streaming === 'stream') provider.answer(stream(isChat ? chatStream({ text }) : anthropicStream({ text })));
  else provider.answer(json(isChat ? chatWhole({ text: 'Hello' }) : anthropicWhole({ text: 'Hello' })));
  const created = await gateway.request('/admin/v1/keys', { json: { name: 'elsewhere', models: ['acme/other'] } });
  const { key } = (await created.json()) as { key: string };

  const ask = async (authorization: string, apiKey: string): Promise<number> => {
    const response = await fetch(gateway.url + (cell.in === 'openai-completions' ? '/v1/chat/completions' : '/v1/messages'), {
      method: 'POST',
      headers: { authorization: `Bearer ${authorization}`, 'x-api-key': apiKey },
      body: JSON.stringify({
        model: 'acme/large',
        max_tokens: 100,
        stream: cell.streaming === 'stream',
        messages: [{ role: 'user', content: 'Hello?' }],
      }),
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
    assert.equal(isChat ? headers.authorization : headers['x-api-key'], `${isChat ? 'Bearer ' : ''}acme-key-of-the-provider`);
    assert.equal(isChat ? headers['x-api-key'] : headers.authorization, undefined);
    const sent = JSON.stringify(headers);
    for (const secret of [leftOver, gateway.token, key]) assert.ok(!sent.includes(secret), 'what the client brought stays here');
  }
});
