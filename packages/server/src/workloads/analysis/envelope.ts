/**
 * The lower envelope of a signal: the lowest value of each stretch of time. What is collected, freed or returned at least once in a stretch is gone
 * from it; what stays is what may leak.
 */
import type { Point, Run } from './statistics/trend.ts';

export function lowerEnvelope(points: readonly Point[], stretch: number): Run {
  const lowest: Point[] = [];
  let current = Number.NaN;
  for (const point of points) {
    const bucket = Math.floor(point.at / stretch);
    const before = lowest.at(-1);
    if (bucket !== current || before === undefined) lowest.push(point);
    else if (point.value < before.value) lowest[lowest.length - 1] = point;
    current = bucket;
  }
  return lowest;
}
