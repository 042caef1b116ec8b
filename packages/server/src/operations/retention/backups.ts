/** Backups of one state as a kind of things that get old. Which stay in any case is for `operations/backup` to say. */
import { pruneBackups, type Place } from '../backup/index.ts';
import type { Amount, RetentionRule } from './contract.ts';

export interface BackupRuleOptions {
  /** Undefined where backups are nothing that can be deleted one by one. */
  readonly place: () => Place | undefined;
  readonly stateId: string;
  readonly keepMs: () => number;
}

export function backupRule({ place, stateId, keepMs }: BackupRuleOptions): RetentionRule {
  const prune = async (sinceMs: number, dryRun: boolean): Promise<Amount> => {
    const at = place();
    if (!at) return { items: 0, bytes: 0 };
    const { removed } = await pruneBackups({ place: at, rules: { last: 1, daily: 0, weekly: 0, sinceMs }, stateId, dryRun });
    return { items: removed.length, bytes: removed.reduce((sum, { bytes = 0 }) => sum + bytes, 0) };
  };
  return {
    ...{ kind: 'backups', setting: 'retention.backupsMs', keepMs },
    stale: (beforeMs) => prune(beforeMs, true),
    // All at once: there are few, and which one is the last good one follows from all of them.
    giveUp: (beforeMs) => prune(beforeMs, false),
  };
}
