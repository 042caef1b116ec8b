/**
 * Whether the database takes a write now, and how far behind it is. It asks the very threads that serve, so one that died, hangs or lost
 * its file shows here and not only at the next request.
 */
import type { Clock } from '../../../core/clock.ts';
import { degraded, failed, ok, type Check } from '../check.ts';

export interface StateLook {
  readonly writable: boolean;
  readonly reason?: string;
  /** Batches that wait for their commit. */
  readonly waiting: number;
}

export interface StateCheckOptions {
  /** Writes a little, in its turn behind the writes that wait. */
  readonly look: () => Promise<StateLook>;
  readonly clock: Clock;
}

/** A tenth of what the queue takes before it refuses. */
const waitingLimit = 1000;
/** Every write waits as long as this one did. */
const slowMs = 500;

export function createStateCheck({ look, clock }: StateCheckOptions): Check {
  return async () => {
    const startedMs = clock.monotonicMs();
    const { writable, reason, waiting } = await look();
    if (!writable) return failed(reason ?? 'the database takes no write');
    if (waiting >= waitingLimit) return degraded(`${waiting} writes wait for the disk`);
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    return tookMs >= slowMs ? degraded(`a write took ${tookMs} ms: the disk is slow, or much is written`) : ok;
  };
}
