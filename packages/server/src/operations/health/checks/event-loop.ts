/** Whether the event loop turns in time: while it does not, every client of this process waits. */
import { degraded, ok, type Check } from '../check.ts';

/** Of the last one to two minutes. */
export interface LoopDelay {
  readonly p99Ms: () => number;
  readonly maxMs: () => number;
  readonly samples: () => number;
}

/** One turn in a hundred that is so late is felt in every stream. */
const p99LimitMs = 200;
/** Of fewer, some twenty seconds, the hundredth part is whatever the start took. */
const enoughSamples = 1000;
/** One that is so late is felt as an outage, however rare it is. */
const maxLimitMs = 2000;

export function createEventLoopCheck(delay: LoopDelay): Check {
  return () => {
    const [p99Ms, maxMs] = [Math.round(delay.p99Ms()), Math.round(delay.maxMs())];
    if (p99Ms >= p99LimitMs && delay.samples() >= enoughSamples) {
      return degraded(`the event loop is late: p99 ${p99Ms} ms, at most ${maxMs} ms in the last two minutes`);
    }
    if (maxMs >= maxLimitMs) return degraded(`the event loop stood still for ${maxMs} ms within the last two minutes`);
    return ok;
  };
}
