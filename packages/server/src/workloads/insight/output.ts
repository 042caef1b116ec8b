/**
 * What all units of a workload said, and what OpenClaw said of it, in the order of time. What is followed is put in order as far as it comes at about the
 * same moment; nothing is held back for longer.
 *
 * It reads what drivers keep: of a unit that is gone as long as they keep it.
 */
import type { Clock } from '../../core/clock.ts';
import { sleep } from '../../core/clock.ts';
import type { Driver, UnitState } from '../drivers/driver.ts';
import type { KeptLine } from '../events/runtime-lines.ts';
import type { OutputQuery, WorkloadLine } from '../insight.ts';

export interface OutputSources {
  readonly clock: Clock;
  /** Units that the question is about, those that live and those that have ended. */
  readonly units: () => readonly { readonly driver: Driver; readonly state: UnitState }[];
  readonly runtimeLines: (sinceMs: number) => Promise<readonly KeptLine[]>;
  readonly observeRuntime: (listener: (line: KeptLine) => void) => () => void;
}

/** Lines of several units are put in order within this time. */
const gatherMs = 100;
/** Units that have started since are looked for so often. */
const lookMs = 1000;
/** Lines that wait for a reader; with more, units wait with theirs. */
const heldLines = 2000;

export async function* mergedOutput(sources: OutputSources, query: OutputQuery): AsyncIterable<WorkloadLine> {
  const sinceMs = query.sinceMs ?? 0;
  // From here on what OpenClaw says is followed: nothing is lost between the two.
  const fresh: KeptLine[] = [];
  const unobserve = query.follow ? sources.observeRuntime((line) => void (fresh.length < heldLines && fresh.push(line))) : () => {};
  try {
    if (!query.follow) return yield* whatIsThere(sources, query);
    const kept = query.previous ? [] : (await sources.runtimeLines(sinceMs)).filter((line) => isAsked(line, query));
    yield* followed(sources, { query, kept, fresh });
  } finally {
    unobserve();
  }
}

async function* whatIsThere(sources: OutputSources, query: OutputQuery): AsyncIterable<WorkloadLine> {
  const { sinceMs = 0, tailLines, signal } = query;
  const said = query.previous ? [] : (await sources.runtimeLines(sinceMs)).filter((line) => isAsked(line, query)).map(fromRuntime);
  const options = {
    follow: false,
    signal,
    ...(query.sinceMs === undefined ? {} : { sinceMs }),
    ...(tailLines === undefined ? {} : { tailLines }),
  };
  const inputs = [ofList(said), ...sources.units().map(({ driver, state }) => ofUnit(driver.output(state.id, options), state))];
  const merged = inOrder(inputs);
  if (tailLines === undefined) return yield* merged;
  const last: WorkloadLine[] = [];
  for await (const line of merged) {
    last.push(line);
    if (last.length > tailLines) last.shift();
  }
  yield* last;
}

interface Following {
  readonly query: OutputQuery;
  readonly kept: readonly KeptLine[];
  readonly fresh: KeptLine[];
}

async function* followed(sources: OutputSources, { query, kept, fresh }: Following): AsyncIterable<WorkloadLine> {
  const { clock } = sources;
  const end = new AbortController();
  const signal = AbortSignal.any([query.signal, end.signal]);
  const known = new Set<string>();
  let waiting: WorkloadLine[] = kept.map(fromRuntime);
  let isFirst = true;

  const read = async (input: AsyncIterable<WorkloadLine>): Promise<void> => {
    for await (const line of input) {
      while (waiting.length >= heldLines && !signal.aborted) await sleep(clock, gatherMs, signal).catch(() => {});
      if (signal.aborted) return;
      waiting.push(line);
    }
  };
  const join = (): void => {
    for (const { driver, state } of sources.units()) {
      const key = `${state.id.instance}/${state.id.container}/${state.id.attempt}`;
      if (known.has(key)) continue;
      known.add(key);
      const since = query.sinceMs === undefined ? {} : { sinceMs: query.sinceMs };
      const tail = query.tailLines === undefined || !isFirst ? {} : { tailLines: query.tailLines };
      // One that ends badly ends alone: the others are followed on.
      read(ofUnit(driver.output(state.id, { follow: true, signal, ...since, ...tail }), state)).catch(() => {});
    }
  };

  try {
    for (let turn = 0; !signal.aborted; turn += 1) {
      if (turn % (lookMs / gatherMs) === 0) join();
      await sleep(clock, gatherMs, signal).catch(() => {});
      waiting.push(
        ...fresh
          .splice(0)
          .filter((line) => isAsked(line, query))
          .map(fromRuntime),
      );
      const ready = waiting.toSorted((a, b) => a.atMs - b.atMs);
      waiting = [];
      yield* isFirst && query.tailLines !== undefined ? ready.slice(Math.max(0, ready.length - query.tailLines)) : ready;
      isFirst = false;
    }
  } finally {
    end.abort();
  }
}

/** Of inputs that are in order each, one that is in order. */
async function* inOrder(inputs: readonly AsyncIterable<WorkloadLine>[]): AsyncIterable<WorkloadLine> {
  const iterators = inputs.map((input) => input[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (let index = earliest(heads); index !== undefined; index = earliest(heads)) {
      yield heads[index]!.value;
      heads[index] = await iterators[index]!.next();
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

function earliest(heads: readonly IteratorResult<WorkloadLine, WorkloadLine>[]): number | undefined {
  return heads.reduce<number | undefined>((best, { done, value }, index) => {
    if (done === true) return best;
    return best === undefined || value.atMs < heads[best]!.value.atMs ? index : best;
  }, undefined);
}

async function* ofUnit(lines: ReturnType<Driver['output']>, { id }: UnitState): AsyncIterable<WorkloadLine> {
  for await (const { atMs, stream, text } of lines) yield { atMs, stream, text, instance: id.instance, container: id.container };
}

async function* ofList(lines: readonly WorkloadLine[]): AsyncIterable<WorkloadLine> {
  yield* lines;
}

function fromRuntime({ atMs, instance, container, text }: KeptLine): WorkloadLine {
  return { atMs, stream: 'runtime', instance, container, text };
}

function isAsked(line: KeptLine, { instance, container }: OutputQuery): boolean {
  return (instance === undefined || line.instance === instance) && (container === undefined || line.container === container);
}
