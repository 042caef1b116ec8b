/** Percentiles of what was measured: exact, by sorting, for the bench's runs are short. */

/** The smallest value that is at least as large as `fraction` of all; NaN of nothing. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
