/**
 * The journal: append-only segments that hold every accepted write since the oldest snapshot that may still be needed.
 *
 * It is the truth. What `append` returned from is on the disk. A segment's name is the position of its first record, so a missing
 * one shows. It does not know what records mean.
 */
import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { OpenClawError } from '../../core/errors.ts';
import { syncDirectory } from './durable-files.ts';
import { isNoSpace } from './failures.ts';
import { encodeRecord, encodeSegmentHeader, readSegment, segmentHeaderBytes, type JournalRecord } from './segment.ts';

export interface Segment {
  readonly path: string;
  readonly firstPosition: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Where the journal ends, and so where the next record goes. */
export interface JournalEnd {
  readonly lastPosition: number;
  /** The segment to go on with; undefined to begin one. */
  readonly segment: Segment | undefined;
  readonly wholeBytes: number;
  /** Bytes of an unfinished write behind the last whole record. */
  readonly tornBytes: number;
  /** The last position that is in a segment; less than `lastPosition` where a snapshot reaches further, 0 without any. */
  readonly writtenPosition: number;
}

export interface Journal {
  readonly lastPosition: number;
  /** Bytes that were appended or found since the last call of `beginCount`. */
  readonly countedBytes: number;
  beginCount(): void;
  /** Whether a failure left the file in a state that only a new start can make out. */
  readonly broken: boolean;
  /**
   * Writes one record and waits for the disk.
   * @throws the file system's error; unless `broken`, the record is then not in the journal
   */
  append(payload: string): void;
  /** Takes the record that `append` just wrote away again, durably. */
  retract(): void;
  /** Makes the next record the first of a segment. */
  startSegment(): void;
  /** Deletes the segments that hold nothing after `position`. */
  deleteUpTo(position: number): void;
  close(): void;
}

/** The part of the file system whose failures a journal must survive, so that tests can be the disk that is full. */
export interface JournalFiles {
  write(descriptor: number, bytes: Buffer, position: number): number;
  sync(descriptor: number): void;
  truncate(descriptor: number, bytes: number): void;
}

export const journalFiles: JournalFiles = {
  write: (descriptor, bytes, position) => writeSync(descriptor, bytes, 0, bytes.length, position),
  sync: fdatasyncSync,
  truncate: ftruncateSync,
};

/** Larger segments are read longer at each start, smaller ones are more files. */
export const segmentLimitBytes = 8 * 2 ** 20;
const nameDigits = 16;
const segmentName = /^(\d{16})\.log$/;

export function listSegments(directory: string): Segment[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return readdirSync(directory)
    .filter((name) => segmentName.test(name))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const { size, mtimeMs } = statSync(path);
      return { path, firstPosition: Number(name.slice(0, nameDigits)), bytes: size, modifiedMs: mtimeMs };
    });
}

/**
 * Yields the records after `after`, each exactly one further than the one before, and returns where the journal ends.
 * Changes nothing.
 * @throws OpenClawError `storage_damaged` if one is missing or broken before the end
 */
export function* readJournal(directory: string, after: number): Generator<JournalRecord, JournalEnd> {
  const segments = listSegments(directory);
  const first = segments.findLastIndex(({ firstPosition }) => firstPosition <= after + 1);
  const needed = segments.slice(Math.max(0, first));
  let last = after;
  let end: JournalEnd = { lastPosition: after, segment: undefined, wholeBytes: 0, tornBytes: 0, writtenPosition: 0 };
  for (const [index, segment] of needed.entries()) {
    if (segment.firstPosition > last + 1) throw damaged(directory, `records ${last + 1} to ${segment.firstPosition - 1} are missing from its journal`);
    const bytes = readFileSync(segment.path);
    const records = readSegment(bytes, segment.firstPosition);
    let step = records.next();
    for (; !step.done; step = records.next()) {
      if (step.value.position <= last) continue;
      last = step.value.position;
      yield step.value;
    }
    const { lastPosition, wholeBytes, state } = step.value;
    const isLast = index === needed.length - 1;
    // A torn segment that is not the last was copied while it was written, and its rest lies behind a snapshot; or the next one shows a gap.
    if (state === 'damaged') throw damaged(directory, `record ${lastPosition + 1} in ${segment.path} is broken and others follow it`);
    // Only a segment that ends exactly here can be continued; one that ends before a snapshot cannot.
    const goesOn = isLast && lastPosition === last;
    end = { lastPosition: last, segment: goesOn ? segment : undefined, wholeBytes, tornBytes: bytes.length - wholeBytes, writtenPosition: lastPosition };
  }
  return end;
}

