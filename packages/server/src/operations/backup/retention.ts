/** Which backups stay and which go. Pure: of names and times alone. */
import type { StoredBackup } from './place.ts';

export interface KeepRules {
  /** So many of the newest stay. */
  readonly last: number;
  /** Of so many of the last days that have one, the newest of each. */
  readonly daily: number;
  /** As `daily`, of weeks that begin on Monday. */
  readonly weekly: number;
  /** Those that were made since then stay. @default none for that */
  readonly sinceMs?: number;
}

export interface Judged {
  readonly backup: StoredBackup;
  /** Why it stays; empty: it goes. */
  readonly reasons: readonly string[];
}

const dayMs = 86_400_000;
/** The first of January 1970 was a Thursday. */
const mondayOffsetMs = 3 * dayMs;

/** Newest first. Each state by itself: where several share a place, none takes another's away. The newest of each always stays. */
export function judge(backups: readonly StoredBackup[], rules: KeepRules): readonly Judged[] {
  const states = new Set(backups.map(({ state }) => state));
  return [...states]
    .flatMap((state) =>
      judgeOne(
        backups.filter((backup) => backup.state === state),
        rules,
      ),
    )
    .toSorted((a, b) => b.backup.createdAtMs - a.backup.createdAtMs);
}

function judgeOne(backups: readonly StoredBackup[], { last, daily, weekly, sinceMs = Infinity }: KeepRules): readonly Judged[] {
  const newest = backups.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const reasons = new Map<StoredBackup, string[]>(newest.map((backup) => [backup, []]));
  const keep = (chosen: readonly StoredBackup[], reason: string): void => {
    for (const backup of chosen) reasons.get(backup)?.push(reason);
  };
  keep(newest.slice(0, Math.max(1, last)), last > 0 ? 'last' : 'newest');
  keep(newestOfEach(newest, (ms) => Math.floor(ms / dayMs)).slice(0, daily), 'daily');
  keep(newestOfEach(newest, (ms) => Math.floor((ms + mondayOffsetMs) / (7 * dayMs))).slice(0, weekly), 'weekly');
  keep(
    newest.filter(({ createdAtMs }) => createdAtMs >= sinceMs),
    'young',
  );
  return newest.map((backup) => ({ backup, reasons: reasons.get(backup) ?? [] }));
}

function newestOfEach(newest: readonly StoredBackup[], periodOf: (createdAtMs: number) => number): readonly StoredBackup[] {
  const seen = new Set<number>();
  return newest.filter(({ createdAtMs }) => {
    const period = periodOf(createdAtMs);
    if (seen.has(period)) return false;
    seen.add(period);
    return true;
  });
}
