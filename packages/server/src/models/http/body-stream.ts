/**
 * The body of an upstream's answer as an async iterable with backpressure: the producer pushes, one consumer pulls.
 * Leaner than a Node stream, which costs a tenth of the relay's throughput here.
 *
 * It does not know HTTP: see `http-upstream.ts`.
 */

/** What may wait in memory before the producer is paused. Smaller stalls fast readers, larger multiplies with streams. */
const highWaterBytes = 64 * 1024;

export interface FlowControl {
  pause(): void;
  resume(): void;
  /** The consumer does not want the rest. */
  cancel(): void;
}

export class BodyStream implements AsyncIterable<Buffer>, AsyncIterator<Buffer, undefined> {
  readonly #flow: FlowControl;
  readonly #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #paused = false;
  #ended = false;
  #error: Error | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Buffer, undefined>> | undefined;

  constructor(flow: FlowControl) {
    this.#flow = flow;
  }

  push(chunk: Buffer): void {
    if (this.#ended) return;
    const reader = this.#takeReader();
    if (reader) {
      reader.resolve({ value: chunk, done: false });
      return;
    }
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (!this.#paused && this.#waitingBytes >= highWaterBytes) {
      this.#paused = true;
      this.#flow.pause();
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#takeReader()?.resolve({ value: undefined, done: true });
  }

  /** Chunks that arrived before the failure are still read first. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    const reader = this.#takeReader();
    if (reader) reader.reject(error);
    else this.#error = error;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#waitingBytes -= chunk.length;
      if (this.#paused && this.#waitingBytes === 0) {
        this.#paused = false;
        this.#flow.resume();
      }
      return Promise.resolve({ value: chunk, done: false });
    }
    if (this.#error) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    if (!this.#ended) {
      this.#ended = true;
      this.#flow.cancel();
    }
    this.#chunks.length = 0;
    this.#error = undefined;
    this.#takeReader()?.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    return this;
  }

  #takeReader(): PromiseWithResolvers<IteratorResult<Buffer, undefined>> | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}
