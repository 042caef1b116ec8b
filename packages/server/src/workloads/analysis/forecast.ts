/**
 * When the limit will be reached, from the slope of what lasts and the memory that is left: an interval, for a slope is one too.
 *
 * The kernel kills at a peak, not at the lower envelope: what stands above it now (garbage, load, noise) is taken off the room. It assumes that the
 * growth goes on as it did, and that tomorrow's work is today's; whether it does is said in `growth.ts`.
 */
import { quantileOfSorted, sorted } from './statistics/order.ts';
import type { Run, Trend } from './statistics/trend.ts';
import type { Work } from './work.ts';

export interface Forecast {
  /** Hours from the last sample on. */
  readonly earliest: number;
  readonly likely: number;
  /** Absent where the slope may be nothing. */
  readonly latest?: number;
}

export const forecastRules = {
  /** By how much both ends are moved apart, so that nine in ten hold: found with the design half of the synthetic classes. */
  widening: 1.15,
  /** And by how many hours, for what happens between two collections or two steps. */
  wideningHours: 0.25,
  /** Of the last life, what counts as now; all of it where memory follows a load. */
  nowShare: 0.5,
} as const;

export interface ForecastInput {
  /** Memory that the kernel cannot take back, of the life that goes on; in hours and bytes. */
  readonly memory: Run;
  readonly limitBytes: number;
  /** Bytes an hour; where it follows the work, an hour of work at the mean rate. */
  readonly slope: Pick<Trend, 'slope' | 'low' | 'high'>;
  /** Present where the growth follows the work. */
  readonly work?: Work | undefined;
  /** Whether memory comes and goes with a load besides. */
  readonly followsLoad: boolean;
}

export function forecastLimit({ memory, limitBytes, slope, work, followsLoad }: ForecastInput): Forecast | undefined {
  const end = memory.at(-1);
  const begin = memory[0];
  if (!end || !begin || slope.slope <= 0) return undefined;
  const from = end.at - (followsLoad ? 1 : forecastRules.nowShare) * (end.at - begin.at);
  const grown = ({ at }: { readonly at: number }): number => (work ? work.hoursOfWork(at, end.at) : end.at - at);
  // What each sample would read now, had the growth been the only change since.
  const now = sorted(memory.filter(({ at }) => at >= from).map((point) => point.value + slope.slope * grown(point)));
  const room = (fraction: number): number => Math.max(0, limitBytes - quantileOfSorted(now, fraction));
  const { widening, wideningHours } = forecastRules;
  const pace = work ? work.paceAfter(end.at) : steadyPace;
  const latest = slope.low > 0 ? pace.slowest(room(0.1) / slope.low) * widening + wideningHours : undefined;
  return {
    earliest: Math.max(0, pace.fastest(room(1) / slope.high) / widening - wideningHours),
    likely: pace.likely(room(0.98) / slope.slope),
    ...(latest === undefined ? {} : { latest }),
  };
}

const steadyPace = { fastest: (hours: number) => hours, likely: (hours: number) => hours, slowest: (hours: number) => hours } as const;