export function damaged(directory: string, reason: string): OpenClawError {
  return new OpenClawError('storage_damaged', { details: { directory, reason } });
}

/** Opens the journal for appending where `readJournal` found its end, and cuts off an unfinished write. */
export function openJournal(directory: string, end: JournalEnd, files: JournalFiles = journalFiles): Journal {
  let lastPosition = end.lastPosition;
  let descriptor: number | undefined;
  let size = 0;
  let lastRecordBytes = 0;
  let countedBytes = 0;
  let broken = false;

  const cutTo = (bytes: number): void => {
    if (descriptor === undefined) return;
    broken = true;
    files.truncate(descriptor, bytes);
    files.sync(descriptor);
    size = bytes;
    broken = false;
  };

  // After a failed sync the kernel may have dropped what it could not write, and a second sync would not say so.
  const sync = (target: number): void => {
    try {
      files.sync(target);
    } catch (thrown) {
      if (!isNoSpace(thrown)) broken = true;
      throw thrown;
    }
  };

  const writeAll = (target: number, bytes: Buffer, offset: number): void => {
    for (let done = 0; done < bytes.length; ) done += files.write(target, bytes.subarray(done), offset + done);
  };

  const begin = (): number => {
    const path = join(directory, `${String(lastPosition + 1).padStart(nameDigits, '0')}.log`);
    // A file of this name can only be one whose header was never finished.
    rmSync(path, { force: true });
    const created = openSync(path, 'wx', 0o600);
    try {
      writeAll(created, encodeSegmentHeader(lastPosition + 1), 0);
      sync(created);
      syncDirectory(directory);
    } catch (thrown) {
      closeSync(created);
      rmSync(path, { force: true });
      throw thrown;
    }
    descriptor = created;
    size = segmentHeaderBytes;
    return created;
  };

  const leave = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };

  if (end.segment !== undefined && end.wholeBytes >= segmentHeaderBytes) {
    descriptor = openSync(end.segment.path, 'r+');
    size = end.wholeBytes;
    if (end.tornBytes > 0) cutTo(end.wholeBytes);
  } else {
    // At once, and not with the first record: a database file beside no journal at all is then always a stranger's.
    begin();
  }

  return {
    get lastPosition() {
      return lastPosition;
    },
    get countedBytes() {
      return countedBytes;
    },
    get broken() {
      return broken;
    },
    beginCount() {
      countedBytes = 0;
    },
    append(payload) {
      if (size >= segmentLimitBytes) leave();
      const target = descriptor ?? begin();
      const record = encodeRecord(lastPosition + 1, payload);
      const before = size;
      try {
        writeAll(target, record, before);
        sync(target);
      } catch (thrown) {
        if (!broken) cutTo(before);
        throw thrown;
      }
      size = before + record.length;
      lastRecordBytes = record.length;
      countedBytes += record.length;
      lastPosition += 1;
    },
    retract() {
      cutTo(size - lastRecordBytes);
      countedBytes -= lastRecordBytes;
      lastRecordBytes = 0;
      lastPosition -= 1;
    },
    startSegment() {
      if (size > segmentHeaderBytes) leave();
    },
    deleteUpTo(position) {
      const segments = listSegments(directory);
      for (const [index, { path }] of segments.entries()) {
        const next = segments[index + 1];
        if (next === undefined || next.firstPosition > position + 1) break;
        rmSync(path);
      }
    },
    close: leave,
  };
}
