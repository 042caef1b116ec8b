/**
 * The counts of one target or one caller in four rings of time slices: a minute in sixths, five minutes in minutes, an hour in
 * twelfths, a day in hours. Adding a sample moves one slice of each ring; reading adds the slices up.
 *
 * A ring has one slice more than its window, so that the window is always whole. Slices are made when they
 * are first needed and used again; with all of them a series takes about 200 kB.
 */
import type { Figures, Quantiles, StatisticsWindow } from '@openclaw/protocol';
import { bucketCount, bucketOf, quantileMs } from './histogram.ts';

export interface Sample {
  /** `completed`, `cancelled` or a code of the catalogue. */
  readonly outcome: string;
  /** 200 where it completed. */
  readonly status: number;
  readonly totalMs: number;
  readonly firstOutputMs: number | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
}

const rings: Readonly<Record<StatisticsWindow, { readonly sliceMs: number; readonly slices: number }>> = {
  '1m': { sliceMs: 10_000, slices: 7 },
  '5m': { sliceMs: 60_000, slices: 6 },
  '1h': { sliceMs: 300_000, slices: 13 },
  '24h': { sliceMs: 3_600_000, slices: 25 },
};

/** What is added up, of one slice or of many. */
export class Totals {
  requests = 0;
  completed = 0;
  cancelled = 0;
  rateLimited = 0;
  refused = 0;
  inputTokens = 0;
  outputTokens = 0;
  costNanoUsd = 0;
  /** Made when the first comes: most slices see no error, and a caller that does not stream has no first output. */
  total: Uint32Array | undefined;
  firstOutput: Uint32Array | undefined;
  errors: Map<string, number> | undefined;

  get failed(): number {
    return this.requests - this.completed - this.cancelled;
  }

  /** @param totalBucket of the sample's duration, and `firstOutputBucket` of its first output, -1 without one: found once for four rings */
  add(sample: Sample, totalBucket: number, firstOutputBucket: number): void {
    this.requests += 1;
    this.inputTokens += sample.inputTokens;
    this.outputTokens += sample.outputTokens;
    this.costNanoUsd += sample.costNanoUsd;
    if (firstOutputBucket >= 0) (this.firstOutput ??= new Uint32Array(bucketCount))[firstOutputBucket]! += 1;
    if (sample.outcome === 'completed') {
      this.completed += 1;
      (this.total ??= new Uint32Array(bucketCount))[totalBucket]! += 1;
    } else if (sample.outcome === 'cancelled') this.cancelled += 1;
    else this.#addFailure(sample);
  }

  #addFailure({ outcome, status }: Sample): void {
    if (status === 429) this.rateLimited += 1;
    else if (status >= 400 && status < 500) this.refused += 1;
    // Codes of the catalogue: a bounded set.
    this.errors ??= new Map();
    this.errors.set(outcome, (this.errors.get(outcome) ?? 0) + 1);
  }

  /** @param sign -1 takes away what was added */
  combine(other: Totals, sign: 1 | -1): void {
    this.requests += sign * other.requests;
    this.completed += sign * other.completed;
    this.cancelled += sign * other.cancelled;
    this.rateLimited += sign * other.rateLimited;
    this.refused += sign * other.refused;
    this.inputTokens += sign * other.inputTokens;
    this.outputTokens += sign * other.outputTokens;
    this.costNanoUsd += sign * other.costNanoUsd;
    if (other.total) addCounts((this.total ??= new Uint32Array(bucketCount)), other.total, sign);
    if (other.firstOutput) addCounts((this.firstOutput ??= new Uint32Array(bucketCount)), other.firstOutput, sign);
    if (!other.errors) return;
    this.errors ??= new Map();
    for (const [code, count] of other.errors) this.errors.set(code, (this.errors.get(code) ?? 0) + sign * count);
  }

  clear(): void {
    this.requests = this.completed = this.cancelled = this.rateLimited = this.refused = 0;
    this.inputTokens = this.outputTokens = this.costNanoUsd = 0;
    this.total?.fill(0);
    this.firstOutput?.fill(0);
    this.errors?.clear();
  }

  figures(): Figures {
    const { requests, completed, failed, cancelled, rateLimited, refused, inputTokens, outputTokens, costNanoUsd } = this;
    const judged = completed + failed;
    return {
      ...{ requests, completed, failed, cancelled, rateLimited, refused },
      successPercent: judged === 0 ? null : (100 * completed) / judged,
      errors: Object.fromEntries(this.errors ?? []),
      total: quantilesOf(this.total),
      firstOutput: quantilesOf(this.firstOutput),
      ...{ inputTokens, outputTokens, costNanoUsd },
    };
  }
}

