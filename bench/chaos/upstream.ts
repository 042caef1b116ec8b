/**
 * A model provider that misbehaves as it is told: slow, full, silent, broken off or wrong, in OpenAI's and in Anthropic's dialect.
 *
 *     node bench/chaos/upstream.ts [BEHAVIOUR AS JSON] [PORT]
 *
 * Its behaviour is data (`behaviour.ts`) and can be changed while it runs: `PUT /chaos/behaviour` changes what the body names,
 * `GET /chaos/counts` tells what it was asked and what it answered, `DELETE /chaos/counts` starts the counts again. One request is
 * treated otherwise by its `x-chaos` header or by a line in its prompt. It judges no credentials, models or fields.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Behaviour, chaosHeader, type Fault, inRecurring, readChange, type RetryAfterForm, toBehaviour } from './behaviour.ts';
import { createRateGate, type RateGate, writeRetryAfter } from './limits.ts';
import { createRandom, sampleLatencyMs } from './random.ts';
import { pause, writeReply } from './reply.ts';
import { createTally, type Counts, type Tally } from './tally.ts';
import { formatFor, type WireFormat } from './wire-format.ts';

export interface ChaosUpstream extends AsyncDisposable {
  readonly port: number;
  /** With `/v1`, as a gateway's configuration wants it. */
  readonly baseUrl: string;
  /** Changes what is named and keeps the rest. Luck, limits and the numbers of faults that struck begin anew. */
  behave(change: Partial<Behaviour>): void;
  counts(): Counts;
  restartCounts(): void;
  /** Lets those go on that are silent without a time, and those that come until the behaviour changes. */
  release(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Resolves when so many requests have come since the counts began. */
  asked(count: number): Promise<void>;
}

interface State {
  behaviour: Behaviour;
  random: () => number;
  gate: RateGate | undefined;
  /** How often each fault of the behaviour has struck. */
  strikes: Map<Fault, number>;
  served: number;
  /** Requests that have passed the limits and are not over. */
  busy: number;
  readonly now: () => number;
  readonly tally: Tally;
  released: PromiseWithResolvers<void>;
  isReleased: boolean;
  /** Looked at whenever a request comes or goes. */
  readonly watchers: Set<() => void>;
}

/** One request, read whole. */
interface Asked {
  readonly key: string;
  readonly format: WireFormat;
  readonly streamed: boolean;
  readonly behaviour: Behaviour;
  readonly response: ServerResponse;
}

/** Whether a key is good is asked for with this list; it costs nothing and is not counted. */
const modelList = JSON.stringify({ object: 'list', data: [{ id: 'mock-model', object: 'model', created: 0, owned_by: 'chaos' }] });

export interface ChaosUpstreamOptions {
  /** @default any free one */
  readonly port?: number;
  /** What limits and counts take for the time; pauses keep real time. @default the system's clock */
  readonly now?: () => number;
}

export async function startChaosUpstream(change: Partial<Behaviour> = {}, options: ChaosUpstreamOptions = {}): Promise<ChaosUpstream> {
  const { port = 0, now = Date.now } = options;
  const state: State = {
    ...begin(toBehaviour(change), now),
    now,
    tally: createTally(now(), () => state.behaviour.graceMs),
    released: Promise.withResolvers<void>(),
    isReleased: false,
    watchers: new Set(),
  };
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/chaos/') === true) control(state, request, response);
    else if (request.method === 'GET') response.writeHead(200, { 'content-type': 'application/json' }).end(modelList);
    else take(state, request, response);
  });
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    state.tally.open();
    socket.once('close', () => state.tally.close());
  });
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve));
  const listening = (server.address() as AddressInfo).port;
  return {
    port: listening,
    baseUrl: `http://127.0.0.1:${listening}/v1`,
    behave: (next) => behave(state, next),
    counts: () => countsOf(state),
    restartCounts: () => restartCounts(state),
    release() {
      state.isReleased = true;
      state.released.resolve();
    },
    idle: () => watch(state, ({ underWay }) => underWay === 0),
    asked: (count) => watch(state, ({ requests }) => requests >= count),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function watch(state: State, fits: (counts: Pick<Counts, 'underWay' | 'requests'>) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!fits(state.tally.counts())) return;
      state.watchers.delete(look);
      resolve();
    };
    state.watchers.add(look);
    look();
  });
}

function begin(behaviour: Behaviour, now: () => number): Pick<State, 'behaviour' | 'random' | 'gate' | 'strikes' | 'served' | 'busy'> {
  const gate = behaviour.rate ? createRateGate(behaviour.rate, now()) : undefined;
  return { behaviour, random: createRandom(behaviour.seed), gate, strikes: new Map(), served: 0, busy: 0 };
}

