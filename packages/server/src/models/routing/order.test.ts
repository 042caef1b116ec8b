import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createKeys, keyDefaults } from '../keys/keys.ts';
import { createOrdering, type OrderingOptions } from './order.ts';
import { createPlaces } from './places.ts';
import type { Route, Strategy } from './route.ts';
import type { KnownModel, Provider, Target } from '../target.ts';

interface Wanted {
  readonly name: string;
  readonly weight?: number;
  readonly price?: { input: number; output: number };
  /** Weights of the provider's keys. */
  readonly keys?: readonly number[];
}

function routeOf(strategy: Strategy, wanted: readonly Wanted[]): Route {
  const places = createPlaces();
  const targets = wanted.map(({ name, weight = 1, price, keys = [1] }) => {
    const model: KnownModel = { id: 'm', contextWindow: undefined, maxOutputTokens: undefined, price };
    const models = [model];
    const held = keys.map((share, index) => ({ id: String(index + 1), source: 'the test', weight: share, headers: {} }));
    const provider = { id: name, keys: held, models: () => models } as Partial<Provider> as Provider;
    return { place: places.of(provider, 'm'), weight };
  });
  return { name: 'r', kind: 'route', targets, strategy, afterFirstToken: 'error' };
}

/** Evenly spread and the same in each run. */
function createRandom(): () => number {
  let state = 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function setup(options: Partial<OrderingOptions> = {}) {
  const clock = createFakeClock();
  const keys = createKeys({ clock, log: createLog({ clock, destinations: [] }) });
  const ordering = createOrdering({ keys, random: createRandom(), latencyOf: () => undefined, underWayOf: () => 0, ...options });
  return { clock, keys, ordering };
}

const providersOf = (targets: readonly Target[]): string[] => targets.map(({ provider }) => provider.id);
const keysOf = (targets: readonly Target[]): string => targets.map(({ key }) => key.id).join('');

/** How often each came out of `count` draws. */
function tally(count: number, draw: () => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const drawn = draw();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  return counts;
}

const auth = (): OpenClawError =>
  new OpenClawError('upstream_authentication', { details: { provider: 'a', reason: 'no', keySource: 'x' } });

test('priority is the order of the operator', () => {
  const { ordering } = setup();
  assert.deepEqual(providersOf(ordering.order(routeOf('priority', [{ name: 'b' }, { name: 'a' }]), {})), ['b', 'a']);
});

test('one target with one key costs nothing: the same list is handed out', () => {
  const { ordering } = setup();
  const route = routeOf('sticky', [{ name: 'a' }]);
  assert.equal(ordering.order(route, {}), ordering.order(route, {}));
});

test('weighted: each is first as often as its weight says, and one of weight 0 only after all others', () => {
  const { ordering } = setup();
  const route = routeOf('weighted', [
    { name: 'never', weight: 0 },
    { name: 'often', weight: 3 },
    { name: 'rare', weight: 1 },
  ]);
  const counts = tally(4000, () => providersOf(ordering.order(route, {})).join(' '));
  assert.ok(Math.abs((counts.get('often rare never') ?? 0) - 3000) < 150);
  assert.ok(Math.abs((counts.get('rare often never') ?? 0) - 1000) < 150);
});

test('every strategy hands out every target with every key exactly once', () => {
  const wanted = fc.array(
    fc.record({ weight: fc.double({ min: 0, max: 5, noNaN: true }), keys: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }) }),
    { minLength: 1, maxLength: 5 },
  );
  const strategies = fc.constantFrom<Strategy>('priority', 'weighted', 'latency', 'cost', 'sticky');
  fc.assert(
    fc.property(wanted, strategies, fc.string(), (list, strategy, session) => {
      const route = routeOf(
        strategy,
        list.map((entry, index) => ({ ...entry, name: `p${index}` })),
      );
      const named = (targets: readonly Target[]): string[] => targets.map(({ name, key }) => `${name}#${key.id}`).sort();
      assert.deepEqual(named(setup().ordering.order(route, { session })), named(route.targets.flatMap(({ place }) => place.targets)));
    }),
    { numRuns: 100 },
  );
});

test('latency: the slowest is never first, a busy target counts as slower, and the rest is sorted', () => {
  const latencies: Record<string, number> = { quick: 100, middle: 200, slow: 1000 };
  const { ordering } = setup({
    latencyOf: ({ provider }) => latencies[provider.id],
    underWayOf: ({ provider }) => (provider.id === 'quick' ? 20 : 0),
  });
  const route = routeOf('latency', [{ name: 'quick' }, { name: 'slow' }, { name: 'middle' }]);
  const orders = [...tally(300, () => providersOf(ordering.order(route, {})).join(' ')).keys()].sort();
  // 2100, 200 and 1000: of any two the better is first, so that the worst of the three never is.
  assert.deepEqual(orders, ['middle slow quick', 'slow middle quick']);
});

