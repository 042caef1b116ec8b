/**
 * Makes backups while the gateway runs, when the configuration says so, and prunes after each. One at a time; one that was missed is made
 * up; what fails is tried again, later each time, and shows in the health of the gateway until one succeeds.
 */
import type { BackupSettings } from '../../config/index.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { BackupMade } from './create.ts';
import { nextDueMs, readScheduleRecord, writeScheduleRecord, type ScheduleRecord } from './schedule-record.ts';

export interface BackupScheduleOptions {
  readonly stateDirectory: string;
  /** Asked before each look, for they change. */
  readonly settings: () => BackupSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Makes one, and takes away what the rules do not keep. */
  readonly make: (settings: BackupSettings, signal: AbortSignal) => Promise<Pick<BackupMade, 'address' | 'bytes' | 'tookMs'>>;
}

export interface BackupSchedule {
  /** Why the last attempt failed, in words; undefined where it did not, or where nothing is scheduled. */
  trouble(): string | undefined;
  /** Looks now and then, from now on. */
  start(): void;
  /** Looks whether one is due, and makes it. */
  look(): Promise<void>;
  /** Ends one that is under way; nothing of it is left. */
  close(): Promise<void>;
}

/** No schedule is finer than a minute. */
const lookEveryMs = 30_000;

export function createBackupSchedule(options: BackupScheduleOptions): BackupSchedule {
  const { stateDirectory, settings, clock, log } = options;
  const figures = registerFigures(options.metrics, () => record);
  const controller = new AbortController();
  let record = readScheduleRecord(stateDirectory);
  let underWay: Promise<void> | undefined;

  const remember = async (next: ScheduleRecord): Promise<void> => {
    record = next;
    await writeScheduleRecord(stateDirectory, next);
  };

  const makeOne = async (wanted: BackupSettings): Promise<void> => {
    try {
      const { address, bytes, tookMs } = await options.make(wanted, controller.signal);
      figures.ok.increment();
      log.info('a backup was made', { address, bytes, tookMs: Math.round(tookMs) });
      await remember({ lastSuccess: { atMs: clock.now(), address, bytes, tookMs } });
    } catch (thrown) {
      if (controller.signal.aborted) return;
      figures.failed.increment();
      const inARow = (record.failure?.inARow ?? 0) + 1;
      const hint = thrown instanceof OpenClawError ? thrown.hint : '';
      log.error('no backup was made', { error: thrown, inARow });
      await remember({ ...record, failure: { atMs: clock.now(), reason: reasonOf(thrown), hint, inARow } });
    }
  };

  const look = async (): Promise<void> => {
    const wanted = settings();
    const dueMs = await nextDueMs(wanted, record, clock.now());
    // A clock that was set back must not stop them for ever.
    const isAhead = record.lastSuccess !== undefined && record.lastSuccess.atMs > clock.now() + lookEveryMs;
    if (dueMs === undefined || (dueMs > clock.now() && !isAhead)) return;
    await makeOne(wanted);
  };

  const lookOnce = (): Promise<void> =>
    (underWay ??= look()
      .catch((error: unknown) => log.error('backups by schedule cannot go on', { error }))
      .finally(() => (underWay = undefined)));

  let timer: Timer | undefined;
  return {
    trouble() {
      const { failure } = record;
      if (!failure || !settings().schedule) return undefined;
      return `${failure.inARow === 1 ? 'the last backup' : `the last ${failure.inARow} backups`} failed: ${failure.reason}`;
    },
    start() {
      timer ??= clock.every(lookEveryMs, () => void lookOnce());
    },
    look: lookOnce,
    async close() {
      timer?.cancel();
      controller.abort(new Error('the gateway stops'));
      await underWay;
    },
  };
}

function registerFigures(metrics: Metrics, record: () => ScheduleRecord) {
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_backup_last_success_timestamp_seconds',
    help: 'When the last backup by schedule was made; 0: never.',
    read: () => (record().lastSuccess?.atMs ?? 0) / 1000,
  });
  metrics.callback({
    type: 'gauge',
    name: 'openclaw_backup_last_bytes',
    help: 'Size of the last backup by schedule.',
    read: () => record().lastSuccess?.bytes ?? 0,
  });
  const total = metrics.counter({
    name: 'openclaw_backups_total',
    help: 'Backups by schedule, by how they ended.',
    labelNames: ['outcome'],
  });
  // Of a series that begins with its first failure no rule sees the rise.
  return { ok: total.labels('ok'), failed: total.labels('failed') };
}
