/**
 * Cuts the samples of a trace into lives: what one process saw from its start to its end. A restart or a deployment ends a life, and levels of two
 * lives are never compared.
 */
import type { MemoryMarkKind, MemorySample, MemoryTrace } from '@openclaw/protocol';

export interface Life {
  readonly samples: readonly MemorySample[];
  /** How it began; `unknown` where the trace begins in the middle of it. */
  readonly began: MemoryMarkKind | 'start' | 'unknown';
  /** When the process began, as far as the trace knows. */
  readonly beganAt: number;
}

export function livesOf({ samples, marks = [], startedAt }: Pick<MemoryTrace, 'samples' | 'marks' | 'startedAt'>): Life[] {
  const cuts = marks.filter(({ kind }) => kind !== 'pressure');
  const lives: Life[] = [];
  let from = 0;
  for (let index = 1; index <= samples.length; index += 1) {
    const before = samples[index - 1];
    const sample = samples[index];
    if (!before) break;
    const isCut = sample !== undefined && (sample.restarts > before.restarts || cuts.some(({ at }) => at > before.at && at <= sample.at));
    if (sample !== undefined && !isCut) continue;
    lives.push(lifeOf(samples.slice(from, index), { earlier: samples[from - 1], cuts, startedAt }));
    from = index;
  }
  return lives;
}

interface Surroundings {
  readonly earlier: MemorySample | undefined;
  readonly cuts: NonNullable<MemoryTrace['marks']>;
  readonly startedAt: number | undefined;
}

function lifeOf(samples: readonly MemorySample[], { earlier, cuts, startedAt }: Surroundings): Life {
  const first = samples[0]?.at ?? 0;
  const mark = cuts.findLast(({ at }) => at <= first && at >= (earlier?.at ?? first));
  if (earlier) return { samples, began: mark?.kind ?? 'restart', beganAt: mark?.at ?? first };
  return startedAt === undefined ? { samples, began: 'unknown', beganAt: first } : { samples, began: 'start', beganAt: startedAt };
}
