/** Every kind of things that get old, with the part that owns it, below one sweep. */
import { join } from 'node:path';
import type { Configuration } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ModelPath } from '../models/index.ts';
import type { Audit } from '../operations/index.ts';
import {
  backupRule,
  createSweeper,
  keepLogsCold,
  logRule,
  type ColdStorage,
  type RetentionRule,
  type Sweeper,
} from '../operations/retention/index.ts';
import { placeAt } from './cold.ts';
import type { RunsSide } from './runs.ts';

/** Limits of keys by the month are counted from it. */
const leastUsageMs = 32 * 86_400_000;

export interface BuildRetentionOptions {
  readonly configuration: () => Configuration;
  readonly stateId: string;
  readonly runs: Pick<RunsSide, 'journal' | 'conversations'>;
  readonly audit: Pick<Audit, 'stale' | 'prune'>;
  readonly models: Pick<ModelPath, 'usage' | 'responses'>;
  readonly cold: () => ColdStorage | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function buildRetention(options: BuildRetentionOptions): Sweeper {
  const { configuration, clock, log, metrics, cold } = options;
  const logs = join(configuration().stateDirectory, 'logs');
  return createSweeper({
    ...{ clock, log, metrics },
    rules: [...rulesOfFiles(options, logs), ...rulesOfRuns(options), ...rulesOfRecords(options)],
    destinationOf: (kind) => (kind === 'runs' || kind === 'logs' ? cold()?.address : undefined),
    before: async (signal) => {
      const storage = cold();
      if (storage) await keepLogsCold(logs, storage, signal);
    },
  });
}

function rulesOfFiles({ configuration, cold, clock, stateId }: BuildRetentionOptions, logs: string): readonly RetentionRule[] {
  const settings = () => configuration().settings;
  const directory = (): string => settings().backup.to ?? 'backups';
  return [
    logRule(logs, { keepMs: () => settings().retention.logsMs, cold }),
    backupRule({
      stateId,
      place: () => (settings().backup.engine === 'archive' ? placeAt(directory(), configuration(), clock) : undefined),
      keepMs: () => settings().retention.backupsMs,
    }),
    {
      ...{ kind: 'cold', setting: 'retention.cold.keepMs', keepMs: () => settings().retention.cold.keepMs },
      stale: async (beforeMs) => (await cold()?.stale(beforeMs)) ?? { items: 0, bytes: 0 },
      giveUp: async (beforeMs, { limit }) => (await cold()?.giveUp(beforeMs, limit)) ?? { items: 0, bytes: 0 },
    },
  ];
}

/** Runs go by themselves, for whoever owns them knows what is under way. */
function rulesOfRuns({ configuration, runs }: BuildRetentionOptions): readonly RetentionRule[] {
  const { journal, conversations } = runs;
  const ages = () => configuration().settings.retention;
  return [
    {
      ...{ kind: 'deltas', setting: 'retention.deltasMs', keepMs: () => ages().deltasMs },
      stale: (beforeMs) => journal.stale('deltas', beforeMs),
    },
    { ...{ kind: 'runs', setting: 'retention.runsMs', keepMs: () => ages().runsMs }, stale: (beforeMs) => journal.stale('runs', beforeMs) },
    {
      ...{ kind: 'sessions', setting: 'retention.sessionsMs', keepMs: () => ages().sessionsMs, limit: 20 },
      stale: async (beforeMs) => ({ items: await conversations.idleSessions(beforeMs), bytes: 0 }),
      giveUp: async (beforeMs, { limit }) => ({ items: await conversations.deleteIdleSessions(beforeMs, limit), bytes: 0 }),
    },
  ];
}

function rulesOfRecords({ configuration, audit, models }: BuildRetentionOptions): readonly RetentionRule[] {
  const ages = () => configuration().settings.retention;
  return [
    {
      ...{ kind: 'audit', setting: 'retention.auditMs', keepMs: () => ages().auditMs },
      stale: (beforeMs) => audit.stale(beforeMs),
      giveUp: async (beforeMs, { limit }) => ({ items: await audit.prune(beforeMs, limit), bytes: 0 }),
    },
    {
      ...{ kind: 'usage', setting: 'retention.usageMs', keepMs: () => Math.max(ages().usageMs, leastUsageMs) },
      stale: (beforeMs) => models.usage.stale(beforeMs),
      giveUp: async (beforeMs, { limit }) => ({ items: await models.usage.prune(beforeMs, limit), bytes: 0 }),
    },
    {
      ...{ kind: 'responses', setting: 'retention.responsesMs', keepMs: () => ages().responsesMs },
      // Each has a time of its own, which counts from when it was last gone on from.
      stale: () => models.responses.stale(),
    },
  ];
}
