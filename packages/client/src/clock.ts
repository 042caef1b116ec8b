/**
 * The only place of this package that reads the time. Everything else is handed a `Clock`, so that tests set the time themselves.
 * It runs in browsers as in Node.
 */

export interface Timer {
  /** Stops the timer; safe to call twice and after it fired. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970: for the dates of servers. May jump. */
  now(): number;
  /** Milliseconds that only rise: for durations and deadlines. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`. */
  after(delayMs: number, action: () => void): Timer;
}

/** The longest delay that `setTimeout` takes; with a longer one it would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, Math.min(delayMs, longestDelayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Waits `delayMs`, or less: rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
