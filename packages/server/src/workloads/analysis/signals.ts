/**
 * What is looked at for growth, the better signal first: the heap as full collections leave it, then memory without files behind it, then the
 * working set, then what is resident.
 *
 * It picks and cuts; whether something grows is said in `verdict.ts`.
 */
import type { MemorySample } from '@openclaw/protocol';

import type { Life } from './lives.ts';
import type { Point } from './statistics/trend.ts';
import { hourMs } from './units.ts';

export type SignalName = 'heap' | 'native' | 'anonymous' | 'workingSet' | 'resident' | 'sockets' | 'threads';

/** Points of a signal in one life. `at` is in hours since the trace began. */
export interface SignalLife {
  readonly points: readonly Point[];
  /** The same scale. */
  readonly beganAt: number;
  readonly began: Life['began'];
}

export interface Signal {
  readonly name: SignalName;
  readonly lives: readonly SignalLife[];
}

type Pick = (samples: readonly MemorySample[], originAt: number) => Point[];

/** Memory as the kernel sees it: the first of its figures that the driver knows. */
export function memorySignal(lives: readonly Life[], originAt: number): Signal {
  const samples = lives.flatMap((life) => life.samples);
  const knows = (read: (sample: MemorySample) => number): boolean => samples.some((sample) => read(sample) > 0);
  if (knows(anonymous)) return signalOf('anonymous', lives, { originAt, pick: each(anonymous) });
  if (knows(({ workingSetBytes }) => workingSetBytes))
    return signalOf('workingSet', lives, { originAt, pick: each((sample) => sample.workingSetBytes) });
  return signalOf('resident', lives, { originAt, pick: each((sample) => sample.rssBytes || sample.usageBytes) });
}

/** What the heap held after each full collection. */
export function heapSignal(lives: readonly Life[], originAt: number): Signal {
  return signalOf('heap', lives, {
    originAt,
    pick: (samples) => collectionsOf(samples).map(({ at, heap }) => ({ at: hours(at, originAt), value: heap })),
  });
}

/** What lies outside of the heap: of each cycle from one full collection to the next, the least memory less the heap. */
export function nativeSignal(lives: readonly Life[], originAt: number): Signal {
  return signalOf('native', lives, {
    originAt,
    pick: (samples) => collectionsOf(samples).map(({ at, heap, least }) => ({ at: hours(at, originAt), value: least - heap })),
  });
}

/** What is counted and holds memory: connections, or open files where they are not told apart, and threads. */
export function pieceSignals(lives: readonly Life[], originAt: number): Signal[] {
  const sockets = (sample: MemorySample): number => sample.sockets ?? sample.fileDescriptors ?? 0;
  return [
    signalOf('sockets', lives, { originAt, pick: each(sockets) }),
    signalOf('threads', lives, { originAt, pick: each(({ threads = 0 }) => threads) }),
  ];
}

export const anonymous = ({ anonymousBytes, swapBytes }: MemorySample): number => (anonymousBytes === 0 ? 0 : anonymousBytes + swapBytes);

interface Collection {
  readonly at: number;
  readonly heap: number;
  /** Anonymous memory until the next one. */
  least: number;
}

/** A collection shows as another value: two never leave the same number of bytes, and if they do one is missed. */
function collectionsOf(samples: readonly MemorySample[]): Collection[] {
  const collections: Collection[] = [];
  let before: number | undefined;
  for (const sample of samples) {
    const heap = sample.heapAfterGcBytes;
    const memory = anonymous(sample) || sample.rssBytes;
    if (heap !== undefined && heap !== before) collections.push({ at: sample.at, heap, least: memory });
    else if (collections.length > 0) {
      const last = collections.at(-1);
      if (last && memory < last.least) last.least = memory;
    }
    before = heap;
  }
  return collections;
}

function signalOf(
  name: SignalName,
  lives: readonly Life[],
  { originAt, pick }: { readonly originAt: number; readonly pick: Pick },
): Signal {
  const cut = lives.map(({ samples, began, beganAt }) => ({ points: pick(samples, originAt), began, beganAt: hours(beganAt, originAt) }));
  return { name, lives: cut };
}

function each(read: (sample: MemorySample) => number): Pick {
  return (samples, originAt) => samples.map((sample) => ({ at: hours(sample.at, originAt), value: read(sample) }));
}

function hours(at: number, originAt: number): number {
  return (at - originAt) / hourMs;
}
