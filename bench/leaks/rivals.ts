/** Rules that are in use elsewhere, on the same traces: what the analysis has to be better than. Each says leak or no leak. */
import type { MemorySample, MemoryTrace } from '@openclaw/protocol';
import { trendOf } from '../../packages/server/src/workloads/analysis/statistics/trend.ts';
import { hourMs } from './classes/simulate.ts';

export type Rule = (trace: MemoryTrace) => boolean;

interface Line {
  readonly slope: number;
  readonly error: number;
  valueAt(hours: number): number;
  readonly endHours: number;
}

/** Resident memory against time, by least squares. */
function lineOf({ samples }: MemoryTrace): Line {
  const hours = samples.map(({ at }) => (at - (samples[0]?.at ?? 0)) / hourMs);
  const values = samples.map(({ rssBytes }) => rssBytes);
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const [middle, level] = [mean(hours), mean(values)];
  const spread = hours.reduce((sum, at) => sum + (at - middle) ** 2, 0);
  const slope = hours.reduce((sum, at, index) => sum + (at - middle) * ((values[index] ?? 0) - level), 0) / spread;
  const squares = hours.reduce((sum, at, index) => sum + ((values[index] ?? 0) - level - slope * (at - middle)) ** 2, 0);
  const error = Math.sqrt(squares / (hours.length - 2) / spread);
  return { slope, error, valueAt: (at) => level + slope * (at - middle), endHours: hours.at(-1) ?? 0 };
}

/** Coroot: the fitted line rises by more than 10 % in the last hour (`MemoryLeakPercent`, its default threshold). */
function coroot(trace: MemoryTrace): boolean {
  const line = lineOf(trace);
  const end = line.valueAt(line.endHours);
  const before = line.valueAt(line.endHours - 1);
  return before > 0 && end > 0 && (100 * (end - before)) / before > 10;
}

/** A slope of more than three standard errors, and growth of more than 1 %. */
function leastSquares(trace: MemoryTrace): boolean {
  const { slope, error, valueAt, endHours } = lineOf(trace);
  return slope > 3 * error && slope * endHours > 0.01 * valueAt(0);
}

/** The textbook test on means of five minutes, one in a thousand by chance. */
function plainMannKendall({ samples }: MemoryTrace): boolean {
  const buckets = new Map<number, MemorySample[]>();
  for (const sample of samples) {
    const bucket = Math.floor(sample.at / (hourMs / 12));
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), sample]);
  }
  const run = [...buckets].map(([at, members]) => ({
    at,
    value: members.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / members.length,
  }));
  return trendOf([run], { corrected: false }).z > 3.1;
}

export const rivals: Readonly<Record<string, Rule>> = {
  Coroot: coroot,
  'least squares': leastSquares,
  'plain Mann–Kendall': plainMannKendall,
};
