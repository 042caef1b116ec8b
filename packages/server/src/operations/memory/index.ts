/**
 * Watches how near the gateway is to the end of its memory, and acts before the kernel does: from 85 % on it collects garbage and has
 * caches given up, from 95 % on new long work is refused.
 *
 * It holds nothing itself; what is given up, and what is long work, is decided by who listens and who asks.
 */
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { shareOf, type MemoryReading } from '../../core/process-memory.ts';
import { nextMemoryState, type MemoryState } from './levels.ts';

export type { MemoryState } from './levels.ts';

/** Under the name that operators of workloads search for. */
export interface MemoryEvent extends MemoryReading {
  readonly name: 'clw-memory-pressure';
  readonly state: MemoryState;
  /** ISO 8601. */
  readonly at: string;
}

export interface MemoryWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly read: () => MemoryReading;
  /** A full collection of garbage. @default none */
  readonly collectGarbage?: () => void;
  /** Give up what can be had again. At each step up, and every 30 s while it lasts; every 5 s in the critical state. */
  readonly onPressure?: (state: Exclude<MemoryState, 'ok'>) => void;
  readonly onRelief?: () => void;
  /** At each change of the state. */
  readonly onEvent?: (event: MemoryEvent) => void;
}

export interface MemoryWatch {
  readonly state: MemoryState;
  /** The last reading, with the state that it led to. */
  look(): MemoryReading & { readonly state: MemoryState };
  /** Why long work is not to begin now: `memory_pressure`, with a time to wait; `undefined` where it may. */
  admitWork(): OpenClawError | undefined;
  stop(): void;
}

const intervalMs = 1000;
/** A burst of requests fills the memory faster than the watch looks, so whoever is asked for admission looks again. */
const freshMs = 200;
/** Collecting stops the thread, and caches take a while to fill again; near the end everything that can be had counts. */
const repeatMs = { ok: 30_000, pressure: 30_000, critical: 5_000 } as const;
/** What ends under way gives back memory within seconds. */
const retryAfterMs = 5000;

/** Begins to watch; the owner stops it. */
export function createMemoryWatch(options: MemoryWatchOptions): MemoryWatch {
  const { clock, read } = options;
  let reading = read();
  let state: MemoryState = 'ok';
  let actedMs = Number.NEGATIVE_INFINITY;
  let lookedMs = clock.monotonicMs();
  const refused = register(options.metrics, () => ({ reading, state }));

  function look(): void {
    reading = read();
    lookedMs = clock.monotonicMs();
    const dueMs = actedMs + repeatMs[state];
    if (nextMemoryState(state, shareOf(reading)) !== 'ok' && clock.monotonicMs() >= dueMs) {
      // Garbage is no pressure: what counts is what is left without it.
      options.collectGarbage?.();
      reading = read();
      const now = nextMemoryState(state, shareOf(reading));
      actedMs = clock.monotonicMs();
      if (now !== 'ok' && now === state) tell(options, () => options.onPressure?.(now));
    }
    const next = nextMemoryState(state, shareOf(reading));
    if (next === state) return;
    const rose = next === 'critical' || state === 'ok';
    state = next;
    announce(options, { ...reading, name: 'clw-memory-pressure', state, at: new Date(clock.now()).toISOString() });
    if (next === 'ok') tell(options, () => options.onRelief?.());
    else if (rose) tell(options, () => options.onPressure?.(next));
  }

  look();
  const timer = clock.every(intervalMs, look);
  return {
    get state() {
      return state;
    },
    look: () => ({ ...reading, state }),
    admitWork() {
      if (clock.monotonicMs() - lookedMs >= freshMs) look();
      if (state !== 'critical') return undefined;
      refused();
      return new OpenClawError('memory_pressure', { details: { reason: wordsOf(reading) }, retryAfterMs });
    },
    stop: () => timer.cancel(),
  };
}

function announce({ log, onEvent, ...options }: MemoryWatchOptions, event: MemoryEvent): void {
  const { state, of, usedBytes, limitBytes } = event;
  const share = wordsOf(event);
  const fields = { event: event.name, state, of, usedBytes, limitBytes };
  if (state === 'ok') log.info(`clw-memory-pressure is over: ${share}`, fields);
  else if (state === 'pressure') log.warn(`clw-memory-pressure: ${share}; caches are given up`, fields);
  else log.error(`clw-memory-pressure: ${share}; new long work is refused`, fields);
  tell({ log, ...options }, () => onEvent?.(event));
}

/** Whoever listens must not end the watch. */
function tell({ log }: Pick<MemoryWatchOptions, 'log'>, call: () => void): void {
  try {
    call();
  } catch (thrown) {
    log.error('what was to happen at a change of memory failed', { reason: reasonOf(thrown) });
  }
}

/** @returns counts a refusal */
function register(metrics: Metrics, look: () => { readonly reading: MemoryReading; readonly state: MemoryState }): () => void {
  const gauge = (name: string, help: string, value: (found: ReturnType<typeof look>) => number): void =>
    metrics.callback({ type: 'gauge', name, help, read: () => value(look()) });
  gauge('openclaw_memory_used_bytes', 'What counts against the limit of memory that is nearest.', ({ reading }) => reading.usedBytes);
  gauge('openclaw_memory_limit_bytes', 'The limit of memory that is nearest.', ({ reading }) => reading.limitBytes);
  gauge('openclaw_memory_pressure', '0: none. 1: caches are given up. 2: new long work is refused.', ({ state }) => levels.indexOf(state));
  const counter = metrics
    .counter({ name: 'openclaw_memory_refused_total', help: 'Long work that was refused for want of memory.' })
    .labels();
  return () => counter.increment();
}

const levels: readonly MemoryState[] = ['ok', 'pressure', 'critical'];

const places = {
  container: 'the memory of its container',
  machine: 'the memory that this machine leaves it',
  heap: 'the heap of its engine',
} as const;

function wordsOf(reading: MemoryReading): string {
  const limit = `${Math.round(reading.limitBytes / 2 ** 20)} MiB`;
  return `${Math.round(shareOf(reading) * 100)} % of ${places[reading.of]}, ${limit}, are used`;
}
