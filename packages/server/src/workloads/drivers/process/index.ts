/**
 * The process driver: units as programs of this machine, each in a session and, where the kernel lets it, in a control group of its own. See `docs/workloads-process.md`.
 *
 * What runs does not depend on this process: a shell beside each program keeps its exit code and output (`shim.ts`), a directory says what it is (`unit-files.ts`), and whoever comes next
 * finds both. Of a whole state directory there may be one driver at a time; the lock of the state directory sees to that.
 */
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock, Timer } from '../../../core/clock.ts';
import { OpenClawError } from '../../../core/errors.ts';
import { openControlGroup, removeStaleGroups } from '../../../core/processes/control-group.ts';
import type { Availability, Driver, OutputLine, UnitEvent, UnitId, UnitPlan, UnitState } from '../driver.ts';
import { groupPrefix, launch, type LaunchSettings } from './launch.ts';
import { LiveUnit } from './live-unit.ts';
import type { ProcessIdentity } from '../kernel/process-usage.ts';
import { MemberSearch } from './members.ts';
import { examinePlace, type Place, readBootId, unitTrees } from './place.ts';
import { readOutput } from './read-output.ts';
import { runInside } from './run-inside.ts';
import { spoolDefaults, type SpoolBounds } from './shim.ts';
import { readUnits, UnitFiles, unitName } from './unit-files.ts';
import { UnitReader } from './unit-reader.ts';
import { lookAtUnits } from './watchdog.ts';

export interface ProcessDriverOptions {
  /** Below it lie `units/`, which is this driver's alone, and `volumes/`, which holds what outlives units. */
  readonly directory: string;
  readonly clock: Clock;
  /** What runs where a container names an image. @default none */
  readonly imageCommands?: Readonly<Record<string, readonly string[]>>;
  /** Of the output that is kept. */
  readonly spool?: SpoolBounds;
  /** Processes and threads of one unit. @default 4096 */
  readonly processLimit?: number;
  /** @default true; without, the watchdog holds limits */
  readonly usesControlGroups?: boolean;
  /** How often units are looked at. @default 1000 */
  readonly lookMs?: number;
}

export const processDriverDefaults = { processLimit: 4096, lookMs: 1000 } as const;

/** Nothing is read or started before it is asked for something. */
export function createProcessDriver(options: ProcessDriverOptions): Driver {
  return new ProcessDriver(options);
}

type Unit = LiveUnit | UnitState;

class ProcessDriver implements Driver {
  readonly name = 'process';
  readonly #options: ProcessDriverOptions;
  readonly #settings: LaunchSettings;
  readonly #listeners = new Set<(event: UnitEvent) => void>();
  readonly #units = new Map<string, Unit>();
  readonly #starting = new Map<string, Promise<UnitState>>();
  readonly #reader: UnitReader;
  /** Events of units that are being started. */
  readonly #held = new Map<string, UnitEvent[]>();
  readonly #search = new MemberSearch();
  readonly #closed = new AbortController();
  #place: Promise<Place> | undefined;
  #adopted: Promise<void> | undefined;
  #timer: Timer | undefined;
  #looking = false;
  #turn = 0;

