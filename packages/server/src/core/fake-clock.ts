/**
 * A clock for tests: time stands still until the test moves it, and timers fire in the order of their moments.
 *
 * It does not wait for promises: a test that needs them to settle awaits them itself after `advance`.
 */
import type { Clock, Timer } from './clock.ts';

export interface FakeClock extends Clock {
  /** Moves both clocks on and fires what falls due on the way, each timer at its own moment. */
  advance(durationMs: number): void;
  /** Moves the wall clock alone, as an operator or NTP does; timers do not notice. */
  jumpWallClock(byMs: number): void;
  /** Timers that have not fired and were not cancelled. */
  readonly pendingTimers: number;
}

export interface FakeClockOptions {
  /** Wall clock at the beginning, milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  readonly nowMs?: number;
}

export const fakeClockDefaults = { nowMs: 1_767_225_600_000 } as const;

interface PendingTimer {
  dueMs: number;
  readonly action: () => void;
  /** Undefined for a timer that fires once. */
  readonly intervalMs: number | undefined;
}

export function createFakeClock(options: FakeClockOptions = {}): FakeClock {
  const { nowMs } = { ...fakeClockDefaults, ...options };
  let elapsedMs = 0;
  let wallOffsetMs: number = nowMs;
  // In order of creation, which breaks ties between timers of the same moment.
  const timers = new Set<PendingTimer>();

  const add = (timer: PendingTimer): Timer => {
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  };

  const nextDue = (limitMs: number): PendingTimer | undefined => {
    let next: PendingTimer | undefined;
    for (const timer of timers) {
      if (timer.dueMs <= limitMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  };

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, action) => add({ dueMs: elapsedMs + Math.max(0, delayMs), action, intervalMs: undefined }),
    every: (intervalMs, action) => {
      // As setInterval does; an interval of nothing would never let `advance` return.
      const stepMs = Math.max(1, intervalMs);
      return add({ dueMs: elapsedMs + stepMs, action, intervalMs: stepMs });
    },
    advance(durationMs) {
      const targetMs = elapsedMs + durationMs;
      for (let timer = nextDue(targetMs); timer !== undefined; timer = nextDue(targetMs)) {
        elapsedMs = Math.max(elapsedMs, timer.dueMs);
        if (timer.intervalMs === undefined) timers.delete(timer);
        else timer.dueMs += timer.intervalMs;
        timer.action();
      }
      elapsedMs = targetMs;
    },
    jumpWallClock(byMs) {
      wallOffsetMs += byMs;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}
