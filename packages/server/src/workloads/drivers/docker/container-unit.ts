/**
 * A unit while its container lives: what the engine has told of it, in which order it is passed on, and how it ends.
 *
 * Why a container has ended cannot be read from it afterwards: `OOMKilled` is true of each in which some process was ended for its memory, and 137 is any SIGKILL. So the events are
 * kept in mind as they come, and judged together with the end.
 */
import { type Clock, sleep } from '../../../core/clock.ts';
import type { StopOptions, UnitEnd, UnitEvent, UnitState } from '../driver.ts';
import { endOf, type Inspected } from './container.ts';
import { type Engine, isConflict, isMissing } from '../../../docker-engine/engine.ts';
import type { EngineEvent } from '../../../docker-engine/event-stream.ts';
import { readMessage } from './output.ts';
import { ContainerReader } from './readings.ts';

export interface ContainerUnitOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly containerId: string;
  readonly emit: (event: UnitEvent) => void;
}

const messageLimitMs = 10_000;
/** Nobody saw how it ended. */
const lostCode = 255;
const killSignals = ['9', 'KILL', 'SIGKILL'];

export class ContainerUnit {
  readonly containerId: string;
  readonly reader: ContainerReader;
  readonly #options: ContainerUnitOptions;
  readonly #ended = Promise.withResolvers<UnitState>();
  #inspected: Inspected | undefined;
  #state: UnitState | undefined;
  /** One look at its end at a time: each waits for the one before. */
  #finishing: Promise<void> = Promise.resolve();
  /** What came before it is known that it has begun, which is told first. */
  #early: EngineEvent[] = [];
  #wasStopped = false;
  #wasKilled = false;
  #outOfMemoryKills = 0;
  /** Since SIGKILL was sent last, if it was. */
  #isOutOfMemory = false;

  constructor(options: ContainerUnitOptions) {
    this.#options = options;
    this.containerId = options.containerId;
    // Whoever waits for it hears of it; where nobody does there is nobody to tell.
    this.#ended.promise.catch(() => {});
    this.reader = new ContainerReader(options.engine, options.clock, () => ({
      containerId: options.containerId,
      pid: this.#inspected?.State.Pid ?? 0,
      memoryLimitBytes: this.#limitBytes,
      outOfMemoryKills: this.#outOfMemoryKills,
    }));
  }

  /** Undefined until it is known that it has begun. */
  get state(): UnitState | undefined {
    return this.#state;
  }

  get hasEnded(): boolean {
    return this.#state?.ended !== undefined;
  }

  get #limitBytes(): number | undefined {
    return (this.#inspected?.HostConfig.Memory ?? 0) || undefined;
  }

