/** Stopping: what has begun gets its time and arrives whole, and nothing and nobody holds the end up for longer than that. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { OpenClawError } from '../../src/core/errors.ts';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider } from '../harness/provider.ts';
import { chatStream, chatWhole } from '../harness/wire.ts';

const question = (stream: boolean): string =>
  JSON.stringify({ model: 'acme/large', stream, messages: [{ role: 'user', content: 'Hello?' }] });

/** Longer than any buffer between the two ends. */
const longText = 'x'.repeat(32 * 1024 * 1024);

function begin(gateway: TestGateway, agent: Agent | false = false): ClientRequest {
  const headers = { authorization: `Bearer ${testToken}` };
  return httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, agent }).on('error', () => {});
}

async function answered(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function settingsFor(baseUrl: string, drainTimeoutMs: number): Record<string, unknown> {
  return { ...acme(baseUrl), gateway: { drainTimeoutMs } };
}

test('a client that does not read its stream holds the end up no longer than the drain', async () => {
  await using provider = await startProvider((response) => {
    const [start = '', ...rest] = chatStream({ text: Array.from({ length: 64 }, () => longText.slice(0, 1024 * 1024)) });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(start);
    response.end(rest.join(''));
  });
  await using gateway = await startTestGateway({ settings: settingsFor(provider.baseUrl, 50) });
  const request = begin(gateway).end(question(true));
  (await answered(request)).pause();
  await gateway.running.stop();
  assert.equal(gateway.running.models.service.requests.inFlight, 0);
});

test('an answer that is still being read arrives whole', async () => {
  await using provider = await startProvider(json(chatWhole({ text: longText })));
  await using gateway = await startTestGateway({ settings: settingsFor(provider.baseUrl, 20_000) });
  const response = await answered(begin(gateway).end(question(false)));
  const stopping = gateway.running.stop();
  await setImmediate();
  assert.ok((await textOf(response)).length > longText.length);
  await stopping;
});

test('a request whose body is still arriving is answered', async () => {
  await using provider = await startProvider(json(chatWhole({ text: 'in time' })));
  await using gateway = await startTestGateway({ settings: settingsFor(provider.baseUrl, 20_000) });
  const request = begin(gateway);
  const response = answered(request);
  const body = question(false);
  request.write(body.slice(0, 20));
  // A whole exchange on another connection: by then the first has been read that far.
  await (await gateway.request('/healthz')).text();
  const stopping = gateway.running.stop();
  request.end(body.slice(20));
  assert.match(await textOf(await response), /in time/);
  await stopping;
});

test('a connection that is kept alive does not hold the end up, and takes no new request', async () => {
  const reply = Promise.withResolvers<void>();
  await using provider = await startProvider(async (response, request) => {
    await reply.promise;
    await json(chatWhole({ text: 'done' }))(response, request);
  });
  await using gateway = await startTestGateway({ settings: settingsFor(provider.baseUrl, 20_000) });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const received = provider.received();
  const response = answered(begin(gateway, agent).end(question(false)));
  await received;
  const startedMs = performance.now();
  const stopping = gateway.running.stop();
  reply.resolve();
  const answer = await response;
  assert.match(await textOf(answer), /done/);
  assert.equal(answer.headers.connection, 'close');
  await stopping;
  assert.ok(performance.now() - startedMs < 3000, 'it did not wait for the connection to fall asleep');
  agent.destroy();
});

test('records that cannot be written fail the stop, and nothing else: the port and the state are free', async () => {
  await using keeper = await startTestGateway();
  await keeper.running.stop();
  const { stateDirectory } = keeper;
  const gateway = await startTestGateway({ stateDirectory });
  const full = new OpenClawError('storage_full', { details: { reason: 'no space left' } });
  mock.method(gateway.running.models.usage, 'close', () => Promise.reject(full));
  await assert.rejects(gateway.running.stop(), full);
  await assert.rejects(fetch(gateway.url));
  await using successor = await startTestGateway({ stateDirectory });
  assert.equal((await successor.request('/readyz')).status, 200);
});
