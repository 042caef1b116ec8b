/**
 * What holds for every mix of requests, clients and misbehaving providers. Many small worlds on a clock of the test, each with
 * everything that can go wrong at once; and a few crowds over real sockets, before a whole gateway.
 */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { acme, startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider, stream, type Reply } from '../harness/provider.ts';
import { clientOf, playWorld, providerTurn, worldSettings } from '../harness/random-world.ts';
import { anthropicStream, anthropicWhole, chatStream, chatWhole } from '../harness/wire.ts';

/** Enough to meet each pair of troubles many times, and done in seconds. */
const worlds = 300;

test('property: whatever clients and providers do, all is given back, told once and counted once', async () => {
  await fc.assert(
    fc.asyncProperty(
      worldSettings,
      fc.array(clientOf, { minLength: 1, maxLength: 24 }),
      fc.array(providerTurn, { minLength: 1, maxLength: 12 }),
      async (settings, clients, turns) => {
        const world = await playWorld({ settings, clients, turns });
        world.assertNothingHeld();
        world.assertEndedAtOnce();
        world.assertToldOnce();
        world.assertCountedOnce();
        world.assertBudgets();
      },
    ),
    { numRuns: worlds },
  );
});

/** A request, and what its provider does when it comes: the prompt says it. */
const visitor = fc.record({
  path: fc.constantFrom('/v1/chat/completions', '/v1/messages', '/v1/embeddings'),
  model: fc.constantFrom('chat/large', 'claude/large', 'both'),
  streams: fc.boolean(),
  fate: fc.constantFrom('well', 'well', 'well', 'cut', 'hang', '500', '429', 'reset'),
  leaves: fc.constantFrom(undefined, undefined, undefined, 'sending', 'waiting', 'reading'),
});
type Visitor = typeof visitor extends fc.Arbitrary<infer Value> ? Value : never;

/** Sooner than this a provider that hangs is given up. */
const patienceMs = 80;

const reply: Reply = (response, request) => {
  const isMessages = request.path.includes('/messages');
  const [, fate] = /fate: (\w+)/.exec(request.text) ?? [];
  if (fate === '500' || fate === '429') return refuse(Number(fate), 'not now')(response, request);
  if (fate === 'reset') return void response.destroy();
  if (request.path.includes('/embeddings')) {
    if (fate !== 'well') return;
    return json({ data: [{ object: 'embedding', index: 0, embedding: [1] }], usage: { prompt_tokens: 9 } })(response, request);
  }
  const text = ['one ', 'two ', 'three'];
  const parts = isMessages ? anthropicStream({ text }) : chatStream({ text });
  if (request.json['stream'] !== true) {
    if (fate !== 'well') return;
    return json(isMessages ? anthropicWhole({ text: 'one' }) : chatWhole({ text: 'one' }))(response, request);
  }
  return fate === 'well'
    ? stream(parts)(response, request)
    : stream(parts.slice(0, 4), { end: fate === 'cut' ? 'cut' : 'hang' })(response, request);
};

/** Resolves when the client has seen the end of it, or has left. */
async function visit(url: string, { path, model, streams, fate, leaves }: Visitor): Promise<void> {
  const content = `fate: ${fate}`;
  const asked = path.endsWith('embeddings')
    ? { model, input: content }
    : { model, max_tokens: 20, stream: streams, messages: [{ role: 'user', content }] };
  const request = httpRequest(`${url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${testToken}` }, agent: false });
  const closed = new Promise((resolve) => request.on('close', resolve).on('error', resolve));
  const body = JSON.stringify(asked);
  if (leaves === 'sending') request.write(body.slice(0, -5));
  else request.end(body);
  if (leaves === 'sending' || leaves === 'waiting') {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    request.destroy();
  } else {
    request.on('response', (response) => {
      response.on('error', () => {});
      if (leaves === 'reading') response.once('data', () => request.destroy());
      else response.resume();
    });
  }
  await closed;
}

async function sumOf(gateway: TestGateway, metric: string): Promise<number> {
  const text = await (await gateway.request('/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

test('property: after a crowd over real sockets nothing is under way, nothing waits, and no connection is left that is not idle', async () => {
  await using provider = await startProvider(reply);
  const { models } = acme(provider.baseUrl) as { readonly models: { readonly providers: { readonly acme: object } } };
  const own = { ...models.providers.acme, timeouts: { firstByteMs: patienceMs, firstByteWholeMs: patienceMs, idleMs: patienceMs } };
  const settings = {
    models: {
      ...models,
      providers: { chat: own, claude: { ...own, api: 'anthropic-messages' } },
      routes: { both: { targets: ['chat/large', 'claude/large'], afterFirstToken: 'continue' } },
      cache: { enabled: true },
    },
  };
  await using gateway = await startTestGateway({ settings });
  const gone = ['in_flight', 'queue_requests', 'target_requests_under_way', 'target_requests_waiting', 'pool_requests'];
  await fc.assert(
    fc.asyncProperty(fc.array(visitor, { minLength: 20, maxLength: 60 }), async (visitors) => {
      await Promise.all(visitors.map((one) => visit(gateway.url, one)));
      await gateway.running.models.service.requests.idle();
      for (const name of gone) {
        const metric = name === 'in_flight' ? 'openclaw_model_requests_in_flight' : `openclaw_model_${name}`;
        assert.equal(await sumOf(gateway, metric), 0, metric);
      }
      assert.equal(await sumOf(gateway, 'openclaw_http_body_bytes'), 0, 'bodies');
      const idle = await sumOf(gateway, 'openclaw_model_pool_connections');
      assert.ok(idle <= visitors.length * 2, `${idle} connections for ${visitors.length} requests`);
    }),
    // One after the other over the same gateway, so that what one leaves behind adds up; and without shrinking, which takes real time.
    { numRuns: 4, endOnFailure: true },
  );
  const fresh = await gateway.request('/v1/chat/completions', {
    json: { model: 'chat/large', messages: [{ role: 'user', content: 'fate: well, at last' }] },
  });
  assert.equal(fresh.status, 200, 'and the next one is answered');
  await fresh.text();
});
