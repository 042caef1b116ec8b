/** Chance from a seed, so that two runs of a scenario meet the same luck. Not for anything secret. */
import type { Latency } from './behaviour.ts';

/** From 0 up to 1; mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A time whose percentiles are those given: straight lines between them, from half the median up to the 99th. */
export function sampleLatencyMs({ p50Ms, p95Ms, p99Ms }: Latency, chance: number): number {
  if (chance < 0.5) return p50Ms * (0.5 + chance);
  if (chance < 0.95) return between(p50Ms, p95Ms, (chance - 0.5) / 0.45);
  return between(p95Ms, p99Ms, Math.min(1, (chance - 0.95) / 0.04));
}

function between(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}
