/**
 * A machine in memory that obeys the contract of drivers, for tests of what decides about units: it outlives the gateways that start things on it, and
 * units end when the test says so.
 */
import type { DriverName } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Driver, OutputLine, UnitEnd, UnitEvent, UnitId, UnitPlan, UnitSample, UnitState } from './drivers/driver.ts';

export interface FakeUnit {
  readonly plan: UnitPlan;
  state: UnitState;
  usageBytes: number;
  readonly signals: string[];
  readonly lines: OutputLine[];
  /** Ignores SIGTERM until the grace period is over. */
  isStubborn: boolean;
}

export interface FakeHost {
  /** Another process on the same machine. */
  driver(): Driver;
  readonly units: ReadonlyMap<string, FakeUnit>;
  living(): readonly FakeUnit[];
  /** Ended by itself. */
  end(unit: FakeUnit, end?: Partial<UnitEnd>): void;
  /** The kernel ends a process of it for its memory, and, without `survives`, all of it. */
  exceed(unit: FakeUnit, options?: { readonly survives?: boolean }): void;
  /** Containers of which a start fails. */
  readonly refused: Set<string>;
  /** Why nothing can run; undefined: all is well. */
  unusable: string | undefined;
  /** How often each unit was really started. */
  readonly starts: ReadonlyMap<string, number>;
  /** Exit codes of commands inside units. */
  runExitCode: number;
}

const keyOf = ({ instance, container, attempt }: UnitId): string => `${instance}/${container}/${attempt}`;

export function createFakeHost(clock: Clock, name: DriverName = 'process'): FakeHost {
  const units = new Map<string, FakeUnit>();
  const starts = new Map<string, number>();
  const listeners = new Set<(event: UnitEvent) => void>();
  const emit = (event: UnitEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const finish = (unit: FakeUnit, end: Partial<UnitEnd> = {}): UnitState => {
    if (unit.state.ended !== undefined) return unit.state;
    const ended: UnitEnd = { atMs: clock.now(), exitCode: 0, outOfMemory: false, how: 'by itself', ...end };
    unit.state = { ...unit.state, ended };
    emit({ kind: 'ended', atMs: ended.atMs, state: unit.state });
    return unit.state;
  };
  const host: FakeHost = {
    units,
    starts,
    refused: new Set(),
    unusable: undefined,
    runExitCode: 0,
    living: () => [...units.values()].filter(({ state }) => state.ended === undefined),
    end: (unit, end) => void finish(unit, end),
    exceed(unit, { survives = false } = {}) {
      const limitBytes = unit.plan.memoryLimitBytes ?? 0;
      // The kernel has acted already: no signal that comes after it changes how it ends.
      if (!survives) unit.isStubborn = true;
      emit({ kind: 'outOfMemory', atMs: clock.now(), id: unit.state.id, usedBytes: limitBytes, limitBytes });
      if (!survives) finish(unit, { exitCode: 137, signal: 'SIGKILL', outOfMemory: true });
    },
    driver: () => driverOf({ host, units, starts, listeners, emit, finish, clock, name }),
  };
  return host;
}

interface Machine {
  readonly host: FakeHost;
  readonly units: Map<string, FakeUnit>;
  readonly starts: Map<string, number>;
  readonly listeners: Set<(event: UnitEvent) => void>;
  readonly emit: (event: UnitEvent) => void;
  readonly finish: (unit: FakeUnit, end?: Partial<UnitEnd>) => UnitState;
  readonly clock: Clock;
  readonly name: DriverName;
}

function driverOf({ host, units, starts, listeners, emit, finish, clock, name }: Machine): Driver {
  const own = new Set<(event: UnitEvent) => void>();
  const find = (id: UnitId): FakeUnit => {
    const unit = units.get(keyOf(id));
    if (!unit)
      throw new OpenClawError('workload_cannot_run', {
        details: { container: id.container, workload: id.instance, reason: 'there is no such unit' },
      });
    return unit;
  };
  return {
    name,
    available: async () => (host.unusable === undefined ? { usable: true, limits: 'kernel' } : { usable: false, reason: host.unusable }),
    async list() {
      if (host.unusable !== undefined)
        throw new OpenClawError('workload_driver_unavailable', { details: { driver: name, reason: host.unusable } });
      return [...units.values()].map(({ state }) => state);
    },
    async start(plan) {
      const key = keyOf(plan.id);
      const known = units.get(key);
      if (known) return known.state;
      if (host.refused.has(plan.id.container)) {
        const details = { container: plan.id.container, workload: plan.workload.name, reason: 'no such command' };
        throw new OpenClawError('workload_cannot_run', { details });
      }
      starts.set(key, (starts.get(key) ?? 0) + 1);
      const { id, workload, revision, ports } = plan;
      const state: UnitState = { id, workload, revision, ports, startedAtMs: clock.now(), limits: 'kernel' };
      units.set(key, { plan, state, usageBytes: 0, signals: [], lines: [], isStubborn: false });
      emit({ kind: 'started', atMs: clock.now(), state });
      return state;
    },
    async stop(id, { graceMs }) {
      const unit = find(id);
      if (unit.state.ended !== undefined) return unit.state;
      unit.signals.push('SIGTERM');
      if (!unit.isStubborn) return finish(unit, { exitCode: 143, signal: 'SIGTERM', how: 'stopped' });
      const { promise, resolve } = Promise.withResolvers<UnitState>();
      clock.after(graceMs, () => resolve(finish(unit, { exitCode: 137, signal: 'SIGKILL', how: 'stopped' })));
      return promise;
    },
    signal: async (id, signal) => void find(id).signals.push(signal),
    async remove(id) {
      units.delete(keyOf(id));
    },
    observe(listener) {
      listeners.add(listener);
      own.add(listener);
      return () => void listeners.delete(listener);
    },
    sample: async (id) => sampleOf(units.get(keyOf(id)), clock.now()),
    memoryMap: async (id) => (units.get(keyOf(id))?.state.ended === undefined ? mapAt(clock.now()) : undefined),
    async *output(id, { sinceMs = 0, tailLines }) {
      const lines = (units.get(keyOf(id))?.lines ?? []).filter(({ atMs }) => atMs >= sinceMs);
      yield* tailLines === undefined ? lines : tailLines === 0 ? [] : lines.slice(-tailLines);
    },
    run: async () => ({ exitCode: host.runExitCode, output: '' }),
    async close() {
      for (const listener of own) listeners.delete(listener);
    },
  };
}

function sampleOf(unit: FakeUnit | undefined, at: number): UnitSample | undefined {
  if (!unit || unit.state.ended !== undefined) return undefined;
  const bytes = unit.usageBytes;
  return {
    ...{
      at,
      usageBytes: bytes,
      workingSetBytes: bytes,
      rssBytes: bytes,
      anonymousBytes: bytes,
      fileBytes: 0,
      swapBytes: 0,
      peakBytes: bytes,
    },
    ...(unit.plan.memoryLimitBytes === undefined ? {} : { limitBytes: unit.plan.memoryLimitBytes }),
    ...{ outOfMemoryKills: 0, majorFaults: 0, processes: 1, cpuSeconds: 1 },
  };
}

function mapAt(at: number) {
  const kinds = { heapBytes: 4096, stackBytes: 0, anonymousBytes: 0, sharedBytes: 0, fileBytes: 0, pageCacheBytes: 0, kernelBytes: 0 };
  return { at, ...kinds, totalBytes: 4096, threads: 1, sharedRegions: 0, processes: [{ pid: 1, command: 'fake', rssBytes: 4096 }] };
}
