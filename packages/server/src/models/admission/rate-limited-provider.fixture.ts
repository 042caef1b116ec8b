/** Providers that allow so many requests in a time, for tests: by fixed windows, or with a bucket of tokens. */

/** @returns 0 if a request is taken at that moment, else milliseconds until one would be */
export type RateLimiter = (nowMs: number) => number;

export interface FixedWindow {
  readonly perSecond: (nowMs: number) => number;
  readonly windowMs: number;
  /** How far into a window the time 0 lies. */
  readonly phaseMs: number;
}

export function createFixedWindow({ perSecond, windowMs, phaseMs }: FixedWindow): RateLimiter {
  let current = -1;
  let used = 0;
  return (nowMs) => {
    const window = Math.floor((nowMs + phaseMs) / windowMs);
    if (window !== current) [current, used] = [window, 0];
    if (used >= (perSecond(nowMs) * windowMs) / 1000) return (window + 1) * windowMs - phaseMs - nowMs;
    used += 1;
    return 0;
  };
}

export function createTokenBucket({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }): RateLimiter {
  let tokens = burst;
  let lastMs = 0;
  return (nowMs) => {
    tokens = Math.min(burst, tokens + ((nowMs - lastMs) * perSecond) / 1000);
    lastMs = nowMs;
    // Sums of fractions fall short of one by a hair.
    if (tokens < 1 - 1e-9) return ((1 - tokens) * 1000) / perSecond;
    tokens -= 1;
    return 0;
  };
}

export type RetryAfterForm = 'milliseconds' | 'seconds' | 'date';

/** What is left of a wait when it was written in this form at `nowMs`; dates and seconds are whole seconds. */
export function writtenWaitMs(waitMs: number, form: RetryAfterForm, nowMs: number): number {
  if (form === 'milliseconds') return Math.ceil(waitMs);
  if (form === 'seconds') return Math.ceil(waitMs / 1000) * 1000;
  return Math.ceil((nowMs + waitMs) / 1000) * 1000 - nowMs;
}
