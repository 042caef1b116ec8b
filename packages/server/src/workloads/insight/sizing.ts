/**
 * What a container should ask for: P95 of its working set times 1.5 as the limit and times 1.1 as the request, rounded as people write them. Pure; it
 * refuses where the readings are too few, or where the memory leaks: a larger limit would only put the end off.
 */
import { formatBytes, type MemorySample, type SizingAnalysis } from '@openclaw/protocol';

const limitFactor = 1.5;
const requestFactor = 1.1;
/** Five minutes of readings every five seconds; fewer say what a start costs and no more. */
const enoughSamples = 60;

export interface SizingFacts {
  readonly container: string;
  readonly samples: readonly MemorySample[];
  readonly windowMs: number;
  readonly isLeak: boolean;
}

export function sizeOf({ container, samples, windowMs, isLeak }: SizingFacts): SizingAnalysis {
  const p95Bytes = percentile(
    samples.map(({ workingSetBytes }) => workingSetBytes),
    0.95,
  );
  const facts = { container, p95Bytes, windowMs, samples: samples.length };
  if (samples.length < enoughSamples) return { ...facts, refused: `${samples.length} samples are too few; ${enoughSamples} are needed` };
  if (isLeak) return { ...facts, refused: 'its memory leaks: no limit is large enough, it only ends later' };
  return { ...facts, limit: formatBytes(rounded(p95Bytes * limitFactor)), request: formatBytes(rounded(p95Bytes * requestFactor)) };
}

/** Up to the next quarter of its power of two, and to whole mebibytes: 2764Mi to 3072Mi, 2027Mi to 2048Mi. */
export function rounded(bytes: number): number {
  const mebibytes = Math.max(1, bytes / 2 ** 20);
  const step = Math.max(1, 2 ** Math.floor(Math.log2(mebibytes)) / 4);
  return Math.ceil(mebibytes / step) * step * 2 ** 20;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
