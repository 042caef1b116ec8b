/**
 * A world for random mixes: the real model path (admission, retries, hedges, cache, continuation, allowances) on a fake clock, clients
 * that come, read slowly and leave, and providers that play scripts. Everything that passes between them is written down apart from
 * what the model path says of itself, so that the two can be compared.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAllowances } from '../../src/access/index.ts';
import { OpenClawError } from '../../src/core/errors.ts';
import { createFakeClock, type FakeClock } from '../../src/core/fake-clock.ts';
import { createAdmission, type Admission } from '../../src/models/admission/index.ts';
import type { Allowances, Estimate } from '../../src/models/allowance.ts';
import { createAnswerCache } from '../../src/models/cache.ts';
import type { ModelCall, ModelSink } from '../../src/models/call.ts';
import { createLifecycleRegistry, type LifecycleRegistry } from '../../src/models/lifecycle.ts';
import { createRetryBudget } from '../../src/models/retry-budget.ts';
import { createModelService } from '../../src/models/service.ts';
import type { RequestReport } from '../../src/models/report.ts';
import type { Provider, Target } from '../../src/models/target.ts';
import { awaitedConnection } from '../../src/models/upstream.ts';
import { createScriptedUpstream, type Exchange, type ProviderTurn, type ScriptedUpstream, type Spent } from './scripted-upstream.ts';

export const worldSettings = fc.record({
  hedging: fc.boolean(),
  cache: fc.boolean(),
  /** Places at each target, and in the queue. */
  places: fc.integer({ min: 1, max: 4 }),
  waiting: fc.integer({ min: 0, max: 8 }),
  /** Requests a minute of the key that has limits. */
  rpm: fc.constantFrom(1000, 1000, 1000, 3, 0),
  usdPerDay: fc.constantFrom(1, 1, 0.001, 0.000_05),
  breakerFailures: fc.constantFrom(1000, 1000, 2),
  budgetPercent: fc.constantFrom(100, 100, 10, 0),
  /** When the gateway begins to stop; most worlds see no end. */
  stopsAtMs: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 150, 900),
});
type WorldSettings = typeof worldSettings extends fc.Arbitrary<infer Value> ? Value : never;

export const clientOf = fc.record({
  arrivesMs: fc.oneof(fc.constantFrom(0, 300), fc.nat(1500)),
  dialect: fc.constantFrom('openai-completions' as const, 'anthropic-messages' as const, 'openai-responses' as const),
  operation: fc.constantFrom('chat' as const, 'chat' as const, 'chat' as const, 'chat' as const, 'embeddings' as const),
  stream: fc.constantFrom(true, true, false),
  /** `all` fails over, `on` goes on in the middle, the others are one target each. */
  model: fc.constantFrom('all', 'all', 'on', 'on', 'one', 'two'),
  prompt: fc.constantFrom('the first question', 'the first question', 'ä question 🦊'),
  key: fc.constantFrom('free', 'limited'),
  leavesAfterMs: fc.constantFrom(undefined, undefined, undefined, 0, 90, 130, 400, 1100),
  patienceMs: fc.constantFrom(undefined, undefined, undefined, undefined, 60, 240, 900),
  /** How long it takes to read a piece; `Infinity`: it never does. */
  readsInMs: fc.constantFrom(0, 0, 0, 40, Infinity),
  noCache: fc.constantFrom(false, false, false, true),
});
type Client = typeof clientOf extends fc.Arbitrary<infer Value> ? Value : never;

export const providerTurn: fc.Arbitrary<ProviderTurn> = fc.record({
  headMs: fc.constantFrom(0, 0, 10, 120, 150, 350, Infinity),
  pieces: fc.integer({ min: 0, max: 5 }),
  pieceMs: fc.constantFrom(0, 5, 20, 60, Infinity),
  streams: fc.constantFrom(true, true, true, false),
  ends: fc.constantFrom<ProviderTurn['ends']>('well', 'well', 'well', 'well', 'cut', 'error', 'silent', 'uncounted', 'tool'),
  refuses: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('unreachable' as const, 'unconnected' as const, 400, 401, 404, 429, 500, 503) },
  ),
  retryAfter: fc.constantFrom(undefined, undefined, '0.2', '60'),
});

