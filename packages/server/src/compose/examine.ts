/** What the probes look at: the checks of `operations/health`, over the parts that there are. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { EventLoopDelay } from '../core/process-metrics.ts';
import { createHealth, type Health, type HealthReport } from '../gateway/index.ts';
import type { ModelPath } from '../models/index.ts';
import {
  createBackupCheck,
  createChannelsCheck,
  createClockCheck,
  createConfigurationCheck,
  createDiskCheck,
  createEventLoopCheck,
  createInodeCheck,
  createMemoryCheck,
  createProvidersCheck,
  createSecretsCheck,
  createStateCheck,
  createSurvivalCheck,
  createWorkloadsCheck,
  readVolume,
  type BackupSchedule,
  type ConfigurationLook,
  type MemoryWatch,
  type ProvidersLook,
  type SecretLook,
  type VolumeWatch,
  type Watchdog,
  type WorkloadsLook,
} from '../operations/index.ts';
import type { State } from '../storage/index.ts';
import type { ChannelsSide } from './channels.ts';

export interface ExamineOptions {
  /** How the database is now. */
  readonly database: () => ReturnType<State['database']['check']>;
  readonly stateDirectory: string;
  readonly models: ModelPath;
  readonly memory: MemoryWatch;
  readonly volumes: Pick<VolumeWatch, 'look'>;
  readonly workloads: { look(): WorkloadsLook };
  readonly eventLoopDelay: EventLoopDelay;
  readonly watchdog: Watchdog;
  readonly configuration: () => ConfigurationLook;
  readonly secrets: () => readonly SecretLook[];
  readonly channels: Pick<ChannelsSide, 'troubles'>;
  readonly backups: Pick<BackupSchedule, 'trouble'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Whoever reads the log in the morning has to find when a check failed, and when it was well again. */
const levels = { ok: 'info', degraded: 'warn', failed: 'error' } as const;

export function examine(options: ExamineOptions): Health {
  const { database, stateDirectory, models, memory, volumes, workloads, eventLoopDelay, watchdog } = options;
  const { configuration, secrets, clock, log, channels, backups } = options;
  const volume = (): ReturnType<typeof readVolume> => readVolume(stateDirectory);
  const health = createHealth(
    {
      configuration: createConfigurationCheck(configuration),
      secrets: createSecretsCheck(secrets),
      state: createStateCheck({ look: database, clock }),
      disk: createDiskCheck(volume, () => volumes.look().daysUntilFull),
      inodes: createInodeCheck(volume),
      survival: createSurvivalCheck(() => volumes.look().survival),
      memory: createMemoryCheck(() => memory.look()),
      eventLoop: createEventLoopCheck(eventLoopDelay),
      clock: createClockCheck(clock),
      background: watchdog.check,
      providers: createProvidersCheck(() => providersOf(models)),
      workloads: createWorkloadsCheck(() => workloads.look()),
      channels: createChannelsCheck(() => channels.troubles()),
      backup: createBackupCheck(() => backups.trouble()),
    },
    clock,
    (check, { state, detail }) => log[levels[state]](`the check ${check} is ${state}`, { detail }),
  );
  return measured(health, options.metrics);
}

const figures = { ok: 0, degraded: 1, failed: 2 } as const;

/** Who scrapes sees what was found last, and has it looked at again: a scrape cannot wait for a check that hangs. */
function measured(health: Health, metrics: Metrics): Health {
  let latest: HealthReport['checks'] = {};
  const report = async (): Promise<HealthReport> => {
    const found = await health.report();
    latest = found.checks;
    return found;
  };
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_health_check',
    help: 'What a check of health found last. 0: ok. 1: degraded. 2: failed.',
    labelNames: ['check'],
    read() {
      void report();
      return Object.entries(latest).map(([check, { state }]) => ({ labels: [check], value: figures[state] }));
    },
  });
  return { report };
}

function providersOf(models: ModelPath): ProvidersLook {
  const troubled = models.keysStatus().filter(({ state }) => state !== 'ok');
  return {
    // The rehearsal is always there.
    configured: models.providers().length - 1,
    troubles: troubled.map(({ provider, key, state, reason }) => `${provider} (key ${key}): ${state}, ${reason ?? ''}`),
  };
}
