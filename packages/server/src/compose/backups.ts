/** Backups by schedule: what the configuration says, from place to retention. The part itself is loaded when the first one is due. */
import { join } from 'node:path';
import type { Configuration } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createBackupSchedule, type BackupSchedule } from '../operations/index.ts';
import { version } from '../version.ts';

export interface BackupsOptions {
  readonly configuration: () => Configuration;
  readonly stateId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function buildBackups({ configuration, stateId, clock, log, metrics }: BackupsOptions): BackupSchedule {
  const { stateDirectory } = configuration();
  return createBackupSchedule({
    ...{ stateDirectory, clock, log, metrics },
    settings: () => configuration().settings.backup,
    async make(settings, signal) {
      const { makeScheduled } = await import('../operations/backup/index.ts');
      const { environment } = configuration();
      return makeScheduled(settings, {
        ...{ stateDirectory, stateId, version, log, signal },
        place: settings.to ?? join(stateDirectory, 'backups'),
        context: { clock, s3: settings.s3, lookUp: (name) => environment.lookup(name)?.value, signal },
      });
    },
  });
}
