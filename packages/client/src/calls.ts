/**
 * The way of every call: limiter → breaker → retry → connection. And the list of those under way, so that the client can end them.
 *
 * It does not know what is asked: see `chat.ts`, `models.ts`.
 */
import type { CircuitBreaker } from './breaker.ts';
import type { Clock } from './clock.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { clientError } from './errors.ts';
import type { ConcurrencyLimiter, Permit } from './limiter.ts';
import { retryWithin, type Attempt, type RetryOptions } from './retry.ts';

export interface CallOptions {
  /**
   * Ends the call at once, wherever it is: in the queue, between two tries, in the middle of a stream. It is rejected with the signal's reason.
   *
   * @example
   * client.chat.completions.create(request, { signal: controller.signal });
   */
  readonly signal?: AbortSignal | undefined;
  /** Time for waiting, all tries and the answer; of a stream, up to its first event. @default the client's `timeoutMs` */
  readonly timeoutMs?: number;
  /** More headers, such as `idempotency-key`. @default none */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a call holds until it is over. */
export interface Lease {
  readonly deadline: Deadline;
  /** Gives everything back; doing so again does nothing. */
  end(): void;
}

export interface CallsOptions {
  readonly limiter: ConcurrencyLimiter;
  readonly breaker: CircuitBreaker;
  readonly retry: Required<RetryOptions>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export type AttemptOnce<T> = (context: Attempt, deadline: Deadline) => Promise<T>;

export interface Calls {
  /** A call that is over when its answer is there. */
  run<T>(attempt: AttemptOnce<T>, options: CallOptions): Promise<T>;
  /** A call that goes on: whoever opens it ends its lease. */
  open<T>(attempt: AttemptOnce<T>, options: CallOptions): Promise<{ readonly value: T; readonly lease: Lease }>;
  /** Ends all calls and refuses more; resolves when the last has given back what it held. */
  close(): Promise<void>;
}

export function createCalls({ limiter, breaker, retry, timeoutMs, clock }: CallsOptions): Calls {
  const underWay = new Map<Lease, Promise<void>>();
  let closed = false;

  function createLease(options: CallOptions): Lease & { hold(permit: Permit): void } {
    const deadline = createDeadline({ timeoutMs: options.timeoutMs ?? timeoutMs, signal: options.signal, clock });
    const { promise, resolve } = Promise.withResolvers<void>();
    let permit: Permit | undefined;
    const lease = {
      deadline,
      hold: (granted: Permit) => void (permit = granted),
      end() {
        permit?.release();
        deadline[Symbol.dispose]();
        underWay.delete(lease);
        resolve();
      },
    };
    underWay.set(lease, promise);
    return lease;
  }

  async function open<T>(attempt: AttemptOnce<T>, options: CallOptions): Promise<{ readonly value: T; readonly lease: Lease }> {
    if (closed) throw clientError('client_disposed', { details: {} });
    const lease = createLease(options);
    const { deadline } = lease;
    try {
      lease.hold(await limiter.acquire({ signal: deadline.signal }));
      const value = await breaker.run(() => retryWithin(deadline, (context) => attempt(context, deadline), retry), {
        signal: options.signal,
      });
      return { value, lease };
    } catch (error) {
      lease.end();
      throw error;
    }
  }

  return {
    open,
    async run(attempt, options) {
      const { value, lease } = await open(attempt, options);
      lease.end();
      return value;
    },
    async close() {
      closed = true;
      const endings = [...underWay.values()];
      for (const { deadline } of [...underWay.keys()]) deadline.abort(clientError('client_disposed', { details: {} }));
      await Promise.all(endings);
    },
  };
}
