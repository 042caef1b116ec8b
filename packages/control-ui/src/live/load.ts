/**
 * How the load of the gateway went lately, from two looks at its metrics: requests and failures a second, how long answers took, memory.
 *
 * Pure: who looks, and how often, is said in `load-watch.ts`.
 */
import { parseMetrics, sumOf, type MetricSamples } from './metrics-text.ts';

/** What one look shows: mostly sums since the gateway started. */
export interface Look {
  readonly atMs: number;
  readonly startedAtSeconds: number | undefined;
  readonly requests: number;
  readonly failed: number;
  /** Upper bound in seconds to how many requests took no longer. */
  readonly durations: ReadonlyMap<number, number>;
  readonly underWay: number;
  readonly waiting: number;
  /** What counts against the nearest limit, which may be that of the engine alone. */
  readonly memoryBytes: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  /** Of the whole process, in RAM. */
  readonly residentBytes: number | undefined;
  readonly loopDelayMs: number | undefined;
}

/** What happened between two looks, and how it was at the second. Null is what is not known. */
export interface LoadSample {
  readonly atMs: number;
  readonly requestsPerSecond: number | null;
  readonly failedPerSecond: number | null;
  /** Null also where nothing was answered. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly underWay: number | null;
  readonly waiting: number | null;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly residentBytes: number | null;
  readonly loopDelayMs: number | null;
}

const names = {
  requests: 'openclaw_model_requests_total',
  durations: 'openclaw_model_request_seconds_bucket',
  underWay: 'openclaw_model_requests_in_flight',
  waiting: 'openclaw_model_queue_requests',
  memory: 'openclaw_memory_used_bytes',
  residentMemory: 'process_resident_memory_bytes',
  memoryLimit: 'openclaw_memory_limit_bytes',
  loopDelay: 'nodejs_eventloop_delay_seconds',
  started: 'process_start_time_seconds',
} as const;
const wanted: ReadonlySet<string> = new Set(Object.values(names));

export function lookAt(text: string, atMs: number): Look {
  const samples = parseMetrics(text, wanted);
  const requests = sumOf(samples, names.requests) ?? 0;
  const completed = sumOf(samples, names.requests, ({ outcome }) => outcome === 'completed') ?? 0;
  // The client left: that says nothing of the gateway.
  const left = sumOf(samples, names.requests, ({ outcome }) => outcome === 'client_closed') ?? 0;
  const delay = sumOf(samples, names.loopDelay, ({ quantile }) => quantile === '0.99');
  return {
    atMs,
    startedAtSeconds: sumOf(samples, names.started),
    requests,
    failed: requests - completed - left,
    durations: durationsOf(samples),
    underWay: sumOf(samples, names.underWay) ?? 0,
    waiting: sumOf(samples, names.waiting) ?? 0,
    memoryBytes: sumOf(samples, names.memory) ?? sumOf(samples, names.residentMemory),
    residentBytes: sumOf(samples, names.residentMemory),
    memoryLimitBytes: sumOf(samples, names.memoryLimit),
    loopDelayMs: delay === undefined ? undefined : delay * 1000,
  };
}

function durationsOf(samples: MetricSamples): Map<number, number> {
  const durations = new Map<number, number>();
  for (const { labels, value } of samples.get(names.durations) ?? []) {
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    durations.set(bound, (durations.get(bound) ?? 0) + value);
  }
  return durations;
}

/** Where nobody looked: a break in the lines. */
export function gapAt(atMs: number): LoadSample {
  const memory = { memoryBytes: null, memoryLimitBytes: null, residentBytes: null };
  const requests = { requestsPerSecond: null, failedPerSecond: null, p50Ms: null, p95Ms: null, underWay: null, waiting: null };
  return { atMs, ...requests, ...memory, loopDelayMs: null };
}

/** Without rates and durations where the two do not belong together: there is no earlier one, the gateway was started anew in between, or no time passed. */
export function compareLooks(before: Look | undefined, later: Look): LoadSample {
  const { atMs, underWay, waiting, memoryBytes = null, memoryLimitBytes = null, residentBytes = null, loopDelayMs = null } = later;
  const sample = { ...gapAt(atMs), underWay, waiting, memoryBytes, memoryLimitBytes, residentBytes, loopDelayMs };
  if (!before || before.startedAtSeconds !== later.startedAtSeconds || later.requests < before.requests) return sample;
  const seconds = (atMs - before.atMs) / 1000;
  if (seconds <= 0) return sample;
  const took = [...later.durations]
    .map(([bound, count]) => [bound, count - (before.durations.get(bound) ?? 0)] as const)
    .sort(([one], [other]) => one - other);
  return {
    ...sample,
    requestsPerSecond: (later.requests - before.requests) / seconds,
    failedPerSecond: Math.max(0, later.failed - before.failed) / seconds,
    p50Ms: quantileMs(took, 0.5),
    p95Ms: quantileMs(took, 0.95),
  };
}

/** As Prometheus does it: within the bucket where it falls, by its share. What is beyond the last bound is told as that bound. */
export function quantileMs(cumulative: readonly (readonly [boundSeconds: number, count: number])[], share: number): number | null {
  const total = cumulative.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = share * total;
  let [lowerBound, lowerCount] = [0, 0];
  for (const [bound, count] of cumulative) {
    if (count >= rank && count > lowerCount) {
      if (bound === Number.POSITIVE_INFINITY) return lowerBound * 1000;
      const seconds = lowerBound + ((bound - lowerBound) * (rank - lowerCount)) / (count - lowerCount);
      return Math.round(seconds * 10_000) / 10;
    }
    [lowerBound, lowerCount] = [bound, count];
  }
  return lowerBound * 1000;
}
