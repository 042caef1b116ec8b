/** Clients that leave the gateway while it still reads them, and what is counted of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { startProvider } from '../harness/provider.ts';

function begin(gateway: TestGateway): ReturnType<typeof httpRequest> {
  const headers = { authorization: `Bearer ${testToken}`, 'content-length': '1000' };
  return httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, agent: false }).on('error', () => {});
}

async function counted(gateway: TestGateway, pattern: RegExp): Promise<void> {
  while (!pattern.test(await (await gateway.request('/metrics')).text()));
}

test('a client that leaves while its body is under way is counted as gone, and nothing is asked or held for it', async () => {
  await using provider = await startProvider();
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const request = begin(gateway);
  request.write('{"model":"acme/large",');
  await once(request, 'socket');
  await (await gateway.request('/healthz')).text();
  request.destroy();
  await counted(gateway, /openclaw_http_requests_total\{path="\/v1\/chat\/completions",method="POST",status="499"\} 1/);
  assert.equal(provider.requests.length, 0);
  assert.equal(gateway.running.models.service.requests.inFlight, 0);
});

test('a client that leaves before it is answered is not counted as answered', async () => {
  await using provider = await startProvider(() => {});
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const received = provider.received();
  const request = httpRequest(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testToken}` },
    agent: false,
  }).on('error', () => {});
  request.end(JSON.stringify({ model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] }));
  await received;
  request.destroy();
  await counted(gateway, /openclaw_http_requests_total\{path="\/v1\/chat\/completions",method="POST",status="499"\} 1/);
});
