/** Cases 66 to 68: a client that leaves takes everything with it that was held for it. */
import assert from 'node:assert/strict';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, stream, type Reply, type TestProvider } from '../harness/provider.ts';
import { anthropicStream, anthropicWhole, chatStream, chatWhole } from '../harness/wire.ts';

const apis = ['openai-completions', 'anthropic-messages'] as const;
type Api = (typeof apis)[number];
const paths: Readonly<Record<Api, string>> = { 'openai-completions': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' };
const wholes = { 'openai-completions': chatWhole, 'anthropic-messages': anthropicWhole } as const;
const streams = { 'openai-completions': chatStream, 'anthropic-messages': anthropicStream } as const;

/** As the article of the case asks: within this time the provider must see its connection close. */
const closedWithinMs = 100;

function ask(gateway: TestGateway, path: string, streaming: boolean): { request: ClientRequest; response: Promise<IncomingMessage> } {
  const body = JSON.stringify({ model: 'acme/large', max_tokens: 50, stream: streaming, messages: [{ role: 'user', content: 'Hello?' }] });
  const request = httpRequest(`${gateway.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${testToken}` }, agent: false });
  const response = new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
  response.catch(() => {});
  request.end(body);
  return { request, response };
}

async function idle(gateway: TestGateway): Promise<void> {
  await gateway.running.models.service.requests.idle();
  assert.equal(gateway.running.models.service.requests.inFlight, 0);
}

async function leaves(provider: TestProvider, leave: () => void): Promise<number> {
  const cut = provider.cutOff();
  const startedMs = performance.now();
  leave();
  await cut;
  return performance.now() - startedMs;
}

interface Phase {
  readonly name: string;
  readonly streaming: boolean;
  readonly reply: (api: Api) => Reply;
  readonly waitForBytes: boolean;
}

const phases: readonly Phase[] = [
  { name: 'while it waits for the first byte of a stream', streaming: true, reply: () => () => {}, waitForBytes: false },
  {
    name: 'in the middle of a stream',
    streaming: true,
    reply: (api) => stream(streams[api]({ text: ['one', 'two'] }).slice(0, 4), { end: 'hang' }),
    waitForBytes: true,
  },
  { name: 'while it waits for a whole answer', streaming: false, reply: () => () => {}, waitForBytes: false },
];

for (const clientApi of apis) {
  for (const providerApi of apis) {
    for (const phase of phases) {
      const kind = phase.streaming ? 'stream' : 'whole';
      test(`case 66 [${clientApi} → ${providerApi}, ${kind}]: a client that leaves ${phase.name} closes the upstream within ${closedWithinMs} ms`, async () => {
        await using provider = await startProvider(phase.reply(providerApi));
        await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, providerApi) });
        const received = provider.received();
        const { request, response } = ask(gateway, paths[clientApi], phase.streaming);
        await received;
        if (phase.waitForBytes) await new Promise((resolve) => void response.then((answer) => answer.once('data', resolve)));
        const tookMs = await leaves(provider, () => request.destroy());
        await idle(gateway);
        assert.ok(tookMs < closedWithinMs, `it took ${tookMs.toFixed(1)} ms`);
      });
    }
  }
}

for (const clientApi of apis) {
  for (const providerApi of apis) {
    for (const streaming of [true, false]) {
      const cell = `[${clientApi} → ${providerApi}, ${streaming ? 'stream' : 'whole'}]`;
      test(`case 67 ${cell}: nothing stays held after an answer, a timeout, a failure, a truncation or an abort`, () =>
        nothingIsHeld(clientApi, providerApi, streaming));
      test(`case 68 ${cell}: forty aborted requests neither exhaust nor poison the pool`, () =>
        poolSurvives(clientApi, providerApi, streaming));
    }
  }
}

async function nothingIsHeld(clientApi: Api, providerApi: Api, streaming: boolean): Promise<void> {
  await using provider = await startProvider();
  const settings = acme(provider.baseUrl, providerApi, { timeouts: { firstByteMs: 50, firstByteWholeMs: 50 } });
  await using gateway = await startTestGateway({ settings });
  const good = streaming ? stream(streams[providerApi]({ text: ['hi'] })) : json(wholes[providerApi]({ text: 'hi' }));
  const cut: Reply = (response) => void response.writeHead(200, { 'content-length': '500' }).write('{"id":', () => response.destroy());
  for (const reply of [
    good,
    () => {},
    json({ error: { message: 'no' } }, 500),
    streaming ? stream(['data: {"half'], { end: 'cut' }) : cut,
  ] as Reply[]) {
    provider.answer(reply);
    (await ask(gateway, paths[clientApi], streaming).response).resume();
    await idle(gateway);
  }
  provider.answer(() => {});
  const received = provider.received();
  const { request } = ask(gateway, paths[clientApi], streaming);
  await received;
  request.destroy();
  await idle(gateway);
  assert.match(await (await gateway.request('/metrics')).text(), /^openclaw_model_requests_in_flight 0$/m);
}

async function poolSurvives(clientApi: Api, providerApi: Api, streaming: boolean): Promise<void> {
  const beginning = streaming ? stream(streams[providerApi]({ text: ['one', 'two'] }).slice(0, 4), { end: 'hang' }) : () => {};
  await using provider = await startProvider(beginning);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl, providerApi) });
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const received = provider.received();
        const { request, response } = ask(gateway, paths[clientApi], streaming);
        await received;
        if (streaming) await response.then((answer) => new Promise((resolve) => answer.once('data', resolve)));
        request.destroy();
      }),
    );
    await idle(gateway);
  }
  provider.answer(json(wholes[providerApi]({ text: 'still here' })));
  const statuses = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const answer = await ask(gateway, paths[clientApi], false).response;
      answer.resume();
      return answer.statusCode;
    }),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.ok(provider.connections <= 10, `${provider.connections} connections are open for 10 requests`);
}

test('a connection that the provider closed while idle is not used again', async () => {
  await using provider = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(chatWhole({ text: 'bye' })));
  });
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  for (let round = 0; round < 10; round += 1) {
    const response = await gateway.request('/v1/chat/completions', {
      json: { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-openclaw-attempts'), '1');
    await response.arrayBuffer();
  }
});
