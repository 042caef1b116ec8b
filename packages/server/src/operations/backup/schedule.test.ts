import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BackupSettings } from '../../config/index.ts';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createBackupSchedule, type BackupSchedule } from './schedule.ts';
import { nextDueMs, readScheduleRecord } from './schedule-record.ts';

const hourMs = 3_600_000;

const daily: BackupSettings = {
  ...{ engine: 'archive', recipients: [], keep: { last: 3, daily: 7, weekly: 4 }, s3: {} },
  schedule: { every: 24 * hourMs, timeZone: 'UTC' },
};

interface Bench extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly directory: string;
  readonly made: number[];
  /** What the next attempts throw. */
  failing: OpenClawError | undefined;
  settings: BackupSettings;
  schedule: BackupSchedule;
  /** As a gateway that starts anew on the same state. */
  restart(): Promise<void>;
  metrics(): string;
}

function setUp(settings: BackupSettings = daily): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-schedule-'));
  const clock = createFakeClock();
  const metrics = createMetrics();
  const start = (figures = createMetrics()): BackupSchedule =>
    createBackupSchedule({
      ...{ stateDirectory: directory, clock, metrics: figures, settings: () => bench.settings },
      log: createLog({ destinations: [], clock, level: 'silent' }),
      make() {
        if (bench.failing) return Promise.reject(bench.failing);
        bench.made.push(clock.now());
        return Promise.resolve({ address: '/backups/one', bytes: 1234, tookMs: 5 });
      },
    });
  const bench: Bench = {
    ...{ clock, directory, made: [], failing: undefined, settings },
    schedule: start(metrics),
    async restart() {
      await bench.schedule.close();
      bench.schedule = start();
    },
    metrics: () => metrics.text(),
    async [Symbol.asyncDispose]() {
      await bench.schedule.close();
      rmSync(directory, { recursive: true });
    },
  };
  return bench;
}

test('the first is made at once, the next when it is due, and none in between or after a restart', async () => {
  await using bench = setUp();
  await bench.schedule.look();
  assert.equal(bench.made.length, 1);
  bench.clock.advance(23 * hourMs);
  await bench.schedule.look();
  await bench.restart();
  await bench.schedule.look();
  assert.equal(bench.made.length, 1);
  bench.clock.advance(hourMs);
  await bench.schedule.look();
  assert.equal(bench.made.length, 2);
});

test('those that were missed while the gateway was down are made up by one', async () => {
  await using bench = setUp();
  await bench.schedule.look();
  bench.clock.advance(10 * 24 * hourMs);
  await bench.restart();
  await bench.schedule.look();
  await bench.schedule.look();
  assert.equal(bench.made.length, 2);
});

test('a failure is told until one succeeds, also after a restart, and is tried again later each time', async () => {
  await using bench = setUp();
  await bench.schedule.look();
  bench.clock.advance(24 * hourMs);
  bench.failing = new OpenClawError('backup_place', {
    details: { place: 's3://b', reason: '403, AccessDenied', suggestion: 'Check the key.' },
  });
  await bench.schedule.look();
  assert.match(bench.schedule.trouble() ?? '', /^the last backup failed: The place s3:\/\/b cannot be used: 403, AccessDenied$/);
  await bench.schedule.look();
  assert.equal(readScheduleRecord(bench.directory).failure?.inARow, 1, 'not before ten minutes have passed');
  bench.clock.advance(10 * 60_000);
  await bench.schedule.look();
  assert.match(bench.schedule.trouble() ?? '', /^the last 2 backups failed/);
  assert.match(bench.metrics(), /openclaw_backups_total\{outcome="failed"\} 2/);
  await bench.restart();
  assert.match(bench.schedule.trouble() ?? '', /^the last 2 backups failed/);
  bench.clock.advance(10 * 60_000);
  bench.failing = undefined;
  await bench.schedule.look();
  assert.equal(bench.made.length, 1, 'the second pause is twice the first');
  bench.clock.advance(10 * 60_000);
  await bench.schedule.look();
  assert.equal(bench.made.length, 2);
  assert.equal(bench.schedule.trouble(), undefined);
});

test('figures say when the last one was made, how large it is, and how they ended', async () => {
  await using bench = setUp();
  assert.match(bench.metrics(), /openclaw_backup_last_success_timestamp_seconds 0/);
  await bench.schedule.look();
  assert.match(bench.metrics(), new RegExp(`openclaw_backup_last_success_timestamp_seconds ${bench.clock.now() / 1000}`));
  assert.match(bench.metrics(), /openclaw_backup_last_bytes 1234/);
  assert.match(bench.metrics(), /openclaw_backups_total\{outcome="ok"\} 1/);
});

test('the clock calls it, a schedule that is taken away ends it, and what failed before then is not told any more', async () => {
  await using bench = setUp();
  const { schedule: _schedule, ...never } = daily;
  bench.failing = new OpenClawError('backup_failed', { details: { reason: 'no', suggestion: '' } });
  await bench.schedule.look();
  bench.settings = never;
  assert.equal(bench.schedule.trouble(), undefined);
  bench.failing = undefined;
  bench.clock.advance(48 * hourMs);
  await bench.schedule.look();
  assert.equal(bench.made.length, 0);
  bench.settings = daily;
  bench.schedule.start();
  bench.clock.advance(60_000);
  await bench.schedule.look();
  assert.equal(bench.made.length, 1);
});

test('a clock that was set back does not put them off', async () => {
  await using bench = setUp();
  await bench.schedule.look();
  const { lastSuccess } = readScheduleRecord(bench.directory);
  assert.ok(lastSuccess);
  const later = { lastSuccess: { ...lastSuccess, atMs: lastSuccess.atMs + 1000 * hourMs } };
  const { writeScheduleRecord } = await import('./schedule-record.ts');
  await writeScheduleRecord(bench.directory, later);
  await bench.restart();
  await bench.schedule.look();
  assert.equal(bench.made.length, 2);
});

test('cron is read in its time zone, and one that is none is refused with an example', async () => {
  const settings: BackupSettings = { ...daily, schedule: { cron: '30 3 * * *', timeZone: 'Europe/Zurich' } };
  const lastSuccess = { atMs: Date.parse('2026-07-01T12:00:00Z'), address: '', bytes: 0, tookMs: 0 };
  const due = await nextDueMs(settings, { lastSuccess }, 0);
  assert.equal(new Date(due ?? 0).toISOString(), '2026-07-02T01:30:00.000Z');
  for (const schedule of [
    { cron: 'at night!', timeZone: 'UTC' },
    { cron: '30 3 * * *', timeZone: 'Nowhere/Land' },
  ]) {
    await assert.rejects(nextDueMs({ ...daily, schedule }, { lastSuccess }, 0), { code: 'config_invalid' });
  }
});
