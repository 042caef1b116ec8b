/** Order statistics: quantiles, medians and ranks of plain numbers. They sort copies and change nothing. */

/** The value below which `fraction` of all lie, between neighbours in a straight line; NaN of nothing. */
export function quantile(values: readonly number[], fraction: number): number {
  return quantileOfSorted(sorted(values), fraction);
}

export function quantileOfSorted(values: ArrayLike<number>, fraction: number): number {
  if (values.length === 0) return Number.NaN;
  const place = Math.min(1, Math.max(0, fraction)) * (values.length - 1);
  const below = values[Math.floor(place)] ?? Number.NaN;
  const above = values[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Typed arrays sort by number, and several times as fast. */
export function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/** The typical distance from the median, in units of a standard deviation where the values are normal. */
export function medianDeviation(values: readonly number[]): number {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).toSorted((left, right) => (values[left] ?? 0) - (values[right] ?? 0));
  const result = Array.from<number>({ length: values.length });
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let place = from; place < to; place += 1) result[order[place] ?? 0] = (from + to + 1) / 2;
    from = to;
  }
  return result;
}
