/** How much work waits for the disk, by the kernel's pressure stall information: of this control group where it tells, else of the machine. */
import type { ReadText } from './process-memory.ts';

/** Shares of the last minute, from 0 to 1. */
export interface IoPressure {
  /** In which somebody waited. */
  readonly some: number;
  /** In which nobody did anything else. */
  readonly full: number;
}

const places = ['/sys/fs/cgroup/io.pressure', '/proc/pressure/io'];

/** Undefined where the kernel does not tell. */
export function readIoPressure(readText: ReadText): IoPressure | undefined {
  for (const place of places) {
    const text = readText(place);
    if (text === undefined) continue;
    const of = (kind: string): number => Number(new RegExp(`^${kind} .*avg60=([\\d.]+)`, 'm').exec(text)?.[1]) / 100;
    const [some, full] = [of('some'), of('full')];
    if (Number.isFinite(some) && Number.isFinite(full)) return { some, full };
  }
  return undefined;
}
