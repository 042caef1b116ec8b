/**
 * How each target and each caller did in the last minute, five minutes, hour and day: requests, success, errors by code,
 * quantiles of duration and of the time to the first output, tokens and cost. In memory; gone with the process.
 *
 * Targets count what was asked of them, so a request with three tries counts three times; callers count requests. The number of
 * series is bounded, and names that clients make up get one series for all of them: see `createTargetBook`. What lasts is in `../usage/usage.ts`.
 */
import type { CallerFigures, StatisticsWindow, TargetFigures } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Target } from '../target.ts';
import { quantileMs } from './histogram.ts';
import { outcomeOfAttempt } from './outcome.ts';
import type { AttemptReport, RequestReport } from '../report.ts';
import { Series, type Sample, type Totals } from './series.ts';

export interface Statistics {
  finished(request: RequestReport): void;
  targets(window: StatisticsWindow): TargetFigures[];
  callers(window: StatisticsWindow): CallerFigures[];
  /** For a hedge: of the last five minutes, or of the hour; `undefined` until there are enough to go by. */
  p95FirstOutputMs(target: Target): number | undefined;
  /** For judging: the last five minutes and what was before, of every target that was asked in them. */
  recentTargets(): RecentTarget[];
}

export interface RecentTarget {
  readonly target: string;
  readonly key: string;
  readonly recent: Totals;
  /** Both without the last five minutes; added up when they are asked for, because most are not. */
  readonly hourBefore: () => Totals;
  readonly dayBefore: () => Totals;
}

export interface StatisticsOptions {
  readonly clock: Clock;
  /** Targets, and as many callers; more share the series `other`. @default 100 */
  readonly seriesLimit?: number;
  /** Of those, targets whose model stands in no list. @default 20 */
  readonly unlistedLimit?: number;
  /** First outputs before their p95 means something. @default 20 */
  readonly minimumSamples?: number;
}

export const statisticsDefaults = { seriesLimit: 100, unlistedLimit: 20, minimumSamples: 20 } as const;

/** A p95 is asked for with every request that may be hedged, and changes slowly. */
const keepP95Ms = 1000;
const fiveMinutesMs = 300_000;

interface TargetSeries {
  readonly target: string;
  readonly key: string;
  readonly series: Series;
  p95: number | undefined;
  p95AtMs: number;
}

export function createStatistics(options: StatisticsOptions): Statistics {
  const { clock, seriesLimit, unlistedLimit, minimumSamples } = { ...statisticsDefaults, ...options };
  const targets = createTargetBook({ seriesLimit, unlistedLimit });
  const callers = new Map<string, Series>();

  const callerSeries = (caller: string): Series => {
    const name = callers.has(caller) || callers.size < seriesLimit ? caller : 'other';
    let series = callers.get(name);
    if (!series) callers.set(name, (series = new Series()));
    return series;
  };

  const measureP95 = (series: Series): number | undefined => {
    const nowMs = clock.monotonicMs();
    for (const window of ['5m', '1h'] as const) {
      const counts = series.sum(window, nowMs).firstOutput;
      if (counts && counts.reduce((sum, count) => sum + count, 0) >= minimumSamples) return quantileMs(counts, 0.95);
    }
    return undefined;
  };

  return {
    finished(request) {
      const nowMs = clock.monotonicMs();
      const { attempts, call } = request;
      // Counting tokens is quick and no model does it: among the answers it would hide how long those take.
      if (call.operation !== 'countTokens')
        for (const attempt of attempts)
          targets.found(attempt.target, attempt.error === undefined).series.add(sampleOf(attempt, request.stream), nowMs);
      callerSeries(call.caller.id).add(sampleOfRequest(request), nowMs);
    },
    targets: (window) =>
      targets.all.map(({ target, key, series }) => ({ target, key, ...series.sum(window, clock.monotonicMs()).figures() })),
    callers: (window) => Array.from(callers, ([caller, series]) => ({ caller, ...series.sum(window, clock.monotonicMs()).figures() })),
    p95FirstOutputMs(target) {
      const entry = targets.find(target);
      if (!entry) return undefined;
      const nowMs = clock.monotonicMs();
      if (nowMs - entry.p95AtMs >= keepP95Ms) {
        entry.p95 = measureP95(entry.series);
        entry.p95AtMs = nowMs;
      }
      return entry.p95;
    },
    recentTargets() {
      const nowMs = clock.monotonicMs();
      const recent = targets.all.filter(({ series }) => nowMs - series.lastMs < 2 * fiveMinutesMs);
      return recent.map(({ target, key, series }) => ({
        target,
        key,
        recent: series.sum('5m', nowMs),
        hourBefore: () => series.before('1h', nowMs),
        dayBefore: () => series.before('24h', nowMs),
      }));
    },
  };
}

/** The series of targets: all that there are, and which one a target has. */
function createTargetBook({ seriesLimit, unlistedLimit }: { readonly seriesLimit: number; readonly unlistedLimit: number }) {
  /** By name, then by key: joining both for each look-up would cost more than the look-up. */
  const byName = new Map<string, Map<string, TargetSeries>>();
  const all: TargetSeries[] = [];
  let unlisted = 0;

  const enter = (name: string, key: string): TargetSeries => {
    const entry = { target: name, key, series: new Series(), p95: undefined, p95AtMs: -Infinity };
    let keys = byName.get(name);
    if (!keys) byName.set(name, (keys = new Map()));
    keys.set(key, entry);
    all.push(entry);
    return entry;
  };

  const shared = (provider: string): TargetSeries => {
    const name = byName.has(`${provider}/other`) || all.length < 2 * seriesLimit ? `${provider}/other` : 'other';
    return byName.get(name)?.get('-') ?? enter(name, '-');
  };

  /** A model that no list knows is believed once it has answered, and only so many are: a client can ask for any name. */
  const found = (target: Target, answered: boolean): TargetSeries => {
    const entry = byName.get(target.name)?.get(target.key.id);
    if (entry) return entry;
    if (all.length >= seriesLimit) return shared(target.provider.id);
    if (target.known) return enter(target.name, target.key.id);
    if (!answered || unlisted >= unlistedLimit) return shared(target.provider.id);
    unlisted += 1;
    return enter(target.name, target.key.id);
  };

  return { all, found, find: (target: Target): TargetSeries | undefined => byName.get(target.name)?.get(target.key.id) };
}

/** What comes whole has no first output apart from the last. */
function sampleOf(attempt: AttemptReport, stream: boolean): Sample {
  const { error, durationMs, firstOutputMs, usage, costNanoUsd } = attempt;
  return {
    outcome: outcomeOfAttempt(attempt),
    status: error?.status ?? 200,
    totalMs: durationMs,
    firstOutputMs: stream ? firstOutputMs : undefined,
    inputTokens: usage?.input ?? 0,
    outputTokens: usage?.output ?? 0,
    costNanoUsd: costNanoUsd ?? 0,
  };
}

function sampleOfRequest({ outcome, stream, totalMs, firstOutputMs, observed: { usage }, costNanoUsd }: RequestReport): Sample {
  return {
    outcome: outcome.kind === 'failed' ? outcome.error.code : outcome.kind,
    status: outcome.kind === 'failed' ? outcome.error.status : 200,
    totalMs,
    firstOutputMs: stream ? firstOutputMs : undefined,
    inputTokens: usage?.input ?? 0,
    outputTokens: usage?.output ?? 0,
    costNanoUsd: costNanoUsd ?? 0,
  };
}
