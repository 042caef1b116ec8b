/** What holds for every mix of requests and changes of the settings, and however many changes there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { openScene, rest, type Asked, type Scene, type Wanted } from './reconfigure.fixture.ts';

const provider = fc.record({
  key: fc.constantFrom('k1', 'k1', 'k2'),
  address: fc.constantFrom('http://here.test', 'http://here.test', 'http://there.test'),
  team: fc.constantFrom('x', 'y'),
  places: fc.integer({ min: 1, max: 3 }),
});
const settings = fc.record({
  providers: fc.record({ a: provider, b: provider }, { requiredKeys: [] }),
  /** Which of the targets stand behind the route, from the first one on. */
  route: fc.constantFrom(['a/large', 'b/large'], ['b/large', 'a/large'], ['a/large']),
  attempts: fc.integer({ min: 1, max: 3 }),
  hedges: fc.boolean(),
  caches: fc.boolean(),
  maxWaiting: fc.constantFrom(0, 2, 10),
});
type Settings = typeof settings extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      model: fc.constantFrom('both', 'a/large', 'b/large', 'a/made-up'),
      stream: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('reply' as const),
      which: fc.nat(20),
      how: fc.constantFrom('answer', 'answer', 'begin', 500, 503, 429, 401, 400),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 60, 500, 5000, 61_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('change' as const), to: settings, breaks: fc.constantFrom(false, false, false, true) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function wantedOf({ providers, route, attempts, hedges, caches, maxWaiting }: Settings): Wanted {
  return {
    providers: Object.fromEntries(
      Object.entries(providers).map(([id, { key, address, team, places }]) => [
        id,
        { apiKey: key, baseUrl: `${address}/${id}/v1`, headers: { 'x-team': team }, concurrency: { initial: places, max: places } },
      ]),
    ),
    routes: { both: route },
    retry: { attempts, baseDelayMs: 50, maxDelayMs: 1000, budgetPercent: 100 },
    hedge: { enabled: hedges },
    cache: { enabled: caches, ttlMs: 1000, maxBytes: 2 ** 16, store: 'memory' },
    queue: { maxWaiting, maxWaitMs: 20_000 },
  };
}

class Play {
  readonly #scene: Scene;
  readonly #asked: { readonly asked: Asked; left: boolean }[] = [];
  #settings: Settings;
  #checked = 0;

  constructor(scene: Scene, first: Settings) {
    this.#scene = scene;
    this.#settings = first;
    this.#checked = scene.sent.length;
  }

  async do(one: Step): Promise<void> {
    const { clock } = this.#scene;
    switch (one.kind) {
      case 'ask':
        this.#asked.push({ asked: this.#scene.ask(one.model, { stream: one.stream }), left: false });
        break;
      case 'reply':
        this.#reply(one);
        break;
      case 'leave': {
        const who = this.#asked[one.which % Math.max(1, this.#asked.length)];
        if (!who || who.asked.over) break;
        who.left = true;
        who.asked.leave();
        break;
      }
      case 'wait':
        clock.advance(one.ms);
        break;
      case 'change':
        await this.#change(one);
    }
    await rest();
    this.#checkSent();
  }

