/** When a schedule is due: as it is written on a command line, and as it is shown. */
import { formatUnit, parseUnit } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { numberAt, textAt } from './payload.ts';
import { visible } from './target-flags.ts';

export interface TimingFlags {
  readonly cron?: string;
  readonly tz?: string;
  readonly every?: string;
  readonly at?: string;
}

/** @throws OpenClawError `usage_error` */
export function readSchedule({ cron, tz, every, at }: TimingFlags): JsonObject {
  const given = [cron, every, at].filter((value) => value !== undefined);
  if (given.length !== 1) throw wrong('One of --cron, --every and --at says when', 'Write one of them, such as --every 30m.');
  if (tz !== undefined && cron === undefined) throw wrong('--tz is of a cron expression', 'Leave it out; a moment has its zone in it.');
  if (cron !== undefined) return { kind: 'cron', expr: cron, ...(tz === undefined ? {} : { tz }) };
  if (every !== undefined) {
    const everyMs = parseUnit(every, 'ms');
    if (everyMs === undefined || everyMs < 60_000)
      throw wrong(`--every ${every} is no time of a minute or more`, 'Write it like --every 30m.');
    return { kind: 'every', everyMs };
  }
  const text = at ?? '';
  // Without a zone it would be one moment here and another where the gateway is.
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw wrong(`--at ${text} is no moment with a time zone`, 'Write it like --at 2026-12-31T09:00:00Z or --at 2026-12-31T09:00:00+01:00.');
  }
  return { kind: 'at', at: text };
}

export function timingWords(schedule: JsonObject): string {
  const [expr, tz, at] = ['expr', 'tz', 'at'].map((name) => textAt(schedule, name));
  const everyMs = numberAt(schedule, 'everyMs');
  if (expr !== undefined) return visible(`${expr} ${tz ?? ''}`.trim());
  if (everyMs !== undefined) return `every ${formatUnit(everyMs, 'ms')}`;
  return at === undefined ? 'unknown' : `once at ${visible(at)}`;
}

function wrong(reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('usage_error', { details: { reason, suggestion } });
}
