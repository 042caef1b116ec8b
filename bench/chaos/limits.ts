/** What a provider allows: requests a second, as a bucket or in windows, and requests at once. It answers nothing itself. */
import type { RateLimit, RetryAfterForm } from './behaviour.ts';

export interface RateGate {
  /** 0 when the request may pass, else the time until the next may. */
  take(nowMs: number): number;
  /** Requests that the limit could have let through from its start until now, had somebody asked for each in time. */
  allowed(nowMs: number): number;
}

export function createRateGate(limit: RateLimit, startMs: number): RateGate {
  return limit.kind === 'bucket' ? createBucket(limit, startMs) : createWindows(limit, startMs);
}

function createBucket({ perSecond, burst, refusedCost }: RateLimit, startMs: number): RateGate {
  let tokens = burst;
  let filledMs = startMs;
  return {
    take(nowMs) {
      tokens = Math.min(burst, tokens + ((nowMs - filledMs) * perSecond) / 1000);
      filledMs = nowMs;
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      tokens = Math.max(0, tokens - refusedCost);
      return ((1 - tokens) * 1000) / perSecond;
    },
    allowed: (nowMs) => burst + ((nowMs - startMs) * perSecond) / 1000,
  };
}

function createWindows({ burst }: RateLimit, startMs: number): RateGate {
  let window = 0;
  let taken = 0;
  return {
    take(nowMs) {
      const current = Math.floor((nowMs - startMs) / 1000);
      if (current !== window) [window, taken] = [current, 0];
      if (taken < burst) {
        taken += 1;
        return 0;
      }
      return startMs + (current + 1) * 1000 - nowMs;
    },
    allowed: (nowMs) => burst * (Math.floor((nowMs - startMs) / 1000) + 1),
  };
}

export interface RetryAfter {
  readonly headers: Readonly<Record<string, string>>;
  /** The time that the headers truly name, from now; undefined where they name none. */
  readonly awayMs: number | undefined;
}

/** A refusal's headers for "not before `waitMs` from now", in the form asked for. Seconds and dates are rounded up, never down. */
export function writeRetryAfter(form: RetryAfterForm, waitMs: number, nowMs: number): RetryAfter {
  switch (form) {
    case 'none':
      return { headers: {}, awayMs: undefined };
    case 'seconds': {
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      return { headers: { 'retry-after': String(seconds) }, awayMs: seconds * 1000 };
    }
    case 'date': {
      const dateMs = Math.ceil((nowMs + waitMs) / 1000) * 1000;
      // With its own time beside it, as every server has: clients whose clocks differ go by the difference.
      const headers = { date: new Date(nowMs).toUTCString(), 'retry-after': new Date(dateMs).toUTCString() };
      return { headers, awayMs: dateMs - nowMs };
    }
    case 'milliseconds':
      return { headers: { 'retry-after-ms': String(Math.ceil(waitMs)) }, awayMs: Math.ceil(waitMs) };
    case 'minute':
      return { headers: { 'retry-after': '60' }, awayMs: 60_000 };
    case 'negative':
      return { headers: { 'retry-after': '-5' }, awayMs: undefined };
    case 'garbage':
      return { headers: { 'retry-after': 'when it is quiet again' }, awayMs: undefined };
  }
}
