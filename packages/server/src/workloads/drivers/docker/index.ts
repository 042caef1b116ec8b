/**
 * The Docker driver: units as containers of a Docker Engine on this machine. See `docs/workloads-docker.md`.
 *
 * The engine keeps all that a crash of the gateway could lose: labels say whose a container is, its name is taken for as long as it is there, and so no unit runs twice. Of a
 * whole state directory there may be one driver at a time; the lock of the state directory sees to that.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../../core/errors.ts';
import { ownerDigest } from '../../../core/processes/mark.ts';
import type { Availability, Driver, OutputLine, UnitEvent, UnitId, UnitPlan, UnitState } from '../driver.ts';
import { checkProgram } from './check-program.ts';
import { ContainerUnit } from './container-unit.ts';
import { containerName, containerOf, type Inspected, ownerLabel, stateOf } from './container.ts';
import { Engine, EngineError, isConflict, isMissing } from '../../../docker-engine/engine.ts';
import { type EngineEvent, type EventFilters, type EventStream, openEventStream, pastEvents } from '../../../docker-engine/event-stream.ts';
import { fetchImage, type PullPolicy } from './image.ts';
import { readOutput } from './output.ts';
import { runInside } from './run-inside.ts';

export interface DockerDriverOptions {
  /** Whose the containers are; nothing but a note that there are any lies in it. */
  readonly directory: string;
  readonly clock: Clock;
  /** Of the engine. @default `/var/run/docker.sock` */
  readonly socketPath?: string;
  /** What becomes of images that are not on this machine. @default never fetched */
  readonly pull?: () => PullPolicy;
  /** Of the output that is kept. */
  readonly log?: { readonly fileBytes: number; readonly files: number };
  /** Processes and threads of one unit. @default 4096 */
  readonly processLimit?: number;
}

export const dockerDriverDefaults = {
  socketPath: '/var/run/docker.sock',
  processLimit: 4096,
  log: { fileBytes: 4 * 2 ** 20, files: 3 },
} as const;

/** How long an answer is believed. */
const availabilityMs = 5000;
/** One that hangs must not keep the other drivers waiting. */
const availabilityLimitMs = 5000;

/** Nobody is asked before there is something to ask. */
export function createDockerDriver(options: DockerDriverOptions): Driver {
  return new DockerDriver(options);
}

class DockerDriver implements Driver {
  readonly name = 'docker';
  readonly #options: DockerDriverOptions;
  readonly #owner: string;
  readonly #label: string;
  readonly #engine: Engine;
  readonly #listeners = new Set<(event: UnitEvent) => void>();
  /** By the name of the container. */
  readonly #units = new Map<string, ContainerUnit>();
  readonly #starting = new Map<string, Promise<UnitState>>();
  readonly #closed = new AbortController();
  #adopted: Promise<EventStream> | undefined;
  #available: { readonly found: Promise<Availability>; readonly untilMs: number } | undefined;

  constructor(options: DockerDriverOptions) {
    this.#options = options;
    this.#owner = ownerDigest(options.directory);
    this.#label = ownerLabel(this.#owner);
    this.#engine = new Engine(options.socketPath ?? dockerDriverDefaults.socketPath);
  }

