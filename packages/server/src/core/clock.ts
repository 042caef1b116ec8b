/**
 * The only place that reads the time. Everything else is handed a `Clock`, so that tests set the time themselves.
 * It does not format or parse times.
 */

export interface Timer {
  /** Stops the timer; safe to call twice and after it fired. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. For records and tokens; may jump. */
  now(): number;
  /** Milliseconds that only rise; for durations, deadlines and windows. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`. The timer never keeps the process alive by itself. */
  after(delayMs: number, action: () => void): Timer;
  /** Calls `action` every `intervalMs` until cancelled. Never keeps the process alive by itself. */
  every(intervalMs: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, action) {
    const handle = setInterval(action, intervalMs).unref();
    return { cancel: () => clearInterval(handle) };
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
