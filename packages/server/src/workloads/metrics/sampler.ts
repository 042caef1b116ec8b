/**
 * Reads every living unit every five seconds: one owner, so many at a time, and never a second round before the first has ended. Who is told of a reading
 * is handed in; it keeps only the latest of each.
 */
import type { MemorySample } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Driver, UnitSample, UnitState } from '../drivers/driver.ts';

export interface LivingUnit {
  readonly driver: Driver;
  readonly state: UnitState;
}

export interface SamplerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: () => number;
  readonly living: () => readonly LivingUnit[];
  readonly onUnit: (state: UnitState, sample: UnitSample) => void;
  /** All units of an instance together. */
  readonly onInstance: (units: readonly UnitState[], reading: InstanceReading) => void;
}

export interface InstanceReading {
  readonly sample: MemorySample;
  readonly peakBytes: number;
  readonly limitBytes: number | undefined;
  readonly outOfMemoryKills: number;
}

export interface Sampler {
  start(): void;
  /** The latest of an instance that lives. */
  latest(instance: string): InstanceReading | undefined;
  /** Of one unit. */
  latestOfUnit(key: string): UnitSample | undefined;
  /** Reads everything once, now. */
  round(): Promise<void>;
  close(): Promise<void>;
}

/** Readings of Docker travel over a socket; those of processes are done before one could wait. */
const atOnce = 16;

export function createSampler(options: SamplerOptions): Sampler {
  const { clock, log, living, onUnit, onInstance } = options;
  let latest = new Map<string, InstanceReading>();
  let latestUnits = new Map<string, UnitSample>();
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let closed = false;
  let complained = false;

  const read = async ({ driver, state }: LivingUnit): Promise<readonly [UnitState, UnitSample] | undefined> => {
    try {
      const sample = await driver.sample(state.id);
      complained = false;
      return sample && [state, sample];
    } catch (error) {
      if (!complained) log.warn('a workload could not be measured', { error, instance: state.id.instance });
      complained = true;
      return undefined;
    }
  };

  const readAll = async (): Promise<void> => {
    const found = await readSome(living(), read);
    if (closed) return;
    latestUnits = new Map(found.map(([{ id }, sample]) => [`${id.instance}/${id.container}/${id.attempt}`, sample]));
    for (const [state, sample] of found) onUnit(state, sample);
    const instances = Map.groupBy(found, ([{ id }]) => id.instance);
    latest = new Map([...instances].map(([instance, parts]) => [instance, combine(parts, clock.now())]));
    for (const [instance, parts] of instances)
      onInstance(
        parts.map(([state]) => state),
        latest.get(instance)!,
      );
  };

  const round = (): Promise<void> => (running ??= readAll().finally(() => (running = undefined)));

  const schedule = (): void => {
    timer = clock.after(options.intervalMs(), () => {
      void round().finally(() => {
        if (!closed) schedule();
      });
    });
  };

  return {
    start: schedule,
    latest: (instance) => latest.get(instance),
    latestOfUnit: (key) => latestUnits.get(key),
    round,
    async close() {
      closed = true;
      timer?.cancel();
      await running;
    },
  };
}

type Reading = readonly [UnitState, UnitSample];

async function readSome(
  units: readonly LivingUnit[],
  read: (unit: LivingUnit) => Promise<Reading | undefined>,
): Promise<readonly Reading[]> {
  const found: Reading[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < units.length) {
      const reading = await read(units[next++]!);
      if (reading) found.push(reading);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, units.length) }, worker));
  return found;
}

/** Of several containers the sum; their shares of waiting time are the largest of them. */
export function combine(parts: readonly (readonly [UnitState, UnitSample])[], nowMs: number): InstanceReading {
  const samples = parts.map(([, sample]) => sample);
  const sum = (of: (sample: UnitSample) => number): number => samples.reduce((total, sample) => total + of(sample), 0);
  const some = (of: (sample: UnitSample) => number | undefined): number | undefined =>
    samples.reduce<number | undefined>((total, sample) => (of(sample) === undefined ? total : (total ?? 0) + of(sample)!), undefined);
  const optional = {
    heapAfterGcBytes: some(({ heapAfterGcBytes }) => heapAfterGcBytes),
    externalBytes: some(({ externalBytes }) => externalBytes),
    requests: some(({ requests }) => requests),
    threads: some(({ threads }) => threads),
    fileDescriptors: some(({ fileDescriptors }) => fileDescriptors),
    sockets: some(({ sockets }) => sockets),
    cpuSeconds: some(({ cpuSeconds }) => cpuSeconds),
  };
  const waits = samples.flatMap(({ psi }) => (psi === undefined ? [] : [psi]));
  const psi = { some: Math.max(0, ...waits.map((each) => each.some)), full: Math.max(0, ...waits.map((each) => each.full)) };
  const sample: MemorySample = {
    at: Math.round(Math.max(nowMs - 60_000, ...samples.map(({ at }) => at))),
    usageBytes: sum(({ usageBytes }) => usageBytes),
    workingSetBytes: sum(({ workingSetBytes }) => workingSetBytes),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    anonymousBytes: sum(({ anonymousBytes }) => anonymousBytes),
    fileBytes: sum(({ fileBytes }) => fileBytes),
    swapBytes: sum(({ swapBytes }) => swapBytes),
    restarts: parts.reduce((total, [{ id }]) => total + id.attempt, 0),
    ...(waits.length > 0 ? { psi } : {}),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
  return {
    sample,
    peakBytes: sum(({ peakBytes }) => peakBytes),
    limitBytes: samples.every(({ limitBytes }) => limitBytes !== undefined) ? sum(({ limitBytes }) => limitBytes ?? 0) : undefined,
    outOfMemoryKills: sum(({ outOfMemoryKills }) => outOfMemoryKills),
  };
}