export interface WorldOptions {
  readonly settings: WorldSettings;
  readonly clients: readonly Client[];
  readonly turns: readonly ProviderTurn[];
}

/** Sooner than this every wait has come to its end, if each has one. */
const horizonMs = 55_000;
const stepMs = 10;
const retryFloor = 5;
/** US$ in billionths for each token of input and of output. */
const inputNanoUsd = 1000;
const outputNanoUsd = 3000;
const timeouts = { connectMs: 100, firstByteMs: 300, idleMs: 250, totalMs: 0 };

interface Seen {
  readonly client: Client;
  readonly events: ('head' | 'write' | 'end')[];
  text: string;
  status: number;
  gone: boolean;
  /** When the client left before it had been served. */
  leftMs: number | undefined;
  served: boolean;
  servedMs: number;
  /** Requests to providers that went on when it had been served. */
  openAfter: number;
}

interface Reserved {
  readonly ends: ('settled' | 'released')[];
  tokens: number;
  nanoUsd: number;
}

export async function playWorld({ settings, clients, turns }: WorldOptions): Promise<World> {
  const world = new World(settings, turns);
  await world.play(clients);
  return world;
}

class World {
  readonly #clock: FakeClock = createFakeClock();
  readonly #settings: WorldSettings;
  readonly #upstream: ScriptedUpstream;
  readonly #admission: Admission;
  readonly #requests: LifecycleRegistry;
  readonly #reports: RequestReport[] = [];
  readonly #reservations: Reserved[] = [];
  readonly #seen: Seen[] = [];
  readonly #service: ReturnType<typeof createModelService>;
  readonly #keyUse: () => Promise<{ readonly usdReserved: number | null } | undefined>;
  #reservedAtEnd: number | null | undefined;

