/** The end of one call: the caller's signal, or its time, whichever comes first. It does not end the call: who holds the signal does. */
import type { Clock } from './clock.ts';
import { clientError } from './errors.ts';

export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
}

export interface Deadline extends Disposable {
  /** Aborted with the caller's reason, with `deadline_exceeded`, or with what was given to `abort`. */
  readonly signal: AbortSignal;
  /** Never below 0. */
  remainingMs(): number;
  /** Stops the time; the caller's signal still counts. For streams that have begun. */
  stopTimer(): void;
  abort(reason: unknown): void;
}

/** Creates the deadline of one call; dispose of it when the call is over, or its listener stays on the caller's signal. */
export function createDeadline({ timeoutMs, signal, clock }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  const endMs = clock.monotonicMs() + timeoutMs;
  const onAbort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  const timer = Number.isFinite(timeoutMs)
    ? clock.after(timeoutMs, () => controller.abort(clientError('deadline_exceeded', { details: { timeoutMs } })))
    : undefined;
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, endMs - clock.monotonicMs()),
    stopTimer: () => timer?.cancel(),
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]() {
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
