/**
 * Whether values rise with time, and how fast: Mann–Kendall's test with the correction for autocorrelation of Hamed and Rao (1998), and
 * the slope of Theil and Sen with its interval.
 *
 * Several runs of points are taken together without ever comparing points of two runs: what a process did after a restart says nothing about
 * the level before it. Nothing here knows what the values are of.
 */
import { autocorrelationOfRanks } from './autocorrelation.ts';
import { normalBelow, normalWidth } from './normal.ts';
import { median, quantileOfSorted, sorted } from './order.ts';

export interface Point {
  /** In any unit; slopes are per one of it. */
  readonly at: number;
  readonly value: number;
}

/** Points by rising time, of one life of a process. */
export type Run = readonly Point[];

export interface Trend {
  /** Standard deviations from no trend; positive is growth. */
  readonly z: number;
  /** How likely so much growth is by chance alone. */
  readonly chance: number;
  /** Kendall's tau: 1 where every later value is larger. */
  readonly tau: number;
  readonly slope: number;
  /** The interval that holds the slope at `confidence`. */
  readonly low: number;
  readonly high: number;
}

export interface TrendOptions {
  /** Of the slope's interval. @default 0.95 */
  readonly confidence?: number;
  /** Whether neighbours may be alike. @default true */
  readonly corrected?: boolean;
}

export const noTrend: Trend = { z: 0, chance: 0.5, tau: 0, slope: 0, low: 0, high: 0 };

/** `noTrend` of fewer than three points. */
export function trendOf(runs: readonly Run[], { confidence = 0.95, corrected = true }: TrendOptions = {}): Trend {
  const slopes = sorted(runs.flatMap(pairwiseSlopes));
  if (runs.reduce((sum, run) => sum + run.length, 0) < 3 || slopes.length === 0) return noTrend;
  const slope = quantileOfSorted(slopes, 0.5);
  let score = 0;
  let pairs = 0;
  let variance = 0;
  for (const run of runs) {
    score += kendallScore(run);
    pairs += (run.length * (run.length - 1)) / 2;
    variance += scoreVariance(run) * (corrected ? correction(run, slope) : 1);
  }
  const deviation = Math.sqrt(variance);
  const z = deviation === 0 ? 0 : (score - Math.sign(score)) / deviation;
  const half = (normalWidth(confidence) * deviation) / 2 / pairs;
  return {
    z,
    chance: 1 - normalBelow(z),
    tau: score / pairs,
    slope,
    low: quantileOfSorted(slopes, 0.5 - half),
    high: quantileOfSorted(slopes, 0.5 + half),
  };
}

/** Kendall's S: how many pairs rise, less those that fall. */
export function kendallScore(run: Run): number {
  let score = 0;
  for (const [index, { value }] of run.entries())
    for (let later = index + 1; later < run.length; later += 1) score += Math.sign((run[later]?.value ?? 0) - value);
  return score;
}

/** Of S where there is no trend and no autocorrelation; equal values lower it. */
export function scoreVariance(run: Run): number {
  const counts = new Map<number, number>();
  for (const { value } of run) counts.set(value, (counts.get(value) ?? 0) + 1);
  const term = (count: number): number => count * (count - 1) * (2 * count + 5);
  return [...counts.values()].reduce((sum, ties) => sum - term(ties), term(run.length)) / 18;
}

/**
 * By how much neighbours that are alike widen the variance of S: the autocorrelation of the ranks of what the trend leaves, at the lags where
 * it is significant. Never below 1: what repels its neighbours is not let pass for more certain than it is.
 */
export function correction(run: Run, slope: number): number {
  const count = run.length;
  if (count < 4) return 1;
  const rest = run.map(({ at, value }) => value - slope * at);
  const significant = 1.96 / Math.sqrt(count);
  let sum = 0;
  for (const [index, correlation] of autocorrelationOfRanks(rest).entries()) {
    const lag = index + 1;
    if (Math.abs(correlation) > significant) sum += (count - lag) * (count - lag - 1) * (count - lag - 2) * correlation;
  }
  return Math.max(1, 1 + (2 * sum) / (count * (count - 1) * (count - 2)));
}

/** What lies on the line at time 0. */
export function interceptOf(run: Run, slope: number): number {
  return median(run.map(({ at, value }) => value - slope * at));
}

function pairwiseSlopes(run: Run): number[] {
  const slopes: number[] = [];
  for (const [index, { at, value }] of run.entries()) {
    for (let later = index + 1; later < run.length; later += 1) {
      const point = run[later];
      if (point && point.at > at) slopes.push((point.value - value) / (point.at - at));
    }
  }
  return slopes;
}
