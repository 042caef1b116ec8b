/** `openclaw backup schedule`: what the configuration says of backups, when the last one was made and when the next is due. It reads, also beside no gateway. */
import { formatMs } from '../durations.ts';
import type { Terminal } from '../terminal.ts';
import { openBackupAccess } from './backup-access.ts';

export interface ScheduleFlags {
  readonly stateDir?: string;
  readonly output: 'text' | 'json';
}

/** @returns whether all is well */
export async function showSchedule(flags: ScheduleFlags, terminal: Terminal): Promise<boolean> {
  const { locations, settings, place, context } = await openBackupAccess(flags, terminal);
  const { nextDueMs, readScheduleRecord, sizeInWords } = await import('../../operations/backup/index.ts');
  const { lastSuccess, failure } = readScheduleRecord(locations.stateDirectory);
  const nowMs = context.clock.now();
  const dueMs = settings && (await nextDueMs(settings, { ...(lastSuccess && { lastSuccess }), ...(failure && { failure }) }, nowMs));
  const at = (ms: number): string => new Date(ms).toISOString();
  if (flags.output === 'json') {
    const report = {
      ...{ schedule: settings?.schedule ?? null, place, keep: settings?.keep ?? null },
      lastSuccess: lastSuccess ? { ...lastSuccess, atMs: undefined, at: at(lastSuccess.atMs) } : null,
      failure: failure ? { ...failure, atMs: undefined, at: at(failure.atMs) } : null,
      next: dueMs === undefined ? null : at(dueMs),
    };
    terminal.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return failure === undefined;
  }
  if (!settings?.schedule) {
    terminal.stdout.write(
      `No backups are made by schedule.\n\n  openclaw config set backup.schedule.every 24h\n\nmakes one a day, in ${place}.\n`,
    );
    return true;
  }
  const { every, cron, timeZone } = settings.schedule;
  const { last, daily, weekly } = settings.keep;
  const lines = [
    ['when', every === undefined ? `${cron} (${timeZone})` : `every ${formatMs(every)}`],
    ['where', place],
    ['kept', `the last ${last}, of ${daily} days and ${weekly} weeks the newest`],
    ['last', lastSuccess ? `${at(lastSuccess.atMs)}, ${sizeInWords(lastSuccess.bytes)}, in ${formatMs(lastSuccess.tookMs)}` : 'none yet'],
    ['next', dueMs === undefined ? 'never' : dueMs <= nowMs ? 'due now: within a minute, while the gateway runs' : at(dueMs)],
    ...(failure
      ? [
          ['failed', `${at(failure.atMs)}, ${failure.inARow} in a row: ${failure.reason}`],
          ['', failure.hint],
        ]
      : []),
  ];
  terminal.stdout.write(lines.map(([name = '', text = '']) => `  ${name.padEnd(7)} ${text}\n`).join(''));
  return failure === undefined;
}
