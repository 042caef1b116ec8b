/** Watches the memory of this process, and has everybody who can do so let go of some when it runs short. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createMemoryReader, createGarbageCollector } from '../core/process-memory.ts';
import { createMemoryWatch, type MemoryWatch } from '../operations/index.ts';

interface WatchMemoryOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly onPressure: () => void;
}

export function watchMemory({ clock, metrics, log, onPressure }: WatchMemoryOptions): MemoryWatch {
  return createMemoryWatch({
    ...{ clock, metrics, onPressure },
    log: log.child({ component: 'memory' }),
    read: createMemoryReader(),
    collectGarbage: createGarbageCollector(),
  });
}
