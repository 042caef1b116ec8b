/**
 * Limit and request from what a workload used: P95 × 1.5 and P95 × 1.1, rounded up as people write them; nothing while it leaks.
 *
 * The P95 fades like that of Kubernetes' VerticalPodAutoscaler: what was used a day earlier counts half as much. That one keeps a histogram, for it
 * cannot keep samples; here they are at hand, so the percentile is exact.
 */
import {
  formatMemory,
  type Estimate,
  type MemoryAnalysis,
  type MemoryRecommendation,
  type MemorySample,
  type MemoryTrace,
} from '@openclaw/protocol';

import { livesOf } from './lives.ts';
import { nativeSignal } from './signals.ts';
import { independentCount } from './statistics/autocorrelation.ts';
import { quantile } from './statistics/order.ts';
import { hourMs } from './units.ts';
import { duration } from './wording.ts';

const mebibyte = 2 ** 20;

export const sizingRules = {
  percentile: 0.95,
  limitFactor: 1.5,
  requestFactor: 1.1,
  halfLifeHours: 24,
  /** After a kill for memory the limit is at least what was used then and the larger of the two. */
  oomBytes: 100 * mebibyte,
  oomFactor: 1.2,
  /** Fewer are too few to rely on. */
  leastSamples: 120,
  leastHours: 1,
  /** Of the limit, for the old space of Node's heap where it is not known what lies outside of the heap; and never more. */
  oldSpaceShare: 0.75,
  leastOldSpaceShare: 0.4,
  /** Of what is left beside the memory outside of the heap: the rest is for young objects. */
  oldSpaceOfRest: 0.9,
} as const;

interface Weighted {
  readonly value: number;
  readonly weight: number;
}

export function recommendMemory(trace: MemoryTrace, analysis: Pick<MemoryAnalysis, 'verdict' | 'summary'>): MemoryRecommendation {
  const { samples } = trace;
  const hours = ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / hourMs;
  const used = weigh(samples, trace.intervalMs);
  const p95Bytes = percentileOf(used, sizingRules.percentile);
  const minutes = countMinutes(samples);
  // One minute at the least: of a single sample there are no bounds.
  const confidenceDays = Math.max(1 / 1440, Math.min(hours / 24, minutes / 1440));
  const found = {
    p95Bytes,
    samples: samples.length,
    hours,
    isTooFew: samples.length < sizingRules.leastSamples || hours < sizingRules.leastHours,
    confidenceDays,
    boundsBytes: { low: p95Bytes.value * (1 + 0.001 / confidenceDays) ** -2, high: p95Bytes.value * (1 + 1 / confidenceDays) },
  };
  if (samples.length === 0)
    return { ...found, p95Bytes: { low: 0, value: 0, high: 0 }, boundsBytes: { low: 0, high: 0 }, notes: ['There are no samples.'] };
  if (analysis.verdict === 'leak') {
    const refusal = `It is a leak (${analysis.summary}): a higher limit only moves the kill. Mend the leak first.`;
    return { ...found, refusal, notes: [] };
  }
  const bump = afterOom(trace);
  const limitBytes = roundUpAsPeople(Math.max(p95Bytes.value * sizingRules.limitFactor, bump ?? 0));
  return {
    ...found,
    limitBytes,
    requestBytes: roundUpAsPeople(p95Bytes.value * sizingRules.requestFactor),
    ...maxOldSpace(trace, limitBytes),
    notes: notesOn(analysis, { ...found, limitBytes, bump, highest: used.reduce((most, { value }) => Math.max(most, value), 0) }),
  };
}

/** Up to the next quarter of the power of two below: 512Mi steps from 2048Mi on, 128Mi from 512Mi on, 16Mi from 64Mi on; 1Mi at the least. */
export function roundUpAsPeople(bytes: number): number {
  const mebibytes = bytes / mebibyte;
  const step = Math.max(1, 2 ** (Math.floor(Math.log2(mebibytes)) - 2));
  // A hair above a step is a rounding error, not a wish.
  return Math.max(1, Math.ceil(mebibytes / step - 1e-9)) * step * mebibyte;
}

