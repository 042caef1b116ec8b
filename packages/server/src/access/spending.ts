/**
 * What one key has spent, by days of UTC. What earlier processes spent is learnt from outside; what this one spends is added.
 *
 * Days are kept apart, so a wall clock that jumps, forwards or back, finds the spending of the day that it shows, and none is ever
 * negative. It refuses nothing.
 */

/** What was spent on a day; days are counted from 1970-01-01. */
export interface DaySpending {
  readonly day: number;
  readonly nanoUsd: number;
}

export interface Spending {
  /** The days that have to be learnt before the month of `nowMs` is known whole; undefined if it is. */
  unknown(nowMs: number): UnknownDays | undefined;
  /** The answer to `unknown`. The same days are learnt once, however often they are told. */
  learn(unknown: UnknownDays, days: readonly DaySpending[]): void;
  add(nanoUsd: number, nowMs: number): void;
  onDay(nowMs: number): number;
  inMonth(nowMs: number): number;
}

export interface UnknownDays {
  readonly sinceMs: number;
  /** Exclusive. Undefined: without end, for days may lie ahead of a clock that was set back. */
  readonly beforeMs: number | undefined;
}

export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

const dayMs = 86_400_000;
/** Two months and more. Beyond that, days before the current month are forgotten, and learnt again if the clock goes back to them. */
const keptDays = 100;

export function createSpending(): Spending {
  const byDay = new Map<number, number>();
  let knownSinceMs = Infinity;
  let month: Period = { startMs: 0, endMs: 0 };

  const currentMonth = (nowMs: number): Period => {
    if (nowMs < month.startMs || nowMs >= month.endMs) month = monthOf(nowMs);
    return month;
  };
  const forgetOldDays = (nowMs: number): void => {
    const { startMs } = currentMonth(nowMs);
    for (const day of byDay.keys()) if (day * dayMs < startMs) byDay.delete(day);
    knownSinceMs = Math.max(knownSinceMs, startMs);
  };

  return {
    unknown(nowMs) {
      const { startMs } = currentMonth(nowMs);
      if (startMs >= knownSinceMs) return undefined;
      return { sinceMs: startMs, beforeMs: knownSinceMs === Infinity ? undefined : knownSinceMs };
    },
    learn({ sinceMs, beforeMs }, days) {
      // Told twice, or by an answer that another overtook: those days are known.
      if (knownSinceMs !== (beforeMs ?? Infinity)) return;
      for (const { day, nanoUsd } of days) byDay.set(day, nanoUsd);
      knownSinceMs = sinceMs;
    },
    add(nanoUsd, nowMs) {
      const day = Math.floor(nowMs / dayMs);
      byDay.set(day, (byDay.get(day) ?? 0) + nanoUsd);
      if (byDay.size > keptDays) forgetOldDays(nowMs);
    },
    onDay: (nowMs) => byDay.get(Math.floor(nowMs / dayMs)) ?? 0,
    inMonth(nowMs) {
      const { startMs, endMs } = currentMonth(nowMs);
      let sum = 0;
      for (const [day, nanoUsd] of byDay) if (day * dayMs >= startMs && day * dayMs < endMs) sum += nanoUsd;
      return sum;
    },
  };
}

/** The day of UTC that `nowMs` lies in. */
export function dayOf(nowMs: number): Period {
  const startMs = Math.floor(nowMs / dayMs) * dayMs;
  return { startMs, endMs: startMs + dayMs };
}

/** The calendar month of UTC that `nowMs` lies in. */
export function monthOf(nowMs: number): Period {
  const date = new Date(nowMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}
