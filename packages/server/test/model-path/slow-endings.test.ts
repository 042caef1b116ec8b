/** Providers that have said everything and do not hang up: the client has its answer, and nothing waits for the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { acme, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, stream, type Reply } from '../harness/provider.ts';
import { anthropicStream, chatStream, chatWhole } from '../harness/wire.ts';

const apis = ['openai-completions', 'anthropic-messages'] as const;
const streams = { 'openai-completions': chatStream, 'anthropic-messages': anthropicStream } as const;
const paths = { 'openai-completions': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const;

function ask(gateway: TestGateway, path: string, streaming: boolean): Promise<Response> {
  return gateway.request(path, {
    json: { model: 'acme/large', max_tokens: 9, stream: streaming, messages: [{ role: 'user', content: 'Hello?' }] },
  });
}

function gzipped(parts: readonly string[]): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    response.write(gzipSync(parts.join('')));
  };
}

for (const providerApi of apis) {
  for (const clientApi of apis) {
    test(`[${clientApi} → ${providerApi}] a stream for a client that wants none is whole at its last event`, async () => {
      await using provider = await startProvider(stream(streams[providerApi]({ text: ['all', ' of it'] }), { end: 'hang' }));
      await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, providerApi) });
      const response = await ask(gateway, paths[clientApi], false);
      assert.match(await response.text(), /all of it/);
      assert.equal(provider.requests.length, 1);
      await gateway.running.models.service.requests.idle();
    });
  }

  test(`[${providerApi}] a compressed stream that stays open after its last event does not hold its request`, async () => {
    await using provider = await startProvider(gzipped(streams[providerApi]({ text: ['hi'] })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, providerApi) });
    const response = await ask(gateway, paths[providerApi], true);
    assert.match(await response.text(), /hi/);
    await gateway.running.models.service.requests.idle();
  });
}

for (const encoding of ['identity', 'gzip']) {
  test(`a refusal whose words do not end (${encoding}) does not keep the next try waiting for the idle timeout`, async () => {
    const words = Buffer.from('{"error":');
    const refusal: Reply = (response) => {
      response.writeHead(500, { 'content-encoding': encoding }).write(encoding === 'gzip' ? gzipSync(words).subarray(0, -10) : words);
    };
    await using provider = await startProvider(refusal, json(chatWhole({ text: 'second try' })));
    await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
    const response = await ask(gateway, '/v1/chat/completions', false);
    assert.match(await response.text(), /second try/);
    await gateway.running.models.service.requests.idle();
  });
}
