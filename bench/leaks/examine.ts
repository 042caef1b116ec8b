/**
 * What one synthetic program shows: the verdicts of the analysis and of the rivals after 6 and 24 hours, when a leak was first seen, whether the
 * forecast held, and how often a clean program was called a leak in a week. It adds nothing up.
 */
import type { MemoryConfidence, MemoryTrace, MemoryVerdict } from '@openclaw/protocol';
import { analyseMemory } from '../../packages/server/src/workloads/analysis/index.ts';
import { judge } from '../../packages/server/src/workloads/analysis/verdict.ts';
import type { Class } from './classes/class.ts';
import { generate } from './classes/index.ts';
import { epochMs, hourMs } from './classes/simulate.ts';
import { rivals } from './rivals.ts';

/** Memory as the kernel sees it, or with what the program tells besides: its heap after collections, and its work. */
export const views = ['memory', 'all'] as const;
export type View = (typeof views)[number];
export const lengthsHours = [6, 24] as const;

export interface Examined {
  readonly name: string;
  readonly seed: number;
  /** By `24 all`. */
  readonly verdicts: Readonly<Record<string, MemoryVerdict>>;
  /** The same. */
  readonly confidences: Readonly<Record<string, MemoryConfidence>>;
  /** By `24 Coroot`. */
  readonly rivals: Readonly<Record<string, boolean>>;
  /** Hours until the first verdict `leak`, asked every hour for a day; of leaks alone, by view and by rival. */
  readonly detectedAfter: Readonly<Record<string, number | null>>;
  readonly forecasts: readonly Forecasted[];
  /** Alarms in seven days, asked every hour about the last 24; of clean programs alone. */
  readonly alarmsInWeek: Readonly<Record<string, number>>;
}

export interface Forecasted {
  readonly afterHours: number;
  readonly earliest: number;
  readonly likely: number;
  readonly latest: number | null;
  readonly truth: number;
}

const intervalMs = 30_000;
const weekIntervalMs = 60_000;
const forecastHours = 260;
/** An alarm that comes back sooner is the same. */
const sameAlarmHours = 6;

export interface ExamineOptions {
  /** A week takes as long as everything else together. */
  readonly withWeek: boolean;
}

export function examine(one: Class, seed: number, { withWeek }: ExamineOptions): Examined {
  const day = generate(one, seed, { hours: 24, intervalMs }).trace;
  const verdicts: Record<string, MemoryVerdict> = {};
  const confidences: Record<string, MemoryConfidence> = {};
  const rivalVerdicts: Record<string, boolean> = {};
  for (const hours of lengthsHours) {
    const part = windowOf(day, 0, hours);
    for (const view of views) {
      const { verdict, confidence } = judge(seenAs(view, part));
      verdicts[`${hours} ${view}`] = verdict;
      confidences[`${hours} ${view}`] = confidence;
    }
    for (const [name, rule] of Object.entries(rivals)) rivalVerdicts[`${hours} ${name}`] = rule(part);
  }
  return {
    name: one.name,
    seed,
    verdicts,
    confidences,
    rivals: rivalVerdicts,
    detectedAfter: one.leaks ? detections(day) : {},
    forecasts: one.leaks ? forecasts(one, seed) : [],
    alarmsInWeek: !one.leaks && withWeek ? alarms(generate(one, seed, { hours: 168, intervalMs: weekIntervalMs }).trace) : {},
  };
}

type Asked = (trace: MemoryTrace) => boolean;

/** Whoever can be asked again and again. */
const asked: Readonly<Record<string, Asked>> = {
  memory: (trace) => judge(seenAs('memory', trace)).verdict === 'leak',
  all: (trace) => judge(trace).verdict === 'leak',
  ...rivals,
};

function detections(day: MemoryTrace): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(asked).map(([name, isLeak]) => {
      for (let hours = 1; hours <= 24; hours += 1) if (isLeak(windowOf(day, 0, hours))) return [name, hours];
      return [name, null];
    }),
  );
}

/** Where only the limit ends a life: after a deployment nobody knows what would have been. */
function forecasts(one: Class, seed: number): Forecasted[] {
  const { trace, oomAtHours } = generate(one, seed, { hours: forecastHours, intervalMs: weekIntervalMs, endsAtOom: true });
  const oomAt = oomAtHours[0];
  if (oomAt === undefined || trace.marks?.some(({ kind }) => kind === 'deployment')) return [];
  return lengthsHours.flatMap((afterHours) => {
    if (oomAt <= afterHours) return [];
    const found = analyseMemory(windowOf(trace, 0, afterHours)).hoursToLimit;
    if (!found) return [];
    return [{ afterHours, earliest: found.earliest, likely: found.likely, latest: found.latest ?? null, truth: oomAt - afterHours }];
  });
}

function alarms(week: MemoryTrace): Record<string, number> {
  return Object.fromEntries(
    Object.entries(asked).map(([name, isLeak]) => {
      let count = 0;
      let last = -Infinity;
      for (let hours = 1; hours <= 168; hours += 1) {
        if (!isLeak(windowOf(week, hours - 24, hours))) continue;
        if (hours - last > sameAlarmHours) count += 1;
        last = hours;
      }
      return [name, count];
    }),
  );
}

function windowOf(trace: MemoryTrace, fromHours: number, toHours: number): MemoryTrace {
  const from = epochMs + fromHours * hourMs;
  const to = epochMs + toHours * hourMs;
  const isInside = ({ at }: { readonly at: number }): boolean => at >= from && at <= to;
  const samples = trace.samples.filter(isInside);
  const { startedAt, ...rest } = trace;
  // Of a process that was started again the trace does not say when.
  const isFirstLife = samples[0]?.restarts === 0;
  return {
    ...rest,
    ...(startedAt !== undefined && isFirstLife ? { startedAt } : {}),
    samples,
    marks: (trace.marks ?? []).filter(isInside),
  };
}

function seenAs(view: View, trace: MemoryTrace): MemoryTrace {
  if (view === 'all') return trace;
  return {
    ...trace,
    samples: trace.samples.map(({ heapAfterGcBytes: _heap, externalBytes: _external, requests: _requests, ...rest }) => rest),
  };
}
