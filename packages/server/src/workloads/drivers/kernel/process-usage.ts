/** What single processes use and whether they are the same as before, read from `/proc`. Who belongs together is for others. */
import type { ReadText } from '../../../core/process-memory.ts';
import { parseProcessStat, type ProcessStat } from '../../../core/processes/process-stat.ts';
import { readKernelFile } from './read-kernel-file.ts';

/** Names one process until the machine is started again. */
export type ProcessIdentity = Pick<ProcessStat, 'pid' | 'startTicks'>;

export interface ProcessReading extends Omit<ProcessStat, 'residentPages'> {
  readonly residentBytes: number;
}

/** Undefined where there is no such process. */
export function readProcess(pid: number, readText: ReadText = readKernelFile): ProcessReading | undefined {
  const text = readText(`/proc/${pid}/stat`);
  const stat = text === undefined ? undefined : parseProcessStat(text);
  if (stat === undefined) return undefined;
  const { residentPages, ...reading } = stat;
  return { ...reading, residentBytes: residentPages * pageBytes() };
}

/** Whether that very process lives. */
export function lives({ pid, startTicks }: ProcessIdentity, readText: ReadText = readKernelFile): boolean {
  const found = readProcess(pid, readText);
  return found !== undefined && !found.isDead && found.startTicks === startTicks;
}

export interface MemoryOfProcess {
  readonly anonymousBytes: number;
  readonly fileBytes: number;
  readonly sharedBytes: number;
  readonly swapBytes: number;
  readonly pageTableBytes: number;
}

/** What of it is resident, by kind; undefined where it has ended. */
export function readMemoryOfProcess(pid: number, readText: ReadText = readKernelFile): MemoryOfProcess | undefined {
  const text = readText(`/proc/${pid}/status`);
  if (text === undefined || !text.includes('VmRSS')) return undefined;
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return {
    anonymousBytes: figure('RssAnon'),
    fileBytes: figure('RssFile'),
    sharedBytes: figure('RssShmem'),
    swapBytes: figure('VmSwap'),
    pageTableBytes: figure('VmPTE'),
  };
}

/** Its share of all that it has resident: what several use is divided among them. Dear for large processes. */
export function readProportionalBytes(pid: number, readText: ReadText = readKernelFile): number | undefined {
  const kibibytes = /^Pss:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

let knownPageBytes: number | undefined;

/** Some machines have larger pages than the usual. */
function pageBytes(): number {
  knownPageBytes ??= Number(/^KernelPageSize:\s+(\d+) kB/m.exec(readKernelFile('/proc/self/smaps') ?? '')?.[1] ?? 4) * 1024;
  return knownPageBytes;
}
