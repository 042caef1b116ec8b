/**
 * When a snapshot is due, and which segments of the journal may go when one was taken.
 *
 * When a snapshot replaces another, the journal that only the other needed goes. A copy of the directory that began with the other
 * is whole only if it ends before that. So: no sooner than an hour after the last one, unless the journal has grown by
 * `mostJournalBytes`, which bounds the disk and the time of a rebuild.
 */
import { statSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { listSegments, type Journal } from './journal.ts';
import type { StorePaths } from './paths.ts';
import type { SnapshotTaken } from './snapshot.ts';

export interface SnapshotRules {
  readonly everyMs: number;
  /** Less is not worth a snapshot; nor is less than the last snapshot has, so that all of them together cost no more than the writes. */
  readonly leastJournalBytes: number;
  readonly mostJournalBytes: number;
}

export const snapshotRules: SnapshotRules = { everyMs: 3_600_000, leastJournalBytes: 64 * 2 ** 20, mostJournalBytes: 512 * 2 ** 20 };

export interface SnapshotSchedule {
  readonly due: boolean;
  /** To be told of each snapshot that is in its place; deletes journal. */
  taken(snapshot: SnapshotTaken): void;
  /** The next one is tried after as much journal again. */
  failed(): void;
}

export interface SnapshotScheduleOptions {
  readonly paths: StorePaths;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly rules?: SnapshotRules;
}

export function createSnapshotSchedule({ paths, journal, clock, rules = snapshotRules }: SnapshotScheduleOptions): SnapshotSchedule {
  const foundMs = statSync(paths.snapshot, { throwIfNoEntry: false })?.mtimeMs;
  let takenAtMs = foundMs === undefined ? -Infinity : clock.monotonicMs() - Math.max(0, clock.now() - foundMs);
  // What earlier processes appended since the snapshot.
  let earlierBytes = listSegments(paths.journal).reduce(
    (sum, { bytes, modifiedMs }) => sum + (modifiedMs >= (foundMs ?? 0) ? bytes : 0),
    0,
  );
  journal.beginCount();

  const beginCount = (): void => {
    earlierBytes = 0;
    journal.beginCount();
  };

  return {
    get due() {
      const bytes = earlierBytes + journal.countedBytes;
      if (bytes < rules.leastJournalBytes) return false;
      if (bytes >= rules.mostJournalBytes) return true;
      return clock.monotonicMs() - takenAtMs >= rules.everyMs && bytes >= (statSync(paths.snapshot, { throwIfNoEntry: false })?.size ?? 0);
    },
    taken({ replacedPosition }) {
      takenAtMs = clock.monotonicMs();
      beginCount();
      journal.deleteUpTo(replacedPosition);
    },
    failed: beginCount,
  };
}
