/**
 * A run that this process owns: its lease, its events so far, and the one way in which it writes.
 *
 * What was done must get into the journal whatever the disk says meanwhile: a write waits for room and tries again until it succeeds, the run
 * is somebody else's, or the process stops. How a step ended and how the next one begins are one commit where nothing comes between them.
 */
import type { RunEvent, RunEventBody, RunView } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Journal, Lease } from '../journal/contract.ts';
import { applyEvent } from '../journal/fold.ts';
import { ProgressReader, type Progress } from './progress.ts';

export interface HeldRunOptions {
  readonly journal: Journal;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the process stops or the lease is lost; then nothing more is written. */
  readonly signal: AbortSignal;
}

const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Events that are read at once. */
const pageEvents = 500;

export class HeldRun {
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly #options: HeldRunOptions;
  #reader = new ProgressReader();
  /** The last event of the journal that was read here. */
  #lastSeq = 0;
  /** Read here too, and not in the journal yet. */
  readonly #noted: RunEventBody[] = [];
  /** Resolves when what was noted has been written by itself, or could not be. */
  #writing: Promise<void> | undefined;

  constructor(options: HeldRunOptions) {
    this.runId = options.lease.runId;
    this.signal = options.signal;
    this.#options = options;
  }

  get epoch(): number {
    return this.#options.lease.epoch;
  }

  /** How it stands, and what comes next; with what came from outside since the last time. */
  async look(): Promise<{ readonly view: RunView; readonly progress: Progress }> {
    await this.#writing;
    let view = await this.#committed();
    if (view.lastSeq !== this.#lastSeq) {
      // Whether what is noted comes before or after what came from outside, the journal says.
      await this.flush();
      view = await this.#committed();
      await this.#catchUp();
    }
    for (const body of this.#noted) view = applyEvent(view, this.#eventAfter(view, body));
    return { view, progress: this.#reader.progress() };
  }

  /** Resolves when it is in the journal, and what was noted before it. */
  async append(...bodies: readonly RunEventBody[]): Promise<void> {
    const { journal, lease } = this.#options;
    this.signal.throwIfAborted();
    await this.#writing;
    await this.#write((noted) => journal.append(lease, [...noted, ...bodies]));
  }

  /**
   * The same, but nobody waits for it: it is written with what comes next, or by itself where that does not come at once. What is done after
   * it begins with an `append`, which does not resolve before this is in the journal.
   */
  note(body: RunEventBody): void {
    this.#reader.read(this.#eventAfter({ lastSeq: this.#lastSeq + this.#noted.length, updatedAtMs: 0 }, body));
    this.#noted.push(body);
    setImmediate(() => {
      if (this.#noted.length > 0) this.#writing ??= this.#writeNoted();
    });
  }

  /** Writes how it ends or what it waits for, unless something has come from outside since the last look. @returns whether it did */
  async conclude(body: RunEventBody): Promise<boolean> {
    const { journal, lease } = this.#options;
    this.signal.throwIfAborted();
    await this.#writing;
    return this.#write((noted) => journal.appendAfter(lease, this.#lastSeq, [...noted, body]));
  }

  /** Resolves when everything that was noted is in the journal, also where the process stops. @throws what keeps it from there */
  async flush(): Promise<void> {
    const { journal, lease } = this.#options;
    await this.#writing;
    if (this.#noted.length > 0) await this.#write((noted) => journal.append(lease, noted));
  }

  async #writeNoted(): Promise<void> {
    const { journal, lease } = this.#options;
    try {
      await this.#write((noted) => journal.append(lease, noted));
    } catch {
      // It is noted still: whoever writes next tries again, and is told.
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(write: (noted: readonly RunEventBody[]) => Promise<readonly RunEvent[] | undefined>): Promise<boolean> {
    const noted = this.#noted.splice(0);
    let events: readonly RunEvent[] | undefined;
    try {
      events = await this.patiently(() => write(noted));
    } finally {
      if (!events) this.#noted.unshift(...noted);
    }
    if (!events) return false;
    if (events[0]?.seq === this.#lastSeq + 1) {
      for (const event of events.slice(noted.length)) this.#reader.read(event);
      this.#lastSeq = events.at(-1)?.seq ?? this.#lastSeq;
    } else if (noted.length > 0) {
      // Somebody from outside wrote before what was read here already: all of it is read again in its order at the next look.
      this.#reader = new ProgressReader();
      this.#lastSeq = 0;
    }
    return true;
  }

  /** Waits for room where there is none, and tries again. */
  async patiently<Result>(write: () => Promise<Result>): Promise<Result> {
    const { clock, log, signal } = this.#options;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await write();
      } catch (thrown) {
        if (!mayPass(thrown)) throw thrown;
        signal.throwIfAborted();
        log.warn('the run waits until the journal can be written', { runId: this.runId, error: thrown });
        await pause(clock, pauseMs, signal);
      }
    }
  }

  async release(): Promise<void> {
    await this.#options.journal.release(this.#options.lease);
  }

  async #committed(): Promise<RunView> {
    const { journal } = this.#options;
    return journal.known(this.runId) ?? journal.view(this.runId);
  }

  #eventAfter({ lastSeq, updatedAtMs }: Pick<RunView, 'lastSeq' | 'updatedAtMs'>, body: RunEventBody): RunEvent {
    return { runId: this.runId, seq: lastSeq + 1, atMs: Math.max(this.#options.clock.now(), updatedAtMs), ...body };
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const events = await this.#options.journal.read(this.runId, this.#lastSeq, pageEvents);
      for (const event of events) {
        this.#lastSeq = event.seq;
        this.#reader.read(event);
      }
      if (events.length < pageEvents) return;
    }
  }
}

export type { Progress };

/** A full or busy disk; everything else is for whoever called. */
function mayPass(thrown: unknown): boolean {
  return (
    thrown instanceof OpenClawError &&
    (thrown.code === 'storage_full' || thrown.code === 'storage_busy' || thrown.code === 'storage_failed')
  );
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
