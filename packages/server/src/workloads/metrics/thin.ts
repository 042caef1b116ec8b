/**
 * Makes readings fewer without making any up: of each step it keeps the lowest and the highest, as they were read. Floors, by which a leak is told from a
 * cache, and peaks, by which limits are chosen, stay what they were.
 */
import type { MemorySample } from '@openclaw/protocol';

/** By rising time, as they came. What was before a restart and what was after are never one. */
export function thin(samples: readonly MemorySample[], stepMs: number): MemorySample[] {
  const kept: MemorySample[] = [];
  let step: MemorySample[] = [];
  const close = (): void => {
    const [first] = step;
    if (first === undefined) return;
    let [lowest, highest] = [first, first];
    for (const sample of step) {
      if (sample.workingSetBytes < lowest.workingSetBytes) lowest = sample;
      if (sample.workingSetBytes >= highest.workingSetBytes) highest = sample;
    }
    kept.push(...(lowest === highest ? [lowest] : [lowest, highest].toSorted((a, b) => a.at - b.at)));
    step = [];
  };
  for (const sample of samples) {
    const [first] = step;
    if (first && (Math.floor(first.at / stepMs) !== Math.floor(sample.at / stepMs) || first.restarts !== sample.restarts)) close();
    step.push(sample);
  }
  close();
  return kept;
}

/** As many as wanted at most, about: for drawings. */
export function thinTo(samples: readonly MemorySample[], most: number): readonly MemorySample[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (samples.length <= most || !first || !last) return samples;
  return thin(samples, Math.max(1, Math.ceil(((last.at - first.at) * 2) / most)));
}
