/**
 * The engine's events of our containers, without a gap: when the connection ends, the next one begins where it ended. What the engine has meanwhile forgotten
 * (it keeps the last 256) is for whoever is told of the new beginning to find out.
 */
import { type Clock, sleep } from '../../../core/clock.ts';
import type { Engine } from './engine.ts';
import { readObjects } from './streams.ts';

export interface EngineEvent {
  readonly action: string;
  readonly containerId: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface EventStreamOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly label: string;
  readonly onEvent: (event: EngineEvent) => void;
  /** The connection was lost and is there again. */
  readonly onReturn: () => void;
  readonly signal: AbortSignal;
}

const actions = ['start', 'kill', 'oom', 'die', 'destroy'];
const firstWaitMs = 100;
const longestWaitMs = 5000;

export interface EventStream {
  /** Resolves when it has ended, after the signal. */
  readonly ended: Promise<void>;
}

/** Resolves when it listens: from then on nothing is missed. @throws EngineError where the engine does not answer now */
export async function openEventStream(options: EventStreamOptions): Promise<EventStream> {
  const { clock, signal, onEvent, onReturn } = options;
  let lastMs = clock.now();
  let lastKey = '';
  const told = (event: EngineEvent, key: string): void => {
    // The connection begins where the last one ended, and so with its last event.
    if (event.atMs < lastMs || key === lastKey) return;
    lastMs = event.atMs;
    lastKey = key;
    onEvent(event);
  };
  const follow = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const object of readObjects(source)) {
      const event = eventOf(object);
      if (event !== undefined) told(event, JSON.stringify(object));
    }
  };
  const open = () => options.engine.stream({ ...queryOf(options.label, { since: seconds(lastMs) }), signal });
  const first = await open();
  const run = async (): Promise<void> => {
    let source: AsyncIterable<Buffer> | undefined = first;
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      try {
        if (source === undefined) {
          source = await open();
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
  label: string,
  range: { readonly sinceMs: number; readonly untilMs: number },
): Promise<readonly EngineEvent[]> {
  const query = { since: seconds(range.sinceMs), until: seconds(range.untilMs) };
  const found: EngineEvent[] = [];
  const answer = await engine.stream({ ...queryOf(label, query), signal: AbortSignal.timeout(10_000) });
  for await (const object of readObjects(answer)) {
    const event = eventOf(object);
    if (event !== undefined) found.push(event);
  }
  return found;
}

function queryOf(label: string, query: Readonly<Record<string, string>>) {
  const filters = JSON.stringify({ type: ['container'], label: [label], event: actions });
  return { method: 'GET', path: '/events', query: { ...query, filters } } as const;
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
