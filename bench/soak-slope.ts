/** Whether something grows: a straight line through samples, with an interval that knows that neighbours are alike. */

export interface Sample {
  readonly at: number;
  readonly value: number;
}

export interface Slope {
  readonly perUnit: number;
  /** The interval that holds the true slope in 95 of 100 runs. */
  readonly low: number;
  readonly high: number;
}

/** Of Student's distribution for 95 % at ten degrees of freedom; with more it is a little too careful. */
const quantile = 2.23;

/**
 * Least squares. Memory wanders, so that one sample tells much about the next: the interval counts only as many samples as would be
 * independent, by the correlation of neighbouring residuals.
 */
export function slopeOf(samples: readonly Sample[]): Slope {
  const count = samples.length;
  const mean = (pick: (sample: Sample) => number): number => samples.reduce((sum, sample) => sum + pick(sample), 0) / count;
  const meanAt = mean(({ at }) => at);
  const meanValue = mean(({ value }) => value);
  const spread = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const perUnit = samples.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanValue), 0) / spread;
  const residuals = samples.map(({ at, value }) => value - meanValue - perUnit * (at - meanAt));
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  const alike = residuals.slice(1).reduce((sum, residual, index) => sum + residual * (residuals[index] ?? 0), 0) / (squares || 1);
  const correlation = Math.min(0.99, Math.max(0, alike));
  const independent = Math.max(3, count * ((1 - correlation) / (1 + correlation)));
  const error = Math.sqrt(squares / (independent - 2) / spread);
  return { perUnit, low: perUnit - quantile * error, high: perUnit + quantile * error };
}
