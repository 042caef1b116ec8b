/** What is remembered of backups by schedule: a small file of the state directory, which a command can read beside the gateway. And when the next is due. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BackupSettings } from '../../config/index.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';

export interface ScheduleRecord {
  readonly lastSuccess?: { readonly atMs: number; readonly address: string; readonly bytes: number; readonly tookMs: number };
  /** Of the last attempt; absent if that went well. */
  readonly failure?: { readonly atMs: number; readonly reason: string; readonly hint: string; readonly inARow: number };
}

/** A failure may be a network that comes back. */
const retryMs = 10 * 60_000;
const longestRetryMs = 6 * 3_600_000;

export function readScheduleRecord(stateDirectory: string): ScheduleRecord {
  try {
    const value: unknown = JSON.parse(readFileSync(recordFile(stateDirectory), 'utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Nothing was made yet; one backup too many is the worst that comes of it.
    return {};
  }
}

export async function writeScheduleRecord(stateDirectory: string, record: ScheduleRecord): Promise<void> {
  const file = recordFile(stateDirectory);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function recordFile(stateDirectory: string): string {
  return join(stateDirectory, 'state', 'backup-schedule.json');
}

/**
 * When the next one is to be made: in the past where one was missed, while the gateway was down or because it failed; all that were missed
 * are made up by one.
 * @returns undefined without a schedule, or where cron never comes round again
 * @throws OpenClawError `config_invalid` for a cron expression or time zone that is none
 */
export async function nextDueMs(
  { schedule }: BackupSettings,
  { lastSuccess, failure }: ScheduleRecord,
  nowMs: number,
): Promise<number | undefined> {
  if (!schedule) return undefined;
  if (failure) return failure.atMs + Math.min(longestRetryMs, retryMs * 2 ** (failure.inARow - 1));
  if (!lastSuccess) return nowMs;
  if (schedule.every !== undefined) return lastSuccess.atMs + schedule.every;
  const { Cron } = await import('croner');
  try {
    const pattern = new Cron(schedule.cron ?? '', { timezone: schedule.timeZone, mode: '5-part', paused: true });
    return pattern.nextRun(new Date(lastSuccess.atMs))?.getTime();
  } catch (thrown) {
    const reason = `backup.schedule cannot be read: ${reasonOf(thrown)}`;
    throw new OpenClawError('config_invalid', {
      details: {
        where: 'openclaw.json',
        reason,
        suggestion: "Five fields, such as cron: '30 3 * * *', and a time zone such as Europe/Zurich.",
      },
      cause: thrown,
    });
  }
}
