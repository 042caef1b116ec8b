/**
 * Records what `MemoryTrace` objects ask for: readings at least once a second for a while, one recording per workload at a time. They are written as they
 * come, so that a restart of the gateway goes on with what is left of the time. Where a heap is allocated is not recorded.
 */
import {
  memoryTraceLimits,
  memoryTraceVersion,
  type ApiObject,
  type MemorySample,
  type MemoryTrace,
  type MemoryTraceSpec,
  type MemoryTraceStatus,
  type Workload,
} from '@openclaw/protocol';
import { sleep, type Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import type { Driver, UnitSample, UnitState } from '../drivers/driver.ts';
import type { WorkloadName } from '../insight.ts';
import type { KeptInstance } from '../metrics/history.ts';
import { pack, unpack } from '../metrics/packing.ts';
import { combine } from '../metrics/sampler.ts';
import type { ObjectChange, ResourceStore } from '../store/resource-store.ts';

export interface Recordings {
  /** Takes up what is asked for, and what an earlier process had begun. */
  start(): void;
  /** @throws OpenClawError `memory_trace_not_found`, `memory_trace_recording` */
  read(trace: WorkloadName, instance?: string): Promise<MemoryTrace>;
  close(): Promise<void>;
}

export interface RecordingsOptions {
  readonly store: ResourceStore;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly living: (workloadUid: string) => readonly { readonly driver: Driver; readonly state: UnitState }[];
  readonly factsOf: (instance: string) => Pick<KeptInstance, 'driver' | 'limitBytes' | 'requestBytes' | 'startedAtMs'> | undefined;
}

type TraceObject = ApiObject<MemoryTraceSpec, MemoryTraceStatus>;

/** Recordings at a time, of all workloads. */
const recordingLimit = 10;
/** What a crash may lose. */
const writeEveryMs = 5000;
const retryMs = 5000;

export function createRecordings(options: RecordingsOptions): Recordings {
  return new Recorder(options);
}

class Recorder implements Recordings {
  readonly #options: RecordingsOptions;
  readonly #end = new AbortController();
  /** By workload. */
  readonly #running = new Map<
    string,
    { readonly name: string; readonly uid: string; readonly end: AbortController; readonly done: Promise<void> }
  >();
  #following: Promise<void> = Promise.resolve();

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#following = this.#follow();
  }

  async read({ namespace, name }: WorkloadName, instance?: string): Promise<MemoryTrace> {
    const { store, database, factsOf } = this.#options;
    const object = (await store.get({ resource: 'memorytraces', namespace, name })) as TraceObject | undefined;
    if (!object?.spec) throw new OpenClawError('memory_trace_not_found', { details: { namespace, name } });
    const { spec, status } = object;
    const recorded = status?.instances ?? [];
    if (status?.phase !== 'Complete') {
      const samples = recorded.reduce((most, each) => Math.max(most, each.samples), 0);
      const progress = status?.phase === 'Failed' ? (status.message ?? 'it has failed') : `${samples} of ${samplesOf(spec)} samples`;
      throw new OpenClawError('memory_trace_recording', { details: { name, progress } });
    }
    const chosen = recorded.toSorted((a, b) => b.samples - a.samples).find((each) => instance === undefined || each.instance === instance);
    if (!chosen) throw new OpenClawError('memory_trace_not_found', { details: { namespace, name: instance ?? name } });
    const rows = await database.read({
      sql: 'SELECT samples FROM workload_recordings WHERE trace_uid = $1 AND instance = $2 ORDER BY from_at LIMIT 50000',
      params: [object.metadata.uid, chosen.instance],
    });
    const facts = factsOf(chosen.instance);
    return {
      ...{ version: memoryTraceVersion, workload: spec.workload, namespace, instance: chosen.instance, driver: facts?.driver ?? 'process' },
      ...(facts?.limitBytes === undefined ? {} : { limitBytes: facts.limitBytes }),
      ...(facts?.requestBytes === undefined ? {} : { requestBytes: facts.requestBytes }),
      ...(facts?.startedAtMs === undefined ? {} : { startedAt: facts.startedAtMs }),
      intervalMs: intervalOf(spec),
      samples: rows.flatMap((row) => unpack(String(row['samples']))),
    };
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#following;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #follow(): Promise<void> {
    const { store, clock, log } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await this.#forgetOrphans();
        for await (const change of store.watch({ resource: 'memorytraces', signal })) await this.#see(change);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('recordings of memory could not be followed; they are listed afresh', { error });
        await sleep(clock, retryMs, signal).catch(() => {});
      }
    }
  }

  async #see({ type, object }: ObjectChange): Promise<void> {
    if (type === 'DELETED') await this.#forget(object.metadata.uid);
    else await this.#take(object as TraceObject);
  }

  async #take(object: TraceObject): Promise<void> {
    const { spec, status, metadata } = object;
    const isOver = status?.phase === 'Complete' || status?.phase === 'Failed';
    if (!spec || isOver || [...this.#running.values()].some(({ uid }) => uid === metadata.uid)) return;
    const key = `${metadata.namespace ?? 'default'}/${spec.workload}`;
    const other = this.#running.get(key);
    if (other) return this.#fail(object, `${other.name} is being recorded of this workload; one at a time`);
    if (this.#running.size >= recordingLimit) return this.#fail(object, `${recordingLimit} recordings are under way; wait for one of them`);
    const end = new AbortController();
    const done = this.#record(object, AbortSignal.any([end.signal, this.#end.signal]))
      .catch(async (error: unknown) => {
        if (end.signal.aborted || this.#end.signal.aborted) return;
        this.#options.log.warn('a memory trace could not be recorded', { error, trace: metadata.name });
        await this.#fail(object, reasonOf(error)).catch(() => {});
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, { name: metadata.name, uid: metadata.uid, end, done });
  }

  async #record(object: TraceObject, signal: AbortSignal): Promise<void> {
    const { clock, store, living } = this.#options;
    const spec = object.spec!;
    const { uid, namespace = 'default' } = object.metadata;
    const workload = (await store.get({ resource: 'workloads', namespace, name: spec.workload })) as Workload | undefined;
    if (!workload) return this.#fail(object, `there is no workload ${spec.workload} in the namespace ${namespace}`);
    const startedAt = object.status?.startedAt ?? new Date(clock.now()).toISOString();
    const endsAtMs = Date.parse(startedAt) + spec.durationSeconds * 1000;
    const tape = new Tape(object.status);
    let writtenMs = clock.now();
    let telling: Promise<void> = Promise.resolve();
    const tell = async (phase: MemoryTraceStatus['phase']): Promise<void> => {
      await tape.write(this.#options.database, uid);
      const over = phase === 'Complete' ? { completedAt: new Date(clock.now()).toISOString() } : {};
      await this.#update(object, { phase, startedAt, ...over, instances: tape.instances() });
    };
    const unwritten = (error: unknown): void => this.#options.log.warn('readings of a memory trace could not be written yet', { error });
    await tell('Recording');
    while (!signal.aborted && clock.now() < endsAtMs && !tape.isFull) {
      const readings = await Promise.all(
        living(workload.metadata.uid).map(async ({ driver, state }) => [state, await driver.sample(state.id)] as const),
      );
      const read = readings.filter((each): each is readonly [UnitState, UnitSample] => each[1] !== undefined);
      for (const [instance, parts] of Map.groupBy(read, ([{ id }]) => id.instance)) tape.add(instance, combine(parts, clock.now()).sample);
      // Beside the readings: a slow disk must not make them fewer.
      if (clock.now() - writtenMs >= writeEveryMs) {
        writtenMs = clock.now();
        telling = telling.then(() => tell('Recording')).catch(unwritten);
      }
      await sleep(clock, Math.min(intervalOf(spec), Math.max(1, endsAtMs - clock.now())), signal).catch(() => {});
    }
    await telling;
    // The gateway ends: the next process goes on.
    if (this.#end.signal.aborted) return tape.write(this.#options.database, uid);
    if (!signal.aborted) await tell('Complete');
  }

  async #fail(object: TraceObject, message: string): Promise<void> {
    const at = new Date(this.#options.clock.now()).toISOString();
    const { startedAt = at, instances = [] } = object.status ?? {};
    await this.#update(object, { phase: 'Failed', message, startedAt, completedAt: at, instances });
  }

  async #update({ metadata }: TraceObject, status: MemoryTraceStatus): Promise<void> {
    const { namespace = 'default', name, uid } = metadata;
    try {
      await this.#options.store.update({ resource: 'memorytraces', namespace, name }, (current) => ({ ...current, status }), { uid });
    } catch (thrown) {
      // Deleted meanwhile: its recording ends with it.
      if (!(thrown instanceof OpenClawError) || !['workload_not_found', 'workload_conflict'].includes(thrown.code)) throw thrown;
    }
  }

  async #forget(uid: string): Promise<void> {
    for (const running of this.#running.values()) {
      if (running.uid !== uid) continue;
      running.end.abort();
      await running.done;
    }
    await this.#options.database.write({ statements: [{ sql: 'DELETE FROM workload_recordings WHERE trace_uid = $1', params: [uid] }] });
  }

  /** Of objects that were deleted while nobody watched. */
  async #forgetOrphans(): Promise<void> {
    const { store, database } = this.#options;
    const { items } = await store.list({ resource: 'memorytraces' });
    const known = new Set(items.map(({ metadata }) => metadata.uid));
    const rows = await database.read({ sql: 'SELECT DISTINCT trace_uid FROM workload_recordings ORDER BY trace_uid LIMIT 10000' });
    for (const uid of rows.map((row) => String(row['trace_uid']))) if (!known.has(uid)) await this.#forget(uid);
  }
}

/** What was read and is not written yet, and how much was read of each instance. */
class Tape {
  readonly #instances = new Map<string, { samples: number; latest?: MemorySample; unwritten: MemorySample[] }>();

  constructor(before: MemoryTraceStatus | undefined) {
    for (const { instance, samples, latest } of before?.instances ?? []) {
      this.#instances.set(instance, { samples, unwritten: [], ...(latest === undefined ? {} : { latest }) });
    }
  }

  get isFull(): boolean {
    return [...this.#instances.values()].some(({ samples }) => samples >= memoryTraceLimits.samples);
  }

  add(instance: string, sample: MemorySample): void {
    const known = this.#instances.get(instance) ?? { samples: 0, unwritten: [] };
    this.#instances.set(instance, known);
    if (sample.at <= (known.latest?.at ?? 0)) return;
    known.samples += 1;
    known.latest = sample;
    known.unwritten.push(sample);
  }

  instances(): MemoryTraceStatus['instances'] {
    return [...this.#instances].map(([instance, { samples, latest }]) => ({
      instance,
      samples,
      ...(latest === undefined ? {} : { latest }),
    }));
  }

  async write(database: Database, traceUid: string): Promise<void> {
    const parts = [...this.#instances].filter(([, { unwritten }]) => unwritten.length > 0);
    if (parts.length === 0) return;
    const statements = parts.map(([instance, { unwritten }]) => ({
      sql: 'INSERT INTO workload_recordings (trace_uid, instance, from_at, samples) VALUES ($1, $2, $3, $4)',
      params: [traceUid, instance, unwritten[0]!.at, pack(unwritten)],
    }));
    const written = parts.map(([, part]) => [part, part.unwritten.length] as const);
    await database.write({ statements });
    for (const [part, count] of written) part.unwritten = part.unwritten.slice(count);
  }
}

function intervalOf({ intervalSeconds }: MemoryTraceSpec): number {
  return Math.round(Math.min(Math.max(intervalSeconds, 0.1), 1) * 1000);
}

function samplesOf({ durationSeconds, ...spec }: MemoryTraceSpec): number {
  return Math.round((durationSeconds * 1000) / intervalOf({ durationSeconds, ...spec }));
}
