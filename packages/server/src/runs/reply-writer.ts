/**
 * Brings a streamed answer into the database in pieces: the first words at once, later ones gathered, and nothing is shown before
 * it is written. What a process said that was killed is what anybody saw.
 *
 * It does not know what an answer is for, nor how it ends: the last piece is written by whoever writes the end.
 */
import { type Clock, sleep } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import { splitBeforeHalf, storable } from './text.ts';

export interface ReplyWriterOptions {
  readonly clock: Clock;
  /** Between two pieces; longer, the longer the answer is. */
  readonly commitEveryMs: number;
  /** Numbers rise by one from 1. */
  readonly write: (piece: { readonly number: number; readonly text: string }) => Promise<void>;
  /** Called with each piece once it is durable. */
  readonly onWritten: (text: string) => void;
  /** A write failed: nothing is written any more until the end. */
  readonly onFailure: (thrown: unknown) => void;
  /** Ends the pauses; what is under way is still written. */
  readonly signal: AbortSignal;
}

/** Beyond this the model is not read on until a piece is written. */
const pendingLimitCharacters = 64 * 1024;
/** A piece rewrites the row of its answer: to twice this length pieces come half as often, and so on, so that the disk has the same work. */
const shortAnswerCharacters = 10_000;
/** How long to wait before the database is asked again that was behind. */
const busyDelayMs = 200;

export class ReplyWriter {
  readonly #options: ReplyWriterOptions;
  #pending = '';
  #number = 0;
  #writtenCharacters = 0;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  /** Those who have more to say than there is room for. */
  #waiting: (() => void)[] = [];
  readonly #stopping = new AbortController();

  constructor(options: ReplyWriterOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for more. */
  async add(text: string): Promise<void> {
    this.#pending += text;
    this.#start();
    while (this.#pending.length > pendingLimitCharacters && this.#writing)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Waits for the write under way. @returns what is not written yet, and the number it is to be written under; nothing may be added after */
  async stop(): Promise<{ readonly text: string; readonly number: number }> {
    this.#stopping.abort();
    await this.#writing;
    return { text: storable(this.#pending), number: this.#number + 1 };
  }

  #start(): void {
    if (this.#writing || this.#hasFailed || this.#stopping.signal.aborted) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
      this.#wake();
    });
  }

  async #writeAll(): Promise<void> {
    const { clock, commitEveryMs } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#stopping.signal]);
    while (!signal.aborted && this.#pending !== '') {
      const startedMs = clock.monotonicMs();
      try {
        if (!(await this.#writeOne())) return;
      } catch (thrown) {
        this.#hasFailed = true;
        this.#options.onFailure(thrown);
        return;
      }
      const pauseMs = commitEveryMs * Math.max(1, this.#writtenCharacters / shortAnswerCharacters);
      const restMs = startedMs + pauseMs - clock.monotonicMs();
      if (restMs > 0) await pause(clock, restMs, signal);
    }
  }

  /** @returns false where there is nothing to write but half a character */
  async #writeOne(): Promise<boolean> {
    const { whole, half } = splitBeforeHalf(this.#pending);
    if (whole === '') return false;
    const text = storable(whole);
    const number = this.#number + 1;
    for (;;) {
      try {
        await this.#options.write({ number, text });
        break;
      } catch (thrown) {
        if (!(thrown instanceof OpenClawError) || thrown.code !== 'storage_busy' || this.#options.signal.aborted) throw thrown;
        await pause(this.#options.clock, busyDelayMs, this.#options.signal);
      }
    }
    // Only now: if the write failed, these words are still to be written.
    this.#number = number;
    this.#writtenCharacters += text.length;
    this.#pending = half + this.#pending.slice(whole.length + half.length);
    this.#options.onWritten(text);
    this.#wake();
    return true;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Less, where the signal says so. */
async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(clock, delayMs, signal).catch(() => undefined);
}
