/**
 * The answer to one client: what has been committed of it, and how it ends. Exactly one end is ever written.
 *
 * Nothing reaches the client until the first real output, so that failing over before it is invisible. While the upstream
 * thinks, a comment is sent every 15 s, because proxies cut silent connections after 30 to 60.
 *
 * It does not talk to providers: see `service.ts`.
 */
import type { Clock, Timer } from '../core/clock.ts';
import type { OpenClawError } from '../core/errors.ts';
import type { ModelCall, ModelSink } from './call.ts';
import { dialects, encodeErrorBody } from './dialects/index.ts';
import type { Lifecycle } from './lifecycle.ts';

const heartbeatMs = 15_000;
const heartbeat = ': waiting for the model\n\n';

export interface AnswerOptions {
  readonly call: ModelCall;
  readonly sink: ModelSink;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
}

export class Answer {
  readonly #call: ModelCall;
  readonly #sink: ModelSink;
  readonly #lifecycle: Lifecycle;
  readonly #clock: Clock;
  /** Headers for the head, filled in while attempts are made. */
  readonly headers: Record<string, string>;
  #state: 'open' | 'streaming' | 'ended' = 'open';
  #outputStarted = false;
  #beat: Timer | undefined;
  #quietSinceMs = 0;
  #lastWords: ((error: OpenClawError) => string) | undefined;

  constructor(options: AnswerOptions) {
    this.#call = options.call;
    this.#sink = options.sink;
    this.#lifecycle = options.lifecycle;
    this.#clock = options.clock;
    const { requestId } = options.call;
    this.headers = { 'x-request-id': requestId, 'x-openclaw-request-id': requestId };
    if (options.call.dialect === 'anthropic-messages') this.headers['request-id'] = requestId;
  }

  /** Whether output of a model has been shown: from then on no other target may answer. */
  get committed(): boolean {
    return this.#outputStarted;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Starts the comments that keep a waiting stream alive. Only for answers that stream. */
  keepAlive(): void {
    this.#quietSinceMs = this.#clock.monotonicMs();
    this.#beatIn(heartbeatMs);
    this.#lifecycle.own(() => this.#beat?.cancel());
  }

  /** One timer, set anew for the moment at which the stream will have been silent for too long. */
  #beatIn(delayMs: number): void {
    this.#beat = this.#clock.after(delayMs, () => {
      if (this.#state === 'ended') return;
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - this.#quietSinceMs >= heartbeatMs) {
        this.#openStream();
        this.#sink.write(heartbeat);
        this.#quietSinceMs = nowMs;
      }
      this.#beatIn(this.#quietSinceMs + heartbeatMs - nowMs);
    });
  }

  /** Says how a stream has to end that fails after its first output: who writes it knows what has been said. */
  endsWith(words: (error: OpenClawError) => string): void {
    this.#lastWords = words;
  }

  /** Writes whole events of a stream; waits where the client reads slowly. @throws OpenClawError if the request is cancelled meanwhile */
  async write(bytes: Buffer | string): Promise<void> {
    if (this.#state === 'ended' || bytes.length === 0) return;
    this.#beginOutput();
    this.#quietSinceMs = this.#clock.monotonicMs();
    if (!this.#sink.write(bytes)) await this.#room();
  }

  /**
   * Ends a stream with its last events, or after them. Nothing is waited for between the two: a request that is cancelled then would
   * say a second end.
   */
  endStream(last: Buffer | string = ''): void {
    if (this.#state === 'ended') return;
    this.#beginOutput();
    this.#state = 'ended';
    if (last.length === 0) this.#sink.end();
    else this.#sink.end(last);
  }

  /** Sends an answer that does not stream. */
  endWhole(body: Buffer | string): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#outputStarted = true;
    this.headers['content-type'] = 'application/json';
    this.headers['content-length'] = String(Buffer.byteLength(body));
    this.#sink.head(200, this.headers);
    this.#sink.end(body);
  }

  /** Ends with an error, in the client's dialect: an HTTP error while nothing was sent, an error event after that. */
  fail(error: OpenClawError, attempts: number): void {
    if (this.#state === 'ended') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'ended';
    const { dialect, requestId } = this.#call;
    if (!wasOpen) {
      this.#sink.end(this.#lastWords?.(error) ?? this.#bareError(error));
      return;
    }
    const body = JSON.stringify(encodeErrorBody(dialect, error, requestId));
    this.headers['content-type'] = 'application/json';
    this.headers['content-length'] = String(Buffer.byteLength(body));
    if (error.retryAfterMs !== undefined) {
      this.headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
      this.headers['retry-after-ms'] = String(Math.ceil(error.retryAfterMs));
    }
    // The gateway has made its own tries, which a client's SDK would multiply; and what will fail again it need not try at all.
    if (attempts > 0 || !error.retryable) this.headers['x-should-retry'] = 'false';
    this.#sink.head(error.status || 500, this.headers);
    this.#sink.end(body);
  }

  /** A stream of which nothing but comments was sent. */
  #bareError(error: OpenClawError): string {
    const { dialect, requestId } = this.#call;
    const encoder = dialects[dialect].encodeResponse({ requestedModel: '', includeUsage: false, requestId, nowMs: this.#clock.now() });
    return encoder.stream([{ type: 'error', error }]);
  }

  /** Waits for the client, and no longer than the request lives: one that never reads must not hold up the end of the gateway. */
  async #room(): Promise<void> {
    const { signal } = this.#lifecycle;
    signal.throwIfAborted();
    const { promise: cancelled, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as OpenClawError);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#sink.drained(), cancelled]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #beginOutput(): void {
    if (!this.#outputStarted) {
      this.#outputStarted = true;
      this.#lifecycle.liftDeadline();
    }
    this.#openStream();
  }

  #openStream(): void {
    if (this.#state !== 'open') return;
    this.#state = 'streaming';
    this.headers['content-type'] = 'text/event-stream; charset=utf-8';
    this.headers['cache-control'] = 'no-cache';
    this.headers['x-accel-buffering'] = 'no';
    this.#sink.head(200, this.headers);
  }
}