  constructor(options: ProcessDriverOptions) {
    this.#options = options;
    this.#reader = new UnitReader(options.clock);
    this.#settings = {
      unitsDirectory: join(options.directory, 'units'),
      volumesDirectory: join(options.directory, 'volumes'),
      imageCommands: options.imageCommands ?? {},
      spool: { ...spoolDefaults, ...options.spool },
      processLimit: options.processLimit ?? processDriverDefaults.processLimit,
      clock: options.clock,
    };
  }

  async available(): Promise<Availability> {
    return (await this.#examine()).availability;
  }

  async list(): Promise<readonly UnitState[]> {
    await this.#adopt();
    return [...this.#units.values()].map(stateOf);
  }

  async start(plan: UnitPlan): Promise<UnitState> {
    await this.#adopt();
    const name = unitName(plan.id);
    const there = this.#units.get(name);
    if (there !== undefined && !this.#starting.has(name)) return stateOf(there);
    // Whoever asks a second time meanwhile waits for the same.
    const starting = this.#starting.get(name) ?? this.#start(plan, name).finally(() => this.#starting.delete(name));
    this.#starting.set(name, starting);
    return starting;
  }

  async stop(id: UnitId, options: Parameters<Driver['stop']>[1]): Promise<UnitState> {
    const unit = await this.#find(id);
    return unit instanceof LiveUnit ? unit.stop(options) : unit;
  }

  async signal(id: UnitId, signal: string): Promise<void> {
    const unit = await this.#find(id);
    if (!isSignal(signal))
      throw new OpenClawError('invalid_request', { details: { path: 'signal', reason: `there is no signal ${signal}` } });
    // Of one that has ended nobody is left to hear it.
    if (unit instanceof LiveUnit) unit.signal(signal);
  }

  async remove(id: UnitId): Promise<void> {
    await this.#adopt();
    const name = unitName(id);
    const unit = this.#units.get(name);
    if (unit === undefined) return;
    if (unit instanceof LiveUnit) throw cannot(id, 'it still runs, and is removed once it has ended');
    this.#units.delete(name);
    await new UnitFiles(this.#settings.unitsDirectory, name).remove();
  }

  observe(listener: (event: UnitEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async sample(id: UnitId): ReturnType<Driver['sample']> {
    await this.#adopt();
    const unit = this.#units.get(unitName(id));
    return unit instanceof LiveUnit ? this.#reader.sample(unit) : undefined;
  }

  async memoryMap(id: UnitId, signal: AbortSignal): ReturnType<Driver['memoryMap']> {
    await this.#adopt();
    const unit = this.#units.get(unitName(id));
    return unit instanceof LiveUnit ? this.#reader.memoryMap(unit, signal) : undefined;
  }

  async *output(id: UnitId, options: Parameters<Driver['output']>[1]): AsyncIterable<OutputLine> {
    const unit = await this.#find(id);
    const { directory } = new UnitFiles(this.#settings.unitsDirectory, id);
    const source = {
      directory,
      nextChange: () => (unit instanceof LiveUnit ? unit.nextChange() : Promise.resolve()),
      isOver: () => !(this.#units.get(unitName(id)) instanceof LiveUnit),
    };
    yield* readOutput(source, { ...options, signal: AbortSignal.any([options.signal, this.#closed.signal]) });
  }

  async run(id: UnitId, command: readonly string[], options: Parameters<Driver['run']>[2]): ReturnType<Driver['run']> {
    const unit = await this.#find(id);
    if (!(unit instanceof LiveUnit)) throw cannot(id, 'it has ended, and nothing can be run inside');
    return runInside(command, { ...options, unit, place: await this.#examine(), numberOf: (name) => constants.signals[name] });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.allSettled([this.#adopted, ...this.#starting.values()]);
    for (const unit of this.#units.values()) if (unit instanceof LiveUnit) unit.close();
    this.#listeners.clear();
  }

  async #start(plan: UnitPlan, name: string): Promise<UnitState> {
    const place = await this.#examine();
    if (!place.availability.usable)
      throw new OpenClawError('workload_driver_unavailable', { details: { driver: this.name, reason: place.availability.reason } });
    const { files, shim } = await launch(plan, place, this.#settings);
    // Of a short program the end is known at once, and is told after the beginning.
    this.#held.set(name, []);
    try {
      const unit = await this.#takeUp(files, shim);
      if (!(unit instanceof LiveUnit)) throw cannot(plan.id, 'what was noted of it cannot be read');
      if (await unit.hasBegun()) {
        this.#emit({ kind: 'started', atMs: unit.note.state.startedAtMs, state: unit.note.state });
        for (const event of this.#held.get(name) ?? []) this.#emit(event);
        return unit.note.state;
      }
      const { ended } = await unit.ended;
      this.#units.delete(name);
      await files.remove();
      throw cannot(plan.id, `the shell that starts it has said: ${ended?.message ?? `code ${ended?.exitCode}`}`);
    } finally {
      this.#held.delete(name);
    }
  }

  /** Finds what was there before, once. */
  #adopt(): Promise<void> {
    this.#adopted ??= this.#adoptAll();
    return this.#adopted;
  }

  async #adoptAll(): Promise<void> {
    const { unitsDirectory, clock } = this.#settings;
    for (const files of await readUnits(unitsDirectory)) {
      // One that was asked for and never begun, and whose place is taken here, so that it never will.
      await files.claim();
      // What has happened while nobody was there is told by the list, and not as an event.
      const name = basename(files.directory);
      this.#held.set(name, []);
      await this.#takeUp(files).finally(() => this.#held.delete(name));
    }
    // Of units whose directory was never finished, or is gone.
    await removeStaleGroups(groupPrefix(unitsDirectory), unitTrees);
    this.#timer = this.#closed.signal.aborted
      ? undefined
      : clock.every(this.#options.lookMs ?? processDriverDefaults.lookMs, () => this.#look());
  }

  /** Undefined where nothing can be made of the directory. */
  async #takeUp(files: UnitFiles, shim?: ProcessIdentity): Promise<Unit | undefined> {
    const note = await files.readNote();
    if (note === undefined) return undefined;
    const name = unitName(note.state.id);
    const ended = await files.readEnd();
    if (ended !== undefined) {
      const state = { ...note.state, ended };
      this.#units.set(name, state);
      return state;
    }
    const { clock } = this.#settings;
    const unit = new LiveUnit({
      note,
      files,
      group: openControlGroup(note.groups, clock),
      clock,
      search: this.#search,
      emit: (event) => this.#take(name, event),
      isOfThisBoot: note.bootId === readBootId(),
      shim,
    });
    this.#units.set(name, unit);
    await unit.begin();
    return unit;
  }

  #take(name: string, event: UnitEvent): void {
    if (event.kind === 'ended') {
      this.#units.set(name, event.state);
      this.#reader.forget(name);
    }
    const held = this.#held.get(name);
    if (held === undefined) this.#emit(event);
    else held.push(event);
  }

  #emit(event: UnitEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const units = [...this.#units.values()].filter((unit) => unit instanceof LiveUnit);
    void lookAtUnits(units, this.#reader, (this.#turn += 1)).finally(() => {
      this.#looking = false;
    });
  }

  async #find(id: UnitId): Promise<Unit> {
    await this.#adopt();
    const unit = this.#units.get(unitName(id));
    if (unit === undefined) throw cannot(id, 'there is no such unit');
    return unit;
  }

  #examine(): Promise<Place> {
    this.#place ??= examinePlace({ clock: this.#options.clock, usesControlGroups: this.#options.usesControlGroups ?? true });
    return this.#place;
  }
}

function stateOf(unit: Unit): UnitState {
  return unit instanceof LiveUnit ? unit.note.state : unit;
}

function cannot({ instance, container }: UnitId, reason: string): OpenClawError {
  return new OpenClawError('workload_cannot_run', { details: { container, workload: instance, reason } });
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name);
}
