/**
 * A unit that runs: notices its end, what it was ended for, and how far its output has come; ends it when somebody asks.
 *
 * All that it knows it has from the unit's directory and from the kernel, so that it makes no difference whether this process has started the unit or found it. It has no
 * timers of its own but while it ends: `index.ts` looks at all units once a second.
 */
import { type FSWatcher, watch } from 'node:fs';
import { totalmem, constants } from 'node:os';
import { type Clock, sleep, type Timer } from '../../../core/clock.ts';
import type { ControlGroup } from '../../../core/processes/control-group.ts';
import type { StopOptions, UnitEnd, UnitEvent, UnitState } from '../driver.ts';
import { readGroupUsage, readOutOfMemoryKills } from '../kernel/group-usage.ts';
import { lives, type ProcessIdentity } from '../kernel/process-usage.ts';
import type { MemberSearch } from './members.ts';
import { messageOf } from './message.ts';
import { SpoolTimes } from './spool.ts';
import type { UnitFiles, UnitNote } from './unit-files.ts';

export interface LiveUnitOptions {
  readonly note: UnitNote;
  readonly files: UnitFiles;
  readonly group: ControlGroup | undefined;
  readonly clock: Clock;
  readonly search: MemberSearch;
  readonly emit: (event: UnitEvent) => void;
  /** Another machine's run, in which none of the numbers of processes mean anything. */
  readonly isOfThisBoot: boolean;
  /** The shell beside the program, where this process has just started it. @default what it has noted itself */
  readonly shim?: ProcessIdentity | undefined;
}

/** How long output is gathered before its time is noted. */
const noteMs = 50;
/** How long what is still in the pipes is waited for once the program has ended. */
const drainMs = 2000;
/** Rounds of ending those who are found; each finds who was started during the one before. */
const killRounds = 100;
const never = new AbortController().signal;

export class LiveUnit {
  readonly note: UnitNote;
  readonly files: UnitFiles;
  readonly group: ControlGroup | undefined;
  /** Resolves when it has ended and that is written down. */
  readonly ended: Promise<UnitState>;
  program: ProcessIdentity | undefined;
  /** Processes of it that were ended for their memory, as far as that has been told. */
  outOfMemoryKills = 0;
  readonly #options: LiveUnitOptions;
  readonly #times: SpoolTimes;
  #shim: ProcessIdentity | undefined;
  /** Of those kills, the ones that its first process has outlived. */
  #survivedKills = 0;
  #end: (state: UnitState) => void = () => {};
  #fail: (reason: unknown) => void = () => {};
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #changed = Promise.withResolvers<void>();
  #finishing = false;
  #wasStopped = false;
  #wasTooLarge = false;
  /** One look at a time: each waits for the one before. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LiveUnitOptions) {
    this.#options = options;
    this.note = options.note;
    this.files = options.files;
    this.group = options.group;
    this.#shim = options.shim;
    this.#times = new SpoolTimes(options.files.directory);
    const { promise, resolve, reject } = Promise.withResolvers<UnitState>();
    this.ended = promise;
    this.#end = resolve;
    this.#fail = reject;
    // Whoever waits for it hears of it; where nobody does there is nobody to tell.
    promise.catch(() => {});
  }

  /** Takes up what is known of it. Afterwards it watches by itself. */
  async begin(): Promise<void> {
    this.#survivedKills = Number((await this.files.readMark('survived')) ?? 0);
    this.outOfMemoryKills = this.#survivedKills;
    try {
      this.#watcher = watch(this.files.directory, { persistent: false }, () => this.#touch());
      // Without it, the look once a second sees the same.
      this.#watcher.on('error', () => this.#unwatch());
    } catch {
      this.#watcher = undefined;
    }
    this.#shim ??= await this.#readShim();
    await this.look();
  }

