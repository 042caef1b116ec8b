/**
 * A segment that is being written: whole records are added at its end, and nothing else happens to it.
 *
 * After a failure it either is as it was before, or says that it is broken; then only a new start can make out where it ends.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './durable-files.ts';
import { isNoSpace } from './failures.ts';

export interface SegmentFile {
  readonly bytes: number;
  readonly broken: boolean;
  /** Writes at the end and waits for the disk. @throws the file system's error; unless `broken`, nothing was added */
  append(record: Buffer): void;
  /** Durably. */
  cutTo(bytes: number): void;
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

export function createSegment(path: string, header: Buffer, files: JournalFiles): SegmentFile {
  // A file of this name can only be one whose header was never finished.
  rmSync(path, { force: true });
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    writeAll(files, descriptor, { bytes: header, at: 0 });
    files.sync(descriptor);
    syncDirectory(dirname(path));
  } catch (thrown) {
    closeSync(descriptor);
    rmSync(path, { force: true });
    throw thrown;
  }
  return segmentFile(descriptor, header.length, files);
}

/** Goes on with a segment, without what follows its last whole record. */
export function reopenSegment(
  path: string,
  end: { readonly wholeBytes: number; readonly tornBytes: number },
  files: JournalFiles,
): SegmentFile {
  const segment = segmentFile(openSync(path, 'r+'), end.wholeBytes, files);
  if (end.tornBytes > 0) segment.cutTo(end.wholeBytes);
  return segment;
}

function segmentFile(descriptor: number, initialBytes: number, files: JournalFiles): SegmentFile {
  let size = initialBytes;
  let broken = false;

  const cutTo = (bytes: number): void => {
    broken = true;
    files.truncate(descriptor, bytes);
    files.sync(descriptor);
    size = bytes;
    broken = false;
  };

  // After a failed sync the kernel may have dropped what it could not write, and a second sync would not say so.
  const sync = (): void => {
    try {
      files.sync(descriptor);
    } catch (thrown) {
      if (!isNoSpace(thrown)) broken = true;
      throw thrown;
    }
  };

  return {
    get bytes() {
      return size;
    },
    get broken() {
      return broken;
    },
    append(record) {
      try {
        writeAll(files, descriptor, { bytes: record, at: size });
        sync();
      } catch (thrown) {
        if (!broken) cutTo(size);
        throw thrown;
      }
      size += record.length;
    },
    cutTo,
    close: () => closeSync(descriptor),
  };
}

/** A disk that fills up takes a part and says so only at the next write. */
function writeAll(files: JournalFiles, descriptor: number, { bytes, at }: { readonly bytes: Buffer; readonly at: number }): void {
  for (let done = 0; done < bytes.length;) done += files.write(descriptor, bytes.subarray(done), at + done);
}
