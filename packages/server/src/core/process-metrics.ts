/**
 * Metrics of the process itself, under the names that dashboards for Prometheus expect, and the delay of the event loop.
 *
 * It watches nothing outside this process and raises no alerts.
 */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';

export interface EventLoopDelay {
  /** Of the last one to two minutes. */
  p50Ms(): number;
  p99Ms(): number;
  maxMs(): number;
  /** How many of them the figures rest on: those of a start say little of what comes after it. */
  samples(): number;
  stop(): void;
}

export interface ProcessMetricsOptions {
  readonly clock: Clock;
  readonly eventLoopDelay: EventLoopDelay;
}

/** How often the delay is sampled: half of it is the error of a figure, and each sample wakes the process. */
const sampleMs = 20;
/** Readers at any pace see the same window, because the window turns by the clock and not by reading. */
const windowMs = 60_000;

/** Starts to measure; the owner stops it. */
export function createEventLoopDelay(clock: Clock): EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: sampleMs });
  histogram.enable();
  let previous = { p50Ms: 0, p99Ms: 0, maxMs: 0, samples: 0 };

  // The histogram holds the time between samples; what goes beyond the agreed time is the delay.
  const delayMs = (nanoseconds: number): number => (histogram.count === 0 ? 0 : Math.max(0, nanoseconds / 1e6 - sampleMs));
  const current = () => ({
    p50Ms: delayMs(histogram.percentile(50)),
    p99Ms: delayMs(histogram.percentile(99)),
    maxMs: delayMs(histogram.max),
    samples: histogram.count,
  });
  const turn = clock.every(windowMs, () => {
    previous = current();
    histogram.reset();
  });

  return {
    p50Ms: () => Math.max(previous.p50Ms, current().p50Ms),
    p99Ms: () => Math.max(previous.p99Ms, current().p99Ms),
    maxMs: () => Math.max(previous.maxMs, current().maxMs),
    samples: () => previous.samples + histogram.count,
    stop() {
      turn.cancel();
      histogram.disable();
    },
  };
}

export function registerProcessMetrics(metrics: Metrics, { clock, eventLoopDelay }: ProcessMetricsOptions): void {
  const gauge = (name: string, help: string, read: () => number): void => metrics.callback({ type: 'gauge', name, help, read });
  const startSeconds = performance.timeOrigin / 1000;

  gauge('process_start_time_seconds', 'Start of the process, in seconds since 1970.', () => startSeconds);
  gauge('process_uptime_seconds', 'Time since the start of the process.', () => clock.monotonicMs() / 1000);
  gauge('process_resident_memory_bytes', 'Memory that the process holds in RAM.', () => process.memoryUsage.rss());
  metrics.callback({
    type: 'gauge',
    name: 'nodejs_memory_bytes',
    help: 'Memory of the JavaScript engine by kind.',
    labelNames: ['kind'],
    read: () => {
      const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
      const kinds = { heap_used: heapUsed, heap_total: heapTotal, external, array_buffers: arrayBuffers };
      return Object.entries(kinds).map(([kind, value]) => ({ labels: [kind], value }));
    },
  });
  metrics.callback({
    type: 'counter',
    name: 'process_cpu_seconds_total',
    help: 'Processor time that the process used.',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
  gauge('process_open_fds', 'Open file descriptors.', countOpenFiles);
  metrics.callback({
    type: 'gauge',
    name: 'nodejs_eventloop_delay_seconds',
    help: 'How late the event loop was in the last one to two minutes.',
    labelNames: ['quantile'],
    read: () => [
      { labels: ['0.5'], value: eventLoopDelay.p50Ms() / 1000 },
      { labels: ['0.99'], value: eventLoopDelay.p99Ms() / 1000 },
      { labels: ['1'], value: eventLoopDelay.maxMs() / 1000 },
    ],
  });
}

/** NaN where the system has no /proc: the metric is then left out. */
function countOpenFiles(): number {
  try {
    // One of them is the directory that is being read.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return Number.NaN;
  }
}
