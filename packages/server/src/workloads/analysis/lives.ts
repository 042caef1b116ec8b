/**
 * Cuts the samples of a trace into lives: what one process saw from its start to its end. A restart or a deployment ends a life, and levels of two
 * lives are never compared.
 */
import type { MemoryMark, MemorySample, MemoryTrace } from '@openclaw/protocol';

export interface Life {
  readonly samples: readonly MemorySample[];
  /** How it began; `unknown` where the trace begins in the middle of it. */
  readonly began: MemoryMark['kind'] | 'start' | 'unknown';
  /** When the process began, as far as the trace knows. */
  readonly beganAt: number;
}

export function livesOf({ samples, marks = [], startedAt }: Pick<MemoryTrace, 'samples' | 'marks' | 'startedAt'>): Life[] {
  const cuts = marks.filter(({ kind }) => kind !== 'pressure');
  const lives: Life[] = [];
  let birth: Pick<Life, 'began' | 'beganAt'> = {
    began: startedAt === undefined ? 'unknown' : 'start',
    beganAt: startedAt ?? samples[0]?.at ?? 0,
  };
  let from = 0;
  let nextCut = 0;
  let cut: MemoryMark | undefined;
  for (const [index, sample] of samples.entries()) {
    // Of several marks between two samples the last says how the new life began.
    for (; (cuts[nextCut]?.at ?? Infinity) <= sample.at; nextCut += 1) cut = cuts[nextCut];
    const isCounted = sample.restarts > (samples[index - 1]?.restarts ?? sample.restarts);
    // A sample of the same moment as the mark may still be of the old process: the count of the next one tells.
    const isCountedNext = (samples[index + 1]?.restarts ?? sample.restarts) > sample.restarts;
    if (!isCounted && (cut === undefined || isCountedNext)) continue;
    // A mark before the first sample says how its life began.
    if (index > 0) lives.push({ samples: samples.slice(from, index), ...birth });
    birth = { began: cut?.kind ?? 'restart', beganAt: cut?.at ?? sample.at };
    from = index;
    cut = undefined;
  }
  return samples.length === 0 ? [] : [...lives, { samples: samples.slice(from), ...birth }];
}
