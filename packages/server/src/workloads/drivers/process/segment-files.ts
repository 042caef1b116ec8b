/**
 * The segments of one stream for one reader. Those that are there when it begins stay readable for it, also when they are thrown away meanwhile: else
 * whoever writes fast enough could not be read at all. They are let go one by one.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { readSegments, readTimes, segmentPath, type Stream, type TimeNote } from './spool.ts';

interface Held {
  readonly number: number;
  /** As it was opened. */
  readonly bytes: number;
  readonly handle: FileHandle;
}

export class SegmentFiles implements AsyncDisposable {
  readonly stream: Stream;
  /** Oldest first. */
  readonly held: readonly Held[];
  readonly #directory: string;
  readonly #handles: Map<number, FileHandle>;

  private constructor(directory: string, stream: Stream, held: readonly Held[]) {
    this.#directory = directory;
    this.stream = stream;
    this.held = held;
    this.#handles = new Map(held.map(({ number, handle }) => [number, handle]));
  }

  static async open(directory: string, stream: Stream): Promise<SegmentFiles> {
    const held: Held[] = [];
    for (const { number } of await readSegments(directory, stream)) {
      const handle = await open(segmentPath(directory, stream, number), 'r').catch(() => undefined);
      if (handle !== undefined) held.push({ number, handle, bytes: (await handle.stat()).size });
    }
    return new SegmentFiles(directory, stream, held);
  }

  /** Undefined where it is gone. */
  async read(number: number, offset: number, length: number): Promise<Buffer | undefined> {
    return this.#with(number, async (handle) => {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    });
  }

  async size(number: number): Promise<number> {
    return (await this.#with(number, (handle) => handle.stat()))?.size ?? 0;
  }

  async changedAtMs(number: number): Promise<number | undefined> {
    const found = await this.#with(number, (handle) => handle.stat());
    return found === undefined ? undefined : Math.round(found.mtimeMs);
  }

  times(number: number): Promise<readonly TimeNote[]> {
    return readTimes(this.#directory, this.stream, number);
  }

  /** The number of the segment to read after that one. */
  async nextAfter(number: number): Promise<number | undefined> {
    const held = [...this.#handles.keys()].find((each) => each > number);
    return held ?? (await readSegments(this.#directory, this.stream)).find((segment) => segment.number > number)?.number;
  }

  async release(number: number): Promise<void> {
    const handle = this.#handles.get(number);
    this.#handles.delete(number);
    await handle?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const number of [...this.#handles.keys()]) await this.release(number);
  }

  async #with<Result>(number: number, use: (handle: FileHandle) => Promise<Result>): Promise<Result | undefined> {
    const held = this.#handles.get(number);
    if (held !== undefined) return use(held);
    const handle = await open(segmentPath(this.#directory, this.stream, number), 'r').catch(() => undefined);
    try {
      return handle === undefined ? undefined : await use(handle);
    } finally {
      await handle?.close();
    }
  }
}
