/**
 * Circuit breaker: stops calling a server that keeps failing, and lets one call through after a pause to see whether it has recovered.
 *
 * closed --(failureThreshold failures in a row)--> open
 * open --(cooldownMs passed, or what the server asked for)--> half-open
 * half-open --the server answers--> closed      half-open --failure--> open
 *
 * It does not retry, queue or time out calls: see `retry.ts`, `limiter.ts`.
 */
import { systemClock, type Clock } from './clock.ts';
import { clientError, OpenClawError, optionError } from './errors.ts';

export interface BreakerOptions {
  /** Failures in a row that open the breaker. @default 5 */
  readonly failureThreshold?: number;
  /** How long it stays open before one trial call; longer if the server's `Retry-After` says so. @default 30_000 */
  readonly cooldownMs?: number;
  /** A server that asks for a longer pause is tried after this nevertheless. @default 300_000 */
  readonly maxCooldownMs?: number;
  /**
   * What an error says about the server: `failure` that it is not well, `answer` that it is, `nothing` neither.
   *
   * @default failures are those without an answer, statuses from 500 up unless the gateway speaks of a provider behind it (`upstream_…`), and time-outs
   */
  readonly judge?: (error: unknown) => Verdict;
  /** Passed in by tests. @default the system's */
  readonly clock?: Clock;
}

export type Verdict = 'failure' | 'answer' | 'nothing';

export const breakerDefaults: Required<BreakerOptions> = {
  // With four retries each that is 25 requests that failed: no accident.
  failureThreshold: 5,
  // What a restart takes; each trial costs one caller its time.
  cooldownMs: 30_000,
  maxCooldownMs: 300_000,
  judge: judgeError,
  clock: systemClock,
};

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * @example
 * const breaker = new CircuitBreaker({ failureThreshold: 3 });
 * const answer = await breaker.run(() => withRetry(({ signal }) => ask(question, { signal })));
 */
export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>;
  #failures = 0;
  /** When a trial may be made; `undefined` while closed. */
  #openUntilMs: number | undefined;
  #trialUnderWay = false;
  /** Rises when the breaker opens or closes, so that calls from before do not count after. */
  #period = 0;

  /** @throws OpenClawError `usage_error` for numbers that cannot be */
  constructor(options: BreakerOptions = {}) {
    this.#options = { ...breakerDefaults, ...options };
    const { failureThreshold, cooldownMs, maxCooldownMs } = this.#options;
    if (!(failureThreshold >= 1)) throw optionError('failureThreshold', 'at least 1');
    if (!(cooldownMs >= 0)) throw optionError('cooldownMs', 'at least 0');
    if (!(maxCooldownMs >= cooldownMs)) throw optionError('maxCooldownMs', 'at least cooldownMs');
  }

  get state(): BreakerState {
    if (this.#openUntilMs === undefined) return 'closed';
    return this.#waitMs() > 0 ? 'open' : 'half-open';
  }

  /**
   * Runs `call`, counting its outcome. What fails after the caller aborted `signal` says nothing of the server.
   *
   * @throws OpenClawError `circuit_open` without running `call` while open, or while another call is the trial; `retryAfterMs` says for how long
   */
  async run<T>(call: () => Promise<T>, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<T> {
    const isTrial = this.#enter();
    const period = this.#period;
    try {
      const value = await call();
      this.#record('answer', { period });
      return value;
    } catch (error) {
      this.#record(signal?.aborted ? 'nothing' : this.#options.judge(error), { period, error });
      throw error;
    } finally {
      if (isTrial) this.#trialUnderWay = false;
    }
  }

  /** @returns whether the call is the trial of a half-open breaker */
  #enter(): boolean {
    if (this.#openUntilMs === undefined) return false;
    const waitMs = this.#waitMs();
    if (waitMs > 0 || this.#trialUnderWay) {
      // How long the trial will take nobody knows.
      const retryAfterMs = waitMs > 0 ? waitMs : undefined;
      throw clientError('circuit_open', { details: { failures: this.#failures }, retryAfterMs });
    }
    this.#trialUnderWay = true;
    return true;
  }

  #record(verdict: Verdict, { period, error }: { period: number; error?: unknown }): void {
    if (period !== this.#period || verdict === 'nothing') return;
    if (verdict === 'answer') {
      this.#failures = 0;
      if (this.#openUntilMs === undefined) return;
      this.#openUntilMs = undefined;
    } else {
      this.#failures++;
      if (this.#openUntilMs === undefined && this.#failures < this.#options.failureThreshold) return;
      this.#openUntilMs = this.#options.clock.monotonicMs() + this.#pauseMs(error);
    }
    this.#period++;
  }

  #pauseMs(error: unknown): number {
    const { cooldownMs, maxCooldownMs } = this.#options;
    const askedForMs = error instanceof OpenClawError ? (error.retryAfterMs ?? 0) : 0;
    return Math.min(maxCooldownMs, Math.max(cooldownMs, askedForMs));
  }

  #waitMs(): number {
    return Math.max(0, (this.#openUntilMs ?? 0) - this.#options.clock.monotonicMs());
  }
}

/** Says nothing of the server: it was never asked. */
const neverSent: ReadonlySet<string> = new Set(['queue_full', 'circuit_open', 'client_disposed', 'usage_error']);

function judgeError(error: unknown): Verdict {
  // Another kind of error is a failure, but for the abort of the caller; `TimeoutError` is what `AbortSignal.timeout` aborts with.
  if (!(error instanceof OpenClawError)) return error instanceof Error && error.name === 'AbortError' ? 'nothing' : 'failure';
  if (neverSent.has(error.code)) return 'nothing';
  // The gateway is well enough to tell of a provider that is not.
  if (error.code.startsWith('upstream_') || (error.code === 'deadline_exceeded' && error.status !== 0)) return 'answer';
  return error.status === 0 || error.status >= 500 ? 'failure' : 'answer';
}
