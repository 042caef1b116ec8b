/**
 * Real upstreams: one bounded undici pool per origin, keep-alive, TLS sessions reused. `dispatch` and not `request` or
 * `fetch`: it is the fastest door of undici, and it gives pause, resume and abort.
 *
 * It does not retry or read bodies: see `../attempts.ts` and `../service.ts`.
 */
// The pool alone: undici's index also loads fetch, WebSocket and caches, 30 ms of a start that takes 200.
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Dispatcher } from 'undici';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { BodyStream } from './body-stream.ts';
import { decodeContent } from './content-encoding.ts';
import type { Provider } from '../target.ts';
import { awaitedConnection, type SendOptions, type Upstream, type UpstreamRequest, type UpstreamResponse } from '../upstream.ts';

export interface HttpUpstreamOptions {
  readonly clock: Clock;
  /**
   * Connections per origin. More requests than this wait inside the pool until one is free.
   * Smaller starves paced streams, larger meets the default limit of open files. @default 2048
   */
  readonly connections?: number;
  /** How long an idle connection is kept. Longer than most providers' own limit only yields resets. @default 30_000 */
  readonly keepAliveMs?: number;
}

export const httpUpstreamDefaults = { connections: 2048, keepAliveMs: 30_000 } as const;

export interface PoolFigures {
  readonly origin: string;
  readonly connected: number;
  readonly running: number;
  readonly waiting: number;
}

export interface HttpUpstream extends Upstream {
  figures(): PoolFigures[];
  /** Only these are asked from now on. Pools of others end with what is under way in them; a request that still comes gets one for itself. */
  retain(providers: readonly Pick<Provider, 'origin' | 'timeouts'>[]): void;
  /** Closes connections of pools that nobody uses just now; the next request opens another. */
  shed(): void;
}

/** Creates the pools' owner. Pools are made at the first request to an origin and live until `close`, or until nobody is to be asked there. */
export function createHttpUpstream(options: HttpUpstreamOptions): HttpUpstream {
  const settings = { ...httpUpstreamDefaults, ...options };
  const pools = new Map<string, Pool>();
  /** Those that take nothing new, with their origins. */
  const ending = new Map<Pool, string>();
  let wanted: ReadonlySet<string> | undefined;

  /** The connect timeout belongs to the pool, so providers that share an origin but not a timeout get pools of their own. */
  const keyOf = (origin: string, connectMs: number): string => `${connectMs} ${origin}`;

  function poolFor(key: string, origin: string, connectMs: number): Pool {
    let pool = pools.get(key);
    if (!pool) {
      pool = createPool(origin, connectMs, settings);
      pools.set(key, pool);
    }
    return pool;
  }

  /** Its requests come to their end, and then its connections. */
  function end(key: string, pool: Pool): void {
    pools.delete(key);
    ending.set(pool, originOf(key));
    void pool.close().then(
      () => ending.delete(pool),
      // It was destroyed meanwhile.
      () => ending.delete(pool),
    );
  }

  return {
    send(request, sendOptions) {
      if (sendOptions.signal.aborted) return Promise.reject(abortError(sendOptions.signal));
      const exchange = new Exchange(request, sendOptions, settings.clock);
      const { connectMs } = sendOptions.timeouts;
      const key = keyOf(request.origin, connectMs);
      const pool = poolFor(key, request.origin, connectMs);
      pool.dispatch(
        {
          origin: request.origin,
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body ?? null,
          bodyTimeout: sendOptions.timeouts.idleMs,
        },
        exchange,
      );
      if (wanted && !wanted.has(key)) end(key, pool);
      return exchange.response;
    },
    figures: () => [
      ...Array.from(pools, ([key, pool]) => figuresOf(originOf(key), pool)),
      ...Array.from(ending, ([pool, origin]) => figuresOf(origin, pool)),
    ],
    retain(providers) {
      wanted = new Set(providers.map(({ origin, timeouts }) => keyOf(origin, timeouts.connectMs)));
      for (const [key, pool] of pools) if (!wanted.has(key)) end(key, pool);
    },
    shed() {
      for (const [key, pool] of pools) if (pool.stats.running === 0 && pool.stats.queued === 0) end(key, pool);
    },
    async close() {
      await Promise.all([...pools.values(), ...ending.keys()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}

function createPool(origin: string, connectMs: number, { connections, keepAliveMs }: Required<HttpUpstreamOptions>): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    connectTimeout: connectMs,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: 0,
    maxCachedSessions: 32,
  });
}

function originOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}

