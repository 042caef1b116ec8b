/**
 * The verdict on a window: what each signal says, and what that means together. A leak is called one only where two windows agree.
 *
 * Where a program tells what its heap holds after full collections, memory as the kernel sees it proves nothing by itself: what grew may be garbage.
 */
import type { MemoryConfidence, MemoryTrace, MemoryVerdict } from '@openclaw/protocol';

import { type Forecast, forecastLimit } from './forecast.ts';
import { demands, type Growth, growthOf, lastingSlope, type Window } from './growth.ts';
import { type Life, livesOf } from './lives.ts';
import { heapSignal, memorySignal, nativeSignal, pieceSignals, type Signal } from './signals.ts';
import { hourMs } from './units.ts';
import type { Trend } from './statistics/trend.ts';
import { workOf } from './work.ts';

export interface Seen {
  readonly signal: Signal;
  readonly growth: Growth;
  /** Whether the window without its end says the same. */
  readonly agrees: boolean;
}

export interface Judgement {
  readonly verdict: MemoryVerdict;
  readonly confidence: MemoryConfidence;
  /** The signal that decided; absent where nothing could be judged. */
  readonly decisive: Seen | undefined;
  readonly seen: readonly Seen[];
  /** Connections or threads that pile up. */
  readonly piling: Seen | undefined;
  readonly lives: readonly Life[];
  readonly window: Window;
  /** Of what grows lastingly; without a limit, until memory has doubled. */
  readonly forecast: Forecast | undefined;
  /** Why it is not called a leak although something grows lastingly, or why nothing can be said. */
  readonly reserve: Reserve | undefined;
}

export type Reserve = 'few samples' | 'few collections' | 'short window' | 'windows differ' | 'far away';

export const verdictRules = {
  /** Below these there is no verdict. */
  leastSamples: 45,
  leastHours: 0.25,
  /** Growth is called a leak no sooner than this: where the heap is known or an allocation site confirms it, and where neither is so. */
  leakHours: 0.4,
  leakHoursUnaided: 2,
  /** What takes longer is watched: caches of rare keys grow like that for ever and never get there, and a week brings a deployment. */
  horizonHours: 240,
  /** An allocation site confirms a leak with this share of what memory has grown by. */
  confirmingShare: 0.3,
  /** Connections or threads that came in the window: fewer are no pile. */
  leastPieces: 20,
  /** Of a program that crashes over and over, the last lives tell enough. */
  mostLives: 50,
  /** From here on a confidence is one step higher. */
  longHours: 12,
  /** Full collections that make the heap a signal. */
  leastCollections: 6,
  /** What the agreeing window lacks at its end, as a share and at the most. */
  agreeingShare: 1 / 6,
  agreeingHours: 4,
  /** A process that grew at first and is not older is warming up. */
  warmUpHours: 1,
} as const;

export function judge(trace: MemoryTrace): Judgement {
  const { samples } = trace;
  const originAt = samples[0]?.at ?? 0;
  const hours = ((samples.at(-1)?.at ?? 0) - originAt) / hourMs;
  const lives = livesOf(trace).slice(-verdictRules.mostLives);
  const work = workOf(samples);
  const window: Window = { originAt, from: ((lives[0]?.samples[0]?.at ?? originAt) - originAt) / hourMs, to: hours, work };
  const nothing = { decisive: undefined, seen: [], piling: undefined, lives, window, forecast: undefined } as const;
  if (samples.length < verdictRules.leastSamples || hours < verdictRules.leastHours)
    return { ...nothing, verdict: 'too-short', confidence: 'low', reserve: 'few samples' };
  const { signals, isGarbagePossible } = signalsOf(lives, originAt);
  const alone = signals.map((signal) => seeBest(signal, window, lives));
  const piling = pilingUp(lives, window);
  const seen = piling ? alone.map(asLasting) : alone;
  const decisive = seen.toSorted((left, right) => weightOf(right) - weightOf(left))[0];
  if (!decisive) return { ...nothing, verdict: 'too-short', confidence: 'low', reserve: 'few samples' };
  const isManaged = decisive.signal.name === 'heap' || decisive.signal.name === 'native';
  const forecast = forecastOf(seen, { lives, window, limitBytes: trace.limitBytes });
  const isConfirmed = isManaged || isConfirmedBySite(trace, decisive.growth);
  const reserve = reserveOf(decisive, { isGarbagePossible, isConfirmed, hours, forecast });
  const verdict = verdictOf(decisive, { reserve, lives, window });
  const confidence = confidenceOf({ isAided: isManaged || work !== undefined, hours, verdict });
  return { verdict, confidence, decisive, seen, piling, lives, window, forecast, reserve };
}

function signalsOf(lives: readonly Life[], originAt: number): { signals: readonly Signal[]; isGarbagePossible: boolean } {
  const heap = heapSignal(lives, originAt);
  const collections = heap.lives.reduce((sum, { points }) => sum + points.length, 0);
  if (collections >= verdictRules.leastCollections) return { signals: [heap, nativeSignal(lives, originAt)], isGarbagePossible: false };
  return { signals: [memorySignal(lives, originAt)], isGarbagePossible: collections > 0 || tellsHeap(lives) };
}

/** A runtime that tells of its buffers has a heap, even where no collection was seen yet. */
function tellsHeap(lives: readonly Life[]): boolean {
  return lives.some(({ samples }) => samples.some(({ externalBytes }) => externalBytes !== undefined));
}

