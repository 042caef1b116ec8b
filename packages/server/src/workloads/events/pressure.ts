/**
 * When a unit comes near its memory limit, and when it is well again: with hysteresis, so that usage around the threshold is one event and not hundreds.
 * A pure function from one reading to the next.
 */

export interface Pressure {
  readonly isHigh: boolean;
  /** Readings in a row below the lower threshold. */
  readonly calm: number;
}

export interface PressureReading {
  /** Without the cache of files that nobody uses: the kernel would take that first. */
  readonly workingSetBytes: number;
  readonly limitBytes: number;
  /** Share of ten seconds that some tasks waited for memory. */
  readonly waitingPercent: number | undefined;
}

export const pressureThresholds = {
  /** Of the limit. */
  highPercent: 85,
  lowPercent: 80,
  waitingPercent: 20,
  /** Readings that must be low before it is over. */
  calmReadings: 3,
} as const;

export const noPressure: Pressure = { isHigh: false, calm: 0 };

export type PressureCause = 'usage' | 'waiting';

/** @returns what holds now, and the cause where pressure has just begun */
export function pressureAfter(before: Pressure, reading: PressureReading): { readonly now: Pressure; readonly began?: PressureCause } {
  const { highPercent, lowPercent, waitingPercent, calmReadings } = pressureThresholds;
  const share = (reading.workingSetBytes / reading.limitBytes) * 100;
  const waiting = reading.waitingPercent ?? 0;
  // Waiting alone is no sign of a limit that is near: a slow disk makes tasks wait for memory too.
  const cause: PressureCause | undefined =
    share >= highPercent ? 'usage' : waiting >= waitingPercent && share >= highPercent / 2 ? 'waiting' : undefined;
  if (cause !== undefined) return before.isHigh ? { now: { isHigh: true, calm: 0 } } : { now: { isHigh: true, calm: 0 }, began: cause };
  if (!before.isHigh) return { now: noPressure };
  const calm = share < lowPercent && waiting < waitingPercent ? before.calm + 1 : 0;
  return { now: calm >= calmReadings ? noPressure : { isHigh: true, calm } };
}
