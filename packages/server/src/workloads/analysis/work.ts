/**
 * The work that an instance did: how much was done up to a moment, at what rate around it, and how long as much again will take. Counts begin again
 * with each process; this adds them up.
 */
import type { MemorySample } from '@openclaw/protocol';

import { hourMs } from './units.ts';

export interface Work {
  /** Per hour, over all. */
  readonly meanRate: number;
  /** Done since the trace began. Moments are hours since then. */
  doneAt(at: number): number;
  /** Per hour, as it was around that moment; with a lag, as what it was before fades away. */
  rateAt(at: number, lagHours?: number): number;
  /** The hours that the work between two moments would take at the mean rate. */
  hoursOfWork(from: number, to: number): number;
  /** How long work will take after that moment: hours at the mean rate in, hours of the clock out. */
  paceAfter(at: number): Pace;
}

export interface Pace {
  fastest(hours: number): number;
  likely(hours: number): number;
  slowest(hours: number): number;
}

/** Below this share of samples with a count, work is not counted. */
const enoughShare = 0.8;
const dayHours = 24;

export function workOf(samples: readonly MemorySample[]): Work | undefined {
  const counted = samples.filter(({ requests }) => requests !== undefined);
  const origin = samples[0]?.at ?? 0;
  if (counted.length < samples.length * enoughShare || counted.length < 3) return undefined;
  const times = Float64Array.from(counted, ({ at }) => (at - origin) / hourMs);
  const done = addUp(counted.map(({ requests }) => requests ?? 0));
  const begin = times[0] ?? 0;
  const end = times.at(-1) ?? 0;
  const total = done.at(-1) ?? 0;
  if (total === 0) return undefined;
  const meanRate = total / (end - begin);
  const faded = new Map<number, Float64Array>();
  const rates = (lagHours: number): Float64Array => {
    const known = faded.get(lagHours) ?? fadeRates(times, done, lagHours);
    faded.set(lagHours, known);
    return known;
  };
  const doneAt = (at: number): number => interpolate(times, done, at);
  const hoursOfWork = (from: number, to: number): number => (doneAt(to) - doneAt(from)) / meanRate;
  return {
    meanRate,
    doneAt,
    rateAt: (at, lagHours = 0) => interpolate(times, rates(lagHours), at),
    hoursOfWork,
    paceAfter: (at) => (at - begin >= dayHours ? paceOfDay(hoursOfWork, at) : paceOfRates(rates(1), meanRate)),
  };
}

function addUp(counts: readonly number[]): Float64Array {
  const done = new Float64Array(counts.length);
  for (let index = 1; index < counts.length; index += 1) {
    const now = counts[index] ?? 0;
    const before = counts[index - 1] ?? 0;
    done[index] = (done[index - 1] ?? 0) + (now >= before ? now - before : now);
  }
  return done;
}

/** Tomorrow is like today: the same work at the same hour. */
function paceOfDay(hoursOfWork: Work['hoursOfWork'], at: number): Pace {
  const day = hoursOfWork(at - dayHours, at);
  const likely = (hours: number): number => {
    const days = Math.floor(hours / day);
    const rest = hours - days * day;
    let low = 0;
    let high = dayHours;
    // Work done only rises, so halving finds the hour; to some seconds.
    for (let step = 0; step < 14; step += 1) {
      const middle = (low + high) / 2;
      if (hoursOfWork(at - dayHours, at - dayHours + middle) < rest) low = middle;
      else high = middle;
    }
    return days * dayHours + high;
  };
  return { fastest: likely, likely, slowest: likely };
}

/** Less than a day was seen: the load may stay where it was highest, or lowest. */
function paceOfRates(rates: Float64Array, meanRate: number): Pace {
  // The first rates have nothing before them to be averaged with.
  const settled = rates.subarray(Math.floor(rates.length / 20));
  const highest = settled.reduce((most, rate) => Math.max(most, rate), 0);
  const lowest = settled.reduce((least, rate) => Math.min(least, rate), Infinity);
  return {
    fastest: (hours) => (hours * meanRate) / highest,
    likely: (hours) => hours,
    slowest: (hours) => (hours * meanRate) / Math.max(lowest, meanRate / 10),
  };
}

/** Rates between neighbours, averaged with weights that halve every `lagHours`. */
function fadeRates(times: Float64Array, done: Float64Array, lagHours: number): Float64Array {
  const rates = new Float64Array(times.length);
  for (let index = 1; index < times.length; index += 1) {
    const hours = (times[index] ?? 0) - (times[index - 1] ?? 0);
    const rate = ((done[index] ?? 0) - (done[index - 1] ?? 0)) / hours;
    const kept = lagHours === 0 || index === 1 ? 0 : 0.5 ** (hours / lagHours);
    rates[index] = kept * (rates[index - 1] ?? 0) + (1 - kept) * rate;
  }
  rates[0] = rates[1] ?? 0;
  return rates;
}

function interpolate(times: Float64Array, values: Float64Array, at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  const from = times[low] ?? 0;
  const share = Math.min(1, Math.max(0, (at - from) / ((times[high] ?? 0) - from || 1)));
  return (values[low] ?? 0) + share * ((values[high] ?? 0) - (values[low] ?? 0));
}
