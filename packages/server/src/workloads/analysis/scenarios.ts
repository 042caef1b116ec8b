/**
 * Which of the causes in the published article on out-of-memory kills a trace speaks for: an unbounded cache, connections that are not closed, large
 * batches, threads that pile up, fragmentation. It names what the figures show and never guesses at code.
 */
import { formatMemory, type GrowthPlace, type GrowthPlaceName, type MemorySample, type MemoryScenario } from '@openclaw/protocol';

import type { Life } from './lives.ts';
import { anonymous } from './signals.ts';
import { median, quantileOfSorted, sorted } from './statistics/order.ts';
import type { Judgement } from './verdict.ts';
import { duration, perHour, rounded } from './wording.ts';

const burst = {
  /** How far a burst stands above the usual, as a share of it. */
  height: 0.3,
  /** What is there for longer is no burst. */
  mostShare: 0.25,
} as const;

export function scenariosOf({ verdict, decisive, seen, lives }: Judgement, places: readonly GrowthPlace[]): MemoryScenario[] {
  const place = (name: GrowthPlaceName): GrowthPlace | undefined => places.find((one) => one.name === name);
  const isGrowing = verdict === 'leak' || verdict === 'growing';
  const found: MemoryScenario[] = [];
  const slope = decisive?.growth.trend.slope ?? 0;
  const threads = place('threads');
  // A thread has files of its own.
  const sockets = place('sockets') ?? (threads ? undefined : place('file descriptors'));
  if (isGrowing && threads) found.push({ name: 'worker thread accumulation', evidence: piecesGrow(threads, slope) });
  if (isGrowing && sockets) found.push({ name: 'connection pool leak', evidence: piecesGrow(sockets, slope) });
  const native = seen.find(({ signal }) => signal.name === 'native');
  const heap = seen.find(({ signal }) => signal.name === 'heap');
  const isHeapStill = heap !== undefined && ['none', 'ended'].includes(heap.growth.kind);
  if (native && isHeapStill && ['lasting', 'unsure', 'flattening'].includes(native.growth.kind) && !place('buffers outside of the heap')) {
    const evidence = `memory outside of the heap grows by ${perHour(native.growth.trend.slope)} while the heap after full collections does not: fragmentation, or a native library`;
    found.push({ name: 'memory fragmentation', evidence });
  }
  const isStore = decisive !== undefined && decisive.signal.name !== 'native' && decisive.growth.kind === 'lasting';
  if (isGrowing && isStore && found.length === 0) {
    const what = decisive.growth.clock === 'work' ? 'with every request' : 'evenly';
    found.push({
      name: 'unbounded cache',
      evidence: `what is kept grows ${what}, by ${perHour(slope)}, and nothing of it is ever given back`,
    });
  }
  return [...found, ...batches(lives)];
}

function piecesGrow({ name, perHour: rate }: GrowthPlace, slope: number): string {
  const each = slope > 0 ? `, and memory by ${formatMemory(slope / rate.value)} for each` : '';
  return `${name} rise by ${rounded(rate.value)} an hour${each}`;
}

function batches(lives: readonly Life[]): MemoryScenario[] {
  const samples = lives.flatMap((life) => life.samples);
  const values = samples.map(anonymous);
  const usual = median(values);
  const peak = quantileOfSorted(sorted(values), 1);
  const isHigh = (value: number): boolean => value > usual * (1 + burst.height / 2);
  if (peak < usual * (1 + burst.height) || values.filter(isHigh).length > burst.mostShare * values.length) return [];
  // A level that is left only by a restart is no burst.
  if (isHigh(median(values.slice(-Math.max(3, Math.ceil(values.length / 50)))))) return [];
  const { count, longestMs } = stretchesOf(samples, (sample) => isHigh(anonymous(sample)));
  const times = count === 1 ? 'once' : `${count} times`;
  const evidence = `${times} memory stood up to ${formatMemory(peak - usual)} above its usual ${formatMemory(usual)}, for ${duration(longestMs)} at the most`;
  return [{ name: 'large batch processing', evidence }];
}

function stretchesOf(
  samples: Life['samples'],
  isIn: (sample: MemorySample) => boolean,
): { readonly count: number; readonly longestMs: number } {
  let count = 0;
  let longestMs = 0;
  let since: number | undefined;
  for (const sample of samples) {
    if (isIn(sample)) {
      if (since === undefined) count += 1;
      since ??= sample.at;
      longestMs = Math.max(longestMs, sample.at - since);
    } else {
      // Up to the first sample that is out of it.
      if (since !== undefined) longestMs = Math.max(longestMs, sample.at - since);
      since = undefined;
    }
  }
  return { count, longestMs };
}
