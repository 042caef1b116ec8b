/**
 * Which targets may be asked next, and from when on. A policy and nothing else: it is told of each failure and answers with
 * the candidates of the next attempt or with none.
 *
 * One that failed is left alone by this request for a pause, exponential with full jitter and never shorter than its own
 * Retry-After, and meanwhile the others may be asked; so with two targets failover costs no wait.
 *
 * It does not wait: admission does. How many tries all requests together may add is `retry-budget.ts`.
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

export interface Round<Target> {
  /** At least one, those that failed least first and else in the order of the route, each with the monotonic time before which it is left alone; 0: none. */
  readonly candidates: readonly RoundCandidate<Target>[];
  /** Counted from 1. */
  readonly number: number;
}

interface RoundCandidate<Target> {
  readonly target: Target;
  readonly notBeforeMs: number;
}

export interface AttemptPlan<Target> {
  /** An attempt at `target` ended so. */
  failed(target: Target, failure: OpenClawError): void;
  /**
   * Who may be asked next, or `undefined` if nobody may.
   * @param remainingMs time until the request's deadline: a pause that would pass it is not taken
   */
  next(remainingMs: number): Round<Target> | undefined;
}

export interface PlanOptions extends RetryOptions {
  readonly monotonicMs: () => number;
  /** From 0 up to 1; a test passes its own. */
  readonly random: () => number;
}

interface Candidate<Target> {
  readonly target: Target;
  failures: number;
  /** `Infinity` once it is not to be asked again. */
  notBeforeMs: number;
}

export function createAttemptPlan<Target>(targets: readonly Target[], options: PlanOptions): AttemptPlan<Target> {
  const candidates = targets.map((target): Candidate<Target> => ({ target, failures: 0, notBeforeMs: 0 }));
  let made = 0;
  let over = false;

  return {
    failed(target, failure) {
      if (isAboutTheRequest(failure)) over = true;
      const candidate = candidates.find((one) => one.target === target);
      if (!candidate) return;
      candidate.failures += 1;
      if (failure.retryable) {
        const backOffMs = options.random() * Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (candidate.failures - 1));
        candidate.notBeforeMs = options.monotonicMs() + Math.max(backOffMs, failure.retryAfterMs ?? 0);
      } else candidate.notBeforeMs = Infinity;
    },
    next(remainingMs) {
      if (over || made >= options.attempts) return undefined;
      made += 1;
      // The first attempt is most requests' only one, and nobody has failed yet.
      if (made === 1) return candidates.length > 0 ? { candidates, number: 1 } : undefined;
      const patienceMs = Math.min(options.maxDelayMs, remainingMs);
      const latestMs = options.monotonicMs() + patienceMs;
      const left = candidates
        .filter(({ notBeforeMs }) => notBeforeMs === 0 || notBeforeMs <= latestMs)
        // Whoever failed less often goes first: a back-off of nothing must not keep the request from somebody who is well.
        .sort((a, b) => a.failures - b.failures);
      return left.length > 0 ? { candidates: left, number: made } : undefined;
    },
  };
}

/** Whether every target would refuse it alike, so that another try only costs time and money. */
function isAboutTheRequest(failure: OpenClawError): boolean {
  // Our own bug is not the provider's failure: asking elsewhere would only hide it.
  if (failure.code === 'internal_error') return true;
  // Nor is it the provider's that there is no room here for what it says, and saying it again costs again.
  if (failure.code === 'overloaded') return true;
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
