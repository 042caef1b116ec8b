/**
 * Whether one signal grows, and how: not at all, ever more slowly, with the load, by one jump, or lastingly.
 *
 * The lower envelope of each life, without its warm-up and without what the load explains; Mann–Kendall's test and the slope of Theil and Sen over it;
 * the same for its halves, which have to agree. What that means for the workload is said in `verdict.ts`.
 */
import { lowerEnvelope } from './envelope.ts';
import { type LoadEffect, takeOutLoad } from './load.ts';
import type { Signal, SignalLife } from './signals.ts';
import { fitColumns } from './statistics/least-squares.ts';
import { type Run, type Trend, trendOf } from './statistics/trend.ts';
import type { Work } from './work.ts';

export type GrowthKind = 'none' | 'flattening' | 'load' | 'jump' | 'ended' | 'unsure' | 'lasting';

export interface Growth {
  readonly kind: GrowthKind;
  /** In bytes an hour; on the clock of work at the mean rate. */
  readonly trend: Trend;
  readonly firstHalf: Trend;
  readonly lastHalf: Trend;
  readonly clock: 'time' | 'work';
  /** What comes and goes with the load. */
  readonly loadBytes: number;
  /** Of the largest jump: when, in hours since the trace began, and how much. */
  readonly jump: Jump | undefined;
  readonly runs: readonly Run[];
  readonly points: number;
  readonly level: number;
}

export interface Jump {
  readonly at: number;
  readonly bytes: number;
  /** The squares that it leaves, as a share of those that a straight line leaves. */
  readonly squares: number;
}

export interface Window {
  readonly originAt: number;
  /** In hours since the origin. */
  readonly from: number;
  readonly to: number;
  readonly work: Work | undefined;
}

export const growthRules = {
  /** Stretches of the envelope over the window: whichever leaves the slope least uncertain. */
  stretches: [72, 36, 18],
  /** The share of a life that counts as its warm-up, where its beginning is seen. */
  warmUpShare: 0.2,
  /** Standard errors of growth by the clock beside the load. */
  clockScore: 3,
  /** The slope of the last half as a share of the first: below the first it flattens, below the second if that is certain. */
  flattens: 0.65,
  flattensSurely: 0.85,
  /** The last quarter's slope as a share of the one before, at the least. */
  straightAtEnd: 0.85,
  /** A jump leaves no more than this share of the squares that a straight line leaves. */
  jumpSquares: 0.4,
  /** Where nothing surely grows it is named only if it is plain, and adds this share to the level. */
  plainJumpSquares: 0.2,
  jumpShare: 0.05,
  /** With too few points for more, this is worth a watch. */
  suspectScore: 1.8,
  /** Growth over the window, as a share of the level: less is nothing. */
  leastShare: 0.01,
} as const;

/** What it takes to be called growth, in standard deviations of Mann–Kendall: over all, and over the last half. */
export interface Demand {
  readonly points: number;
  readonly score: number;
  readonly lastHalfScore: number;
}

/** The whole window is asked for proof; a shorter one within it only has to agree. */
export const demands = {
  whole: { points: 8, score: 3.2, lastHalfScore: 1.5 },
  /** What a collection left is not blurred by garbage: fewer values say as much. */
  heap: { points: 6, score: 2.6, lastHalfScore: 0 },
  agreeing: { points: 5, score: 2.2, lastHalfScore: 0.6 },
} as const satisfies Record<string, Demand>;

export function growthOf(signal: Signal, window: Window, demand: Demand = demands.whole): Growth {
  const { runs, trend, load, raw } = clearestEnvelope(signal, window);
  const halves = runs.map(halve);
  const points = runs.flat();
  const measured = {
    trend,
    firstHalf: trendOf(halves.map(([first]) => first)),
    lastHalf: trendOf(halves.map(([, last]) => last)),
    clock: load?.clock ?? 'time',
    loadBytes: load?.loadBytes ?? 0,
    jump: singleJump(runs),
    runs,
    points: points.length,
    level: points.at(-1)?.value ?? 0,
  } as const;
  return { ...measured, kind: kindOf(measured, { raw, clockScore: load?.clockScore ?? Infinity, demand }) };
}

interface Envelope {
  readonly runs: readonly Run[];
  readonly trend: Trend;
  readonly load: LoadEffect | undefined;
  /** With what the load explains. */
  readonly raw: Trend;
}

function clearestEnvelope(signal: Signal, window: Window): Envelope {
  let clearest: Envelope | undefined;
  for (const stretches of growthRules.stretches) {
    const stretch = (window.to - window.from) / stretches;
    const envelopes = signal.lives.map((life) => envelopeOf(life, window, stretch)).filter((run) => run.length >= 3);
    const load = window.work && takeOutLoad(envelopes, window.work);
    const runs = load?.runs ?? envelopes;
    const trend = trendOf(runs);
    const raw = load && load.loadBytes > 0 ? trendOf(envelopes) : trend;
    if (!clearest || trend.high - trend.low < clearest.trend.high - clearest.trend.low) clearest = { runs, trend, load, raw };
  }
  return clearest ?? { runs: [], trend: trendOf([]), load: undefined, raw: trendOf([]) };
}

