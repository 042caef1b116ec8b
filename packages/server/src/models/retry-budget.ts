/**
 * The retry budget: how many requests to providers all clients together may add to those that they asked for. Without it
 * every request of an outage is tried five times, and the outage has five times the load to recover under.
 *
 * A small floor is free, so that a quiet gateway may always retry. It does not choose what is retried: see `attempts.ts`.
 */
import type { Clock } from '../core/clock.ts';

export interface RetryBudgetOptions {
  /** Extra requests allowed, in percent of the requests of the last minute. */
  readonly percent: number;
  readonly clock: Clock;
  /** Extra requests a minute that are always allowed. @default 20 */
  readonly floorPerMinute?: number;
}

export const retryBudgetDefaults = { floorPerMinute: 20 } as const;

export interface RetryBudget {
  /** A request came, and is asked of a provider for the first time. */
  count(): void;
  /** Takes one extra request; false if none is left. */
  take(): boolean;
  /** Extra requests of the last minute, those refused, and what is left now. */
  readonly figures: { readonly taken: number; readonly refused: number; readonly left: number };
}

const windowMs = 60_000;
const slots = 12;

export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { percent, clock, floorPerMinute } = { ...retryBudgetDefaults, ...options };
  // A ring of sums over five seconds each: exact enough, and no list that grows with the load.
  const requests = Array.from({ length: slots }, () => 0);
  const extra = Array.from({ length: slots }, () => 0);
  let newest = 0;
  let refused = 0;

  function slot(): number {
    const current = Math.floor(clock.monotonicMs() / (windowMs / slots));
    if (current > newest) {
      for (let index = Math.max(newest + 1, current - slots + 1); index <= current; index += 1) {
        requests[index % slots] = 0;
        extra[index % slots] = 0;
      }
      newest = current;
    }
    return newest % slots;
  }

  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const left = (): number => Math.max(0, Math.floor(floorPerMinute + (sum(requests) * percent) / 100) - sum(extra));

  return {
    count() {
      const index = slot();
      requests[index] = (requests[index] ?? 0) + 1;
    },
    take() {
      const index = slot();
      if (left() < 1) {
        refused += 1;
        return false;
      }
      extra[index] = (extra[index] ?? 0) + 1;
      return true;
    },
    get figures() {
      slot();
      return { taken: sum(extra), refused, left: left() };
    },
  };
}