function pilingUp(lives: readonly Life[], window: Window): Seen | undefined {
  return pieceSignals(lives, window.originAt)
    .map((signal) => see(signal, window))
    .find(({ growth, agrees }) => agrees && growth.trend.slope * (window.to - window.from) >= verdictRules.leastPieces);
}

/** Memory that surely grows while pieces pile up is theirs, also where something else that still fills up bends the line. */
function asLasting(seen: Seen): Seen {
  const { growth } = seen;
  const isBent =
    (growth.kind === 'flattening' || growth.kind === 'unsure') && growth.trend.z >= demands.whole.score && growth.trend.low > 0;
  return isBent ? { ...seen, growth: { ...growth, kind: 'lasting' }, agrees: true } : seen;
}

/** All lives together, or those since the last deployment alone, for other code may leak otherwise: whichever shows more. */
function seeBest(signal: Signal, window: Window, lives: readonly Life[]): Seen {
  const whole = see(signal, window);
  const deployed = lives.findLast(({ began }) => began === 'deployment');
  if (!deployed) return whole;
  const since = see(signal, { ...window, from: (deployed.beganAt - window.originAt) / hourMs });
  return weightOf(since) > weightOf(whole) ? since : whole;
}

function see(signal: Signal, window: Window): Seen {
  const growth = growthOf(signal, window, signal.name === 'heap' ? demands.heap : demands.whole);
  const less = Math.min(verdictRules.agreeingShare * (window.to - window.from), verdictRules.agreeingHours);
  const agrees = growth.kind === 'lasting' && growthOf(signal, { ...window, to: window.to - less }, demands.agreeing).kind === 'lasting';
  return { signal, growth, agrees };
}

const weights = { none: 0, ended: 1, jump: 2, flattening: 3, load: 4, unsure: 5, lasting: 6 } as const;

function weightOf({ growth, agrees }: Seen): number {
  return weights[growth.kind] + (agrees ? 1 : 0);
}

interface Circumstances {
  readonly isGarbagePossible: boolean;
  readonly isConfirmed: boolean;
  readonly hours: number;
  readonly forecast: Forecast | undefined;
}

function reserveOf({ growth, agrees }: Seen, { isGarbagePossible, isConfirmed, hours, forecast }: Circumstances): Reserve | undefined {
  if (growth.kind !== 'lasting') return undefined;
  if (isGarbagePossible) return 'few collections';
  if (hours < (isConfirmed ? verdictRules.leakHours : verdictRules.leakHoursUnaided)) return 'short window';
  if (!agrees) return 'windows differ';
  return forecast && forecast.likely > verdictRules.horizonHours ? 'far away' : undefined;
}

/** All that grows lastingly counts towards the limit, heap and native memory alike. */
function forecastOf(
  seen: readonly Seen[],
  { lives, window, limitBytes }: { readonly lives: readonly Life[]; readonly window: Window; readonly limitBytes: number | undefined },
): Forecast | undefined {
  const growths = seen.filter(({ growth }) => growth.kind === 'lasting').map(({ growth }) => growth);
  const memory = memorySignal(lives, window.originAt).lives.at(-1)?.points ?? [];
  const slopes = growths.map(lastingSlope);
  const sum = (read: (slope: Trend) => number): number => slopes.reduce((total, slope) => total + read(slope), 0);
  return forecastLimit({
    memory,
    limitBytes: limitBytes ?? 2 * (memory.at(-1)?.value ?? 0),
    slope: { slope: sum(({ slope }) => slope), low: sum(({ low }) => low), high: sum(({ high }) => high) },
    work: growths.some(({ clock }) => clock === 'work') ? window.work : undefined,
    followsLoad: growths.some(({ loadBytes }) => loadBytes > 0),
  });
}

/** Somebody looked where memory was allocated, at two moments, and one place accounts for much of what came in between. */
function isConfirmedBySite({ allocations }: MemoryTrace, growth: Growth): boolean {
  if (!allocations) return false;
  const most = Math.max(0, ...allocations.sites.map(({ growthBytes }) => growthBytes));
  const hours = (allocations.to - allocations.from) / hourMs;
  return most >= verdictRules.confirmingShare * growth.trend.slope * hours;
}

function verdictOf(
  { growth }: Seen,
  { reserve, lives, window }: { readonly reserve: Reserve | undefined; readonly lives: readonly Life[]; readonly window: Window },
): MemoryVerdict {
  switch (growth.kind) {
    case 'lasting':
      return reserve === undefined ? 'leak' : 'growing';
    case 'unsure':
      return 'growing';
    case 'load':
      return 'load-driven';
    case 'flattening':
      return isYoung(lives, window) ? 'warming-up' : 'cache-like';
    case 'none':
    case 'jump':
    case 'ended':
      return 'steady';
  }
}

function isYoung(lives: readonly Life[], window: Window): boolean {
  const last = lives.at(-1);
  if (!last || last.began === 'unknown') return false;
  return window.to - (last.beganAt - window.originAt) / hourMs <= verdictRules.warmUpHours;
}

/** `npm run leak-score` says how often each of them was right. */
function confidenceOf({ isAided, hours, verdict }: { isAided: boolean; hours: number; verdict: MemoryVerdict }): MemoryConfidence {
  if (verdict === 'growing') return 'low';
  const isLong = hours >= verdictRules.longHours;
  if (isAided) return isLong ? 'high' : 'medium';
  return isLong ? 'medium' : 'low';
}
