/** How long to wait before a container is started again: 10 s, 20 s, 40 s … 5 min, from the beginning after 10 minutes of life. */

export const backOff = { firstMs: 10_000, mostMs: 300_000, resetAfterMs: 600_000 } as const;

/** Of the n-th failure in a row, from 1. */
export function backOffMs(failures: number): number {
  return failures <= 0 ? 0 : Math.min(backOff.firstMs * 2 ** Math.min(failures - 1, 20), backOff.mostMs);
}

/** Failures in a row after one more end. Whoever lived long enough begins anew. */
export function failuresAfter(failures: number, livedMs: number): number {
  return livedMs >= backOff.resetAfterMs ? 1 : failures + 1;
}