  /** It runs, or has already ended. */
  begin(state: UnitState, inspected: Inspected): void {
    this.#state = state;
    this.#inspected = inspected;
    this.#options.emit({ kind: 'started', atMs: state.startedAtMs, state });
    for (const event of this.#early.splice(0)) this.heard(event);
    if (!inspected.State.Running) void this.finish();
  }

  /** It was there before. What has happened meanwhile is not told. */
  async adopt(state: UnitState, inspected: Inspected, past: readonly EngineEvent[]): Promise<void> {
    this.#state = state;
    this.#inspected = inspected;
    for (const event of past.filter(({ containerId }) => containerId === this.containerId)) this.#note(event);
    if (!inspected.State.Running) this.#take({ ...state, ended: await this.#endOf(inspected) });
  }

  /** What the engine tells of it. */
  heard(event: EngineEvent): void {
    if (this.hasEnded) {
      // Somebody else has started it again, and a unit never runs twice.
      if (event.action === 'start') void this.#kill('SIGKILL').catch(() => {});
      return;
    }
    if (this.#state === undefined) {
      this.#early.push(event);
      return;
    }
    this.#note(event);
    if (event.action === 'oom') this.#tellOutOfMemory(event.atMs);
    if (event.action === 'die' || event.action === 'destroy') void this.finish(event);
  }

  /** Takes up the end of a container that runs no more; of one that runs it does nothing. */
  finish(event?: EngineEvent): Promise<void> {
    this.#finishing = this.#finishing
      .then(() => this.#finish(event))
      // The engine has gone at that moment: when it is there again it is asked again.
      .catch(() => {});
    return this.#finishing;
  }

  async stop({ graceMs, signal }: StopOptions): Promise<UnitState> {
    if (this.#state?.ended !== undefined) return this.#state;
    this.#wasStopped = true;
    await this.#kill('SIGTERM');
    const { clock } = this.#options;
    const over = new AbortController();
    const grace = AbortSignal.any([signal, over.signal]);
    await Promise.race([sleep(clock, graceMs, grace).catch(() => {}), this.#ended.promise]);
    over.abort();
    if (!this.hasEnded) await this.#kill('SIGKILL');
    return this.#ended.promise;
  }

  /** Nobody looks at it any more; it goes on. */
  close(): void {
    this.#ended.reject(new Error('the driver has been closed'));
  }

  async signal(name: string): Promise<void> {
    if (!this.hasEnded) await this.#kill(name);
  }

  async #kill(signal: string): Promise<void> {
    if (killSignals.includes(signal)) this.#noteKill();
    try {
      await this.#options.engine.json({ method: 'POST', path: `/containers/${this.containerId}/kill`, query: { signal } });
    } catch (thrown) {
      if (!isConflict(thrown) && !isMissing(thrown)) throw thrown;
      // It has ended meanwhile, maybe unheard.
      await this.finish();
    }
  }

  #note({ action, attributes }: EngineEvent): void {
    if (action === 'oom') {
      this.#outOfMemoryKills += 1;
      this.#isOutOfMemory = true;
      this.#wasKilled = false;
    } else if (action === 'kill' && killSignals.includes(attributes['signal'] ?? '')) this.#noteKill();
  }

  #noteKill(): void {
    this.#wasKilled = true;
    this.#isOutOfMemory = false;
  }

  #tellOutOfMemory(atMs: number): void {
    const id = this.#state?.id;
    if (id === undefined) return;
    const limitBytes = this.#limitBytes ?? 0;
    // The kernel ends what would exceed the limit: at that moment all of it was used.
    this.#options.emit({ kind: 'outOfMemory', atMs, id, usedBytes: limitBytes, limitBytes });
  }

  async #finish(event: EngineEvent | undefined): Promise<void> {
    if (this.hasEnded || this.#state === undefined) return;
    const state = this.#state;
    const inspected = await this.#inspect();
    if (inspected?.State.Running === true) return;
    const ended = inspected === undefined ? this.#lost(event) : await this.#endOf(inspected);
    if (ended.outOfMemory && this.#outOfMemoryKills === 0) {
      this.#outOfMemoryKills = 1;
      this.#tellOutOfMemory(ended.atMs);
    }
    this.#take({ ...state, ended });
    this.#options.emit({ kind: 'ended', atMs: ended.atMs, state: { ...state, ended } });
  }

  async #inspect(): Promise<Inspected | undefined> {
    try {
      return (await this.#options.engine.json({ method: 'GET', path: `/containers/${this.containerId}/json` })) as Inspected;
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw thrown;
    }
  }

  async #endOf({ State }: Inspected): Promise<UnitEnd> {
    const message = await readMessage(this.#options.engine, this.containerId, AbortSignal.timeout(messageLimitMs)).catch(() => '');
    return endOf({
      exitCode: State.ExitCode,
      atMs: Date.parse(State.FinishedAt),
      wasOutOfMemory: this.#isOutOfMemory || (State.OOMKilled && !this.#wasKilled),
      how: this.#wasStopped ? 'stopped' : 'by itself',
      message,
    });
  }

  /** Somebody has removed the container. */
  #lost(event: EngineEvent | undefined): UnitEnd {
    const exitCode = Number(event?.attributes['exitCode'] ?? lostCode);
    const atMs = Math.floor(event?.atMs ?? this.#options.clock.now());
    return endOf({ exitCode, atMs, wasOutOfMemory: this.#isOutOfMemory, how: this.#wasStopped ? 'stopped' : 'lost', message: '' });
  }

  #take(state: UnitState): void {
    this.#state = state;
    this.#ended.resolve(state);
  }
}
