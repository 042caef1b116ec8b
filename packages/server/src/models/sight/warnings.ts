/**
 * Early warnings: a target that has become twice as slow as it was, or that fails more than one request in twenty.
 *
 * Each is raised once, with its numbers, and stays until things are clearly better, so that a target on the border does not
 * flutter. It judges when it is told to (`index.ts` has the timer) and does nothing about what it finds: the breaker does.
 */
import type { Warning } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { quantileMs } from './histogram.ts';
import type { Totals } from './series.ts';
import type { RecentTarget, Statistics } from './statistics.ts';

export interface Warnings {
  /** Raises and clears. */
  judge(): void;
  list(): readonly Warning[];
}

export interface WarningsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: Pick<Statistics, 'recentTargets'>;
}

/** Numbers of the specification, and what keeps them from being noise. */
export const warningLimits = {
  /** Twice as slow raises; what is back below one and a half times clears. */
  slowFactor: 2,
  slowClearFactor: 1.5,
  /** Twice nearly nothing is still nearly nothing. */
  slowRiseMs: 100,
  failingPercent: 5,
  failingClearPercent: 2.5,
  /** Requests in the last five minutes before they mean something. */
  minimumRequests: 20,
  /** Requests before those, to compare with. */
  minimumBaseline: 50,
  /** What has been slow for this long is what the target is like now. */
  slowForMs: 86_400_000,
} as const;

interface Active {
  readonly warning: Warning;
  readonly raisedMs: number;
}

/** What a rule says of a target that has enough requests. */
interface Verdict {
  readonly raise: boolean;
  readonly clear: boolean;
  readonly message: string;
  readonly evidence: Readonly<Record<string, number>>;
}

export function createWarnings({ clock, log, statistics }: WarningsOptions): Warnings {
  /** By rule, target and key: as many as there are series of targets, at most twice. */
  const active = new Map<string, Active>();

  const settle = (code: Warning['code'], target: RecentTarget, verdict: Verdict | undefined): void => {
    const name = `${code} ${target.key} ${target.target}`;
    const before = active.get(name);
    if (before) {
      if (!verdict || verdict.clear) {
        active.delete(name);
        log.info('early warning is over', { code, target: target.target, key: target.key, since: before.warning.since });
        return;
      }
      const { message, evidence } = verdict;
      active.set(name, { ...before, warning: { ...before.warning, message, evidence, errors: errorsOf(target.recent) } });
      return;
    }
    if (!verdict?.raise) return;
    const warning: Warning = {
      ...{ code, target: target.target, key: target.key, since: new Date(clock.now()).toISOString() },
      ...{ message: verdict.message, evidence: verdict.evidence, errors: errorsOf(target.recent) },
    };
    active.set(name, { warning, raisedMs: clock.monotonicMs() });
    const { message, ...fields } = warning;
    log.warn('early warning', { ...fields, reason: message });
  };

  return {
    judge() {
      const nowMs = clock.monotonicMs();
      const seen = new Set<string>();
      for (const target of statistics.recentTargets()) {
        const slowBefore = active.get(`slow ${target.key} ${target.target}`);
        const isOld = slowBefore !== undefined && nowMs - slowBefore.raisedMs > warningLimits.slowForMs;
        settle('slow', target, isOld ? undefined : judgeSlowness(target, slowBefore?.warning.evidence['baselineP95Ms']));
        settle('failing', target, judgeFailures(target.recent));
        seen.add(`${target.key} ${target.target}`);
      }
      // Nobody asks it any more: nothing is known of it, good or bad.
      for (const [name, { warning }] of active) if (!seen.has(`${warning.key} ${warning.target}`)) active.delete(name);
    },
    list: () => Array.from(active.values(), ({ warning }) => warning),
  };
}

/** @param keptBaselineMs of a warning that is up: what is slow must not become its own measure */
function judgeSlowness({ recent, hourBefore, dayBefore }: RecentTarget, keptBaselineMs: number | undefined): Verdict | undefined {
  if (recent.completed < warningLimits.minimumRequests) return undefined;
  const baselineMs = keptBaselineMs ?? baselineOf(hourBefore()) ?? baselineOf(dayBefore());
  const nowMs = p95Of(recent);
  if (baselineMs === undefined || nowMs === undefined) return undefined;
  const { slowFactor, slowClearFactor, slowRiseMs } = warningLimits;
  return {
    raise: nowMs >= slowFactor * baselineMs && nowMs - baselineMs >= slowRiseMs,
    clear: nowMs < slowClearFactor * baselineMs,
    message: `p95 of the last five minutes is ${Math.round(nowMs)} ms; it was ${Math.round(baselineMs)} ms before.`,
    evidence: { p95Ms: Math.round(nowMs), baselineP95Ms: Math.round(baselineMs), requests: recent.requests },
  };
}

function baselineOf(before: Totals): number | undefined {
  return before.completed >= warningLimits.minimumBaseline ? p95Of(before) : undefined;
}

function judgeFailures(recent: Totals): Verdict | undefined {
  // What a target refuses for the request's own sake speaks of the request.
  const failed = recent.failed - recent.refused;
  const judged = recent.completed + failed;
  if (judged < warningLimits.minimumRequests) return undefined;
  const percent = (100 * failed) / judged;
  return {
    raise: percent > warningLimits.failingPercent,
    clear: percent < warningLimits.failingClearPercent,
    message: `${percent.toFixed(1)} % of ${judged} requests in the last five minutes failed.`,
    evidence: { failedPercent: Math.round(percent * 10) / 10, failed, requests: judged },
  };
}

function p95Of(totals: Totals): number | undefined {
  return totals.total && quantileMs(totals.total, 0.95);
}

function errorsOf(totals: Totals): Readonly<Record<string, number>> {
  return Object.fromEntries(totals.errors ?? []);
}
