/**
 * One file of the journal, as bytes: a header, then records, each with its length, checksum and position.
 *
 *   header  8 bytes 'OCJRNL01'   8 bytes position of the first record
 *   record  4 bytes length   4 bytes CRC-32 of what follows   8 bytes position   the payload, `length` bytes of UTF-8
 *
 * Numbers are big-endian. A payload is lines of JSON: see `batch-line.ts`. It does not open files: see `journal.ts`.
 */
import { crc32 } from 'node:zlib';

export const segmentHeaderBytes = 16;
const recordHeaderBytes = 16;
const magic = Buffer.from('OCJRNL01', 'latin1');
/** A length beyond this is damage, not a record: one group commit is a few MiB. */
const largestPayloadBytes = 2 ** 30;

export interface JournalRecord {
  readonly position: number;
  /** UTF-8. */
  readonly payload: Buffer;
}

/** How the records of a segment end. */
export interface SegmentEnd {
  readonly lastPosition: number;
  /** Where the last whole record ends. */
  readonly wholeBytes: number;
  /** `torn`: what follows is a write that never finished. `damaged`: a whole record follows a broken one. */
  readonly state: 'whole' | 'torn' | 'damaged';
}

export function encodeSegmentHeader(firstPosition: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  magic.copy(header);
  header.writeBigUInt64BE(BigInt(firstPosition), 8);
  return header;
}

export function encodeRecord(position: number, payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const record = Buffer.allocUnsafe(recordHeaderBytes + length);
  record.writeUInt32BE(length, 0);
  record.writeBigUInt64BE(BigInt(position), 8);
  record.write(payload, recordHeaderBytes);
  record.writeUInt32BE(crc32(record.subarray(8)), 4);
  return record;
}

/** Reads all whole records, in order. */
export function* readSegment(bytes: Buffer, firstPosition: number): Generator<JournalRecord, SegmentEnd> {
  let position = firstPosition;
  if (!isHeader(bytes, firstPosition)) {
    // A header is written and synced before any record, so without records a broken one is a file that was just begun.
    return { lastPosition: position - 1, wholeBytes: 0, state: bytes.length <= segmentHeaderBytes ? 'torn' : 'damaged' };
  }
  let offset = segmentHeaderBytes;
  for (let end = recordEnd(bytes, offset, position); end !== undefined; end = recordEnd(bytes, offset, position)) {
    yield { position, payload: bytes.subarray(offset + recordHeaderBytes, end) };
    offset = end;
    position += 1;
  }
  const state = offset === bytes.length ? 'whole' : hasLaterRecord(bytes, offset, position) ? 'damaged' : 'torn';
  return { lastPosition: position - 1, wholeBytes: offset, state };
}

function isHeader(bytes: Buffer, firstPosition: number): boolean {
  return bytes.length >= segmentHeaderBytes && bytes.subarray(0, segmentHeaderBytes).equals(encodeSegmentHeader(firstPosition));
}

/** Where the record at `offset` ends, if it is whole and has this position. */
function recordEnd(bytes: Buffer, offset: number, position: number): number | undefined {
  const payload = offset + recordHeaderBytes;
  if (payload > bytes.length) return undefined;
  const length = bytes.readUInt32BE(offset);
  const end = payload + length;
  if (length === 0 || length > largestPayloadBytes || end > bytes.length) return undefined;
  if (Number(bytes.readBigUInt64BE(offset + 8)) !== position) return undefined;
  return crc32(bytes.subarray(offset + 8, end)) === bytes.readUInt32BE(offset + 4) ? end : undefined;
}

/** Whether a whole record with a later position lies anywhere behind `offset`: then what is broken was once acknowledged. */
function hasLaterRecord(bytes: Buffer, offset: number, position: number): boolean {
  for (let start = offset + 1; start + recordHeaderBytes < bytes.length; start += 1) {
    // Cheap tests first: this runs over every byte.
    if (bytes.readUInt32BE(start + 8) !== Math.floor(position / 2 ** 32)) continue;
    const found = Number(bytes.readBigUInt64BE(start + 8));
    if (found > position && found < position + bytes.length && recordEnd(bytes, start, found) !== undefined) return true;
  }
  return false;
}
