/**
 * Takes out of a signal what the load explains: memory that comes with requests under way and sessions goes with them, and is no leak.
 *
 * Memory is fitted by the rate of work (at once, or as it fades) and by a clock: hours, or the work done. Which clock fits better says whether a leak
 * comes with time or with requests. What is left once the rate is taken out is what `growth.ts` looks at.
 */
import { fitColumns } from './statistics/least-squares.ts';
import type { Point, Run } from './statistics/trend.ts';
import type { Work } from './work.ts';

export interface LoadEffect {
  /** Without what the load explains. On the clock of work, `at` counts the hours that the work would take at the mean rate. */
  readonly runs: readonly Run[];
  readonly clock: 'time' | 'work';
  /** Standard errors of the growth by the clock, once the load has its part. */
  readonly clockScore: number;
  /** The same of the load's own part. */
  readonly loadScore: number;
  /** The memory that came with the load, from its lowest to its highest in the window. */
  readonly loadBytes: number;
}

/** For how many hours memory may follow the load. */
const lagsHours = [0, 0.25, 0.5, 1, 2] as const;
/** With fewer standard errors the load explains nothing. */
const telling = 4;
const fewestPoints = 15;

export function takeOutLoad(runs: readonly Run[], work: Work): LoadEffect | undefined {
  const points = runs.flat();
  if (points.length < fewestPoints) return undefined;
  const span = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  const values = centredWithin(runs, ({ value }) => value);
  let best: (LoadEffect & { readonly squares: number }) | undefined;
  for (const clock of ['time', 'work'] as const) {
    const tick = (point: Point): number => (clock === 'time' ? point.at : work.doneAt(point.at) / work.meanRate);
    for (const lag of lagsHours.filter((hours) => hours <= span / 4)) {
      const rate = (point: Point): number => work.rateAt(point.at, lag);
      const fit = fitColumns(values, [centredWithin(runs, tick), centredWithin(runs, rate)]);
      if (!fit || (best && fit.squares >= best.squares)) continue;
      const [clockSlope = 0, perRate = 0] = fit.coefficients;
      const [clockError = 0, rateError = 0] = fit.errors;
      const isTelling = perRate > telling * rateError;
      const rates = points.map(rate);
      const mean = rates.reduce((sum, value) => sum + value, 0) / rates.length;
      const without = (point: Point): Point => ({ at: tick(point), value: point.value - (isTelling ? perRate * (rate(point) - mean) : 0) });
      best = {
        squares: fit.squares,
        runs: runs.map((run) => run.map(without)),
        clock,
        clockScore: clockError === 0 ? 0 : clockSlope / clockError,
        loadScore: isTelling && rateError > 0 ? perRate / rateError : 0,
        loadBytes: isTelling ? perRate * rangeOf(rates) : 0,
      };
    }
  }
  return best;
}

function rangeOf(values: readonly number[]): number {
  return (
    values.reduce((most, value) => Math.max(most, value), -Infinity) - values.reduce((least, value) => Math.min(least, value), Infinity)
  );
}

/** Less the mean of their run, for levels of two lives are not compared. */
function centredWithin(runs: readonly Run[], read: (point: Point) => number): number[] {
  return runs.flatMap((run) => {
    const values = run.map(read);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  });
}
