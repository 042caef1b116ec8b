/** Connections per caller over time: whether they grow and grow, as they do where a client opens one per request and closes none. */
import { BoundedMap } from './bounded-map.ts';

export interface CallerConnections {
  readonly caller: string;
  readonly open: number;
  /** At the beginning of the growth. */
  readonly before: number;
  /** How long they have grown without ever falling back; 0 where they do not grow. */
  readonly growingMs: number;
}

export interface ConnectionWatch {
  /** Looks once; the caller chooses when. */
  sample(open: ReadonlyMap<string, number>, nowMs: number): void;
  callers(): CallerConnections[];
}

const callerLimit = 200;
const samplesKept = 30;
/** What falls back by more than this was no leak. */
const fallBackShare = 0.9;
/** A caller that has had so many looks without growth has found its plateau. */
const plateauSamples = 5;

interface Sample {
  readonly atMs: number;
  readonly open: number;
}

export function createConnectionWatch(): ConnectionWatch {
  const callers = new BoundedMap<Sample[]>(callerLimit);
  return {
    sample(open, nowMs) {
      for (const [caller, samples] of callers.entries()) if (!open.has(caller)) add(samples, { atMs: nowMs, open: 0 });
      for (const [caller, count] of open)
        add(
          callers.use(caller, () => []),
          { atMs: nowMs, open: count },
        );
      for (const [caller, samples] of [...callers.entries()]) if (samples.every((sample) => sample.open === 0)) callers.delete(caller);
    },
    callers: () => Array.from(callers.entries(), ([caller, samples]) => growthOf(caller, samples)),
  };
}

function add(samples: Sample[], sample: Sample): void {
  samples.push(sample);
  if (samples.length > samplesKept) samples.shift();
}

function growthOf(caller: string, samples: readonly Sample[]): CallerConnections {
  const last = samples.at(-1) ?? { atMs: 0, open: 0 };
  const none = { caller, open: last.open, before: last.open, growingMs: 0 };
  const recent = samples.at(-plateauSamples);
  if (recent === undefined || recent.open >= last.open) return none;
  let first = samples.length - 1;
  while (first > 0 && samples[first - 1]!.open * fallBackShare <= samples[first]!.open) first -= 1;
  const begin = samples[first]!;
  return { caller, open: last.open, before: begin.open, growingMs: last.atMs - begin.atMs };
}
