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
  /** At the rate at which it fills: time to do something about it. */
  lowDays: 3,
} as const;

/** @param daysUntilFull undefined where it does not fill, or not so that it can be told yet */
export function createDiskCheck(read: ReadVolume, daysUntilFull: () => number | undefined = () => undefined): Check {
  return async () => {
    const { freeBytes } = await read();
    const days = daysUntilFull() ?? Infinity;
    if (freeBytes >= volumeLimits.lowBytes)
      return days >= volumeLimits.lowDays
        ? ok
        : degraded(`at its rate the volume of the state directory is full in ${days.toFixed(1)} days`);
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
