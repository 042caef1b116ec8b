/**
 * What a caller may still use, as the model path asks for it before it asks a provider. Types only: who keeps the counts
 * (`access`, one process; later perhaps a store that several share, which is why the answer may be a promise) is not known here.
 *
 * Reserve once per request, before its first attempt, and hand the release to the request's owner: `release` after `settle` does
 * nothing. Settle in the same turn of the event loop in which the usage is recorded, so that a reader of the log finds either
 * both or neither.
 */

/** What one request may still use, of limits per key. */
export interface Allowances {
  /**
   * Undefined at once for callers without limits: no promise, no cost. A reservation that comes late, after the request is
   * over, must be released like any other.
   * @throws OpenClawError `rate_limit_exceeded`, `budget_exceeded`, `budget_reserved` (429, with a moment to wait for), thrown or
   * rejected; an error of the storage where a budget's spending could not be read
   */
  reserve(callerId: string, estimate: Estimate): Reservation | undefined | Promise<Reservation | undefined>;
  /** Whether money that this caller spends counts against a budget: its usage is then written at once. */
  hasBudget(callerId: string): boolean;
}

export interface Estimate {
  /** Input and output, at most. */
  readonly tokens: number;
  /** 0 where no price is known. */
  readonly nanoUsd: number;
}

export interface Reservation {
  /** What it really was; the difference is given back or taken. Once; later calls do nothing. A cache hit settles zeros. */
  settle(actual: Estimate): void;
  /** It never reached a provider: everything is given back, the request count too. Once; later calls do nothing. */
  release(): void;
}