  constructor(settings: WorldSettings, turns: readonly ProviderTurn[]) {
    const clock = this.#clock;
    this.#settings = settings;
    this.#upstream = createScriptedUpstream(clock, turns);
    this.#admission = createAdmission({
      clock,
      settings: {
        queue: { maxWaiting: settings.waiting, maxWaitMs: 2000 },
        breaker: { failures: settings.breakerFailures, windowMs: 10_000, errorPercent: 100, minimumRequests: 1000, openMs: 1500 },
      },
    });
    this.#requests = createLifecycleRegistry(clock);
    const allowances = createAllowances({ clock, spending: () => Promise.resolve([]) });
    allowances.setLimits('limited', {
      ...{ rpm: settings.rpm, tpm: undefined },
      ...{ nanoUsdPerDay: settings.usdPerDay * 1e9, nanoUsdPerMonth: undefined },
    });
    this.#keyUse = () => allowances.use('limited');
    const routes = routesOf(this.#upstream, settings.places);
    const cacheSettings = { enabled: true, ttlMs: 700, maxBytes: 64 * 1024 };
    this.#service = createModelService({
      ...{ clock, requests: this.#requests, admission: this.#admission, allowances: this.#watch(allowances), nestingDepthLimit: 32 },
      random: () => 0.5,
      retry: { attempts: 4, baseDelayMs: 20, maxDelayMs: 400 },
      retryBudget: createRetryBudget({ percent: settings.budgetPercent, clock, floorPerMinute: retryFloor }),
      hedging: { enabled: settings.hedging, delayMs: () => 100 },
      cache: settings.cache ? { answers: createAnswerCache(cacheSettings, clock), settings: cacheSettings } : undefined,
      route: ({ model }) => routes[model] ?? { targets: [], goesOn: false },
      costOf: (_target, usage) => usage.input * inputNanoUsd + usage.output * outputNanoUsd,
      onFinished: (report) => void this.#reports.push(report),
    });
  }

  async play(clients: readonly Client[]): Promise<void> {
    const clock = this.#clock;
    const { stopsAtMs } = this.#settings;
    for (const client of clients) clock.after(client.arrivesMs, () => this.#enter(client));
    if (stopsAtMs !== undefined) this.#after(stopsAtMs, () => this.#requests.cancelAll(new OpenClawError('draining')));
    let over = false;
    while (!over && clock.monotonicMs() < horizonMs) {
      clock.advance(stepMs);
      // One turn of the event loop: whatever the timers set going has come to rest.
      await new Promise(setImmediate);
      over = this.#seen.length === clients.length && this.#seen.every(({ served }) => served);
    }
    this.#reservedAtEnd = (await this.#keyUse())?.usdReserved;
  }

  /** Places, turns in the queue, reservations, connections and timers: of all of them none is left. */
  assertNothingHeld(): void {
    assert.ok(
      this.#seen.every(({ served }) => served),
      `somebody still waits after ${horizonMs} ms`,
    );
    assert.equal(this.#requests.inFlight, 0, 'in flight');
    const { underWay, waiting } = this.#admission.figures;
    assert.deepEqual({ underWay, waiting }, { underWay: 0, waiting: 0 });
    for (const { ends } of this.#reservations) assert.equal(ends.length > 0, true, 'a reservation was never given back');
    assert.equal(this.#reservedAtEnd ?? 0, 0, 'reserved money');
    assert.equal(this.#upstream.open, 0, 'connections that nobody reads');
    // The clients' own timers (to leave, to read) may be left, the gateway's not.
    for (const cancel of this.#clientTimers) cancel();
    assert.equal(this.#clock.pendingTimers, 0, 'timers');
  }

  /** Who leaves takes everything along at once, and no request leaves anything behind that still runs. */
  assertEndedAtOnce(): void {
    for (const { client, leftMs, servedMs, openAfter } of this.#seen) {
      const lateMs = leftMs === undefined ? 0 : servedMs - leftMs;
      assert.ok(lateMs <= stepMs, `went on for ${lateMs} ms after its client had left: ${JSON.stringify(client)}`);
      assert.equal(openAfter, 0, 'a provider is still being read');
    }
  }

  /** Every client that stayed has one end, and none has anything after it. */
  assertToldOnce(): void {
    for (const { client, events, text, gone, status } of this.#seen) {
      const what = `${client.dialect}, ${client.stream ? 'stream' : 'whole'}: ${events.join(' ')}: ${text}`;
      const ends = events.filter((event) => event === 'end').length;
      assert.ok(gone ? ends <= 1 : ends === 1, `${ends} ends, ${what}`);
      assert.ok(!events.includes('end') || events.at(-1) === 'end', `something after the end, ${what}`);
      assert.ok(events.length === 0 || (events[0] === 'head' && events.lastIndexOf('head') === 0), what);
      if (gone) continue;
      const streamed = client.stream && status === 200 && !text.startsWith('{');
      if (!streamed) assert.doesNotThrow(() => JSON.parse(text), what);
      else assert.equal(terminalsOf(client.dialect, text), 1, what);
      assert.equal(this.#reports.length, this.#seen.length, 'a report for each request');
    }
  }

  /** What the path says was used is what the providers said and sent, attempt by attempt, hedges that lost included; and no more. */
  assertCountedOnce(): void {
    const exchanges = Map.groupBy(this.#upstream.exchanges, ({ requestId }) => requestId);
    for (const { call, attempts, observed, costNanoUsd } of this.#reports) {
      const own = exchanges.get(call.requestId) ?? [];
      assert.equal(attempts.length, own.length, 'an attempt for each request to a provider');
      const total = { input: 0, output: 0 };
      for (const [index, { usage, error, cancelled }] of attempts.entries()) {
        const exchange = own[index];
        assert.ok(exchange);
        // What was sent whole, or was given up by us, has reached the provider.
        const isBilled = !error || cancelled || (error.code === 'upstream_timeout' && error.details['awaited'] !== awaitedConnection);
        const expected = error || !exchange.said ? fragmentOf(exchange, call, isBilled) : exchange.said;
        assert.deepEqual(
          usage && { input: usage.input, output: usage.output },
          expected,
          `attempt ${index + 1}: ${error?.code ?? 'completed'}`,
        );
        total.input += usage?.input ?? 0;
        total.output += usage?.output ?? 0;
      }
      assert.deepEqual({ input: observed.usage?.input ?? 0, output: observed.usage?.output ?? 0 }, total);
      assert.equal(costNanoUsd ?? 0, total.input * inputNanoUsd + total.output * outputNanoUsd);
    }
    const asked = this.#reports.reduce((sum, { attempts }) => sum + attempts.length, 0);
    assert.equal(asked, this.#upstream.exchanges.length, 'a report for each request to a provider');
  }

  /** Retries and hedges stay within their budget, and keys are charged with what their requests used. */
  assertBudgets(): void {
    const extra = this.#reports.reduce((sum, { attempts }) => sum + Math.max(0, attempts.length - 1), 0);
    const first = this.#reports.filter(({ attempts }) => attempts.length > 0).length;
    // Somebody who was let in by no target counts as asked for, and costs nothing.
    const allowed = Math.floor(retryFloor + (this.#reports.length * this.#settings.budgetPercent) / 100);
    assert.ok(extra <= allowed, `${extra} extra requests for ${first}, allowed ${allowed}`);
    const charged = this.#reservations.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
    const cost = this.#reports
      .filter(({ call }) => call.caller.id === 'limited')
      .reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
    assert.equal(charged, cost, 'money of the key');
    const used = this.#reports.filter(({ call, attempts, cached }) => call.caller.id === 'limited' && (attempts.length > 0 || cached));
    const ends = this.#reservations.map((reservation) => reservation.ends.join());
    assert.equal(ends.filter((end) => end === 'settled').length, used.length, 'settled: whatever was asked or answered');
    assert.equal(ends.filter((end) => end === 'released').length, ends.length - used.length, 'released: all others, and each once');
  }

  readonly #clientTimers: (() => void)[] = [];

  #after(delayMs: number, action: () => void): void {
    const timer = this.#clock.after(delayMs, action);
    this.#clientTimers.push(() => timer.cancel());
  }

  #enter(client: Client): void {
    const seen: Seen = {
      client,
      events: [],
      text: '',
      status: 0,
      gone: false,
      leftMs: undefined,
      served: false,
      servedMs: 0,
      openAfter: 0,
    };
    const number = this.#seen.push(seen);
    let left = (): void => {};
    const operation = client.dialect === 'openai-completions' ? client.operation : 'chat';
    const call: ModelCall = {
      ...{ requestId: `req_${number}`, dialect: client.dialect, operation, timeoutMs: client.patienceMs },
      body: Buffer.from(JSON.stringify(bodyOf(client, operation))),
      headers: client.noCache ? { 'cache-control': 'no-cache' } : {},
      caller: { id: client.key, models: undefined },
      whenGone: (listener) => (left = listener),
    };
    if (client.leavesAfterMs !== undefined) {
      this.#after(client.leavesAfterMs, () => {
        if (seen.served) return;
        seen.gone = true;
        seen.leftMs = this.#clock.monotonicMs();
        left();
      });
    }
    void this.#service.serve(call, this.#sinkOf(seen)).then(() => {
      seen.served = true;
      seen.servedMs = this.#clock.monotonicMs();
      seen.openAfter = this.#upstream.exchanges.filter((exchange) => exchange.requestId === call.requestId && exchange.open).length;
    });
  }

  #sinkOf(seen: Seen): ModelSink {
    const { readsInMs } = seen.client;
    const take = (event: Seen['events'][number], chunk: Buffer | string = ''): void => {
      if (seen.gone) return;
      seen.events.push(event);
      seen.text += chunk.toString();
    };
    return {
      head: (status) => {
        seen.status = status;
        take('head');
      },
      write: (chunk) => {
        take('write', chunk);
        return seen.gone || readsInMs === 0;
      },
      drained: () =>
        new Promise((resolve) => {
          if (Number.isFinite(readsInMs)) this.#after(readsInMs, resolve);
          // Nobody waits for ever for who never reads: such a client leaves at last.
          else this.#after(5000, () => this.#leave(seen, resolve));
        }),
      end: (chunk) => take('end', chunk),
    };
  }

  #leave(seen: Seen, resolve: () => void): void {
    seen.gone = true;
    resolve();
  }

  /** Notes how each reservation ends, beside the real ones. */
  #watch(real: Allowances): Allowances {
    return {
      hasBudget: (caller) => real.hasBudget(caller),
      reserve: (caller, estimate) => {
        const reserved = real.reserve(caller, estimate);
        if (reserved === undefined) return undefined;
        return Promise.resolve(reserved).then((reservation) => {
          if (!reservation) return undefined;
          const noted: Reserved = { ends: [], tokens: 0, nanoUsd: 0 };
          this.#reservations.push(noted);
          return {
            settle: (actual: Estimate) => {
              noted.ends.push('settled');
              noted.tokens += actual.tokens;
              noted.nanoUsd += actual.nanoUsd;
              reservation.settle(actual);
            },
            release: () => {
              noted.ends.push('released');
              reservation.release();
            },
          };
        });
      },
    };
  }
}

function bodyOf({ dialect, model, stream, prompt }: Client, operation: ModelCall['operation']): object {
  // Of the targets only those with OpenAI's formats have embeddings.
  if (operation === 'embeddings') return { model: 'one', input: prompt };
  if (dialect === 'openai-responses') return { model, max_output_tokens: 20, stream, store: false, input: prompt };
  return { model, max_tokens: 20, stream, messages: [{ role: 'user', content: prompt }] };
}

function routesOf(upstream: ScriptedUpstream, places: number): Readonly<Record<string, { targets: Target[]; goesOn: boolean }>> {
  const target = (id: string, dialect: Provider['dialect'], prefill: boolean): Target => {
    const provider: Provider = {
      ...{ id, dialect, origin: `http://${id}`, basePath: '/v1', upstream, timeouts, firstByteWholeMs: 600 },
      keys: [{ id: '1', source: 'a test', weight: 1, headers: {} }],
      quirks: { prefill },
      concurrency: { initial: places, max: places + 2 },
      models: () => [],
    };
    const [key] = provider.keys;
    assert.ok(key);
    return { provider, key, model: 'large', name: `${id}/large`, known: undefined, weight: 1 };
  };
  const one = target('one', 'openai-completions', false);
  const two = target('two', 'anthropic-messages', true);
  const three = target('three', 'openai-completions', true);
  return {
    all: { targets: [one, two, three], goesOn: false },
    on: { targets: [one, two, three], goesOn: true },
    one: { targets: [one], goesOn: false },
    two: { targets: [two], goesOn: false },
  };
}

/** What a provider bills for an answer that broke off or was not counted: what it said, and at least what it had sent. */
function fragmentOf({ said, characters }: Exchange, { body }: Pick<ModelCall, 'body'>, isBilled: boolean): Spent | undefined {
  const output = Math.max(said?.output ?? 0, Math.ceil(characters / 4));
  if (!said && output === 0 && !isBilled) return undefined;
  return { input: said?.input ?? Math.ceil(body.length / 4), output };
}

/** How many ends a stream has: clean ones and errors together. */
function terminalsOf(dialect: Client['dialect'], text: string): number {
  const ends = {
    'openai-completions': /^data: (?:\[DONE\]|\{"error")/gm,
    'anthropic-messages': /^event: (?:message_stop|error)$/gm,
    'openai-responses': /^event: (?:response\.(?:completed|incomplete|failed)|error)$/gm,
  }[dialect];
  return [...text.matchAll(ends)].length;
}
