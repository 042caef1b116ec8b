/** What single processes use and whether they are the same as before, read from `/proc`. Who belongs together is for others. */
import type { ReadText } from '../../../core/process-memory.ts';
import { readKernelFile } from './read-kernel-file.ts';

/** A number of a process is given out again; with the moment of its start it names one process until the machine is started again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In ticks since the machine was started. */
  readonly startTicks: number;
}

export interface ProcessReading extends ProcessIdentity {
  readonly parentPid: number;
  readonly session: number;
  /** Has ended, and nobody has asked yet how. */
  readonly isDead: boolean;
  readonly majorFaults: number;
  /** Its own, and those of children that have ended. */
  readonly cpuSeconds: number;
  readonly threads: number;
  readonly residentBytes: number;
}

/** Of `/proc`, on every platform of Linux that Node runs on. */
const ticksPerSecond = 100;

/** Undefined where there is no such process. */
export function readProcess(pid: number, readText: ReadText = readKernelFile): ProcessReading | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseProcessStat(text);
}

/** Reads a line of `/proc/PID/stat`; undefined where it is cut off. */
export function parseProcessStat(text: string): ProcessReading | undefined {
  // The name of the program stands in parentheses and may have any character in it.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  if (end < 0 || fields.length < 22) return undefined;
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(text, 10),
    startTicks: number(22),
    parentPid: number(4),
    session: number(6),
    isDead: fields[0] === 'Z' || fields[0] === 'X',
    majorFaults: number(12) + number(13),
    cpuSeconds: (number(14) + number(15) + number(16) + number(17)) / ticksPerSecond,
    threads: number(20),
    residentBytes: number(24) * pageBytes(),
  };
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
