/**
 * Lines of one stream out of its segments, one after the other, each with the time at which its end was there.
 *
 * It holds one piece of a file and what was left of the line before it. It knows nothing of the other stream: `read-output.ts` puts them in order.
 */
import type { OutputLine } from '../driver.ts';
import type { SegmentFiles } from './segment-files.ts';
import type { TimeNote } from './spool.ts';

/** A place between two bytes. */
export interface SpoolPosition {
  readonly segment: number;
  readonly offset: number;
}

export interface StreamLinesOptions {
  readonly files: SegmentFiles;
  readonly from: SpoolPosition;
  /** Where reading ends. @default wherever the output ends when it is asked */
  readonly until?: SpoolPosition | undefined;
  /** What was read is not needed by anybody after this. */
  readonly isLast: boolean;
}

const lineBytes = 16 * 1024;
const pieceBytes = 64 * 1024;
const newline = 0x0a;

export class StreamLines {
  readonly #files: SegmentFiles;
  readonly #until: SpoolPosition;
  readonly #isLast: boolean;
  #at: SpoolPosition;
  /** What of the last line has no end yet, and where that ends. */
  #rest: Buffer = Buffer.alloc(0);
  #restMs = 0;
  #ready: OutputLine[] = [];
  #times: readonly TimeNote[] = [];
  #timesOf = -1;
  #lastMs = 0;

  constructor({ files, from, until, isLast }: StreamLinesOptions) {
    this.#files = files;
    this.#isLast = isLast;
    this.#at = from;
    this.#until = until ?? { segment: Infinity, offset: Infinity };
  }

  /** The next line, which stays the next until it is taken; undefined where there is no whole one. `isOver`: what has no line end is one too. */
  async peek(isOver: boolean): Promise<OutputLine | undefined> {
    while (this.#ready.length === 0) {
      if ((await this.#readPiece()) || (await this.#advance())) continue;
      if (!isOver || this.#rest.length === 0) return undefined;
      this.#ready.push(this.#line(this.#rest, this.#restMs));
      this.#rest = Buffer.alloc(0);
    }
    return this.#ready[0];
  }

  take(): void {
    this.#ready.shift();
  }

  /** @returns whether something was read */
  async #readPiece(): Promise<boolean> {
    const { segment, offset } = this.#at;
    if (segment > this.#until.segment) return false;
    const wanted = segment === this.#until.segment ? Math.min(pieceBytes, this.#until.offset - offset) : pieceBytes;
    const piece = wanted <= 0 ? undefined : await this.#files.read(segment, offset, wanted);
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
      const isCut = (end < 0 ? bytes.length : end) - start > lineBytes;
      if (end < 0 && !isCut) break;
      const stop = isCut ? start + lineBytes : end;
      this.#ready.push(this.#line(bytes.subarray(start, stop), await this.#timeAt(offset + Math.max(0, stop - before))));
      start = isCut ? stop : stop + 1;
    }
    // A copy, so that the piece is not held for the sake of its end.
    this.#rest = Buffer.from(bytes.subarray(start));
    if (this.#rest.length > 0) this.#restMs = await this.#timeAt(this.#at.offset);
  }

  /** To the segment that follows, or to the oldest where that was thrown away. */
  async #advance(): Promise<boolean> {
    const { segment, offset } = this.#at;
    if (segment >= this.#until.segment) return false;
    const next = await this.#files.nextAfter(segment);
    if (next === undefined) return false;
    // What has come to this one since it was read, and before the next began, is read first.
    if ((await this.#files.size(segment)) > offset) return true;
    if (this.#isLast) await this.#files.release(segment);
    this.#at = { segment: next, offset: 0 };
    return true;
  }

  async #timeAt(offset: number): Promise<number> {
    const { segment } = this.#at;
    const isKnown = (): boolean => this.#timesOf === segment && (this.#times.at(-1)?.offset ?? 0) >= offset;
    if (!isKnown()) {
      this.#times = await this.#files.times(segment);
      this.#timesOf = segment;
    }
    if (!isKnown()) return (await this.#files.changedAtMs(segment)) ?? this.#lastMs;
    return this.#times[firstAtLeast(this.#times, offset)]?.atMs ?? this.#lastMs;
  }

  #line(bytes: Buffer, atMs: number): OutputLine {
    this.#lastMs = Math.max(this.#lastMs, atMs);
    return { atMs: this.#lastMs, stream: this.#files.stream, text: bytes.toString('utf8').replace(/\r$/, '') };
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

/** Where the last so many lines begin, or the oldest that is there. */
export async function positionOfTail(files: SegmentFiles, lines: number): Promise<SpoolPosition> {
  // The end of the last line itself does not count; where it has none, one line more is found than is wanted.
  let missing = lines + 1;
  for (const { number, bytes } of files.held.toReversed()) {
    for (let end = bytes; end > 0; end -= pieceBytes) {
      const start = Math.max(0, end - pieceBytes);
      const { found, at } = lineEndFromBehind((await files.read(number, start, end - start)) ?? Buffer.alloc(0), missing);
      if (at !== undefined) return { segment: number, offset: start + at + 1 };
      missing -= found;
    }
  }
  return positionOfStart(files);
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

export function positionOfStart(files: SegmentFiles): SpoolPosition {
  return { segment: files.held[0]?.number ?? 0, offset: 0 };
}

export function positionOfEnd(files: SegmentFiles): SpoolPosition {
  const last = files.held.at(-1);
  return { segment: last?.number ?? 0, offset: last?.bytes ?? 0 };
}
