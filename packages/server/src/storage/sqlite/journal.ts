/**
 * The journal: append-only segments that hold every accepted write since the oldest snapshot that may still be needed.
 *
 * It is the truth. What `append` returned from is on the disk. A segment's name is the position of its first record, so a missing
 * one shows. It does not know what records mean.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OpenClawError } from '../../core/errors.ts';
import { encodeRecord, encodeSegmentHeader, readSegment, segmentHeaderBytes, type JournalRecord } from './segment.ts';
import { createSegment, journalFiles, reopenSegment, type JournalFiles, type SegmentFile } from './segment-file.ts';

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

export interface JournalOptions {
  /** Larger segments are read longer at each start, smaller ones are more files. @default 8 MiB */
  readonly segmentLimitBytes?: number;
  readonly files?: JournalFiles;
}

export const journalDefaults = { segmentLimitBytes: 8 * 2 ** 20, files: journalFiles } as const;
const nameDigits = 16;
const segmentName = /^(\d{16})\.log$/;

/** Makes the directory where it is missing. */
export function listSegments(directory: string): Segment[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return findSegments(directory);
}

/** Changes nothing: what it lists may lie on a mount that cannot be written. */
export function findSegments(directory: string): Segment[] {
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
    if (segment.firstPosition > last + 1)
      throw damaged(directory, `records ${last + 1} to ${segment.firstPosition - 1} are missing from its journal`);
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
    end = {
      lastPosition: last,
      segment: goesOn ? segment : undefined,
      wholeBytes,
      tornBytes: bytes.length - wholeBytes,
      writtenPosition: lastPosition,
    };
  }
  return end;
}

export function damaged(directory: string, reason: string): OpenClawError {
  return new OpenClawError('storage_damaged', { details: { directory, reason } });
}

/** Opens the journal for appending where `readJournal` found its end, and cuts off an unfinished write. */
export function openJournal(directory: string, end: JournalEnd, options: JournalOptions = {}): Journal {
  const { segmentLimitBytes, files } = { ...journalDefaults, ...options };
  let lastPosition = end.lastPosition;
  let lastRecordBytes = 0;
  let countedBytes = 0;
  // At once, and not with the first record: a database file beside no journal at all is then always a stranger's.
  let current = end.segment && end.wholeBytes >= segmentHeaderBytes ? reopenSegment(end.segment.path, end, files) : begin();
  /** Set when the next record must be the first of a segment. */
  let full = false;

  function begin(): SegmentFile {
    const path = join(directory, `${String(lastPosition + 1).padStart(nameDigits, '0')}.log`);
    return createSegment(path, encodeSegmentHeader(lastPosition + 1), files);
  }

  return {
    get lastPosition() {
      return lastPosition;
    },
    get countedBytes() {
      return countedBytes;
    },
    get broken() {
      return current.broken;
    },
    beginCount() {
      countedBytes = 0;
    },
    append(payload) {
      if (full || current.bytes >= segmentLimitBytes) {
        const next = begin();
        current.close();
        current = next;
        full = false;
      }
      const record = encodeRecord(lastPosition + 1, payload);
      current.append(record);
      lastRecordBytes = record.length;
      countedBytes += record.length;
      lastPosition += 1;
    },
    retract() {
      current.cutTo(current.bytes - lastRecordBytes);
      countedBytes -= lastRecordBytes;
      lastRecordBytes = 0;
      lastPosition -= 1;
    },
    startSegment() {
      full = current.bytes > segmentHeaderBytes;
    },
    deleteUpTo(position) {
      const segments = listSegments(directory);
      for (const [index, { path }] of segments.entries()) {
        const next = segments[index + 1];
        if (next === undefined || next.firstPosition > position + 1) break;
        rmSync(path);
      }
    },
    close: () => current.close(),
  };
}
