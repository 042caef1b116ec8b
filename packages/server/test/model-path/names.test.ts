/** Names of models come from clients: whatever they hold, the answer goes out, the record is kept, and nothing stays held. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acme, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, stream } from '../harness/provider.ts';
import { chatStream, chatWhole } from '../harness/wire.ts';

const ask = (gateway: TestGateway, model: string, streaming = false): Promise<Response> =>
  gateway.request('/v1/chat/completions', { json: { model, stream: streaming, messages: [{ role: 'user', content: 'Hello?' }] } });

for (const model of ['模型', 'half \ud800', 'é%20', 'with: a b/c']) {
  test(`the name ${JSON.stringify(model)} reaches the provider, and its target fits into a header`, async () => {
    await using provider = await startProvider(json(chatWhole({ text: 'hi' })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const whole = await ask(gateway, `acme/${model}`);
    assert.equal(whole.status, 200, await whole.clone().text());
    assert.equal(provider.requests[0]?.json['model'], model);
    assert.equal(decodeURIComponent(whole.headers.get('x-openclaw-target') ?? ''), `acme/${model.toWellFormed()}`);
    provider.answer(stream(chatStream({ text: ['hi'] })));
    assert.match(await (await ask(gateway, `acme/${model}`, true)).text(), /\[DONE\]/);
    provider.answer(json({ error: { message: 'no such model' } }, 404));
    assert.equal((await ask(gateway, `acme/${model}`)).status, 404);
    assert.equal(gateway.running.models.service.requests.inFlight, 0);
    await gateway.running.models.usage.flush();
    assert.equal(gateway.running.models.usage.waiting, 0, 'the record took it');
  });
}

for (const [what, name] of [
  ['longer than any model has', 'x'.repeat(10_000)],
  ['with a NUL', 'nul\u0000'],
  ['that would begin another header', 'cr\r\nx-evil: 1'],
  ['that would lead to another path', '../..'],
] as const) {
  test(`a name ${what} is refused, in short, and does not stop the record of others`, async () => {
    await using gateway = await startTestGateway();
    for (const model of [name, `openclaw/${name}`]) {
      const response = await ask(gateway, model);
      assert.equal(response.status, 400);
      assert.ok((await response.text()).length < 1000, 'the answer does not repeat it');
    }
    assert.equal((await ask(gateway, 'openclaw/rehearsal')).status, 200);
    assert.equal(gateway.running.models.service.requests.inFlight, 0);
    await gateway.running.models.usage.flush();
    assert.equal(gateway.running.models.usage.waiting, 0, 'the record took all three');
  });
}