function addCounts(to: Uint32Array, from: Uint32Array, sign: 1 | -1): void {
  for (let bucket = 0; bucket < bucketCount; bucket += 1) to[bucket]! += sign * from[bucket]!;
}

function quantilesOf(counts: Uint32Array | undefined): Quantiles | null {
  if (!counts) return null;
  const p50Ms = quantileMs(counts, 0.5);
  if (p50Ms === undefined) return null;
  return { p50Ms, p95Ms: quantileMs(counts, 0.95) ?? p50Ms, p99Ms: quantileMs(counts, 0.99) ?? p50Ms };
}

class Ring {
  readonly #sliceMs: number;
  readonly #slices: Totals[] = [];
  readonly #numbers: number[] = [];
  readonly #size: number;
  #current = new Totals();
  /** When the current slice is over; there is none at first. */
  #endsMs = -Infinity;

  constructor({ sliceMs, slices }: { readonly sliceMs: number; readonly slices: number }) {
    this.#sliceMs = sliceMs;
    this.#size = slices;
  }

  at(nowMs: number): Totals {
    return nowMs < this.#endsMs ? this.#current : this.#turn(nowMs);
  }

  #turn(nowMs: number): Totals {
    const number = Math.floor(nowMs / this.#sliceMs);
    const place = number % this.#size;
    let slice = this.#slices[place];
    if (slice) slice.clear();
    else this.#slices[place] = slice = new Totals();
    this.#numbers[place] = number;
    this.#endsMs = (number + 1) * this.#sliceMs;
    this.#current = slice;
    return slice;
  }

  sum(nowMs: number): Totals {
    const oldest = Math.floor(nowMs / this.#sliceMs) - this.#size + 1;
    const sum = new Totals();
    this.#slices.forEach((slice, place) => {
      if (this.#numbers[place]! >= oldest) sum.combine(slice, 1);
    });
    return sum;
  }
}

export class Series {
  readonly #minute = new Ring(rings['1m']);
  readonly #fiveMinutes = new Ring(rings['5m']);
  readonly #hour = new Ring(rings['1h']);
  readonly #day = new Ring(rings['24h']);
  /** When the last sample came. Time that goes back stands still here: a slice that is over stays over. */
  lastMs = 0;

  add(sample: Sample, nowMs: number): void {
    if (nowMs > this.lastMs) this.lastMs = nowMs;
    const total = bucketOf(sample.totalMs);
    const firstOutput = sample.firstOutputMs === undefined ? -1 : bucketOf(sample.firstOutputMs);
    this.#minute.at(this.lastMs).add(sample, total, firstOutput);
    this.#fiveMinutes.at(this.lastMs).add(sample, total, firstOutput);
    this.#hour.at(this.lastMs).add(sample, total, firstOutput);
    this.#day.at(this.lastMs).add(sample, total, firstOutput);
  }

  sum(window: StatisticsWindow, nowMs: number): Totals {
    return this.#ring(window).sum(Math.max(nowMs, this.lastMs));
  }

  /** The window without its last five minutes: what used to be, for comparison. */
  before(window: '1h' | '24h', nowMs: number): Totals {
    const totals = this.sum(window, nowMs);
    totals.combine(this.sum('5m', nowMs), -1);
    return totals;
  }

  #ring(window: StatisticsWindow): Ring {
    if (window === '1m') return this.#minute;
    if (window === '5m') return this.#fiveMinutes;
    return window === '1h' ? this.#hour : this.#day;
  }
}
