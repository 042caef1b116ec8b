/**
 * Where it grows: the heap, buffers, other native memory, caches of files, and what is counted (threads, sockets, files). Each is a series of its
 * own with its own trend; only what surely grows is named.
 */
import type { GrowthPlace, GrowthPlaceName, MemorySample } from '@openclaw/protocol';

import { lowerEnvelope } from './envelope.ts';
import type { Life } from './lives.ts';
import { anonymous } from './signals.ts';
import { type Run, type Trend, trendOf } from './statistics/trend.ts';
import { hourMs } from './units.ts';

interface Series {
  readonly name: GrowthPlaceName;
  readonly unit: GrowthPlace['unit'];
  readonly read: (sample: MemorySample) => number | undefined;
}

const minus = (value: number | undefined, ...parts: readonly (number | undefined)[]): number | undefined =>
  value === undefined || parts.includes(undefined) ? undefined : parts.reduce<number>((rest, part) => rest - (part ?? 0), value);

const managed: readonly Series[] = [
  { name: 'heap', unit: 'bytes', read: (sample) => sample.heapAfterGcBytes },
  { name: 'buffers outside of the heap', unit: 'bytes', read: (sample) => sample.externalBytes },
  { name: 'native memory', unit: 'bytes', read: (sample) => minus(anonymous(sample), sample.heapAfterGcBytes, sample.externalBytes) },
];
const unmanaged: readonly Series[] = [{ name: 'anonymous memory', unit: 'bytes', read: anonymous }];
const always: readonly Series[] = [
  { name: 'file cache', unit: 'bytes', read: (sample) => sample.fileBytes },
  { name: 'threads', unit: 'count', read: (sample) => sample.threads },
  { name: 'sockets', unit: 'count', read: (sample) => sample.sockets },
  { name: 'file descriptors', unit: 'count', read: (sample) => sample.fileDescriptors },
];

const stretches = 48;
/** More than chance: one in a thousand. */
const sureScore = 3.1;
/** Growth over the window that is worth a word, as a share of the level, and in pieces. */
const leastShare = 0.02;
const leastPieces = 5;

export function growthPlaces(lives: readonly Life[], originAt: number): GrowthPlace[] {
  const samples = lives.flatMap((life) => life.samples);
  const knowsHeap = samples.some(({ heapAfterGcBytes }) => heapAfterGcBytes !== undefined);
  const hours = ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / hourMs;
  return [...(knowsHeap ? managed : unmanaged), ...always].flatMap((series) => {
    const runs = lives.map((life) => runOf(life, series, { originAt, stretch: hours / stretches })).filter((run) => run.length >= 4);
    const trend = trendOf(runs);
    return isWorthAWord(series, trend, { hours, level: runs.at(-1)?.at(-1)?.value ?? 0 }) ? [placeOf(series, trend)] : [];
  });
}

function runOf({ samples, beganAt, began }: Life, { read }: Series, { originAt, stretch }: { originAt: number; stretch: number }): Run {
  const last = samples.at(-1)?.at ?? 0;
  const from = began === 'unknown' ? -Infinity : beganAt + (last - beganAt) / 5;
  const points = samples.flatMap((sample) => {
    const value = read(sample);
    return value === undefined || sample.at < from ? [] : [{ at: (sample.at - originAt) / hourMs, value }];
  });
  return lowerEnvelope(points, stretch);
}

function isWorthAWord({ unit }: Series, { z, slope }: Trend, { hours, level }: { hours: number; level: number }): boolean {
  return z >= sureScore && slope * hours >= (unit === 'bytes' ? leastShare * level : leastPieces);
}

function placeOf({ name, unit }: Series, { slope, low, high }: Trend): GrowthPlace {
  return { name, unit, perHour: { low, value: slope, high } };
}
