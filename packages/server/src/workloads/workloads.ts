/**
 * The part as a whole: controllers, readings, events, recordings and the answers about them, over the drivers and the store that it is given. It is made
 * once there is something for it to do.
 */
import type { DriverName, InstanceStatus } from '@openclaw/protocol';
import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Database } from '../storage/index.ts';
import { createControllers, type Controllers } from './controllers/controllers.ts';
import { createEntries } from './controllers/entry.ts';
import { createPortFinder } from './controllers/free-port.ts';
import { createLedgerStore } from './controllers/ledger-store.ts';
import { createProbes } from './controllers/probes.ts';
import { createSoftLimits, type SoftLimits } from './controllers/soft-limit.ts';
import { memoryLimitOf, memoryRequestOf, sumOf } from './controllers/template.ts';
import { createUnitBook, unitKey, type KnownUnit } from './controllers/unit-book.ts';
import type { SecretReader } from './controllers/unit-plan.ts';
import type { ControllerSettings, Host, World } from './controllers/world.ts';
import type { Driver, UnitEvent, UnitState } from './drivers/driver.ts';
import { createMemoryEvents, type ActiveRun, type LastReading, type MemoryEvents } from './events/memory-events.ts';
import { createRecorder, type Recorder } from './events/recorder.ts';
import { createRuntimeLines, type RuntimeLines } from './events/runtime-lines.ts';
import type { WorkloadInsight } from './insight.ts';
import { createInsight } from './insight/insight.ts';
import { createRecordings, type Recordings } from './insight/recordings.ts';
import type { Figures } from './metrics/figures.ts';
import { createHistory, type History, type HistoryRetention, type InstanceFacts } from './metrics/history.ts';
import { createSampler, type InstanceReading, type Sampler } from './metrics/sampler.ts';
import type { ResourceStore } from './store/resource-store.ts';

export interface WorkloadSettings extends ControllerSettings {
  readonly samplingIntervalMs: number;
  readonly retention: HistoryRetention;
}

export interface WorkloadsOptions {
  readonly store: ResourceStore;
  readonly database: Database;
  readonly drivers: readonly Driver[];
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => WorkloadSettings;
  readonly host: Host;
  readonly readSecret: SecretReader;
  /** Runs that use what is at one of these addresses at this moment: `127.0.0.1:8080`. */
  readonly activeRuns: (addresses: readonly string[]) => readonly ActiveRun[];
  readonly figures: Figures;
  readonly random: () => number;
}

export interface Workloads {
  readonly insight: WorkloadInsight;
  /** Takes over what runs, and does what is wanted from then on. */
  start(): Promise<void>;
  /** Settings have changed. */
  reconfigure(): void;
  /** For the check of health, in words; empty: all is well. */
  troubles(): readonly string[];
  /** Resolves when everything that was told has been looked at. */
  settled(): Promise<void>;
  /** Lets go of everything of this process. What runs goes on. */
  close(): Promise<void>;
}

const flushEveryMs = 60_000;
const ageEveryMs = 600_000;

export function createWorkloads(options: WorkloadsOptions): Workloads {
  return new Part(options);
}

class Part implements Workloads {
  readonly insight: WorkloadInsight;
  readonly #options: WorkloadsOptions;
  readonly #world: World;
  readonly #controllers: Controllers;
  readonly #lines: RuntimeLines;
  readonly #recorder: Recorder;
  readonly #history: History;
  readonly #sampler: Sampler;
  readonly #memoryEvents: MemoryEvents;
  readonly #softLimits: SoftLimits;
  readonly #recordings: Recordings;
  /** Units that we end for their memory. */
  readonly #endedForMemory = new Set<string>();
  /** Units whose end was told. */
  readonly #toldEnds = new Set<string>();
  #timers: readonly Timer[] = [];

