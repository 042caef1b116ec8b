/** Routes by strategy in a running gateway: who is asked first is seen in a header of the answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, type TestProvider } from '../harness/provider.ts';
import { chatWhole } from '../harness/wire.ts';

interface Stage extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly provider: TestProvider;
  /** Who answered. */
  ask(body?: object, headers?: Record<string, string>): Promise<string | null>;
}

async function setup(route: object): Promise<Stage> {
  await using resources = new AsyncDisposableStack();
  const provider = resources.use(await startProvider(json(chatWhole({ text: 'Hello.' }))));
  const at = (cost: object): object => ({ baseUrl: provider.baseUrl, api: 'openai-completions', models: [{ id: 'm', cost }] });
  const providers = { dear: at({ input: 10, output: 10 }), cheap: at({ input: 1, output: 1 }), middle: at({ input: 5, output: 5 }) };
  const gateway = resources.use(await startTestGateway({ settings: { models: { providers, routes: { fast: route } } } }));
  const kept = resources.move();
  return {
    gateway,
    provider,
    async ask(body = {}, headers = {}) {
      const messages = [{ role: 'user', content: 'Hello?' }];
      const response = await gateway.request('/v1/chat/completions', { json: { model: 'fast', messages, ...body }, headers });
      await response.arrayBuffer();
      return response.headers.get('x-openclaw-target');
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const targets = ['dear/m', 'cheap/m', 'middle/m'];

test('cost: the cheapest answers', async () => {
  await using stage = await setup({ strategy: 'cost', targets });
  for (let count = 0; count < 3; count++) assert.equal(await stage.ask(), 'cheap/m');
});

test('sticky: a session stays where it is, whether the header or the body says it, and sessions are spread', async () => {
  await using stage = await setup({ strategy: 'sticky', targets });
  const seen = new Set<string | null>();
  for (let index = 0; index < 12; index++) {
    const session = `session ${index}`;
    const first = await stage.ask({}, { 'x-openclaw-session': session });
    assert.equal(await stage.ask({ prompt_cache_key: session }), first);
    assert.equal(await stage.ask({ user: session }), first);
    seen.add(first);
  }
  assert.ok(seen.size > 1, 'all twelve sessions at one target');
});

test('weighted: a weight of 0 is asked only when the others fail', async () => {
  await using stage = await setup({ strategy: 'weighted', targets: [{ model: 'dear/m', weight: 0 }, 'cheap/m'] });
  for (let count = 0; count < 10; count++) assert.equal(await stage.ask(), 'cheap/m');
});

test('latency: every target is tried before one is preferred', async () => {
  await using stage = await setup({ strategy: 'latency', targets });
  const seen = new Set<string | null>();
  for (let count = 0; count < 60; count++) seen.add(await stage.ask({ stream: false }));
  assert.equal(seen.size, 3);
});
