/** The client: builds the parts from its options and owns them. What the parts do is in their files. */
import { CircuitBreaker, type BreakerOptions } from './breaker.ts';
import { createCalls, type Calls } from './calls.ts';
import { createChatCompletions, type ChatCompletions } from './chat.ts';
import { systemClock, type Clock } from './clock.ts';
import { createConnection, type Fetch } from './connection.ts';
import { clientError, optionError } from './errors.ts';
import { ConcurrencyLimiter, type LimiterOptions } from './limiter.ts';
import { createModels, type Models } from './models.ts';
import { normaliseRetry, type RetryOptions } from './retry.ts';
import { createRuns, type Runs } from './runs/runs.ts';
import { createSessions, type Sessions } from './runs/sessions.ts';
import { createMemorySpool, type Spool } from './runs/spool.ts';

export interface OpenClawOptions {
  /**
   * Where the API is: the gateway, or any other server that speaks OpenAI's API. Without a path, `/v1` is added.
   *
   * @default 'http://127.0.0.1:18789/v1'
   * @example 'https://gateway.example/v1'
   */
  readonly baseURL?: string;
  /**
   * The gateway's token or a key of `openclaw keys create`. In a browser everybody who sees the page can read it.
   *
   * @default none is sent
   */
  readonly token?: string | undefined;
  /** Time of a call with all its waits and tries; of a stream, up to its first event. @default 600_000 */
  readonly timeoutMs?: number;
  /** How long a stream that has begun may be silent before it is given up. @default 300_000 */
  readonly idleTimeoutMs?: number;
  /** How many calls run at once, or a limiter that several clients share. @default { limit: 5, queueLimit: 1_000 } */
  readonly limiter?: LimiterOptions | ConcurrencyLimiter;
  /** When to stop asking a server that is down, or a breaker that several clients share. @default { failureThreshold: 5, cooldownMs: 30_000 } */
  readonly breaker?: BreakerOptions | CircuitBreaker;
  /** How to try again; `{ attempts: 1 }` does not. @default { attempts: 5, baseDelayMs: 500 } */
  readonly retry?: RetryOptions;
  /** How long runs wait for a gateway that is away: their streams, and the steps of durable runs. @default 600_000 */
  readonly patienceMs?: number;
  /**
   * Where durable runs keep the end of a step until the gateway has it. `createFileSpool` of `@openclaw/client/node` outlives the program.
   *
   * @default in memory: a step ends when the gateway has it
   */
  readonly spool?: Spool;
  /** Headers of every request. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose connections are used. @default the platform's `fetch` */
  readonly fetch?: Fetch;
  /** Passed in by tests. @default the system's */
  readonly clock?: Clock;
}

export const openClawDefaults = {
  baseURL: 'http://127.0.0.1:18789/v1',
  // Long answers take minutes; nothing takes for ever.
  timeoutMs: 600_000,
  // Twenty of the signs of life that the gateway sends, and long enough for servers that send none while a model thinks.
  idleTimeoutMs: 300_000,
  limiter: {},
  breaker: {},
  retry: {},
  // What a slow restart takes, many times over.
  patienceMs: 600_000,
  headers: {},
  clock: systemClock,
} as const satisfies OpenClawOptions;

/**
 * A client of the OpenClaw gateway, for Node and browsers. Every call waits its turn in the limiter, passes the breaker, and is tried again
 * as far as that helps and the gateway has not done so itself.
 *
 * @example
 * await using client = new OpenClaw({ baseURL: 'http://127.0.0.1:18789/v1', token });
 * const answer = await client.chat.completions.create({ model: 'openclaw/rehearsal', messages: [{ role: 'user', content: 'say Hello.' }] });
 */
export class OpenClaw implements AsyncDisposable {
  readonly chat: { readonly completions: ChatCompletions };
  readonly models: Models;
  /** Agents at work, and durable runs of a program's own. */
  readonly runs: Runs;
  readonly sessions: Sessions;
  readonly limiter: ConcurrencyLimiter;
  readonly breaker: CircuitBreaker;
  readonly #calls: Calls;
  readonly #closing = new AbortController();

  /** @throws OpenClawError `usage_error` for options that cannot be */
  constructor(options: OpenClawOptions = {}) {
    const { baseURL, token, timeoutMs, idleTimeoutMs, patienceMs, limiter, breaker, retry, headers, clock } = {
      ...openClawDefaults,
      ...options,
    };
    for (const [name, value] of Object.entries({ timeoutMs, idleTimeoutMs, patienceMs }))
      if (!(value > 0)) throw optionError(name, 'above 0');
    const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const connection = createConnection({
      baseURL: normaliseUrl(baseURL),
      headers: { ...credentials, ...headers },
      // Browsers refuse a `fetch` that is called as a method of something else.
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      clock,
    });
    this.limiter = limiter instanceof ConcurrencyLimiter ? limiter : new ConcurrencyLimiter(limiter);
    this.breaker = breaker instanceof CircuitBreaker ? breaker : new CircuitBreaker({ clock, ...breaker });
    this.#calls = createCalls({
      limiter: this.limiter,
      breaker: this.breaker,
      retry: normaliseRetry({ clock, ...retry }),
      timeoutMs,
      clock,
    });
    const calls = this.#calls;
    this.chat = { completions: createChatCompletions({ calls, connection, idleTimeoutMs, clock }) };
    this.models = createModels({ calls, connection });
    this.sessions = createSessions({ calls, connection });
    const spool = options.spool ?? createMemorySpool();
    const { random = Math.random } = options.retry ?? {};
    this.runs = createRuns({ ...{ calls, connection, clock, random, patienceMs, spool }, closing: this.#closing.signal });
  }

  /** Ends all calls of this client with `client_disposed`, streams included, and refuses more; resolves when they have given up what they held. */
  close(): Promise<void> {
    this.#closing.abort(clientError('client_disposed', { details: {} }));
    return this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function normaliseUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw optionError('baseURL', 'a URL that begins with http:// or https://');
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path === '' ? '/v1' : path}`;
}