  constructor(options: WorkloadsOptions) {
    this.#options = options;
    const { store, database, clock, log, figures, settings } = options;
    this.#lines = createRuntimeLines({ database, clock });
    this.#recorder = createRecorder({ store, lines: this.#lines, clock, log, counted: figures.events });
    this.#history = createHistory({ database, clock, log, retention: () => settings().retention });
    const end = new AbortController();
    this.#world = this.#createWorld(end.signal);
    const { book, ledgers } = this.#world;
    this.#memoryEvents = createMemoryEvents({
      ...{ recorder: this.#recorder, clock },
      activeRuns: ({ uid }) => options.activeRuns(this.#controllers.of(uid)?.addresses ?? []),
      readingOf: (state) => this.#lastReading(state),
      mark: (uid, instance, mark) => this.#history.mark(uid, instance, mark),
    });
    this.#controllers = createControllers({
      ...{ world: this.#world, end },
      onUnitEvent: (event) => this.#onUnitEvent(event),
    });
    this.#softLimits = createSoftLimits({
      ...{ clock, log },
      specOf: (uid) => this.#controllers.of(uid)?.spec,
      driverOf: (state) => this.#driverOf(book.get(state.id)),
      terminate: (state) => this.#terminate(state),
    });
    const living = (): ReturnType<Part['living']> => this.living();
    this.#sampler = createSampler({
      ...{ clock, log, living, intervalMs: () => settings().samplingIntervalMs },
      onUnit: (state, sample) => {
        this.#memoryEvents.sampled(state, sample);
        this.#softLimits.sampled(state, sample);
      },
      onInstance: (units, reading) => this.#keep(units, reading),
    });
    this.#recordings = createRecordings({
      ...{ store, database, clock, log },
      living: (uid) => living().filter(({ state }) => state.workload.uid === uid),
      factsOf: (instance) => this.#factsOf(instance),
    });
    this.insight = createInsight({
      ...{ store, ledgers, history: this.#history, book, lines: this.#lines, recordings: this.#recordings, clock },
      driverOf: (unit) => this.#driverOf(unit),
      ledgerOf: (uid) => this.#controllers.of(uid)?.ledger,
    });
  }

  async start(): Promise<void> {
    const { clock, figures } = this.#options;
    await this.#controllers.start();
    this.#recordings.start();
    this.#sampler.start();
    this.#timers = [clock.every(flushEveryMs, () => void this.#history.flush()), clock.every(ageEveryMs, () => void this.#age())];
    figures.follow({ instances: () => this.#figuresOfInstances(), workloads: () => this.#figuresOfWorkloads() });
  }

  reconfigure(): void {
    this.#controllers.hasten();
  }

  troubles(): readonly string[] {
    return this.#controllers.all().flatMap(({ owner, ledger, spec }) => {
      if (ledger === undefined || spec === undefined) return [];
      const troubled = ledger.instances.filter(({ containers }) =>
        containers.some(({ failures, refusal }) => failures > 0 || refusal !== undefined),
      );
      const waiting = troubled.filter(({ containers }) => containers.some(({ notBeforeMs }) => notBeforeMs !== undefined));
      if (waiting.length === 0) return [];
      return [`${owner.namespace}/${owner.name}: ${waiting.length} of ${spec.replicas} instances wait for another attempt`];
    });
  }

  async settled(): Promise<void> {
    await this.#controllers.settled();
    await this.#recorder.settled();
  }

  async close(): Promise<void> {
    this.#options.figures.follow(undefined);
    for (const timer of this.#timers) timer.cancel();
    await this.#sampler.close();
    await this.#recordings.close();
    await this.#controllers.close();
    await this.#recorder.settled();
    await this.#history.flush();
    await Promise.all(this.#options.drivers.map((driver) => driver.close()));
  }

  living(): readonly { readonly driver: Driver; readonly state: UnitState }[] {
    return this.#world.book.all().flatMap((unit) => {
      const driver = this.#driverOf(unit);
      return driver && unit.state.ended === undefined ? [{ driver, state: unit.state }] : [];
    });
  }

  #createWorld(signal: AbortSignal): World {
    const { store, database, drivers, clock, log, settings, host, readSecret, random } = this.#options;
    return {
      ...{ store, clock, log, settings, host, readSecret, random, signal },
      ledgers: createLedgerStore(database),
      drivers: new Map(drivers.map((driver): [DriverName, Driver] => [driver.name, driver])),
      book: createUnitBook(),
      probes: createProbes({ clock, onChange: (uid) => this.#controllers.trigger(uid) }),
      entries: createEntries(),
      freePort: createPortFinder(),
      happened: (subject, happening) => this.#recorder.happened(subject, happening),
      toldAll: async (uid) => {
        await this.#recorder.settled();
        this.#history.forget(uid);
        await this.#history.flush();
      },
      onUnit: (state, isNew) => this.#onUnit(state, isNew),
      onEnd: (state) => this.#tellEnd(state),
      memoryOf: (instance) => this.#memoryOf(instance),
      isEndedForMemory: (key) => this.#endedForMemory.has(key),
    };
  }

  #driverOf(unit: KnownUnit | undefined): Driver | undefined {
    return unit && this.#world.drivers.get(unit.driver);
  }

  #onUnit({ id, workload, revision }: UnitState, isNew: boolean): void {
    if (!isNew) return;
    const at = Math.round(this.#options.clock.now());
    const kind = id.attempt === 0 ? 'deployment' : 'restart';
    const text = kind === 'deployment' ? `revision ${revision}` : `attempt ${id.attempt} of ${id.container}`;
    this.#history.mark(workload.uid, id.instance, { at, kind, text });
  }

  #onUnitEvent(event: UnitEvent): void {
    if (event.kind === 'started') return;
    if (event.kind === 'ended') {
      this.#tellEnd(event.state);
      this.#softLimits.ended(event.state);
      return;
    }
    const known = this.#world.book.get(event.id);
    if (!known) return;
    this.#memoryEvents.outOfMemory(known.state, event);
    // What has lost a process is ended as a whole, as Kubernetes does: half of a program serves nobody.
    this.#terminate(known.state);
  }

  /** Once, whether the driver tells of it or a list after the gateway was away. */
  #tellEnd(state: UnitState): void {
    const key = unitKey(state.id);
    if (this.#toldEnds.has(key)) return;
    this.#toldEnds.add(key);
    this.#memoryEvents.ended(state, this.#endedForMemory.has(key));
  }

  #terminate(state: UnitState): void {
    const key = unitKey(state.id);
    const known = this.#world.book.get(state.id);
    if (known === undefined || known.state.ended !== undefined || this.#endedForMemory.has(key)) return;
    this.#endedForMemory.add(key);
    const graceMs = (this.#controllers.of(state.workload.uid)?.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
    this.#memoryEvents.terminating(state, graceMs);
    this.#driverOf(known)
      ?.stop(state.id, { graceMs, signal: new AbortController().signal })
      .then((ended) => {
        this.#world.book.take(known.driver, ended);
        this.#controllers.trigger(state.workload.uid);
      })
      .catch((error: unknown) =>
        this.#options.log.warn('a workload could not be ended for its memory', { error, instance: state.id.instance }),
      );
  }

  #keep(units: readonly UnitState[], { sample, ...reading }: InstanceReading): void {
    const [first] = units;
    const driver = first && this.#world.book.get(first.id)?.driver;
    if (!first || !driver) return;
    const containers = this.#controllers.of(first.workload.uid)?.spec?.containers ?? [];
    const requestBytes = sumOf(containers, memoryRequestOf);
    const facts: InstanceFacts = {
      ...{ driver, limits: first.limits, startedAtMs: first.startedAtMs },
      ...(reading.limitBytes === undefined ? {} : { limitBytes: reading.limitBytes }),
      ...(requestBytes === undefined ? {} : { requestBytes }),
    };
    this.#history.add(first.workload.uid, first.id.instance, { sample, facts });
  }

  #factsOf(instance: string): InstanceFacts | undefined {
    const unit = this.#world.book.all().find(({ state }) => state.id.instance === instance && state.ended === undefined);
    if (!unit) return undefined;
    const limitBytes = this.#sampler.latest(instance)?.limitBytes;
    const requestBytes = sumOf(this.#controllers.of(unit.state.workload.uid)?.spec?.containers ?? [], memoryRequestOf);
    return {
      ...{ driver: unit.driver, limits: unit.state.limits, startedAtMs: unit.state.startedAtMs },
      ...(limitBytes === undefined ? {} : { limitBytes }),
      ...(requestBytes === undefined ? {} : { requestBytes }),
    };
  }

  #memoryOf(instance: string): InstanceStatus['memory'] {
    const reading = this.#sampler.latest(instance);
    if (reading === undefined) return undefined;
    const { sample, peakBytes, limitBytes } = reading;
    return { current: sample.usageBytes, peak: peakBytes, ...(limitBytes === undefined ? {} : { limit: limitBytes }) };
  }

  /** What is known of a unit that ended before anybody could ask: its last reading, and the limit of its spec. */
  #lastReading({ id, workload }: UnitState): LastReading {
    const container = this.#controllers.of(workload.uid)?.spec?.containers.find(({ name }) => name === id.container);
    const sample = this.#sampler.latestOfUnit(unitKey(id));
    const limitBytes = sample?.limitBytes ?? (container === undefined ? undefined : memoryLimitOf(container));
    return { usedBytes: sample?.usageBytes, limitBytes };
  }

  async #age(): Promise<void> {
    try {
      await this.#history.age();
      await this.#lines.tidy();
      this.#recorder.tidy();
    } catch (error) {
      this.#options.log.warn('old readings of workloads could not be made fewer; it is tried again', { error });
    }
    const known = new Set(this.#world.book.all().map(({ state }) => unitKey(state.id)));
    for (const keys of [this.#endedForMemory, this.#toldEnds]) for (const key of keys) if (!known.has(key)) keys.delete(key);
  }

  *#figuresOfInstances() {
    for (const { owner, ledger } of this.#controllers.all()) {
      for (const { id, containers } of ledger?.instances ?? []) {
        const restarts = containers.reduce((sum, { attempt }) => sum + attempt, 0);
        yield { namespace: owner.namespace, workload: owner.name, instance: id, reading: this.#sampler.latest(id), restarts };
      }
    }
  }

  *#figuresOfWorkloads() {
    for (const { owner, ledger, spec } of this.#controllers.all()) {
      if (ledger === undefined || spec === undefined) continue;
      const restarts = ledger.instances
        .flatMap(({ containers }) => containers)
        .reduce((sum, { attempt }) => sum + attempt, ledger.earlierRestarts);
      yield { namespace: owner.namespace, workload: owner.name, replicas: spec.replicas, ready: this.#readyOf(owner.uid), restarts };
    }
  }

  #readyOf(uid: string): number {
    return this.#controllers.of(uid)?.ready ?? 0;
  }
}
