/**
 * From readings to growth: how many bytes a day, and for how many days there is room. Pure.
 *
 * The slope is the median of the slopes between all readings (Theil and Sen), so that one backup, or one large file that came and went, is
 * not taken for growth.
 */

export interface Point {
  readonly atMs: number;
  readonly bytes: number;
}

export type Growth =
  | { readonly known: true; readonly bytesPerDay: number; readonly readings: number; readonly spanMs: number }
  /** There are too few readings, or they lie too near together. */
  | { readonly known: false; readonly readings: number; readonly spanMs: number };

export const dayMs = 86_400_000;
/** With fewer nobody can tell growth from chance. */
export const fewestReadings = 4;
export const shortestSpanMs = dayMs / 2;

export function growthOf(points: readonly Point[]): Growth {
  const spanMs = points.length === 0 ? 0 : points.at(-1)!.atMs - points[0]!.atMs;
  const readings = points.length;
  if (readings < fewestReadings || spanMs < shortestSpanMs) return { known: false, readings, spanMs };
  const slopes: number[] = [];
  for (const [index, later] of points.entries()) {
    for (const earlier of points.slice(0, index)) {
      if (later.atMs > earlier.atMs) slopes.push((later.bytes - earlier.bytes) / (later.atMs - earlier.atMs));
    }
  }
  return { known: true, bytesPerDay: medianOf(slopes) * dayMs, readings, spanMs };
}

/** Beyond ten years it is as good as for ever, and no number that means anything. */
const longestDays = 3650;

/** Undefined where it does not grow, or not so that anybody lives to see it. */
export function daysUntilFull(growth: Growth, freeBytes: number): number | undefined {
  if (!growth.known || growth.bytesPerDay <= 0) return undefined;
  const days = freeBytes / growth.bytesPerDay;
  return days > longestDays ? undefined : days;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
