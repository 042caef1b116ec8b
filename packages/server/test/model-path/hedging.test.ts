/** A second target is asked when the first is slower than usual: when, whom, and what becomes of the one that loses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock, type FakeClock } from '../../src/core/fake-clock.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { refuse, startProvider, stream, type Reply, type TestProvider } from '../harness/provider.ts';
import { anthropicStream, chatStream } from '../harness/wire.ts';

interface Scene extends AsyncDisposable {
  readonly one: TestProvider;
  readonly two: TestProvider;
  readonly gateway: TestGateway;
  readonly clock: FakeClock;
}

const fromOne = stream(anthropicStream({ text: ['from one'] }));
const fromTwo = stream(chatStream({ text: ['from two'] }));
/** So many answers must have been measured before anything is known of a target. */
const measured = 20;
/** Longer than what is kept of a measurement, and than any answer here took. */
const laterMs = 2000;

/** Two targets of a route, the first of which has answered often enough to be known as quick. */
async function setup(hedge: object = { enabled: true }): Promise<Scene> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const one = resources.use(await startProvider(fromOne));
  const two = resources.use(await startProvider(fromTwo));
  const models = [{ id: 'large', cost: { input: 1, output: 2 } }];
  const settings = {
    models: {
      providers: {
        one: { baseUrl: one.baseUrl, api: 'anthropic-messages', apiKey: 'key-of-one', models },
        two: { baseUrl: two.baseUrl, api: 'openai-completions', apiKey: 'key-of-two', models },
      },
      routes: { fast: { targets: ['one/large', 'two/large'] } },
      hedge,
      retry: { attempts: 2 },
    },
  };
  const gateway = resources.use(await startTestGateway({ settings, clock }));
  for (let count = 0; count < measured; count += 1) assert.match(await (await ask(gateway)).text(), /from one/);
  clock.advance(laterMs);
  const kept = resources.move();
  return { one, two, gateway, clock, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function ask(gateway: TestGateway, fields: object = {}): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    json: { model: 'fast', stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'Hello?' }], ...fields },
  });
}

/** The request is with the first target, and more time passes than it usually takes. */
async function askSlow({ one, gateway, clock }: Scene, reply: Reply, fields: object = {}): Promise<Response> {
  one.answer(reply);
  const received = one.received();
  const response = ask(gateway, fields);
  await received;
  clock.advance(laterMs);
  return response;
}

async function metric(gateway: TestGateway, series: string): Promise<number> {
  const text = await (await gateway.request('/metrics')).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

/** Whatever was on its way to the gateway before has been read by it when these have come back. */
async function roundTrips(gateway: TestGateway): Promise<void> {
  for (let count = 0; count < 3; count += 1) await (await gateway.request('/healthz')).text();
}

const silent: Reply = () => {};

test('when the first target is slower than usual the second is asked too, and answers', async () => {
  await using scene = await setup();
  const cut = scene.one.cutOff();
  const response = await askSlow(scene, silent);
  assert.equal(response.headers.get('x-openclaw-target'), 'two/large');
  assert.equal(response.headers.get('x-openclaw-attempts'), '2');
  const text = await response.text();
  assert.match(text, /from two/);
  assert.equal(text.split('data: [DONE]').length - 1, 1);
  // The loser is closed at once, and not when its own answer would have come.
  await cut;
  await scene.gateway.running.models.service.requests.idle();
  assert.deepEqual([scene.one.requests.length, scene.two.requests.length], [measured + 1, 1]);
  assert.equal(await metric(scene.gateway, 'openclaw_model_hedges_total{provider="two",model="large",key="1",result="won"}'), 1);
});

test('both are accounted: what the loser had counted, and the whole of the winner', async () => {
  await using scene = await setup();
  // Its prompt is counted, and a token of the answer that nobody sees.
  const [begun = ''] = anthropicStream({ text: ['never seen'] });
  const cut = scene.one.cutOff();
  const { promise: said, resolve } = Promise.withResolvers<void>();
  scene.one.answer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(begun, () => resolve());
  });
  const asked = ask(scene.gateway);
  await said;
  await roundTrips(scene.gateway);
  scene.clock.advance(laterMs);
  await (await asked).text();
  await cut;
  await scene.gateway.running.models.service.requests.idle();
  const { rows } = (await (await scene.gateway.request('/admin/v1/usage?since=0&by=model')).json()) as {
    rows: { name: string; inputTokens: number; outputTokens: number }[];
  };
  const input = rows.reduce((sum, row) => sum + row.inputTokens, 0);
  const output = rows.reduce((sum, row) => sum + row.outputTokens, 0);
  // Each whole answer says 9 and 3, the beginning of one 9 and 1.
  assert.deepEqual({ input, output }, { input: (measured + 2) * 9, output: (measured + 1) * 3 + 1 });
});

test('a target that answers in its usual time has no rival', async () => {
  await using scene = await setup();
  assert.match(await (await ask(scene.gateway)).text(), /from one/);
  assert.equal(scene.two.requests.length, 0);
});

test('the first may still win: then the second is the one that is closed', async () => {
  await using scene = await setup();
  const { promise, resolve } = Promise.withResolvers<void>();
  scene.two.answer(silent);
  const cut = scene.two.cutOff();
  const receivedByTwo = scene.two.received();
  const asked = askSlow(scene, async (response, request) => promise.then(() => fromOne(response, request)));
  await receivedByTwo;
  resolve();
  const response = await asked;
  assert.equal(response.headers.get('x-openclaw-target'), 'one/large');
  assert.match(await response.text(), /from one/);
  await cut;
  assert.equal(await metric(scene.gateway, 'openclaw_model_hedges_total{provider="two",model="large",key="1",result="lost"}'), 1);
});

test('a rival that fails takes nothing from the first', async () => {
  await using scene = await setup();
  const { promise, resolve } = Promise.withResolvers<void>();
  scene.two.answer(refuse(500, 'oops'));
  const receivedByTwo = scene.two.received();
  const asked = askSlow(scene, async (response, request) => promise.then(() => fromOne(response, request)));
  await receivedByTwo;
  resolve();
  assert.match(await (await asked).text(), /from one/);
});

test('a client that leaves takes both along', async () => {
  await using scene = await setup();
  scene.two.answer(silent);
  scene.one.answer(silent);
  const leaving = new AbortController();
  const [cutOne, cutTwo, receivedByOne, receivedByTwo] = [
    scene.one.cutOff(),
    scene.two.cutOff(),
    scene.one.received(),
    scene.two.received(),
  ];
  const asked = scene.gateway.request('/v1/chat/completions', {
    json: { model: 'fast', stream: true, messages: [{ role: 'user', content: 'Hello?' }] },
    signal: leaving.signal,
  });
  asked.catch(() => {});
  await receivedByOne;
  scene.clock.advance(laterMs);
  await receivedByTwo;
  leaving.abort();
  await Promise.all([cutOne, cutTwo]);
  await scene.gateway.running.models.service.requests.idle();
  assert.equal(scene.gateway.running.models.service.requests.inFlight, 0);
});

for (const [name, hedge, fields] of [
  ['it is off unless the configuration says otherwise', {}, {}],
  ['an answer that does not stream has no rival: nobody sees early that it has begun', undefined, { stream: false }],
  ['a single target has none', undefined, { model: 'one/large' }],
] as const) {
  test(name, async () => {
    await using scene = await setup(hedge);
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked = askSlow(scene, async (response, request) => promise.then(() => fromOne(response, request)), fields);
    await roundTrips(scene.gateway);
    resolve();
    await (await asked).text();
    assert.equal(scene.two.requests.length, 0);
  });
}
