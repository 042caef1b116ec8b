/**
 * When a schedule falls due: pure functions of the time that they are given.
 *
 * Due times of one schedule are whole seconds for cron, and at least a minute apart. What becomes of them is not known here.
 */
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { NewTiming, ScheduleTiming } from './contract.ts';

export const shortestIntervalMs = 60_000;
const longestIntervalMs = 366 * 86_400_000;
/** The last moment that a Date can hold. */
const latestMomentMs = 8_640_000_000_000_000;

/** The first due time after a moment; null where there is none any more. */
export type DueTimes = (afterMs: number) => number | null;

/** @throws OpenClawError `invalid_request` for a cron expression or a time zone that is none */
export async function dueTimesOf(timing: ScheduleTiming): Promise<DueTimes> {
  switch (timing.kind) {
    case 'at':
      return (afterMs) => (timing.atMs > afterMs ? timing.atMs : null);
    case 'every': {
      const { everyMs, anchorMs } = timing;
      return (afterMs) => anchorMs + Math.max(1, Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs;
    }
    case 'cron': {
      const { Cron } = await import('croner');
      try {
        const pattern = new Cron(timing.expr, { timezone: timing.tz, mode: '5-part', paused: true });
        // It finds out only when it is asked whether there is such a time zone.
        pattern.nextRun(new Date(0));
        return (afterMs) => pattern.nextRun(new Date(afterMs))?.getTime() ?? null;
      } catch (thrown) {
        throw invalidTiming('expr', `cannot be read with the time zone ${timing.tz}: ${reasonOf(thrown)}`);
      }
    }
  }
}

/** The last due time after `afterMs` and not after `untilMs`, in as many steps as the span has bits, however many there are. */
export function latestDue(next: DueTimes, afterMs: number, untilMs: number): number | null {
  const first = next(afterMs);
  if (first === null || first > untilMs) return null;
  let latest = first;
  // Nothing is due after it and up to `untilMs`.
  let end = untilMs;
  while (end - latest >= shortestIntervalMs) {
    const middle = Math.floor((latest + end) / 2);
    const found = next(middle);
    if (found !== null && found <= end) latest = found;
    else end = middle;
  }
  return latest;
}

/**
 * A timing that falls due at least once from now on.
 * @throws OpenClawError `invalid_request`
 */
export async function checkTiming(wanted: NewTiming, nowMs: number): Promise<ScheduleTiming> {
  const timing = fillIn(wanted, nowMs);
  const next = await dueTimesOf(timing);
  if (next(nowMs) === null) throw invalidTiming(timing.kind === 'at' ? 'at' : 'expr', 'never falls due from now on');
  return timing;
}

function fillIn(wanted: NewTiming, nowMs: number): ScheduleTiming {
  switch (wanted.kind) {
    case 'at':
      if (!Number.isSafeInteger(wanted.atMs) || wanted.atMs > latestMomentMs) throw invalidTiming('at', 'must be a moment');
      return wanted;
    case 'every': {
      const { everyMs, anchorMs = nowMs } = wanted;
      if (!Number.isSafeInteger(everyMs) || everyMs < shortestIntervalMs || everyMs > longestIntervalMs) {
        throw invalidTiming('everyMs', 'must be from one minute to 366 days');
      }
      if (!Number.isSafeInteger(anchorMs) || anchorMs < 0 || anchorMs > latestMomentMs / 2) {
        throw invalidTiming('anchorMs', 'must be a moment');
      }
      return { kind: 'every', everyMs, anchorMs };
    }
    case 'cron':
      return { kind: 'cron', expr: wanted.expr.trim(), tz: wanted.tz ?? 'UTC' };
  }
}

function invalidTiming(name: string, reason: string): OpenClawError {
  const path = `schedule.${name}`;
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
