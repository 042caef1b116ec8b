/**
 * Lines of one stream out of its segments, one after the other, each with the time at which its end was there.
 *
 * It holds one piece of a file and what was left of the line before it. It knows nothing of the other stream: `read-output.ts` puts them in order.
 */
import { open } from 'node:fs/promises';
import type { OutputLine } from '../driver.ts';
import { readSegment, readSegments, readTimes, segmentPath, type Stream, type TimeNote } from './spool.ts';

/** A place between two bytes. */
export interface SpoolPosition {
  readonly segment: number;
  readonly offset: number;
}

export interface StreamLinesOptions {
  readonly directory: string;
  readonly stream: Stream;
  readonly from: SpoolPosition;
  /** Where reading ends. @default wherever the output ends when it is asked */
  readonly until?: SpoolPosition | undefined;
}

export const lineBytes = 16 * 1024;
const pieceBytes = 64 * 1024;
const newline = 0x0a;

export class StreamLines {
  readonly #options: StreamLinesOptions;
  #at: SpoolPosition;
  #rest: Buffer = Buffer.alloc(0);
  #ready: OutputLine[] = [];
  #times: readonly TimeNote[] = [];
  #timesOf = -1;
  #lastMs = 0;

  constructor(options: StreamLinesOptions) {
    this.#options = options;
    this.#at = options.from;
  }

  /** The next line, which stays the next until it is taken; undefined where there is no whole one. `isOver`: what has no line end is one too. */
  async peek(isOver: boolean): Promise<OutputLine | undefined> {
    while (this.#ready.length === 0) {
      if (await this.#readPiece()) continue;
      if (await this.#advance()) continue;
      if (!isOver || this.#rest.length === 0) return undefined;
      const end = await this.#timeAt(this.#at.offset);
      this.#ready.push(this.#line(this.#rest, end));
      this.#rest = Buffer.alloc(0);
    }
    return this.#ready[0];
  }

  take(): void {
    this.#ready.shift();
  }

  /** @returns whether something was read */
  async #readPiece(): Promise<boolean> {
    const { directory, stream, until } = this.#options;
    const { segment, offset } = this.#at;
    const wanted = until?.segment === segment ? Math.min(pieceBytes, until.offset - offset) : pieceBytes;
    if (wanted <= 0 || (until !== undefined && segment > until.segment)) return false;
    const piece = await readPiece(segmentPath(directory, stream, segment), offset, wanted);
    if (piece === undefined || piece.length === 0) return false;
    this.#at = { segment, offset: offset + piece.length };
    await this.#split(piece, offset);
    return true;
  }

  async #split(piece: Buffer, offset: number): Promise<void> {
    const before = this.#rest.length;
    const bytes = before === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(newline, start);
      const isCut = end < 0 ? bytes.length - start > lineBytes : end - start > lineBytes;
      if (end < 0 && !isCut) break;
      const stop = isCut ? start + lineBytes : end;
      this.#ready.push(this.#line(bytes.subarray(start, stop), await this.#timeAt(offset + Math.max(0, stop - before))));
      start = isCut ? stop : stop + 1;
    }
    // A copy, so that the piece is not held for the sake of its end.
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  /** To the segment that follows, or to the oldest where that was thrown away. */
  async #advance(): Promise<boolean> {
    const { directory, stream, until } = this.#options;
    const { segment } = this.#at;
    if (until !== undefined && segment >= until.segment) return false;
    const next = await readSegment(directory, stream, segment + 1);
    const found = next ?? (await readSegments(directory, stream)).find((each) => each.number > segment);
    if (found === undefined) return false;
    // What has come to this segment between reading it and looking for the next is read first.
    const before = await readSegment(directory, stream, segment);
    if (before !== undefined && before.bytes > this.#at.offset) return true;
    this.#at = { segment: found.number, offset: 0 };
    return true;
  }

  async #timeAt(offset: number): Promise<number> {
    const { directory, stream } = this.#options;
    const { segment } = this.#at;
    const isKnown = (): boolean => this.#timesOf === segment && (this.#times.at(-1)?.offset ?? 0) >= offset;
    if (!isKnown()) {
      this.#times = await readTimes(directory, stream, segment);
      this.#timesOf = segment;
    }
    if (!isKnown()) return (await readSegment(directory, stream, segment))?.changedAtMs ?? this.#lastMs;
    return this.#times[firstAtLeast(this.#times, offset)]?.atMs ?? this.#lastMs;
  }

  #line(bytes: Buffer, atMs: number): OutputLine {
    this.#lastMs = Math.max(this.#lastMs, atMs);
    return { atMs: this.#lastMs, stream: this.#options.stream, text: bytes.toString('utf8').replace(/\r$/, '') };
  }
}

/** The index of the first note at or after an offset. */
function firstAtLeast(times: readonly TimeNote[], offset: number): number {
  let low = 0;
  for (let high = times.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((times[middle]?.offset ?? Infinity) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Undefined where the file is gone. */
async function readPiece(path: string, offset: number, length: number): Promise<Buffer | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Where the last so many lines begin, or the oldest that is there. */
export async function positionOfTail(directory: string, stream: Stream, lines: number): Promise<SpoolPosition> {
  const segments = await readSegments(directory, stream);
  const oldest = { segment: segments[0]?.number ?? 0, offset: 0 };
  // The end of the last line itself does not count; where it has none, one line more is found than is wanted.
  let missing = lines + 1;
  for (const { number, bytes } of segments.toReversed()) {
    for (let end = bytes; end > 0; end -= pieceBytes) {
      const start = Math.max(0, end - pieceBytes);
      const piece = (await readPiece(segmentPath(directory, stream, number), start, end - start)) ?? Buffer.alloc(0);
      const { found, at } = lineEndFromBehind(piece, missing);
      if (at !== undefined) return { segment: number, offset: start + at + 1 };
      missing -= found;
    }
  }
  return oldest;
}

/** Where the so manieth line end from behind is; else how many there are. */
function lineEndFromBehind(piece: Buffer, wanted: number): { readonly found: number; readonly at?: number } {
  let found = 0;
  for (let at = piece.lastIndexOf(newline); at >= 0; at = at === 0 ? -1 : piece.lastIndexOf(newline, at - 1)) {
    found += 1;
    if (found === wanted) return { found, at };
  }
  return { found };
}

export async function positionOfEnd(directory: string, stream: Stream): Promise<SpoolPosition> {
  const last = (await readSegments(directory, stream)).at(-1);
  return { segment: last?.number ?? 0, offset: last?.bytes ?? 0 };
}

export async function positionOfStart(directory: string, stream: Stream): Promise<SpoolPosition> {
  return { segment: (await readSegments(directory, stream))[0]?.number ?? 0, offset: 0 };
}
