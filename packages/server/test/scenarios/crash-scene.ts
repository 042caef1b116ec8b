/** A gateway on a clock that the test moves, before chaos upstreams in the same process. */
import { ask, type Address, type Outcome, type Question } from '../../../../bench/chaos/client.ts';
import type { Behaviour } from '../../../../bench/chaos/behaviour.ts';
import { type ChaosUpstream, startChaosUpstream } from '../../../../bench/chaos/upstream.ts';
import { createFakeClock, type FakeClock } from '../../src/core/fake-clock.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

export interface CrashScene extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly providers: readonly ChaosUpstream[];
  /** The first provider. */
  readonly provider: ChaosUpstream;
  readonly gateway: TestGateway;
  readonly address: Address;
  /** `key` instead of the gateway's own token. */
  ask(question?: Partial<Question>, key?: string): Promise<Outcome>;
  /** Moves the clock on in small steps, and lets the network keep up, until `promise` is settled. */
  passTime<Result>(promise: Promise<Result>): Promise<Result>;
  /** Moves the clock on by one step, and lets the network keep up. */
  passStep(durationMs: number): Promise<void>;
  /** Resolves when so many requests are in the gateway, waiting or under way. */
  inside(count: number): Promise<void>;
}

export interface CrashSceneOptions {
  /** How each provider behaves; one provider for each. */
  readonly providers?: readonly Partial<Behaviour>[];
  /** Of each provider's settings. */
  readonly provider?: object;
  /** Of `models`, besides providers and the route `all`. */
  readonly models?: object;
}

/** Of the clock, in each step. */
const stepMs = 50;
/** Turns of the event loop after which what has been written on this machine has been read. */
const turnsToSettle = 20;

export async function startCrashScene(options: CrashSceneOptions = {}): Promise<CrashScene> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const providers: ChaosUpstream[] = [];
  for (const behaviour of options.providers ?? [{}]) {
    providers.push(resources.use(await startChaosUpstream(behaviour, { now: () => clock.now() })));
  }
  const [provider] = providers;
  if (!provider) throw new Error('a scene needs a provider');
  const settingsOf = ({ baseUrl }: ChaosUpstream): object => ({
    baseUrl,
    api: 'openai-completions',
    apiKey: 'chaos-key-of-the-provider',
    models: [{ id: 'mock-model' }],
    ...options.provider,
  });
  const settings = {
    models: {
      providers: Object.fromEntries(providers.map((each, at) => [`p${at}`, settingsOf(each)])),
      routes: { all: { targets: providers.map((_, at) => `p${at}/mock-model`) } },
      ...options.models,
    },
  };
  const gateway = resources.use(await startTestGateway({ settings, clock }));
  const address: Address = {
    port: Number(new URL(gateway.url).port),
    path: '/v1/chat/completions',
    model: 'all',
    headers: { authorization: `Bearer ${gateway.token}` },
  };
  async function passStep(durationMs: number): Promise<void> {
    clock.advance(durationMs);
    for (let turn = 0; turn < turnsToSettle; turn += 1) await oneTurn();
  }
  const kept = resources.move();
  return {
    ...{ clock, providers, provider, gateway, address },
    passStep,
    ask: (question, key) =>
      ask(key === undefined ? address : { ...address, headers: { authorization: `Bearer ${key}` } }, { prompt: 'What next?', ...question }),
    async inside(count) {
      while (gateway.running.models.service.requests.inFlight < count) await oneTurn();
    },
    async passTime(promise) {
      let settled = false;
      const settle = (): void => void (settled = true);
      promise.then(settle, settle);
      while (!settled) await passStep(stepMs);
      return promise;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