test('latency: a target that nobody has tried is tried, and not by everybody at once', () => {
  const underWay = new Map<string, number>();
  const { ordering } = setup({
    latencyOf: ({ provider }) => (provider.id === 'known' ? 300 : undefined),
    underWayOf: ({ provider }) => underWay.get(provider.id) ?? 0,
  });
  const route = routeOf('latency', [{ name: 'known' }, { name: 'new' }]);
  for (let count = 0; count < 20; count++) {
    const [first = ''] = providersOf(ordering.order(route, {}));
    underWay.set(first, (underWay.get(first) ?? 0) + 1);
  }
  assert.deepEqual(underWay.get('new'), 10);
});

test('cost: the cheapest for this request is first, an unknown price last', () => {
  const { ordering } = setup();
  const route = routeOf('cost', [
    { name: 'unknown' },
    { name: 'dear-input', price: { input: 10, output: 1 } },
    { name: 'dear-output', price: { input: 1, output: 10 } },
  ]);
  const order = (inputTokens: number, outputTokens: number): string[] => providersOf(ordering.order(route, { inputTokens, outputTokens }));
  assert.deepEqual(order(100_000, 100), ['dear-output', 'dear-input', 'unknown']);
  assert.deepEqual(order(100, 4000), ['dear-input', 'dear-output', 'unknown']);
});

test('sticky: a session keeps its target and key, and losing a target moves only its sessions', () => {
  const { ordering } = setup();
  const names = ['a', 'b', 'c', 'd'];
  const whole = routeOf(
    'sticky',
    names.map((name) => ({ name, keys: [1, 1] })),
  );
  const without = { ...whole, targets: whole.targets.filter(({ place }) => place.provider.id !== 'b') };
  let moved = 0;
  for (let index = 0; index < 1000; index++) {
    const session = `session ${index}`;
    const [first] = ordering.order(whole, { session });
    assert.equal(ordering.order(whole, { session })[0], first);
    const [after] = ordering.order(without, { session });
    if (first?.provider.id === 'b') moved += 1;
    else assert.equal(after, first);
  }
  assert.ok(moved > 180 && moved < 320, String(moved));
});

test('keys take turns by weight and smoothly, and the others follow as failover', () => {
  const { ordering } = setup();
  const route = routeOf('priority', [{ name: 'a', keys: [2, 1, 0] }]);
  const orders = Array.from({ length: 6 }, () => keysOf(ordering.order(route, {})));
  assert.deepEqual(orders, ['123', '213', '123', '123', '213', '123']);
});

test('a key that is out is passed over while there is another, tried first once its time has come, and then passed over again', () => {
  const { ordering, keys, clock } = setup();
  const route = routeOf('priority', [{ name: 'a', keys: [1, 1] }]);
  const [dead] = route.targets[0]?.place.targets ?? [];
  keys.report(dead ?? assert.fail('no target'), auth());
  assert.deepEqual([keysOf(ordering.order(route, {})), keysOf(ordering.order(route, {}))], ['2', '2']);
  clock.advance(keyDefaults.refusedMs);
  assert.deepEqual([keysOf(ordering.order(route, {})), keysOf(ordering.order(route, {}))], ['12', '2']);
});

test('a provider whose only key is out is passed over; where nobody is left, its words are the answer', () => {
  const { ordering, keys } = setup();
  const route = routeOf('priority', [{ name: 'a' }, { name: 'b' }]);
  const [first, second] = route.targets.map(({ place }) => place.targets[0] ?? assert.fail('no target'));
  const refuse = (target: Target | undefined): void => {
    for (let count = 0; count < keyDefaults.lastKeyRefusals; count++) keys.report(target ?? assert.fail('no target'), auth());
  };
  refuse(first);
  assert.deepEqual(providersOf(ordering.order(route, {})), ['b']);
  refuse(second);
  assert.throws(() => ordering.order(route, {}), { code: 'upstream_authentication', message: auth().message });
});

test('latency: streamed and whole answers are compared with their like', () => {
  const { ordering } = setup({
    latencyOf: ({ provider }, stream) => (provider.id === 'streams-well' ? (stream ? 100 : 9000) : stream ? 900 : 1000),
  });
  const route = routeOf('latency', [{ name: 'streams-well' }, { name: 'answers-whole' }]);
  assert.deepEqual(providersOf(ordering.order(route, { stream: true })), ['streams-well', 'answers-whole']);
  assert.deepEqual(providersOf(ordering.order(route, {})), ['answers-whole', 'streams-well']);
});
