/** Notices what the process does for too long: collections of garbage, and work that keeps the event loop busy. Writes it into the ring. */
import { PerformanceObserver } from 'node:perf_hooks';
import type { Clock } from '../../../core/clock.ts';
import { createProcessLoad, type ProcessLoad } from '../../../core/process-load.ts';
import type { StabilityRing } from './stability-ring.ts';

/** Longer than this a client notices. */
const longCollectionMs = 50;
const everyMs = 10_000;
const busyShare = 0.9;

export interface StabilityWatchOptions {
  readonly ring: Pick<StabilityRing, 'record'>;
  readonly clock: Clock;
  /** @default that of this process */
  readonly load?: () => ProcessLoad;
}

/** @returns ends it */
export function watchStability({ ring, clock, load = createProcessLoad(clock) }: StabilityWatchOptions): () => void {
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries())
      if (duration >= longCollectionMs) ring.record('memory.collection', { durationMs: Math.round(duration) });
  });
  observer.observe({ entryTypes: ['gc'] });
  const timer = clock.every(everyMs, () => {
    const { loopShare, cpuShare, residentBytes, elapsedMs } = load();
    if (loopShare < busyShare) return;
    const rounded = (share: number): number => Math.round(share * 100) / 100;
    ring.record('event_loop.busy', {
      loopShare: rounded(loopShare),
      cpuShare: rounded(cpuShare),
      residentBytes,
      elapsedMs: Math.round(elapsedMs),
    });
  });
  return () => {
    observer.disconnect();
    timer.cancel();
  };
}