function kindOf(
  { trend, firstHalf, lastHalf, jump, runs, points, level, loadBytes }: Omit<Growth, 'kind'>,
  { raw, clockScore, demand }: { readonly raw: Trend; readonly clockScore: number; readonly demand: Demand },
): GrowthKind {
  const rules = growthRules;
  const span = spanOf(runs);
  if (points < demand.points) return trend.z >= rules.suspectScore ? 'unsure' : 'none';
  const isGrowing = trend.z >= demand.score && trend.slope * span >= rules.leastShare * level && trend.low > 0;
  if (!isGrowing && raw.z >= demand.score && loadBytes > 0) return 'load';
  if (!isGrowing && firstHalf.z >= demands.whole.score && (firstHalf.low * span) / 2 >= rules.leastShare * level) return 'flattening';
  if (!isGrowing && hasBegun(runs, lastHalf, level)) return 'unsure';
  if (!isGrowing) return jump && jump.squares <= rules.plainJumpSquares && jump.bytes >= rules.jumpShare * level ? 'jump' : 'none';
  if (clockScore < rules.clockScore && loadBytes > 0) return 'load';
  if (jump) return 'jump';
  if (endedBefore(runs, trend)) return 'ended';
  const ratio = lastHalf.slope / firstHalf.slope;
  const isSurelyLess = lastHalf.high < firstHalf.low || lastHalf.high < rules.flattensSurely * firstHalf.slope;
  if (firstHalf.slope > 0 && ratio < rules.flattensSurely && isSurelyLess)
    return isStraightAtEnd(runs, lastHalf) ? 'lasting' : 'flattening';
  // What shows in the last half alone has to be certain there.
  const agrees = firstHalf.slope > 0 ? ratio >= rules.flattens && lastHalf.z >= demand.lastHalfScore : lastHalf.z >= demand.score;
  return agrees && clockScore >= rules.clockScore ? 'lasting' : 'unsure';
}

/** What grew for the last half alone is not much beside the whole, and is worth a watch. */
function hasBegun(runs: readonly Run[], lastHalf: Trend, level: number): boolean {
  const halves = runs.map((run) => halve(run)[1]);
  const grown = (lastHalf.low * spanOf(runs)) / 2;
  return lastHalf.z >= demands.whole.score && grown >= 2 * growthRules.leastShare * level && singleJump(halves) === undefined;
}

/** Behind what flattens, such as a cache that fills, something may go on growing: the last half is straight, and surely so. */
function isStraightAtEnd(runs: readonly Run[], lastHalf: Trend): boolean {
  const quarters = runs.map((run) => halve(halve(run)[1]));
  const third = trendOf(quarters.map(([first]) => first));
  const fourth = trendOf(quarters.map(([, last]) => last));
  return (
    lastHalf.z >= demands.whole.score && fourth.z >= demands.whole.lastHalfScore && fourth.low >= growthRules.straightAtEnd * third.slope
  );
}

function envelopeOf({ points, beganAt, began }: SignalLife, { from, to }: Window, stretch: number): Run {
  const inside = points.filter(({ at }) => at >= from && at <= to);
  const end = inside.at(-1)?.at ?? 0;
  const warmUntil = began === 'unknown' || beganAt < from ? -Infinity : beganAt + growthRules.warmUpShare * (end - beganAt);
  return lowerEnvelope(
    inside.filter(({ at }) => at >= warmUntil),
    Math.min(stretch, (end - Math.max(beganAt, from)) / 12) || stretch,
  );
}

/** By time, not by number: where points are sparse they are no fewer hours. */
function halve(run: Run): readonly [Run, Run] {
  const middle = ((run[0]?.at ?? 0) + (run.at(-1)?.at ?? 0)) / 2;
  return [run.filter(({ at }) => at < middle), run.filter(({ at }) => at >= middle)];
}

/** Of one life: where two levels explain it better than a straight line does. */
function singleJump(runs: readonly Run[]): Jump | undefined {
  const run = runs.reduce<Run>((longest, one) => (one.length > longest.length ? one : longest), []);
  const values = run.map(({ value }) => value);
  const line = fitColumns(values, [run.map(({ at }) => at)]);
  if (!line) return undefined;
  const enough = growthRules.jumpSquares * line.squares;
  let best: Jump | undefined;
  for (let index = 3; index <= run.length - 3; index += 1) {
    const fit = fitColumns(values, [run.map((_, at) => (at >= index ? 1 : 0))]);
    const bytes = fit?.coefficients[0] ?? 0;
    if (fit && bytes > 0 && fit.squares < (best?.squares ?? enough)) best = { at: run[index]?.at ?? 0, bytes, squares: fit.squares };
  }
  return best && { ...best, squares: best.squares / line.squares };
}

/** Whether the last life shows nothing of what all of them do: what leaked was mended. */
function endedBefore(runs: readonly Run[], trend: Trend): boolean {
  const last = runs.at(-1);
  if (runs.length < 2 || !last || last.length < demands.whole.points) return false;
  return trendOf([last]).high < trend.slope / 2;
}

/** What lasts: of what grew faster at first, behind a cache that filled, the slope of the end. */
export function lastingSlope({ trend, firstHalf, lastHalf }: Growth): Trend {
  return lastHalf.slope > 0 && lastHalf.slope < growthRules.flattensSurely * firstHalf.slope ? lastHalf : trend;
}

function spanOf(runs: readonly Run[]): number {
  const points = runs.flat();
  return (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
}
