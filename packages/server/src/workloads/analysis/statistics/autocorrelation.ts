/** How much a value tells of those after it. */
import { ranks } from './order.ts';

/** At lags 1, 2, … of the ranks, which one outlier cannot bend; zeros where all values are equal. */
export function autocorrelationOfRanks(values: readonly number[]): number[] {
  return autocorrelation(ranks(values));
}

export function autocorrelation(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const rest = values.map((value) => value - mean);
  const squares = rest.reduce((sum, value) => sum + value * value, 0);
  return Array.from({ length: Math.max(0, values.length - 1) }, (_, index) => {
    if (squares === 0) return 0;
    let sum = 0;
    for (let at = index + 1; at < rest.length; at += 1) sum += (rest[at] ?? 0) * (rest[at - index - 1] ?? 0);
    return sum / squares;
  });
}

/** How many independent values would say as much as these, by the correlation of neighbours. At least 3. */
export function independentCount(values: readonly number[]): number {
  const neighbours = Math.min(0.99, Math.max(0, autocorrelation(values)[0] ?? 0));
  return Math.max(3, (values.length * (1 - neighbours)) / (1 + neighbours));
}
