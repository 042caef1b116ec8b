/**
 * Appends lines to a file that is replaced when it grows too large or too old: `NAME` becomes `NAME.1`, `NAME.1` becomes
 * `NAME.2`, and what is beyond `maxFiles` is deleted. Lines are gathered and written off the event loop.
 *
 * A disk that is full or gone never throws: the lines are lost, counted, and writing is tried again with the next ones.
 * It does not know what a line means, and does not notice when another program moves the file away.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock, Timer } from './clock.ts';
import { reasonOf } from './errors.ts';

export interface RotatingFileOptions {
  readonly path: string;
  readonly clock: Clock;
  /** A file is closed before it would grow beyond this; one longer line still gets a file of its own. @default 10 MiB */
  readonly maxFileBytes?: number;
  /** A file that is older is closed. @default 1 day */
  readonly maxAgeMs?: number;
  /** The current file included. @default 7 */
  readonly maxFiles?: number;
  /** Lines that wait for a slow disk; more are lost. @default 1 MiB */
  readonly bufferBytes?: number;
  /** How long a line waits for others to be written with it. @default 100 */
  readonly delayMs?: number;
}

export const rotatingFileDefaults = {
  maxFileBytes: 10 * 2 ** 20,
  maxAgeMs: 86_400_000,
  maxFiles: 7,
  bufferBytes: 2 ** 20,
  delayMs: 100,
} as const;

export interface RotatingFile {
  /** Takes one line, which ends in a line feed. */
  write(line: string): void;
  /** Resolves when what was taken before is written or counted as lost. */
  flush(): Promise<void>;
  /** Writes what waits without returning to the event loop, for a process about to die; a write under way may not end. */
  flushNow(): void;
  /** Writes what is left and lets go of the file. Lines that come later are lost and counted. */
  close(): Promise<void>;
  readonly lostLines: number;
  /** Why lines were lost last; undefined while all is well. */
  readonly failure: string | undefined;
}

interface CurrentFile {
  readonly handle: FileHandle;
  readonly bornMs: number;
  bytes: number;
}

/** Creates nothing on disk before the first line. */
export function createRotatingFile(options: RotatingFileOptions): RotatingFile {
  return new Writer({ ...rotatingFileDefaults, ...options });
}

class Writer implements RotatingFile {
  readonly #settings: Required<RotatingFileOptions>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #current: CurrentFile | undefined;
  /** One write at a time: each waits for the one before. */
  #work = Promise.resolve();
  #timer: Timer | undefined;
  #closed = false;
  /** After a failed write the file may end in the middle of a line. */
  #torn = false;
  lostLines = 0;
  failure: string | undefined;

  constructor(settings: Required<RotatingFileOptions>) {
    this.#settings = settings;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#closed || this.#waitingBytes + bytes.length > this.#settings.bufferBytes) {
      this.lostLines += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#timer ??= this.#settings.clock.after(this.#settings.delayMs, () => void this.flush());
  }

  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#work = this.#work.then(() => this.#drain());
    return this.#work;
  }

  flushNow(): void {
    const lines = this.#take(this.#waitingBytes);
    if (lines.length === 0) return;
    try {
      const { path } = this.#settings;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      appendFileSync(path, Buffer.concat(lines), { mode: 0o600 });
    } catch (thrown) {
      this.#lose(lines.length, thrown);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    await this.#closeFile();
    this.lostLines += this.#take(this.#waitingBytes).length;
  }

  /** Lines that were not tried because of an earlier failure stay for the next attempt. */
  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeBatch();
    } catch (thrown) {
      this.#lose(0, thrown);
      await this.#closeFile();
    }
  }

  async #writeBatch(): Promise<void> {
    const { path, clock, maxFiles, maxFileBytes } = this.#settings;
    this.#current ??= await openFile(path, clock);
    if (this.#isFull(this.#current)) {
      await this.#closeFile();
      await rotate(path, maxFiles);
      this.#current = await openFile(path, clock);
    }
    const lines = this.#take(maxFileBytes - this.#current.bytes);
    const bytes = Buffer.concat(this.#torn ? [Buffer.from('\n'), ...lines] : lines);
    try {
      this.#torn = true;
      await writeAll(this.#current.handle, bytes);
      this.#current.bytes += bytes.length;
      this.#torn = false;
      this.failure = undefined;
    } catch (thrown) {
      this.#lose(lines.length, thrown);
      await this.#closeFile();
    }
  }

  #isFull(file: CurrentFile): boolean {
    const { maxFileBytes, maxAgeMs, clock } = this.#settings;
    if (file.bytes === 0) return false;
    return file.bytes + this.#waiting[0]!.length > maxFileBytes || clock.now() - file.bornMs >= maxAgeMs;
  }

  /** As many waiting lines as have room, one at least. */
  #take(roomBytes: number): Buffer[] {
    let bytes = 0;
    let count = 0;
    for (const line of this.#waiting) {
      if (count > 0 && bytes + line.length > roomBytes) break;
      bytes += line.length;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #lose(lines: number, thrown: unknown): void {
    this.lostLines += lines;
    this.failure = reasonOf(thrown);
  }

  async #closeFile(): Promise<void> {
    const file = this.#current;
    this.#current = undefined;
    try {
      await file?.handle.close();
    } catch (thrown) {
      this.#lose(0, thrown);
    }
  }
}

async function openFile(path: string, clock: Clock): Promise<CurrentFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, 'a', 0o600);
  try {
    const { size, mode, birthtimeMs } = await handle.stat();
    if ((mode & 0o077) !== 0) await handle.chmod(0o600);
    // File systems without a time of birth report 0: the file then counts as new.
    return { handle, bytes: size, bornMs: size === 0 || birthtimeMs === 0 ? clock.now() : birthtimeMs };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Moves every file up by one number and deletes those beyond the limit, also those that an earlier, higher limit left. */
async function rotate(path: string, maxFiles: number): Promise<void> {
  const prefix = `${basename(path)}.`;
  const directory = dirname(path);
  const names = await readdir(directory);
  const numbers = names
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d*$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => b - a);
  const numbered = (number: number): string => join(directory, prefix + number);
  for (const number of numbers) {
    if (number + 1 >= maxFiles) await unlink(numbered(number));
    else await rename(numbered(number), numbered(number + 1));
  }
  if (maxFiles > 1) await rename(path, numbered(1));
  else await unlink(path);
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
}
