/**
 * How many requests one target may have under way: a number that follows what the target can take.
 *
 * At first it doubles in a round trip while it is used to the brim and answers come as soon as before: nobody knows yet what the
 * target takes, and a crowd should not wait for the gateway to find out. After the first sign of trouble it grows by about its
 * square root in a round trip (as in Netflix's concurrency-limits and Envoy's adaptive concurrency), slowly near where the trouble
 * was. It shrinks by a quarter, at most once in a round trip, when the target says that it is too much or answers ever later.
 *
 * Latency is compared with the target's own at ease, as geometric means, because times to first output differ by orders of
 * magnitude. Only whoever is told so knows how an attempt went; this file does not wait or count: see `gate.ts`.
 */
import type { ConcurrencyBounds } from '../target.ts';

export interface AdaptiveLimit {
  /** Whole, at least 1. */
  readonly current: number;
  /** An attempt went well. */
  succeeded(attempt: LimitSample): void;
  /** The target said, or showed, that it was too much at once. */
  congested(attempt: LimitSample): void;
  /** The operator has set other bounds. What was learnt stays, within them. */
  rebound(bounds: ConcurrencyBounds): void;
}

export interface LimitSample {
  /** Monotonic. */
  readonly sentMs: number;
  readonly nowMs: number;
  /** The most that were under way during it, itself included. */
  readonly underWay: number;
  /** Absent where the answer came whole: such a time measures the length of the answer. */
  readonly firstOutputMs?: number | undefined;
}

const shrinkFactor = 0.75;
/** Of the last limit that was too much: within this distance growth is slow. */
const ceilingDistance = 0.1;
/** Latency above the baseline times this shrinks: model servers that queue inside double it before they refuse. */
const shrinkRatio = 2;
/** Below this it counts as holding. */
const holdRatio = 1.5;
/** Weight of one sample in the recent mean: the mean of about the last 20. */
const recentWeight = 0.1;
/** In the baseline: of about the last 200. */
const baselineWeight = 0.01;
/** Samples before latency is judged. */
const minimumSamples = 20;

export function createLimit(bounds: ConcurrencyBounds): AdaptiveLimit {
  let { initial, max } = wholeBounds(bounds);
  /** Rising latency alone does not take it lower: half of what was taken for granted is no flood. */
  let latencyFloor = Math.max(1, initial / 2);
  const latency = createLatency();
  /** How long whole answers take says little of the load, but enough to end the haste of the beginning. */
  const durations = createLatency();
  let limit = initial;
  let ceiling = Infinity;
  let shrunkMs = -Infinity;

  function shrinkTo(next: number, nowMs: number): void {
    ceiling = limit;
    limit = Math.max(1, next);
    shrunkMs = nowMs;
  }

  function grow(): void {
    if (ceiling === Infinity) {
      limit = Math.min(max, limit + 1);
      return;
    }
    const near = Math.abs(limit - ceiling) <= ceilingDistance * ceiling;
    limit = Math.min(max, limit + (near ? 1 / limit : 1 / Math.sqrt(limit)));
  }

  return {
    get current() {
      return Math.floor(limit);
    },
    succeeded({ sentMs, nowMs, underWay, firstOutputMs }) {
      const atBrim = underWay >= Math.floor(limit);
      const atEase = underWay <= limit / 2 || limit <= latencyFloor;
      if (firstOutputMs !== undefined) latency.add(firstOutputMs, atEase);
      else durations.add(nowMs - sentMs, atEase);
      if (ceiling === Infinity && Math.max(latency.ratio(), durations.ratio()) > holdRatio) ceiling = limit;
      const ratio = latency.ratio();
      const busy = underWay > limit / 2;
      if (ratio > shrinkRatio && busy && limit > latencyFloor) {
        if (sentMs >= shrunkMs) shrinkTo(Math.max(latencyFloor, limit * shrinkFactor), nowMs);
      } else if (atBrim && ratio < holdRatio) grow();
    },
    congested({ sentMs, nowMs, underWay }) {
      // Sent before the last shrink, it tells of what is mended already.
      if (sentMs < shrunkMs) return;
      // Where it was far from used up, what was under way is nearer to the truth; but one bad moment must not end all.
      const used = Math.min(limit, Math.max(underWay, limit / 2));
      shrinkTo(used * shrinkFactor, nowMs);
    },
    rebound(next) {
      const hasLearnt = limit !== initial || ceiling !== Infinity;
      ({ initial, max } = wholeBounds(next));
      latencyFloor = Math.max(1, initial / 2);
      limit = hasLearnt ? Math.min(max, limit) : initial;
    },
  };
}

function wholeBounds(bounds: ConcurrencyBounds): ConcurrencyBounds {
  const max = Math.max(1, bounds.max);
  return { max, initial: Math.min(max, Math.max(1, bounds.initial)) };
}

/** Recent time to first output against the baseline, both as means of logarithms. */
function createLatency() {
  let samples = 0;
  let recent = 0;
  let baseline = 0;
  return {
    add(firstOutputMs: number, atEase: boolean): void {
      const sample = Math.log(Math.max(1, firstOutputMs));
      samples += 1;
      // The first ones are averaged evenly; a weight of one sample would make the very first one the baseline.
      recent += Math.max(recentWeight, 1 / samples) * (sample - recent);
      // Under load it only falls, or the queue inside the target would become what is expected of it.
      if (samples <= minimumSamples) baseline += (sample - baseline) / samples;
      else if (atEase || recent < baseline) baseline += baselineWeight * (sample - baseline);
    },
    ratio: (): number => (samples < minimumSamples ? 1 : Math.exp(recent - baseline)),
  };
}
