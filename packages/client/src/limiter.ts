/**
 * Limits how many calls run at once: the rest wait their turn, first come first served, in a queue that is bounded.
 *
 * It does not look at what a call comes to: see `breaker.ts`, `retry.ts`.
 */
import { clientError, optionError } from './errors.ts';

export interface LimiterOptions {
  /** Calls that may run at once; a stream counts until it has ended. @default 5 */
  readonly limit?: number;
  /** Calls that may wait; more fail at once with `queue_full`. @default 1_000 */
  readonly queueLimit?: number;
}

export const limiterDefaults: Required<LimiterOptions> = {
  // Enough to keep a gateway busy; set-ups without one begin to struggle at 10 to 15. Raise it while answers stay fast.
  limit: 5,
  // Each holds its request in memory.
  queueLimit: 1_000,
};

/** A place among those that run. Give it back once; giving it back again does nothing. */
export interface Permit extends Disposable {
  release(): void;
}

/**
 * @example
 * const limiter = new ConcurrencyLimiter({ limit: 10 });
 * const answers = await Promise.all(questions.map((question) => limiter.run(() => ask(question))));
 */
export class ConcurrencyLimiter {
  readonly #limit: number;
  readonly #queueLimit: number;
  #running = 0;
  /** In the order in which they came; a set, so that one that gives up leaves at once. */
  readonly #waiting = new Set<() => void>();

  /** @throws OpenClawError `usage_error` for numbers that cannot be */
  constructor(options: LimiterOptions = {}) {
    const { limit, queueLimit } = { ...limiterDefaults, ...options };
    if (!(limit >= 1)) throw optionError('limit', 'at least 1');
    if (!(queueLimit >= 0)) throw optionError('queueLimit', 'at least 0');
    this.#limit = limit;
    this.#queueLimit = queueLimit;
  }

  /** Calls that hold a place. */
  get running(): number {
    return this.#running;
  }

  /** Calls that wait for one. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `call` when its turn comes, and holds the place until its promise settles. */
  async run<T>(call: () => Promise<T>, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<T> {
    using _permit = await this.acquire(options);
    return await call();
  }

  /**
   * Waits for a place; for work that is not one promise, such as a stream.
   *
   * @throws OpenClawError `queue_full`, or the reason of `signal`
   */
  async acquire({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Permit> {
    signal?.throwIfAborted();
    if (this.#running < this.#limit) {
      this.#running++;
      return this.#createPermit();
    }
    if (this.#waiting.size >= this.#queueLimit) {
      throw clientError('queue_full', { details: { limit: this.#limit, queueLimit: this.#queueLimit } });
    }
    await this.#wait(signal);
    return this.#createPermit();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(onTurn);
        reject(signal?.reason);
      };
      this.#waiting.add(onTurn);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #createPermit(): Permit {
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.#giveOn();
    };
    return { release, [Symbol.dispose]: release };
  }

  /** The place goes to the first who waits, without being free in between: nobody can jump the queue. */
  #giveOn(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(first);
    first();
  }
}
