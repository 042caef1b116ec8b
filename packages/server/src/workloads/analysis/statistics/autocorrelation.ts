/** How much a value tells of those after it. */
import { ranks } from './order.ts';

/** At lags 1, 2, … of the ranks, which one outlier cannot bend; zeros where all values are equal. */
export function autocorrelationOfRanks(values: readonly number[]): number[] {
  return autocorrelation(ranks(values));
}

export function autocorrelation(values: readonly number[]): number[] {
  const rest = lessMean(values);
  const squares = productAt(rest, 0);
  return Array.from({ length: Math.max(0, values.length - 1) }, (_, index) => (squares === 0 ? 0 : productAt(rest, index + 1) / squares));
}

/** How many independent values would say as much as these, by the correlation of neighbours. At least 3. */
export function independentCount(values: readonly number[]): number {
  const rest = lessMean(values);
  const squares = productAt(rest, 0);
  const neighbours = squares === 0 ? 0 : Math.min(0.99, Math.max(0, productAt(rest, 1) / squares));
  return Math.max(3, (values.length * (1 - neighbours)) / (1 + neighbours));
}

function lessMean(values: readonly number[]): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Float64Array.from(values, (value) => value - mean);
}

function productAt(rest: Float64Array, lag: number): number {
  let sum = 0;
  for (let at = lag; at < rest.length; at += 1) sum += (rest[at] ?? 0) * (rest[at - lag] ?? 0);
  return sum;
}
