/**
 * The life of one model request: it owns everything the request holds, and gives all of it back at one place.
 *
 * Whoever takes something for a request (a slot, a reservation, a socket, a timer) hands its release to `own`. Nobody else
 * releases it. `finish` may be called by anyone, any number of times; the first call decides the outcome.
 *
 * It does not send, retry or write anything: see `service.ts`.
 */
import { OpenClawError } from '../core/errors.ts';
import type { Clock, Timer } from '../core/clock.ts';

export type Outcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'failed'; readonly error: OpenClawError }
  /** The client left, or the gateway stopped before the answer was whole. */
  | { readonly kind: 'cancelled'; readonly error: OpenClawError };

export interface Lifecycle {
  readonly requestId: string;
  /** Aborted by `finish` and by `cancel`; everything done for the request listens to it. Its reason is an OpenClawError. */
  readonly signal: AbortSignal;
  readonly startedMs: number;
  readonly outcome: Outcome | undefined;
  /** Registers a release. It is called once, in reverse order of registration; at once if the request is over. */
  own(release: () => void): void;
  /** Fails the request with `deadline_exceeded` in `timeoutMs`, unless `liftDeadline` comes first. */
  setDeadline(timeoutMs: number): void;
  /** The answer has begun: from here on no total limit holds while bytes flow. */
  liftDeadline(): void;
  /** Monotonic; `Infinity` without a deadline. */
  readonly deadlineMs: number;
  /** Milliseconds until the deadline; `Infinity` without one. */
  remainingMs(): number;
  /** Stops all work for the request. Whoever runs it sees the signal and calls `finish`. */
  cancel(error: OpenClawError): void;
  /** Releases everything and reports the outcome. Later calls do nothing and return false. */
  finish(outcome: Outcome): boolean;
}

export interface LifecycleRegistry {
  begin(requestId: string): Lifecycle;
  /** Requests that have begun and not finished. */
  readonly inFlight: number;
  /** Resolves when none is in flight. */
  idle(): Promise<void>;
  /** Cancels all that are in flight. */
  cancelAll(error: OpenClawError): void;
}

/** Creates the owner of all requests under way. */
export function createLifecycleRegistry(clock: Clock): LifecycleRegistry {
  const active = new Set<RequestLifecycle>();
  let idleWaiters: (() => void)[] = [];

  function onFinish(lifecycle: RequestLifecycle): void {
    active.delete(lifecycle);
    if (active.size > 0) return;
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  return {
    begin(requestId) {
      const lifecycle = new RequestLifecycle(requestId, clock, onFinish);
      active.add(lifecycle);
      return lifecycle;
    },
    get inFlight() {
      return active.size;
    },
    idle: () => (active.size === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
    cancelAll(error) {
      for (const lifecycle of active) lifecycle.cancel(error);
    },
  };
}

class RequestLifecycle implements Lifecycle {
  readonly requestId: string;
  readonly startedMs: number;
  readonly #clock: Clock;
  readonly #onFinish: (lifecycle: RequestLifecycle) => void;
  readonly #controller = new AbortController();
  readonly #releases: (() => void)[] = [];
  #deadline: { readonly timer: Timer; readonly atMs: number } | undefined;
  #outcome: Outcome | undefined;

  constructor(requestId: string, clock: Clock, onFinish: (lifecycle: RequestLifecycle) => void) {
    this.requestId = requestId;
    this.#clock = clock;
    this.#onFinish = onFinish;
    this.startedMs = clock.monotonicMs();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  own(release: () => void): void {
    if (this.#outcome) release();
    else this.#releases.push(release);
  }

  setDeadline(timeoutMs: number): void {
    if (this.#outcome) return;
    this.liftDeadline();
    const timer = this.#clock.after(timeoutMs, () => this.cancel(new OpenClawError('deadline_exceeded', { details: { timeoutMs } })));
    this.#deadline = { timer, atMs: this.#clock.monotonicMs() + timeoutMs };
  }

  liftDeadline(): void {
    this.#deadline?.timer.cancel();
    this.#deadline = undefined;
  }

  get deadlineMs(): number {
    return this.#deadline?.atMs ?? Infinity;
  }

  remainingMs(): number {
    return this.#deadline ? Math.max(0, this.#deadline.atMs - this.#clock.monotonicMs()) : Infinity;
  }

  cancel(error: OpenClawError): void {
    if (!this.#outcome) this.#controller.abort(error);
  }

  finish(outcome: Outcome): boolean {
    if (this.#outcome) return false;
    this.#outcome = outcome;
    this.liftDeadline();
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) release();
    // Whatever still runs for the request (an attempt that lost, a timer) ends here. After a clean end nothing listens.
    if (outcome.kind !== 'completed') this.#controller.abort(outcome.error);
    this.#onFinish(this);
    return true;
  }
}
