/** Takes backups away that the rules do not keep, and never the last one that can be believed. */
import { OpenClawError } from '../../core/errors.ts';
import { checkSeal } from './coding.ts';
import { isOfState, type Place, type StoredBackup } from './place.ts';
import { judge, type Judged, type KeepRules } from './retention.ts';

export interface PruneOptions {
  readonly place: Place;
  readonly rules: KeepRules;
  /** Those of other states stay. @default each state by itself */
  readonly stateId?: string;
  readonly dryRun: boolean;
}

export interface Pruned {
  readonly kept: readonly Judged[];
  readonly removed: readonly StoredBackup[];
  /** Kept by no rule but because the newer ones are damaged. */
  readonly damaged: readonly StoredBackup[];
}

export async function pruneBackups({ place, rules, stateId, dryRun }: PruneOptions): Promise<Pruned> {
  const judged = judge(
    (await place.list()).filter((backup) => isOfState(backup, stateId)),
    rules,
  );
  const states = new Set(judged.map(({ backup }) => backup.state));
  const kept: Judged[] = [];
  const removed: StoredBackup[] = [];
  const damaged: StoredBackup[] = [];
  for (const state of states) {
    const own = judged.filter(({ backup }) => backup.state === state);
    const saved = own.every(({ reasons }) => reasons.length > 0) ? undefined : await lastGood(place, own, damaged);
    for (const each of own) {
      if (each.reasons.length > 0) kept.push(each);
      else if (each.backup === saved) kept.push({ ...each, reasons: ['last good one'] });
      else removed.push(each.backup);
    }
  }
  if (!dryRun) for (const { name } of removed) await place.remove(name);
  return { kept, removed, damaged };
}

/** The newest that is there to its last byte. What is encrypted is taken for good: its place shows only what was finished. */
async function lastGood(place: Place, newestFirst: readonly Judged[], damaged: StoredBackup[]): Promise<StoredBackup | undefined> {
  for (const { backup } of newestFirst) {
    try {
      await checkSeal(place.get(backup.name));
      return backup;
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError) || thrown.code !== 'backup_damaged') throw thrown;
      damaged.push(backup);
    }
  }
  return undefined;
}
