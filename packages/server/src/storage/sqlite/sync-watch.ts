/** How long the journal waits for the disk: how often, how long in all, and the longest of the last minutes. It changes nothing of the waiting. */
import type { Clock } from '../../core/clock.ts';
import type { JournalFiles } from './segment-file.ts';

export interface SyncTimes {
  readonly count: number;
  readonly totalMs: number;
  /** Of the last one to two minutes. */
  readonly slowestMs: number;
}

export interface SyncWatch {
  /** The same files, with the waiting timed. */
  readonly files: JournalFiles;
  times(): SyncTimes;
}

const windowMs = 60_000;

export function watchSyncs(files: JournalFiles, clock: Clock): SyncWatch {
  let [count, totalMs, slowestMs, previousMs] = [0, 0, 0, 0];
  let windowStartMs = clock.monotonicMs();

  function turn(nowMs: number): void {
    if (nowMs - windowStartMs < windowMs) return;
    previousMs = nowMs - windowStartMs < 2 * windowMs ? slowestMs : 0;
    slowestMs = 0;
    windowStartMs = nowMs;
  }

  return {
    files: {
      ...files,
      sync(descriptor) {
        const startedMs = clock.monotonicMs();
        try {
          files.sync(descriptor);
        } finally {
          const nowMs = clock.monotonicMs();
          turn(nowMs);
          count += 1;
          totalMs += nowMs - startedMs;
          slowestMs = Math.max(slowestMs, nowMs - startedMs);
        }
      },
    },
    times() {
      turn(clock.monotonicMs());
      return { count, totalMs, slowestMs: Math.max(slowestMs, previousMs) };
    },
  };
}