function behave(state: State, change: Partial<Behaviour>): void {
  const { busy } = state;
  if (state.isReleased) Object.assign(state, { isReleased: false, released: Promise.withResolvers<void>() });
  Object.assign(state, begin({ ...state.behaviour, ...change }, state.now), { busy });
}

function countsOf({ tally, gate, now }: State): Counts {
  return { ...tally.counts(), allowed: gate?.allowed(now()) ?? Number.NaN };
}

function restartCounts(state: State): void {
  state.tally.restart(state.now());
  behave(state, {});
}

function control(state: State, request: IncomingMessage, response: ServerResponse): void {
  void readBody(request).then((body) => {
    if (request.method === 'PUT') behave(state, JSON.parse(body) as Partial<Behaviour>);
    if (request.method === 'DELETE') restartCounts(state);
    const answer = request.url === '/chaos/counts' ? countsOf(state) : state.behaviour;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
}

function take(state: State, request: IncomingMessage, response: ServerResponse): void {
  const { tally } = state;
  const key = request.headers.authorization ?? String(request.headers['x-api-key'] ?? '');
  tally.arrive(key, state.now());
  for (const look of state.watchers) look();
  response.once('close', () => {
    tally.leave();
    for (const look of state.watchers) look();
    if (!response.writableFinished) tally.cut();
  });
  // A reader that leaves in the middle of a write is its right; 'close' follows.
  response.on('error', () => response.destroy());
  void readBody(request)
    .then((body) => {
      const change = readChange(request.headers[chaosHeader] as string | undefined, body);
      const behaviour = change === undefined ? state.behaviour : { ...state.behaviour, ...change };
      const streamed = /"stream"\s*:\s*true/.test(body);
      return serve(state, { key, format: formatFor(request.url ?? ''), streamed, behaviour, response });
    })
    .catch((error: Error) => response.destroy(error));
}

async function serve(state: State, asked: Asked): Promise<void> {
  if (refuse(state, asked)) return;
  const { behaviour, response } = asked;
  state.busy += 1;
  state.served += 1;
  response.once('close', () => (state.busy -= 1));
  const fault = behaviour.faults.find((each) => strikes(state, each));
  if (fault?.kind === 'status') {
    sendRefusal(state, asked, { status: fault.status, form: fault.retryAfter ?? 'none', waitMs: fault.awayMs ?? 1000 });
    return;
  }
  await pause(response, latencyMs(state, behaviour));
  state.tally.answer(await writeReply({ ...asked, fault, released: () => state.released.promise }));
}

function latencyMs({ random, served, now }: State, { latency, slowerByMs, spike }: Behaviour): number {
  const factor = spike && inRecurring(spike, now()) ? spike.factor : 1;
  return sampleLatencyMs(latency, random()) * factor + slowerByMs * (served - 1);
}

function strikes(state: State, fault: Fault): boolean {
  const struck = state.strikes.get(fault) ?? 0;
  if (fault.times !== undefined && struck >= fault.times) return false;
  if (fault.during !== undefined && !inRecurring(fault.during, state.now())) return false;
  if (fault.share !== undefined && state.random() >= fault.share) return false;
  state.strikes.set(fault, struck + 1);
  return true;
}

/** True when a limit has answered. */
function refuse(state: State, asked: Asked): boolean {
  const { concurrency, rate } = asked.behaviour;
  if (concurrency && state.busy >= concurrency.atMost) {
    if (concurrency.refusal === 'reset') {
      state.tally.answer('reset');
      asked.response.socket?.resetAndDestroy();
    } else sendRefusal(state, asked, { status: concurrency.refusal, form: concurrency.retryAfter, waitMs: concurrency.awayMs });
    return true;
  }
  if (!rate || state.gate === undefined) return false;
  const waitMs = state.gate.take(state.now());
  if (waitMs > 0) sendRefusal(state, asked, { status: 429, form: rate.retryAfter, waitMs });
  return waitMs > 0;
}

interface Refusal {
  readonly status: number;
  readonly form: RetryAfterForm;
  readonly waitMs: number;
}

function sendRefusal({ tally, now }: State, { key, format, response }: Asked, { status, form, waitMs }: Refusal): void {
  const nowMs = now();
  const { headers, awayMs } = writeRetryAfter(form, waitMs, nowMs);
  if (awayMs !== undefined) tally.sendAway(key, nowMs, awayMs);
  tally.answer(String(status));
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(format.errorBody(status, `chaos: status ${status}`));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

if (import.meta.main) {
  const change = JSON.parse(process.argv[2] ?? '{}') as Partial<Behaviour>;
  const upstream = await startChaosUpstream(change, { port: Number(process.argv[3] ?? 0) });
  if (process.send === undefined) console.log(`listening on ${upstream.baseUrl}`);
  process.send?.({ listening: upstream.port });
  process.on('disconnect', () => process.exit(0));
}