  available(): Promise<Availability> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#available === undefined || nowMs >= this.#available.untilMs)
      this.#available = { found: this.#examine(), untilMs: nowMs + availabilityMs };
    return this.#available.found;
  }

  async list(): Promise<readonly UnitState[]> {
    try {
      await this.#adopt();
    } catch (thrown) {
      // Where nothing was ever started there is nothing, with or without an engine.
      if (!existsSync(this.#mark) && thrown instanceof OpenClawError && thrown.code === 'workload_driver_unavailable') return [];
      throw thrown;
    }
    return [...this.#units.values()].flatMap(({ state }) => (state === undefined ? [] : [state]));
  }

  async start(plan: UnitPlan, signal: AbortSignal): Promise<UnitState> {
    await this.#adopt();
    const name = containerName(this.#owner, plan.id);
    const there = this.#starting.get(name);
    if (there !== undefined) return there;
    const state = this.#units.get(name)?.state;
    if (state !== undefined) return state;
    // Whoever asks a second time meanwhile waits for the same.
    const starting = this.#start(plan, name, signal).finally(() => this.#starting.delete(name));
    this.#starting.set(name, starting);
    return starting;
  }

  async stop(id: UnitId, options: Parameters<Driver['stop']>[1]): Promise<UnitState> {
    const unit = await this.#find(id);
    return this.#asked(() => unit.stop(options));
  }

  async signal(id: UnitId, signal: string): Promise<void> {
    const unit = await this.#find(id);
    if (!Object.hasOwn(constants.signals, signal))
      throw new OpenClawError('invalid_request', { details: { path: 'signal', reason: `there is no signal ${signal}` } });
    await this.#asked(() => unit.signal(signal));
  }

  async remove(id: UnitId): Promise<void> {
    await this.#adopt();
    const name = containerName(this.#owner, id);
    const unit = this.#units.get(name);
    if (unit === undefined) return;
    if (!unit.hasEnded) throw cannot(id, 'it still runs, and is removed once it has ended');
    await this.#asked(() => this.#removeContainer(unit.containerId, true));
    this.#units.delete(name);
  }

  observe(listener: (event: UnitEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async sample(id: UnitId): ReturnType<Driver['sample']> {
    const unit = await this.#findLiving(id);
    return unit && this.#reading(unit, () => unit.reader.sample());
  }

  async memoryMap(id: UnitId, signal: AbortSignal): ReturnType<Driver['memoryMap']> {
    const unit = await this.#findLiving(id);
    return unit && this.#reading(unit, () => unit.reader.memoryMap(signal));
  }

  async *output(id: UnitId, options: Parameters<Driver['output']>[1]): AsyncIterable<OutputLine> {
    const { containerId } = await this.#find(id);
    try {
      yield* readOutput(this.#engine, containerId, { ...options, signal: AbortSignal.any([options.signal, this.#closed.signal]) });
    } catch (thrown) {
      // Somebody has removed the container, and its output with it.
      if (!isMissing(thrown)) throw unavailable(thrown);
    }
  }

  async run(id: UnitId, command: readonly string[], options: Parameters<Driver['run']>[2]): ReturnType<Driver['run']> {
    const unit = await this.#find(id);
    if (unit.hasEnded) throw cannot(id, 'it has ended, and nothing can be run inside');
    try {
      return await runInside(this.#engine, unit.containerId, { ...options, command });
    } catch (thrown) {
      if (isConflict(thrown) || isMissing(thrown)) throw cannot(id, 'it has ended, and nothing can be run inside', thrown);
      throw unavailable(thrown);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#engine.close();
    for (const unit of this.#units.values()) unit.close();
    await Promise.allSettled([this.#adopted?.then(({ ended }) => ended), ...this.#starting.values()]);
    this.#listeners.clear();
  }

  get #mark(): string {
    return join(this.#options.directory, 'docker');
  }

  async #examine(): Promise<Availability> {
    try {
      const signal = AbortSignal.timeout(availabilityLimitMs);
      const info = (await this.#engine.json({ method: 'GET', path: '/info', signal })) as EngineInfo;
      if (info.OSType !== 'linux') return { usable: false, reason: `its containers are of ${info.OSType}, and Linux is needed` };
      if (!info.MemoryLimit) return { usable: false, reason: 'its kernel holds no limits of memory; `docker info` says what is missing' };
      const note = info.SwapLimit ? {} : { note: 'its kernel does not count swap: a unit may use some beyond its limit' };
      return { usable: true, limits: 'kernel', ...note };
    } catch (thrown) {
      return {
        usable: false,
        reason: reasonOf(thrown),
      };
    }
  }

  async #start(plan: UnitPlan, name: string, signal: AbortSignal): Promise<UnitState> {
    try {
      const unit = await this.#create(plan, name, signal);
      if (unit.state !== undefined) return unit.state;
      return await this.#begin(plan.id, unit);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      if (thrown.status === undefined || thrown.status === 503) throw unavailable(thrown);
      throw cannot(plan.id, thrown.message, thrown);
    }
  }

  /** A container that was made and not started, or one that was there before. */
  async #create(plan: UnitPlan, name: string, signal: AbortSignal): Promise<ContainerUnit> {
    const { image } = plan;
    if (image === undefined) throw cannot(plan.id, 'the driver docker needs an image');
    await mkdir(this.#mark, { recursive: true, mode: 0o700 });
    const { processLimit = dockerDriverDefaults.processLimit, log = dockerDriverDefaults.log } = this.#options;
    const body = containerOf(plan, { owner: this.#owner, processLimit, log });
    const create = () => this.#engine.json({ method: 'POST', path: '/containers/create', query: { name }, body, signal });
    let made: unknown;
    try {
      made = await create().catch(async (thrown: unknown) => {
        if (!isMissing(thrown)) throw thrown;
        await fetchImage(this.#engine, image, { policy: this.#options.pull?.() ?? 'never', signal });
        return create();
      });
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
      const there = await this.#takeUp(name);
      if (there !== undefined) return there;
      made = await create();
    }
    const unit = this.#unitOf((made as { readonly Id: string }).Id);
    this.#units.set(name, unit);
    try {
      await checkProgram(this.#engine, unit.containerId, plan);
      await this.#engine.json({ method: 'POST', path: `/containers/${unit.containerId}/start` });
    } catch (thrown) {
      this.#units.delete(name);
      await this.#removeContainer(unit.containerId, false).catch(() => {});
      throw thrown;
    }
    return unit;
  }

  async #begin(id: UnitId, unit: ContainerUnit): Promise<UnitState> {
    const inspected = await this.#inspect(unit.containerId);
    const state = stateOf(inspected, this.#owner);
    if (state === undefined) throw cannot(id, 'its container bears other labels than it was given');
    unit.begin(state, inspected);
    return state;
  }

  /** Finds what was there before, and listens from then on. */
  #adopt(): Promise<EventStream> {
    this.#adopted ??= this.#adoptAll().catch((thrown: unknown) => {
      this.#adopted = undefined;
      throw unavailable(thrown);
    });
    return this.#adopted;
  }

  async #adoptAll(): Promise<EventStream> {
    let early: EngineEvent[] | undefined = [];
    const pass = (event: EngineEvent): void => {
      if (early !== undefined) early.push(event);
      else for (const unit of this.#units.values()) if (unit.containerId === event.containerId) unit.heard(event);
    };
    const sinceMs = this.#options.clock.now();
    const stop = new AbortController();
    const stream = await openEventStream({
      ...{ engine: this.#engine, clock: this.#options.clock, filters: this.#eventFilters(), sinceMs, onEvent: pass },
      onReturn: () => {
        for (const unit of this.#units.values()) if (!unit.hasEnded) void unit.finish();
      },
      signal: AbortSignal.any([this.#closed.signal, stop.signal]),
    });
    try {
      await this.#adoptContainers(sinceMs);
    } catch (thrown) {
      stop.abort();
      throw thrown;
    }
    const held = early;
    early = undefined;
    for (const event of held) pass(event);
    return stream;
  }

  async #adoptContainers(untilMs: number): Promise<void> {
    const query = { all: 'true', filters: JSON.stringify({ label: [this.#label] }) };
    const listed = (await this.#engine.json({ method: 'GET', path: '/containers/json', query })) as readonly {
      readonly Id: string;
      readonly Created: number;
    }[];
    if (listed.length === 0) return;
    const sinceMs = Math.min(...listed.map(({ Created }) => Created)) * 1000;
    const past = await pastEvents(this.#engine, this.#eventFilters(), { sinceMs, untilMs });
    for (const { Id } of listed) {
      const inspected = await this.#inspect(Id).catch((thrown: unknown) => {
        if (!isMissing(thrown)) throw thrown;
        return undefined;
      });
      if (inspected !== undefined) await this.#adoptOne(inspected, past);
    }
  }

  async #adoptOne(inspected: Inspected, past: readonly EngineEvent[]): Promise<ContainerUnit | undefined> {
    const state = stateOf(inspected, this.#owner);
    if (state === undefined) return undefined;
    // One that was asked for and never begun: it is removed here, so that it never will.
    if (inspected.State.Status === 'created') {
      await this.#removeContainer(inspected.Id, false);
      return undefined;
    }
    const unit = this.#unitOf(inspected.Id);
    await unit.adopt(state, inspected, past);
    this.#units.set(containerName(this.#owner, state.id), unit);
    return unit;
  }

  /** The name is taken: by a container of which nobody heard that it was made. Undefined where it is free now. */
  async #takeUp(name: string): Promise<ContainerUnit | undefined> {
    const inspected = await this.#inspect(name);
    if (stateOf(inspected, this.#owner) === undefined)
      throw new EngineError(`the name ${name} is taken by a container that is not ours`, { status: 409 });
    return this.#adoptOne(inspected, []);
  }

  #eventFilters(): EventFilters {
    return { label: [this.#label], event: ['start', 'kill', 'oom', 'die', 'destroy'] };
  }

  #unitOf(containerId: string): ContainerUnit {
    const emit = (event: UnitEvent): void => {
      for (const listener of [...this.#listeners]) listener(event);
    };
    return new ContainerUnit({ engine: this.#engine, clock: this.#options.clock, containerId, emit });
  }

  async #inspect(container: string): Promise<Inspected> {
    return (await this.#engine.json({ method: 'GET', path: `/containers/${container}/json` })) as Inspected;
  }

  /** With the volumes that have no name. */
  async #removeContainer(containerId: string, force: boolean): Promise<void> {
    try {
      await this.#engine.json({ method: 'DELETE', path: `/containers/${containerId}`, query: { v: 'true', force: String(force) } });
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  }

  async #find(id: UnitId): Promise<ContainerUnit> {
    await this.#adopt();
    const unit = this.#units.get(containerName(this.#owner, id));
    if (unit?.state === undefined) throw cannot(id, 'there is no such unit');
    return unit;
  }

  async #findLiving(id: UnitId): Promise<ContainerUnit | undefined> {
    await this.#adopt();
    const unit = this.#units.get(containerName(this.#owner, id));
    return unit?.state === undefined || unit.hasEnded ? undefined : unit;
  }

  /** Of one that has ended meanwhile nothing is used. */
  async #reading<Reading>(unit: ContainerUnit, read: () => Promise<Reading>): Promise<Reading | undefined> {
    try {
      return await read();
    } catch (thrown) {
      if (unit.hasEnded || isMissing(thrown)) return undefined;
      throw unavailable(thrown);
    }
  }

  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (thrown) {
      throw unavailable(thrown);
    }
  }
}

interface EngineInfo {
  readonly OSType: string;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
}

function cannot({ instance, container }: UnitId, reason: string, cause?: unknown): OpenClawError {
  return new OpenClawError('workload_cannot_run', { details: { container, workload: instance, reason }, cause });
}

/** What the engine refused or did not answer, in our words; anything else as it is. */
function unavailable(thrown: unknown): unknown {
  return thrown instanceof EngineError
    ? new OpenClawError('workload_driver_unavailable', { details: { driver: 'docker', reason: reasonOf(thrown) }, cause: thrown })
    : thrown;
}
