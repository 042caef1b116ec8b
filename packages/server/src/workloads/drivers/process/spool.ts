/**
 * The output of a unit as the shim leaves it: numbered segments per stream, and beside each when how much of it was there.
 *
 * The programs' bytes are never copied, so that whoever writes much costs the gateway nothing. Times are noted while a gateway is there, some twenty a second at most;
 * what was written while none was has the time at which its segment was last written to. `read-output.ts` makes lines of it.
 */
import { appendFile, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export type Stream = 'stdout' | 'stderr';
export const streams = ['stdout', 'stderr'] as const;

/** So many bytes of a segment were there at that time. */
export interface TimeNote {
  readonly offset: number;
  readonly atMs: number;
}

export interface Segment {
  readonly number: number;
  readonly bytes: number;
  readonly changedAtMs: number;
}

/** Of the notes of one segment; beyond it they become rarer. */
const denseNotesBytes = 512 * 1024;
const sparseStepBytes = 4096;

/** Oldest first. */
export async function readSegments(directory: string, stream: Stream): Promise<readonly Segment[]> {
  const names = await readdir(directory).catch(() => []);
  const numbers = names.flatMap((name) => (name.startsWith(`${stream}.`) && /^\d+$/.test(name.slice(7)) ? [Number(name.slice(7))] : []));
  const segments = await Promise.all(numbers.sort((one, other) => one - other).map((number) => readSegment(directory, stream, number)));
  return segments.filter((segment) => segment !== undefined);
}

export async function readSegment(directory: string, stream: Stream, number: number): Promise<Segment | undefined> {
  try {
    const { size, mtimeMs } = await stat(segmentPath(directory, stream, number));
    return { number, bytes: size, changedAtMs: Math.round(mtimeMs) };
  } catch {
    // It was the oldest and had to go.
    return undefined;
  }
}

export function segmentPath(directory: string, stream: Stream, number: number): string {
  return join(directory, `${stream}.${number}`);
}

/** By rising offset. */
export async function readTimes(directory: string, stream: Stream, number: number): Promise<readonly TimeNote[]> {
  const text = await readFile(`${segmentPath(directory, stream, number)}.times`, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+) (\d+)$/.exec(line);
    return match === null ? [] : [{ offset: Number(match[1]), atMs: Number(match[2]) }];
  });
}

interface Noted {
  segment: number;
  offset: number;
  notesBytes: number;
}

/** Notes how far both streams of one unit have come. One call at a time. */
export class SpoolTimes {
  readonly #directory: string;
  readonly #noted: Record<Stream, Noted | undefined> = { stdout: undefined, stderr: undefined };

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns whether there was more than before */
  async note(nowMs: number): Promise<boolean> {
    const grown = await Promise.all(streams.map((stream) => this.#noteStream(stream, nowMs)));
    return grown.includes(true);
  }

  async #noteStream(stream: Stream, nowMs: number): Promise<boolean> {
    const noted = (this.#noted[stream] ??= await this.#resume(stream));
    let hasGrown = false;
    for (;;) {
      const segment = await readSegment(this.#directory, stream, noted.segment);
      const isLast = (await readSegment(this.#directory, stream, noted.segment + 1)) === undefined;
      // It has grown until its successor began.
      const final = isLast ? segment : await readSegment(this.#directory, stream, noted.segment);
      if (final !== undefined && final.bytes > noted.offset) {
        hasGrown = true;
        await this.#append(stream, noted, { offset: final.bytes, atMs: Math.min(nowMs, final.changedAtMs) });
      }
      if (isLast && segment !== undefined) return hasGrown;
      const next = isLast ? await this.#oldestAfter(stream, noted.segment) : noted.segment + 1;
      if (next === undefined) return hasGrown;
      Object.assign(noted, { segment: next, offset: 0, notesBytes: 0 });
    }
  }

  /** Whoever writes faster than this reads has thrown away what was next. */
  async #oldestAfter(stream: Stream, number: number): Promise<number | undefined> {
    return (await readSegments(this.#directory, stream)).find((segment) => segment.number > number)?.number;
  }

  /** Where a gateway before has stopped: what is there beyond it was written while none was. */
  async #resume(stream: Stream): Promise<Noted> {
    const [oldest] = await readSegments(this.#directory, stream);
    const noted: Noted = { segment: oldest?.number ?? 0, offset: 0, notesBytes: 0 };
    for (;;) {
      const segment = await readSegment(this.#directory, stream, noted.segment);
      const times = await readTimes(this.#directory, stream, noted.segment);
      noted.offset = times.at(-1)?.offset ?? 0;
      noted.notesBytes = times.length * 24;
      if (segment !== undefined && segment.bytes > noted.offset)
        await this.#append(stream, noted, { offset: segment.bytes, atMs: segment.changedAtMs });
      if ((await readSegment(this.#directory, stream, noted.segment + 1)) === undefined) return noted;
      noted.segment += 1;
    }
  }

  async #append(stream: Stream, noted: Noted, { offset, atMs }: TimeNote): Promise<void> {
    const isDense = noted.notesBytes < denseNotesBytes;
    if (!isDense && offset - noted.offset < sparseStepBytes) return;
    const line = `${offset} ${atMs}\n`;
    noted.offset = offset;
    noted.notesBytes += line.length;
    // On a full disk the time of the segment itself has to do.
    await appendFile(`${segmentPath(this.#directory, stream, noted.segment)}.times`, line, { mode: 0o600 }).catch(() => {});
  }
}
