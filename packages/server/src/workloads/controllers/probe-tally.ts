/** From single answers of a probe to its verdict: so many in a row, as Kubernetes counts them. */

export interface Tally {
  readonly successes: number;
  readonly failures: number;
  /** Undefined until enough in a row agree for the first time. */
  readonly verdict: boolean | undefined;
}

export interface Thresholds {
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export const noTally: Tally = { successes: 0, failures: 0, verdict: undefined };

export function tallyAfter({ successes, failures, verdict }: Tally, succeeded: boolean, thresholds: Thresholds): Tally {
  const next = succeeded ? { successes: successes + 1, failures: 0 } : { successes: 0, failures: failures + 1 };
  if (next.successes >= thresholds.successThreshold) return { ...next, verdict: true };
  if (next.failures >= thresholds.failureThreshold) return { ...next, verdict: false };
  return { ...next, verdict };
}
