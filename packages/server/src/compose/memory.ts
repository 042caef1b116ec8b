/** Watches the memory of this process, and has everybody who can do so let go of some when it runs short. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createMemoryReader, createGarbageCollector } from '../core/process-memory.ts';
import type { Hub } from '../gateway/index.ts';
import { createMemoryWatch, type MemoryWatch, type Watchdog } from '../operations/index.ts';

interface WatchMemoryOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly onPressure: () => void;
  readonly hub: Pick<Hub, 'broadcast'>;
  readonly watchdog: Watchdog;
}

/** A few times the second between two looks. */
const silenceMs = 15_000;

export function watchMemory({ clock, metrics, log, onPressure, hub, watchdog }: WatchMemoryOptions): MemoryWatch {
  const reader = createMemoryReader();
  const life = watchdog.watch('memory watch', { silenceMs });
  return createMemoryWatch({
    ...{ clock, metrics, onPressure },
    log: log.child({ component: 'memory' }),
    read() {
      life.alive();
      return reader();
    },
    onEvent: (event) => hub.broadcast(event.name, event, { scope: 'operator.read' }),
    collectGarbage: createGarbageCollector(),
  });
}
