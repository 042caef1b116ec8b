/** Traces for tests, from a few words on what the memory did. The noise is the same each time. */
import type { MemorySample, MemoryTrace } from '@openclaw/protocol';

export const mebibyte = 2 ** 20;
export const hourMs = 3_600_000;
export const originAt = Date.UTC(2026, 0, 5);

export interface TraceWords extends Partial<Omit<MemoryTrace, 'samples'>> {
  readonly hours: number;
  /** Mebibytes that the kernel cannot take back, at so many hours. */
  readonly memory: (hours: number) => number;
  /** What else a sample says. */
  readonly more?: (hours: number) => Partial<MemorySample>;
  /** Mebibytes of noise, one deviation. @default 1 */
  readonly noise?: number;
}

export function traceOf({ hours, memory, more, noise = 1, ...header }: TraceWords): MemoryTrace {
  const intervalMs = header.intervalMs ?? 60_000;
  const random = createRandom();
  const samples = Array.from({ length: Math.round((hours * hourMs) / intervalMs) + 1 }, (_, index) => {
    const at = (index * intervalMs) / hourMs;
    const anonymousBytes = Math.max(1, Math.round((memory(at) + noise * (random() + random() + random() - 1.5) * 2) * mebibyte));
    const sample: MemorySample = {
      at: originAt + index * intervalMs,
      usageBytes: anonymousBytes + 20 * mebibyte,
      workingSetBytes: anonymousBytes + 10 * mebibyte,
      rssBytes: anonymousBytes + 10 * mebibyte,
      anonymousBytes,
      fileBytes: 20 * mebibyte,
      swapBytes: 0,
      restarts: 0,
    };
    return { ...sample, ...more?.(at) };
  });
  return {
    version: 1,
    workload: 'payment-processor',
    namespace: 'production',
    instance: 'payment-processor-0',
    driver: 'process',
    limitBytes: 2048 * mebibyte,
    intervalMs,
    ...header,
    samples,
  };
}

/** From 0 up to 1, always the same. */
export function createRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
