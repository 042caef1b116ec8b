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
import { progressOf, type Progress } from './progress.ts';

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
  /** Without deltas: those are for people who watch. */
  readonly #events: RunEvent[] = [];
  #lastSeq = 0;

  constructor(options: HeldRunOptions) {
    this.runId = options.lease.runId;
    this.signal = options.signal;
    this.#options = options;
  }

  get epoch(): number {
    return this.#options.lease.epoch;
  }

  view(): Promise<RunView> {
    return this.#options.journal.view(this.runId);
  }

  /** With what came from outside since the last time. */
  async progress(): Promise<ReturnType<typeof progressOf>> {
    await this.#catchUp();
    return progressOf(this.#events);
  }

  async append(...bodies: readonly RunEventBody[]): Promise<void> {
    const { journal, lease, clock, log, signal } = this.#options;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      signal.throwIfAborted();
      try {
        await journal.append(lease, bodies);
        return;
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
        if (event.kind !== 'step.delta') this.#events.push(event);
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
