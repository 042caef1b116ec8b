/** Whether the volume of the state directory has room: bytes, and names for files. Two checks over one look. */
import { statfs } from 'node:fs/promises';
import { degraded, failed, ok, type Check } from '../check.ts';

export interface Volume {
  /** For us: what is kept for root does not count. */
  readonly freeBytes: number;
  /** `undefined` where the file system makes them as they are needed. */
  readonly freeInodes: number | undefined;
}

export type ReadVolume = () => Promise<Volume>;

/** Of the volume that a directory lies on. @throws what the system says, if the volume is gone */
export async function readVolume(directory: string): Promise<Volume> {
  const { bavail, bsize, files, ffree } = await statfs(directory);
  return { freeBytes: bavail * bsize, freeInodes: files === 0 ? undefined : ffree };
}

export const volumeLimits = {
  /** Below this, the next hour of logs and journal may not fit. */
  lowBytes: 256 * 2 ** 20,
  /** Below this the next segment of the journal does not fit. */
  fullBytes: 4 * 2 ** 20,
  lowInodes: 1000,
  /** A snapshot and a few segments. */
  fullInodes: 16,
} as const;

export function createDiskCheck(read: ReadVolume): Check {
  return async () => {
    const { freeBytes } = await read();
    if (freeBytes >= volumeLimits.lowBytes) return ok;
    const words = `${Math.floor(freeBytes / 2 ** 20)} MiB are free on the volume of the state directory`;
    return freeBytes < volumeLimits.fullBytes ? failed(`the disk is full: ${words}`) : degraded(words);
  };
}

export function createInodeCheck(read: ReadVolume): Check {
  return async () => {
    const { freeInodes } = await read();
    if (freeInodes === undefined || freeInodes >= volumeLimits.lowInodes) return ok;
    const words = `${freeInodes} more files fit on the volume of the state directory, whatever room it has`;
    return freeInodes < volumeLimits.fullInodes ? failed(words) : degraded(words);
  };
}