  /** Resolves once the program is noted, or once it is clear that there will be none. */
  async hasBegun(): Promise<boolean> {
    while (this.program === undefined && !this.#finishing) {
      await sleep(this.#options.clock, 5, never);
      await this.look();
    }
    return this.program !== undefined;
  }

  /** Reads what has changed. Cheap while nothing has. */
  look(): Promise<void> {
    this.#work = this.#work.then(() => this.#look()).catch((thrown: unknown) => this.#fail(thrown));
    return this.#work;
  }

  /** Whether something has to be read that the system does not tell of by itself. */
  needsLook(isItsTurn: boolean): boolean {
    return this.#watcher === undefined || (isItsTurn && !this.#shimLives());
  }

  /** For memory alone; without waiting. */
  lookAtMemory(): void {
    const { group } = this;
    const kills = group?.memory === undefined ? undefined : readOutOfMemoryKills(group.directories);
    if (kills === undefined || this.#finishing) return;
    if (kills > this.outOfMemoryKills) this.#tellOutOfMemory(kills);
    // It was seen a look ago, and the first process lives: it was another's end.
    else if (kills > this.#survivedKills && this.#isAlive()) {
      this.#survivedKills = kills;
      void this.files.mark('survived', String(kills));
    }
  }

  /** The watchdog has found it too large. */
  async endForMemory(usedBytes: number): Promise<void> {
    if (this.#finishing) return;
    this.#wasTooLarge = true;
    await this.files.mark('out-of-memory', String(usedBytes));
    this.outOfMemoryKills += 1;
    const { memoryLimitBytes = totalmem(), state } = this.note;
    this.#options.emit({ kind: 'outOfMemory', atMs: this.#options.clock.now(), id: state.id, usedBytes, limitBytes: memoryLimitBytes });
    await this.#killAll();
    await this.look();
  }

  async stop({ graceMs, signal }: StopOptions): Promise<UnitState> {
    await this.hasBegun();
    if (this.#finishing) return this.ended;
    this.#wasStopped = true;
    await this.files.mark('stopped');
    for (const pid of await this.members()) send(pid, 'SIGTERM');
    const over = new AbortController();
    const grace = sleep(this.#options.clock, graceMs, AbortSignal.any([signal, over.signal])).catch(() => {});
    await Promise.race([grace, this.ended]);
    over.abort();
    if (!this.#finishing) await this.#killAll();
    await this.look();
    return this.ended;
  }

  /** @returns false if there is nobody to send it to */
  signal(name: NodeJS.Signals): boolean {
    return this.#isAlive() && this.program !== undefined && send(this.program.pid, name);
  }

  members(): Promise<readonly number[]> {
    const { search, isOfThisBoot } = this.#options;
    return search.find({ group: this.group, program: isOfThisBoot ? this.program : undefined, mark: this.note.mark });
  }

  nextChange(): Promise<void> {
    return this.#changed.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    this.#timer?.cancel();
    this.#tellChange();
  }

  #touch(): void {
    this.#timer ??= this.#options.clock.after(noteMs, () => {
      this.#timer = undefined;
      void this.look();
    });
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #look(): Promise<void> {
    if (this.#finishing || this.#isClosed) return;
    this.program ??= await this.files.readIdentity('program');
    if (await this.#times.note(this.#options.clock.now())) this.#tellChange();
    const exit = await this.files.readExit();
    if (exit === undefined && (this.#shimLives() || this.#isAlive())) return;
    // It may have begun and ended since it was looked for.
    this.program ??= await this.files.readIdentity('program');
    this.#finishing = true;
    await this.#finish(exit ?? (await this.files.readExit()));
  }

  async #finish(exit: { readonly code: number; readonly atMs: number } | undefined): Promise<void> {
    const { clock, emit } = this.#options;
    await this.#killAll();
    const deadlineMs = clock.monotonicMs() + drainMs;
    while (clock.monotonicMs() < deadlineMs && this.#shimLives()) await sleep(clock, 5, never);
    // Somebody out of reach holds the pipes open.
    if (this.#shim !== undefined && this.#shimLives()) send(-this.#shim.pid, 'SIGKILL');
    await this.#times.note(clock.now());
    const kills = this.group?.memory === undefined ? undefined : readOutOfMemoryKills(this.group.directories);
    if (kills !== undefined && kills > this.outOfMemoryKills) this.#tellOutOfMemory(kills);
    const end = await this.#describeEnd(exit);
    // Where the disk is full, whoever comes next works it out again.
    await this.files.writeEnd(end).catch(() => {});
    await this.group?.remove();
    this.#unwatch();
    this.#timer?.cancel();
    const state = { ...this.note.state, ended: end };
    this.#tellChange();
    this.#end(state);
    emit({ kind: 'ended', atMs: end.atMs, state });
  }

  async #describeEnd(exit: { readonly code: number; readonly atMs: number } | undefined): Promise<UnitEnd> {
    const wasStopped = this.#wasStopped || (await this.files.readMark('stopped')) !== undefined;
    const byWatchdog = this.#wasTooLarge || (await this.files.readMark('out-of-memory')) !== undefined;
    const message = await messageOf(this.files.directory);
    // As container runtimes say it of an end that nobody saw.
    const exitCode = exit?.code ?? 255;
    const signal = signalOf(exitCode);
    const byKernel = exitCode === 137 && this.outOfMemoryKills > this.#survivedKills;
    return {
      atMs: exit?.atMs ?? this.#options.clock.now(),
      exitCode,
      ...(signal === undefined ? {} : { signal }),
      outOfMemory: byWatchdog || byKernel,
      how: exit === undefined ? 'lost' : wasStopped ? 'stopped' : 'by itself',
      ...(message === '' ? {} : { message }),
    };
  }

  #tellOutOfMemory(kills: number): void {
    const { clock, emit } = this.#options;
    const usage = this.group === undefined ? undefined : readGroupUsage(this.group.directories);
    this.outOfMemoryKills = kills;
    const limitBytes = this.note.memoryLimitBytes ?? totalmem();
    emit({ kind: 'outOfMemory', atMs: clock.now(), id: this.note.state.id, usedBytes: usage?.peakBytes ?? limitBytes, limitBytes });
  }

  /** Everybody, until nobody is found any more. */
  async #killAll(): Promise<void> {
    for (let round = 0; round < killRounds; round += 1) {
      const members = await this.members();
      if (members.length === 0) return;
      await this.group?.kill();
      for (const pid of members) send(pid, 'SIGKILL');
      await sleep(this.#options.clock, 10, never);
    }
  }

  /** The file is there before its line is: whoever looks just then looks again. */
  async #readShim(): Promise<ProcessIdentity | undefined> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const identity = await this.files.readIdentity('shim');
      if (identity !== undefined) return identity;
      await sleep(this.#options.clock, 20, never);
    }
    return undefined;
  }

  #isAlive(): boolean {
    return this.#options.isOfThisBoot && this.program !== undefined && lives(this.program);
  }

  #shimLives(): boolean {
    return this.#options.isOfThisBoot && this.#shim !== undefined && lives(this.#shim);
  }

  #tellChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** The code of a shell for an end by a signal; of a program that ends with such a code by itself the same is said. */
function signalOf(exitCode: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