function figuresOf(origin: string, { stats }: Pool): PoolFigures {
  return { origin, connected: stats.connected, running: stats.running, waiting: stats.queued };
}

/** What undici calls an answer that its parser refuses, and a head larger than any should be. */
const notHttp: ReadonlySet<string> = new Set(['HTTPParserError', 'HeadersOverflowError']);

/** One request on a pool, from dispatch to the last byte or the first failure. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<UpstreamResponse>();
  readonly #request: UpstreamRequest;
  readonly #options: SendOptions;
  readonly #firstByteTimer: Timer | undefined;
  readonly #totalTimer: Timer | undefined;
  readonly #onAbort = (): void => this.#stop(abortError(this.#options.signal));
  #controller: Dispatcher.DispatchController | undefined;
  #body: BodyStream | undefined;
  #failure: OpenClawError | undefined;

  constructor(request: UpstreamRequest, options: SendOptions, clock: Clock) {
    this.#request = request;
    this.#options = options;
    const { firstByteMs, totalMs } = options.timeouts;
    if (firstByteMs > 0) this.#firstByteTimer = clock.after(firstByteMs, () => this.#stop(this.#timeout('begin its answer', firstByteMs)));
    if (totalMs > 0) this.#totalTimer = clock.after(totalMs, () => this.#stop(this.#timeout('finish its answer', totalMs)));
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get response(): Promise<UpstreamResponse> {
    return this.#head.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    this.#firstByteTimer?.cancel();
    const body = new BodyStream({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      cancel: () => this.#stop(new OpenClawError('client_closed')),
    });
    this.#body = body;
    const flat = joinHeaders(headers);
    this.#head.resolve({ status, headers: flat, body: decodeContent(body, flat['content-encoding'], this.#options.provider) });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#release();
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, thrown: Error): void {
    this.#release();
    const error = this.#failure ?? this.#translate(thrown);
    if (this.#body) this.#body.fail(error);
    else this.#head.reject(error);
  }

  #stop(error: OpenClawError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#release();
    this.#controller?.abort(error);
    // A request that still waits in the pool has no controller; it is aborted when its turn comes.
    if (!this.#body) this.#head.reject(error);
    else this.#body.fail(error);
  }

  #release(): void {
    this.#firstByteTimer?.cancel();
    this.#totalTimer?.cancel();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }

  #timeout(awaited: string, timeoutMs: number): OpenClawError {
    return new OpenClawError('upstream_timeout', { details: { provider: this.#options.provider, awaited, timeoutMs } });
  }

  #translate(thrown: Error): OpenClawError {
    const { provider, timeouts } = this.#options;
    const code = 'code' in thrown ? thrown.code : undefined;
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return this.#timeout(awaitedConnection, timeouts.connectMs);
    if (code === 'UND_ERR_BODY_TIMEOUT') return this.#timeout('send the next part of its answer', timeouts.idleMs);
    const reason = typeof code === 'string' && !reasonOf(thrown).includes(code) ? `${reasonOf(thrown)} (${code})` : reasonOf(thrown);
    if (notHttp.has(thrown.name)) {
      return new OpenClawError('upstream_malformed', {
        details: { provider, reason: `it does not speak HTTP as it should: ${reason}` },
        cause: thrown,
      });
    }
    if (this.#body) return new OpenClawError('upstream_truncated', { details: { provider, reason }, cause: thrown });
    const details = { provider, origin: this.#request.origin, reason };
    return new OpenClawError('upstream_unreachable', { details, cause: thrown });
  }
}

function abortError(signal: AbortSignal): OpenClawError {
  return signal.reason instanceof OpenClawError ? signal.reason : new OpenClawError('client_closed', { cause: signal.reason });
}

function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
