/**
 * A run that this process owns: its lease, its events so far, and the one way in which it writes.
 *
 * What was done must get into the journal whatever the disk says meanwhile: a write waits for room and tries again until it succeeds, the run
 * is somebody else's, or the process stops.
 */
import type { RunEvent, RunEventBody, RunView } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Journal, Lease } from '../journal/contract.ts';
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
  readonly #reader = new ProgressReader();
  #lastSeq = 0;

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
    const { journal } = this.#options;
    const view = journal.known(this.runId) ?? (await journal.view(this.runId));
    if (view.lastSeq !== this.#lastSeq) await this.#catchUp();
    return { view, progress: this.#reader.progress() };
  }

  /** Resolves when it is in the journal. */
  async append(...bodies: readonly RunEventBody[]): Promise<void> {
    const { journal, lease } = this.#options;
    await this.#persist(() => journal.append(lease, bodies));
  }

  /** Writes how it ends or what it waits for, unless something has come from outside since the last look. @returns whether it did */
  async conclude(body: RunEventBody): Promise<boolean> {
    const { journal, lease } = this.#options;
    return this.#persist(() => journal.appendAfter(lease, this.#lastSeq, [body]));
  }

  async #persist(write: () => Promise<readonly RunEvent[] | undefined>): Promise<boolean> {
    const events = await this.patiently(write);
    if (!events) return false;
    // Where somebody from outside wrote before, all of it is read in its order at the next look.
    if (events[0]?.seq !== this.#lastSeq + 1) return true;
    for (const event of events) this.#reader.read(event);
    this.#lastSeq = events.at(-1)?.seq ?? this.#lastSeq;
    return true;
  }

  /** Waits for room where there is none, and tries again. */
  async patiently<Result>(write: () => Promise<Result>): Promise<Result> {
    const { clock, log, signal } = this.#options;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      signal.throwIfAborted();
      try {
        return await write();
      } catch (thrown) {
        if (!mayPass(thrown)) throw thrown;
        log.warn('the run waits until the journal can be written', { runId: this.runId, error: thrown });
        await pause(clock, pauseMs, signal);
      }
    }
  }

  async release(): Promise<void> {
    await this.#options.journal.release(this.#options.lease);
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