/** By time and age: a sample counts for the time until the next, and half as much for each day that it is old. */
function weigh(samples: readonly MemorySample[], intervalMs: number): Weighted[] {
  const end = samples.at(-1)?.at ?? 0;
  return samples.map((sample, index) => {
    // A gap in the samples is not time that was spent at the last value.
    const lasts = Math.min((samples[index + 1]?.at ?? sample.at + intervalMs) - sample.at, 2 * intervalMs);
    return {
      value: sample.workingSetBytes || sample.rssBytes,
      weight: lasts * 0.5 ** ((end - sample.at) / hourMs / sizingRules.halfLifeHours),
    };
  });
}

/** With an interval that holds it in 95 of 100, counting only as many samples as are independent. */
function percentileOf(used: readonly Weighted[], fraction: number): Estimate {
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  const squares = used.reduce((sum, { weight }) => sum + weight * weight, 0);
  const independent = independentCount(used.map(({ value }) => value));
  const effective = Math.max(3, (independent * ((total * total) / (squares || 1))) / Math.max(1, used.length));
  const spread = 1.96 * Math.sqrt((fraction * (1 - fraction)) / effective);
  const order = used.toSorted((left, right) => left.value - right.value);
  const at = (share: number): number => {
    let sum = 0;
    for (const { value, weight } of order) if ((sum += weight) >= share * total * (1 - 1e-12)) return value;
    return order.at(-1)?.value ?? 0;
  };
  return { low: at(Math.max(0, fraction - spread)), value: at(fraction), high: at(Math.min(1, fraction + spread)) };
}

function countMinutes(samples: readonly MemorySample[]): number {
  return new Set(samples.map(({ at }) => Math.floor(at / 60_000))).size;
}

/** What was used when the kernel killed, and more. */
function afterOom({ samples, marks = [], limitBytes = 0 }: MemoryTrace): number | undefined {
  let peak: number | undefined;
  let index = 0;
  for (const { at } of marks.filter(({ kind }) => kind === 'oom')) {
    while ((samples[index + 1]?.at ?? Infinity) <= at) index += 1;
    peak = Math.max(peak ?? 0, limitBytes, samples[index]?.workingSetBytes ?? 0);
  }
  return peak === undefined ? undefined : Math.max(peak + sizingRules.oomBytes, peak * sizingRules.oomFactor);
}

/** What the limit leaves beside the memory outside of the heap. */
function maxOldSpace(trace: MemoryTrace, limitBytes: number): Pick<MemoryRecommendation, 'maxOldSpaceMebibytes'> {
  if (trace.runtime !== 'node') return {};
  const outside = nativeSignal(livesOf(trace), trace.samples[0]?.at ?? 0).lives.flatMap(({ points }) => points.map(({ value }) => value));
  const rest = outside.length < 3 ? Infinity : (limitBytes - quantile(outside, sizingRules.percentile)) * sizingRules.oldSpaceOfRest;
  const bytes = Math.max(sizingRules.leastOldSpaceShare * limitBytes, Math.min(sizingRules.oldSpaceShare * limitBytes, rest));
  return { maxOldSpaceMebibytes: Math.max(16, Math.floor(bytes / mebibyte / 16) * 16) };
}

interface Noted {
  readonly isTooFew: boolean;
  readonly hours: number;
  readonly samples: number;
  readonly limitBytes: number;
  readonly bump: number | undefined;
  readonly highest: number;
}

function notesOn({ verdict }: Pick<MemoryAnalysis, 'verdict'>, { isTooFew, hours, samples, limitBytes, bump, highest }: Noted): string[] {
  const seen = `${samples} samples over ${duration(hours * hourMs)}`;
  return [
    ...(isTooFew ? [`These are too few to rely on: ${seen}.`] : []),
    ...(!isTooFew && hours < 24 ? [`A whole day was not seen yet (${seen}): its busiest hour may need more.`] : []),
    ...(verdict === 'growing'
      ? ['It still grows: what is recommended now may be too little later, and if it is a leak no limit is enough.']
      : []),
    ...(verdict === 'warming-up' || verdict === 'cache-like' ? ['It has not levelled off yet: ask again later.'] : []),
    ...(highest > limitBytes
      ? [`It stood at ${formatMemory(highest)} once, above the recommended limit: bursts like that would end in a kill.`]
      : []),
    ...(bump !== undefined && roundUpAsPeople(bump) === limitBytes
      ? [`The kernel killed it for memory: the limit is raised to ${formatMemory(bump)} at the least, by the larger of 100Mi and 20 %.`]
      : []),
  ];
}
