/**
 * Runs and log files as compressed files in a directory or a bucket, and what is read of them again. A file is lines of JSON below zstd with
 * a seal over every byte, so `zstd -dc FILE | jq` reads it where there is no OpenClaw. What a file holds is said by its name: a file is opened only
 * where what is looked for may be in it.
 */
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { RunEvent } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { backupDamaged } from '../backup/damage.ts';
import { decode, encode } from '../backup/coding.ts';
import type { Place, StoredFile } from '../backup/place.ts';
import type { Amount } from './contract.ts';

export interface ColdStorage {
  readonly address: string;
  /** When it resolves they are there, read back and compared. */
  keep(runIds: readonly string[], events: AsyncIterable<RunEvent>): Promise<void>;
  find(runId: string): Promise<readonly RunEvent[] | undefined>;
  /** A closed log file; one that is there already is not stored again. @returns whether it was stored */
  keepLog(path: string, about: LogAbout): Promise<boolean>;
  /** Lines from then to then, the oldest file first. */
  logLines(range: LogRange): AsyncIterable<string>;
  stale(beforeMs: number): Promise<Amount>;
  giveUp(beforeMs: number, limit: number): Promise<Amount>;
}

export interface LogRange {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Of its first and its last line. */
export interface LogAbout extends LogRange {
  readonly bytes: number;
}

interface ColdFile extends StoredFile {
  readonly kind: 'runs' | 'logs';
  /** When it was made; of logs the time of the last line. */
  readonly atMs: number;
  /** Of ids, or of times. */
  readonly first: string;
  readonly last: string;
}

/** Names have an end: of longer ids their beginning counts. */
const idCharacters = 60;
const namePattern = /^openclaw-(runs|logs)-(\d{13,})-([^~]+)~([^~]+)\.jsonl\.zst$/;

export function createColdStorage(place: Place, clock: Clock): ColdStorage {
  return new Storage(place, clock);
}

class Storage implements ColdStorage {
  readonly #place: Place;
  readonly #clock: Clock;
  /** What was asked for last is asked for again, a page at a time. */
  #latest: { readonly runId: string; readonly events: readonly RunEvent[] } | undefined;

  constructor(place: Place, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  get address(): string {
    return this.#place.address;
  }

  async keep(runIds: readonly string[], events: AsyncIterable<RunEvent>): Promise<void> {
    const ids = runIds.map(inName).toSorted();
    const name = `openclaw-runs-${this.#clock.now()}-${ids[0]}~${ids.at(-1)}.jsonl.zst`;
    async function* lines(): AsyncGenerator<Buffer> {
      for await (const event of events) yield Buffer.from(`${JSON.stringify(event)}\n`);
    }
    await this.#store(name, lines(), 0);
  }

  async find(runId: string): Promise<readonly RunEvent[] | undefined> {
    if (this.#latest?.runId === runId) return this.#latest.events;
    const id = inName(runId);
    for (const { kind, name, first, last } of await this.#list()) {
      if (kind !== 'runs' || id < first || id > last) continue;
      const events: RunEvent[] = [];
      for await (const line of this.#lines(name)) {
        const event = JSON.parse(line) as RunEvent;
        if (event.runId === runId) events.push(event);
        // They lie together.
        else if (events.length > 0) break;
      }
      if (events.length === 0) continue;
      this.#latest = { runId, events };
      return events;
    }
    return undefined;
  }

  async keepLog(path: string, { sinceMs, untilMs, bytes }: LogAbout): Promise<boolean> {
    const name = `openclaw-logs-${untilMs}-${sinceMs}~${untilMs}.jsonl.zst`;
    if ((await this.#list()).some((file) => file.name === name)) return false;
    await this.#store(name, createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>, bytes);
    return true;
  }

  async *logLines({ sinceMs, untilMs }: LogRange): AsyncGenerator<string> {
    const files = (await this.#list()).filter(
      ({ kind, first, last }) => kind === 'logs' && Number(last) >= sinceMs && Number(first) <= untilMs,
    );
    for (const { name } of files.toSorted((one, other) => one.atMs - other.atMs)) yield* this.#lines(name);
  }

  async stale(beforeMs: number): Promise<Amount> {
    const old = (await this.#list()).filter(({ atMs }) => atMs < beforeMs);
    return { items: old.length, bytes: old.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async giveUp(beforeMs: number, limit: number): Promise<Amount> {
    const old = (await this.#list()).filter(({ atMs }) => atMs < beforeMs).slice(0, limit);
    for (const { name } of old) await this.#place.remove(name);
    return { items: old.length, bytes: old.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async #list(): Promise<readonly ColdFile[]> {
    return (await this.#place.files()).flatMap(({ name, bytes }) => {
      const [, kind, atMs, first, last] = namePattern.exec(name) ?? [];
      return kind === undefined || first === undefined || last === undefined
        ? []
        : [{ name, bytes, kind: kind as ColdFile['kind'], atMs: Number(atMs), first, last }];
    });
  }

  /** What was stored is read back before anybody deletes what it is of. */
  async #store(name: string, content: AsyncIterable<Buffer>, contentBytes: number): Promise<void> {
    const written = createHash('sha256');
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const chunk of content) {
        written.update(chunk);
        yield chunk;
      }
    }
    await this.#place.put(name, encode(counted()), { contentBytes });
    const read = createHash('sha256');
    for await (const chunk of decode(this.#place.get(name))) read.update(chunk);
    if (written.digest('hex') === read.digest('hex')) return;
    await this.#place.remove(name);
    throw backupDamaged(`${name} is something else where it is read back`);
  }

  async *#lines(name: string): AsyncGenerator<string> {
    const content = Readable.from(decode(this.#place.get(name)));
    try {
      for await (const line of createInterface({ input: content, crlfDelay: Infinity })) if (line !== '') yield line;
    } finally {
      content.destroy();
    }
  }
}

/** Fit for a file and a key of S3, in an order of its own. */
function inName(runId: string): string {
  return encodeURIComponent(runId.slice(0, idCharacters)).replaceAll('~', '%7E');
}