  #reply({ which, how }: Extract<Step, { kind: 'reply' }>): void {
    const open = this.#scene.open();
    const sent = open[which % Math.max(1, open.length)];
    if (!sent) return;
    if (how === 'answer') sent.answer();
    else if (how !== 'begin') sent.refuse(Number(how));
    else if (sent.stream) sent.begin('half ');
  }

  async #change({ to, breaks }: Extract<Step, { kind: 'change' }>): Promise<void> {
    const wanted = wantedOf(to);
    const before = this.#scene.models.providers();
    if (breaks) {
      const providers = { ...wanted.providers, nobody: { baseUrl: undefined, api: undefined } };
      await assert.rejects(this.#scene.change({ ...wanted, providers }), { code: 'config_invalid' });
      assert.deepEqual(this.#scene.models.providers(), before);
      return;
    }
    await this.#scene.change(wanted);
    this.#settings = to;
  }

  /** Nothing is begun at an address or with a key that the settings have no more. */
  #checkSent(): void {
    const allowed = Object.values(this.#settings.providers).map(({ key, address }) => `${key} at ${address}`);
    for (const { key, origin } of this.#scene.sent.slice(this.#checked))
      assert.ok(allowed.includes(`${key} at ${origin}`), `${key} at ${origin}`);
    this.#checked = this.#scene.sent.length;
  }

  /** Whatever is open is answered, and time passes, until everybody has been served. */
  async finish(): Promise<void> {
    for (let round = 0; round < 100 && !this.#asked.every(({ asked }) => asked.over); round += 1) {
      for (const sent of this.#scene.open()) sent.answer();
      await rest();
      this.#scene.clock.advance(1000);
      await rest();
    }
  }

  check(): void {
    const { models, metrics } = this.#scene;
    for (const { asked, left } of this.#asked) {
      assert.ok(asked.over, 'somebody still waits');
      const ends = asked.events.filter((event) => event === 'end').length;
      assert.ok(left ? ends <= 1 : ends === 1, asked.events.join());
      assert.ok(asked.events.filter((event) => event === 'head').length <= 1);
      assert.notEqual(asked.status, 500, asked.text);
    }
    assert.deepEqual([models.service.requests.inFlight, this.#scene.open().length], [0, 0]);
    const text = metrics.text();
    assert.doesNotMatch(text, /^openclaw_model_target_requests_(?:under_way|waiting)\{.*\} [1-9]/m);
    assert.match(text, /^openclaw_model_queue_requests 0$/m);
    const names = text.split('\n').map((line) => line.slice(0, line.lastIndexOf(' ')));
    const series = names.filter((name) => name !== '' && !name.startsWith('#'));
    assert.equal(new Set(series).size, series.length, 'a series stands twice');
  }
}

test('property: settings change among requests, and each is answered once, nothing is held, and nothing goes where it must not', async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { minLength: 1, maxLength: 40 }), async (first, steps) => {
      await using scene = await openScene(wantedOf(first));
      const play = new Play(scene, first);
      for (const one of steps) await play.do(one);
      await play.finish();
      play.check();
    }),
    { numRuns: 150 },
  );
});

function collectGarbage(): void {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
}

test('a thousand changes leave no timer, provider, key or gate behind', async () => {
  await using scene = await openScene({ providers: {} });
  const timers = scene.clock.pendingTimers;
  const known: WeakRef<object>[] = [];
  const wanted = (change: number): Wanted => ({
    // One that stays, one whose key changes, one that is another each time.
    providers: {
      stays: { apiKey: 'k', headers: { 'x-change': String(change) } },
      turns: { apiKey: `k${change}` },
      [`only-${change}`]: { apiKey: 'k' },
    },
    routes: { all: ['stays/large', 'turns/large', `only-${change}/large`] },
  });
  const asked: Asked[] = [];
  for (let change = 0; change < 1000; change += 1) {
    await scene.change(wanted(change));
    for (const one of scene.models.providers()) known.push(...[one, ...one.keys].map((each) => new WeakRef(each)));
    if (change % 10 > 0) continue;
    for (const model of ['all', 'stays/large', 'turns/large', `only-${change}/large`]) asked.push(scene.ask(model));
    await rest();
    for (const sent of scene.open()) sent.answer();
    await Promise.all(asked.splice(0).map(({ done }) => done));
  }
  scene.forgetSent();
  await rest();
  collectGarbage();
  await rest();
  collectGarbage();
  const alive = new Set(known.flatMap((one) => one.deref() ?? [])).size;
  assert.ok(alive < 50, `${alive} providers and keys are held on to`);
  await scene.change({ providers: {} });
  assert.equal(scene.models.administration.targets('1m').filter(({ limit }) => limit !== null).length, 1, 'but the rehearsal');
  // Sight judges while there was a request lately; that is one timer, whatever the changes.
  assert.ok(scene.clock.pendingTimers <= timers + 1, `${scene.clock.pendingTimers} timers, ${timers} before`);
});
