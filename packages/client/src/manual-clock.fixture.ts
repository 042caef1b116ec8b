/** A clock that stands until a test moves it. */
import type { Clock, Timer } from './clock.ts';

export interface ManualClock extends Clock {
  /** Moves the time on, and fires what is due on the way, in order. */
  advance(byMs: number): void;
  /** Moves the time to the timer that is due next; false if there is none. */
  advanceToNext(): boolean;
  readonly timers: number;
}

export function createManualClock(startMs = 1_763_700_000_000): ManualClock {
  let elapsedMs = 0;
  const timers = new Set<{ dueMs: number; action: () => void }>();

  function next(): { dueMs: number; action: () => void } | undefined {
    return [...timers].sort((one, other) => one.dueMs - other.dueMs)[0];
  }

  function fireUntil(untilMs: number): void {
    for (let timer = next(); timer && timer.dueMs <= untilMs; timer = next()) {
      timers.delete(timer);
      elapsedMs = Math.max(elapsedMs, timer.dueMs);
      timer.action();
    }
    elapsedMs = untilMs;
  }

  return {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after(delayMs, action): Timer {
      const timer = { dueMs: elapsedMs + delayMs, action };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance: (byMs) => fireUntil(elapsedMs + byMs),
    advanceToNext() {
      const timer = next();
      if (timer) fireUntil(timer.dueMs);
      return timer !== undefined;
    },
    get timers() {
      return timers.size;
    },
  };
}
