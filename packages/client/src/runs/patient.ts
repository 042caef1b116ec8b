/**
 * Asks a gateway that may be away for a while: again and again, with waits that grow, until it answers or patience ends.
 *
 * It goes past limiter and breaker on purpose: a stream or a step that waits for a restart must neither hold the place of a call nor be held up
 * longer than the restart takes.
 */
import { sleep, type Clock } from '../clock.ts';
import type { Connection, OutgoingRequest } from '../connection.ts';
import { createDeadline } from '../deadline.ts';
import { OpenClawError } from '../errors.ts';

export interface PatientOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** How long it asks in vain before it gives up. */
  readonly patienceMs: number;
}

const baseDelayMs = 100;
const maxDelayMs = 5000;
/** Of one try: what is asked for is quick, and a gateway that hangs is as good as away. */
const tryMs = 30_000;

export class Patience {
  readonly #options: PatientOptions;
  #failures = 0;
  #sinceMs: number | undefined;

  constructor(options: PatientOptions) {
    this.#options = options;
  }

  /** All is well again. */
  reset(): void {
    this.#failures = 0;
    this.#sinceMs = undefined;
  }

  /** Waits before the next try, or throws `error`: it cannot pass by itself, or has not for too long. */
  async wait(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { clock, random, patienceMs } = this.#options;
    if (!(error instanceof OpenClawError) || !mayPass(error)) throw error;
    this.#sinceMs ??= clock.monotonicMs();
    const delayMs = (error.retryAfterMs ?? 0) + random() * Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(this.#failures, 20));
    if (clock.monotonicMs() - this.#sinceMs + delayMs > patienceMs) throw error;
    this.#failures += 1;
    await sleep(clock, delayMs, signal);
  }
}

/** Whether another try may have it; the gateway says so itself. */
export function mayPass(error: OpenClawError): boolean {
  return error.retryable || error.code === 'stream_broken';
}

/** One try. */
export async function askOnce<T extends object>(
  request: OutgoingRequest,
  { connection, clock }: Pick<PatientOptions, 'connection' | 'clock'>,
  signal: AbortSignal,
): Promise<T> {
  using deadline = createDeadline({ timeoutMs: tryMs, signal, clock });
  return await connection.sendForJson<T>(request, { signal: deadline.signal, remainingMs: deadline.remainingMs() });
}

/** For requests that may be sent twice. */
export async function askPatiently<T extends object>(request: OutgoingRequest, options: PatientOptions, signal: AbortSignal): Promise<T> {
  const patience = new Patience(options);
  for (;;) {
    try {
      return await askOnce<T>(request, options, signal);
    } catch (error) {
      await patience.wait(error, signal);
    }
  }
}
