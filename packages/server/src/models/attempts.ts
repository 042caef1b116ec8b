/**
 * Which target is tried next, and when. A policy and nothing else: it is told of each failure and answers with the next
 * attempt or with none.
 *
 * Targets are tried in their order. One that failed is left alone for a pause, exponential with full jitter and never
 * shorter than its own Retry-After, and meanwhile the next one is asked; so with two targets failover costs no wait.
 *
 * It does not send or wait: see `service.ts`.
 */
import type { OpenClawError } from '../core/errors.ts';

export interface RetryOptions {
  /** Tries in all, over all targets. */
  readonly attempts: number;
  /** The first pause is at most this long, the second twice as long, and so on. */
  readonly baseDelayMs: number;
  /** No pause is longer; a provider that asks for more is not waited for. */
  readonly maxDelayMs: number;
}

export interface Attempt<Target> {
  readonly target: Target;
  /** Counted from 1. */
  readonly number: number;
  readonly delayMs: number;
}

export interface AttemptPlan<Target> {
  /**
   * The next attempt after `failure` of the last one, or `undefined` if the failure is final.
   * @param remainingMs time until the request's deadline: a pause that would pass it is not taken
   */
  next(failure: OpenClawError | undefined, remainingMs: number): Attempt<Target> | undefined;
}

export interface PlanOptions extends RetryOptions {
  readonly monotonicMs: () => number;
  /** From 0 up to 1; a test passes its own. */
  readonly random: () => number;
}

interface Candidate<Target> {
  readonly target: Target;
  failures: number;
  /** Monotonic time before which it is left alone; `Infinity` once it is not to be asked again. */
  notBeforeMs: number;
}

export function createAttemptPlan<Target>(targets: readonly Target[], options: PlanOptions): AttemptPlan<Target> {
  const candidates = targets.map((target): Candidate<Target> => ({ target, failures: 0, notBeforeMs: 0 }));
  let made = 0;
  let current: Candidate<Target> | undefined;

  function recordFailure(candidate: Candidate<Target>, failure: OpenClawError): void {
    candidate.failures += 1;
    if (!failure.retryable) {
      candidate.notBeforeMs = Infinity;
      return;
    }
    const backOffMs = options.random() * Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (candidate.failures - 1));
    candidate.notBeforeMs = options.monotonicMs() + Math.max(backOffMs, failure.retryAfterMs ?? 0);
  }

  return {
    next(failure, remainingMs) {
      if (failure && current) {
        if (isAboutTheRequest(failure)) return undefined;
        recordFailure(current, failure);
      }
      if (made >= options.attempts) return undefined;
      current = earliest(candidates);
      if (!current) return undefined;
      const delayMs = Math.max(0, current.notBeforeMs - options.monotonicMs());
      if (delayMs > options.maxDelayMs || delayMs >= remainingMs) return undefined;
      made += 1;
      return { target: current.target, number: made, delayMs };
    },
  };
}

/** The candidate that may be called first; among equals the one that stands first in the route. */
function earliest<Target>(candidates: readonly Candidate<Target>[]): Candidate<Target> | undefined {
  let best: Candidate<Target> | undefined;
  for (const candidate of candidates) {
    if (candidate.notBeforeMs !== Infinity && (!best || candidate.notBeforeMs < best.notBeforeMs)) best = candidate;
  }
  return best;
}

/** Whether every target would refuse it alike, so that another try only costs time and money. */
function isAboutTheRequest(failure: OpenClawError): boolean {
  // Our own bug is not the provider's failure: asking elsewhere would only hide it.
  if (failure.code === 'internal_error') return true;
  if (failure.retryable) return false;
  switch (failure.code) {
    case 'upstream_refused':
      // 404 and the like speak of the target (a model that is gone); 400, 413, 422 of the request.
      return failure.status === 400 || failure.status === 413 || failure.status === 422;
    case 'upstream_authentication':
    case 'unsupported_feature':
      return false;
    default:
      return true;
  }
}
