/**
 * The engine's events of some containers, without a gap: when the connection ends, the next one begins where it ended. What the engine has meanwhile forgotten
 * (it keeps the last 256) is for whoever is told of the new beginning to find out.
 */
import { type Clock, sleep } from '../core/clock.ts';
import type { Engine } from './engine.ts';
import { readObjects } from './streams.ts';

export interface EngineEvent {
  readonly action: string;
  readonly containerId: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Which events, in the words of the engine: `label`, `container`, `event`. */
export type EventFilters = Readonly<Record<string, readonly string[]>>;

export interface EventStreamOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly filters: EventFilters;
  readonly sinceMs: number;
  readonly onEvent: (event: EngineEvent) => void;
  /** The connection was lost and is there again. */
  readonly onReturn: () => void;
  readonly signal: AbortSignal;
}

/** Events of one moment may come in another order than that of their times. */
const overlapMs = 1000;
/** As many as the engine does, and some. */
const rememberedEvents = 300;
const firstWaitMs = 100;
const longestWaitMs = 5000;

export interface EventStream {
  /** Resolves when it has ended, after the signal. */
  readonly ended: Promise<void>;
}

/** Resolves when it listens: from then on nothing is missed. @throws EngineError where the engine does not answer now */
export async function openEventStream(options: EventStreamOptions): Promise<EventStream> {
  const { clock, signal, onEvent, onReturn } = options;
  let lastMs = options.sinceMs;
  const recent = new Set<string>();
  const told = (event: EngineEvent, key: string): void => {
    // A connection begins a little before the last one ended, and so with what was told then.
    if (recent.has(key)) return;
    recent.add(key);
    for (const oldest of recent) if (recent.size > rememberedEvents) recent.delete(oldest);
    lastMs = Math.max(lastMs, event.atMs);
    onEvent(event);
  };
  const follow = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const object of readObjects(source)) {
      const event = eventOf(object);
      if (event !== undefined) told(event, JSON.stringify(object));
    }
  };
  const open = (sinceMs: number) => options.engine.stream({ ...queryOf(options.filters, { since: seconds(sinceMs) }), signal });
  const first = await open(lastMs);
  const run = async (): Promise<void> => {
    let source: AsyncIterable<Buffer> | undefined = first;
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      try {
        if (source === undefined) {
          source = await open(lastMs - overlapMs);
          onReturn();
        }
        waitMs = firstWaitMs;
        await follow(source);
      } catch {
        // The engine has gone, or is not there yet: `available` says so to those who want something started.
      }
      source = undefined;
      await sleep(clock, waitMs, signal).catch(() => {});
      waitMs = Math.min(longestWaitMs, waitMs * 2);
    }
  };
  return { ended: run() };
}

/** Those that the engine still remembers, in their order. */
export async function pastEvents(
  engine: Engine,
  filters: EventFilters,
  range: { readonly sinceMs: number; readonly untilMs: number },
): Promise<readonly EngineEvent[]> {
  const query = { since: seconds(range.sinceMs), until: seconds(range.untilMs) };
  const found: EngineEvent[] = [];
  const answer = await engine.stream({ ...queryOf(filters, query), signal: AbortSignal.timeout(10_000) });
  for await (const object of readObjects(answer)) {
    const event = eventOf(object);
    if (event !== undefined) found.push(event);
  }
  return found;
}

function queryOf(filters: EventFilters, query: Readonly<Record<string, string>>) {
  return { method: 'GET', path: '/events', query: { ...query, filters: JSON.stringify({ type: ['container'], ...filters }) } } as const;
}

function seconds(atMs: number): string {
  return (atMs / 1000).toFixed(9);
}

function eventOf(object: unknown): EngineEvent | undefined {
  const { Action, Actor, timeNano } = object as {
    readonly Action?: string;
    readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
    readonly timeNano?: number;
  };
  if (Action === undefined || Actor?.ID === undefined || timeNano === undefined) return undefined;
  return { action: Action, containerId: Actor.ID, atMs: timeNano / 1e6, attributes: Actor.Attributes ?? {} };
}
