/**
 * Tries again what may pass by itself: up to five tries, waits that grow and are spread at random, never earlier than the server asked for,
 * never beyond the time of the call.
 *
 * It does not know HTTP: an error says itself whether another try makes sense (`retryable`) and when (`retryAfterMs`). It does not limit how many
 * calls run at once, nor stop calling what is down: see `limiter.ts`, `breaker.ts`.
 */
import { sleep, systemClock, type Clock } from './clock.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { optionError } from './errors.ts';

export interface RetryOptions {
  /** How often it is tried in all, the first time included. @default 5 */
  readonly attempts?: number;
  /** The first wait is between 0 and this; the bound doubles with each. @default 500 */
  readonly baseDelayMs?: number;
  /** The bound of the waits grows no further. @default 16_000 */
  readonly maxDelayMs?: number;
  /** A server that asks for a longer pause than this gets no other try; the error says how long. @default 60_000 */
  readonly maxRetryAfterMs?: number;
  /** Whether another try makes sense. @default (error) => error.retryable === true */
  readonly isRetryable?: (error: unknown) => boolean;
  /** Told before each wait, for logs and metrics. What it throws ends the call. @default does nothing */
  readonly onRetry?: (retry: { readonly attempt: number; readonly delayMs: number; readonly error: unknown }) => void;
  /** Passed in by tests. @default the system's */
  readonly clock?: Clock;
  /** From 0 up to 1; passed in by tests. @default Math.random */
  readonly random?: () => number;
}

export interface RetryCallOptions extends RetryOptions {
  /** Ends tries and waits at once. */
  readonly signal?: AbortSignal | undefined;
  /** The time of all tries and waits together. A wait that would pass its end is not begun. @default Infinity */
  readonly timeoutMs?: number;
}

export const retryDefaults: Required<RetryOptions> = {
  // One try and four more, 15 s of waiting at most by themselves: longer outages are for the breaker.
  attempts: 5,
  // What a restart or a lost connection usually takes.
  baseDelayMs: 500,
  maxDelayMs: 16_000,
  // Nobody who waits for an answer waits for an hour.
  maxRetryAfterMs: 60_000,
  isRetryable: (error) => hint(error, 'retryable') === true,
  onRetry: () => {},
  clock: systemClock,
  random: Math.random,
};

export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** Aborted when the call is, or when its time is over: pass it on to `fetch`. */
  readonly signal: AbortSignal;
  readonly remainingMs: number;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the tries or the time are used up; then it rejects with the last failure.
 *
 * @example
 * const answer = await withRetry(({ signal }) => askAnything(question, { signal }), { timeoutMs: 30_000 });
 */
export async function withRetry<T>(attempt: (context: Attempt) => Promise<T>, options: RetryCallOptions = {}): Promise<T> {
  const settings = normaliseRetry(options);
  using deadline = createDeadline({ timeoutMs: options.timeoutMs ?? Infinity, signal: options.signal, clock: settings.clock });
  return await retryWithin(deadline, attempt, settings);
}

/** @throws OpenClawError `usage_error` for numbers that cannot be */
export function normaliseRetry(options: RetryOptions): Required<RetryOptions> {
  const { attempts, baseDelayMs, maxDelayMs, maxRetryAfterMs, isRetryable, onRetry, clock, random } = { ...retryDefaults, ...options };
  if (!Number.isInteger(attempts) || attempts < 1) throw optionError('attempts', 'a whole number of at least 1');
  for (const [name, value] of Object.entries({ baseDelayMs, maxDelayMs, maxRetryAfterMs })) {
    if (!(value >= 0)) throw optionError(name, 'at least 0');
  }
  return { attempts, baseDelayMs, maxDelayMs, maxRetryAfterMs, isRetryable, onRetry, clock, random };
}

/** The same within a deadline that somebody else holds. */
export async function retryWithin<T>(
  deadline: Deadline,
  attempt: (context: Attempt) => Promise<T>,
  settings: Required<RetryOptions>,
): Promise<T> {
  for (let number = 1; ; number++) {
    deadline.signal.throwIfAborted();
    try {
      return await attempt({ number, signal: deadline.signal, remainingMs: deadline.remainingMs() });
    } catch (error) {
      // Whatever an aborted call fails with, what it is about is the abort.
      deadline.signal.throwIfAborted();
      if (number >= settings.attempts || !settings.isRetryable(error)) throw error;
      const retryAfterMs = readRetryAfter(error);
      const delayMs = retryAfterMs + jitter(number, settings);
      if (retryAfterMs > settings.maxRetryAfterMs || delayMs >= deadline.remainingMs()) throw error;
      settings.onRetry({ attempt: number, delayMs, error });
      await sleep(settings.clock, delayMs, deadline.signal);
    }
  }
}

/** Full jitter, on top of what the server asked for: many that were turned away together do not come back together. */
function jitter(number: number, { baseDelayMs, maxDelayMs, random }: Required<RetryOptions>): number {
  return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (number - 1));
}

function readRetryAfter(error: unknown): number {
  const value = hint(error, 'retryAfterMs');
  return typeof value === 'number' && value > 0 ? value : 0;
}

function hint(error: unknown, name: 'retryable' | 'retryAfterMs'): unknown {
  return typeof error === 'object' && error !== null ? (error as Partial<Record<typeof name, unknown>>)[name] : undefined;
}
