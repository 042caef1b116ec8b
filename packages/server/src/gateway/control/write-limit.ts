/** How often one device may write to the control plane: so many times in a minute, each method apart. */
import type { Clock } from '../../core/clock.ts';

export interface WriteLimit {
  /** @returns milliseconds until there is room again; `undefined` if the write may happen now, and then it counts */
  take(method: string, caller: string): number | undefined;
}

const windowMs = 60_000;
/** Callers are authenticated, so this many in one minute are a fault, and the oldest count is the one to forget. */
const keyLimit = 10_000;

export function createWriteLimit(clock: Clock, writesPerMinute: number): WriteLimit {
  // The moments of each key's writes in the last minute; the key that wrote last is the last.
  const writes = new Map<string, number[]>();
  return {
    take(method, caller) {
      const key = `${method} ${caller}`;
      const nowMs = clock.monotonicMs();
      const recent = (writes.get(key) ?? []).filter((atMs) => nowMs - atMs < windowMs);
      const oldestMs = recent[0];
      if (recent.length >= writesPerMinute && oldestMs !== undefined) return Math.max(1, oldestMs + windowMs - nowMs);
      recent.push(nowMs);
      writes.delete(key);
      writes.set(key, recent);
      forgetOldest(writes, nowMs);
      return undefined;
    },
  };
}

function forgetOldest(writes: Map<string, number[]>, nowMs: number): void {
  for (const [key, moments] of writes) {
    if (writes.size <= keyLimit && nowMs - (moments.at(-1) ?? 0) < windowMs) return;
    writes.delete(key);
  }
}
