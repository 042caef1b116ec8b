/**
 * What a control group uses, read from its files: of version 1 with a tree per controller, or of version 2.
 *
 * It reads and names; which processes are in it, and what the figures mean for a program, is for others.
 */
import type { GroupDirectories } from '../../../core/processes/control-group.ts';
import type { ReadText } from '../../../core/process-memory.ts';
import { findFigure, parseNumber, readKernelFile } from './read-kernel-file.ts';

export interface GroupUsage {
  /** All that the kernel charges. */
  readonly usageBytes: number;
  readonly anonymousBytes: number;
  /** Caches of files, without memory that is shared and has no file. */
  readonly fileBytes: number;
  readonly inactiveFileBytes: number;
  /** Shared memory without a file on disk: it is given up for nobody. */
  readonly sharedBytes: number;
  /** Of files and shared memory, what some process has mapped. */
  readonly mappedBytes: number;
  readonly swapBytes: number;
  readonly majorFaults: number;
  readonly peakBytes: number;
  readonly limitBytes?: number;
  readonly psi?: { readonly some: number; readonly full: number };
  readonly cpuSeconds?: number;
  readonly pids: readonly number[];
}

/** A number that no machine has: no limit, in version 1. */
const unlimitedBytes = 2 ** 53;

/** Undefined where the group is gone, or where nothing counts memory. Each file costs some ten microseconds; none is read that another tells. */
export function readGroupUsage(directories: GroupDirectories, readText: ReadText = readKernelFile): GroupUsage | undefined {
  const { memory, unified } = directories;
  const usage = memory === undefined ? (unified === undefined ? undefined : readUnified(unified, readText)) : readLegacy(memory, readText);
  if (usage === undefined) return undefined;
  const cpuSeconds = readCpuSeconds(directories, readText);
  return {
    ...usage,
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    pids: readMembers(directories, readText),
  };
}

/** Processes of it that were ended for their memory so far; the cheapest of its figures, for looking often. */
export function readOutOfMemoryKills({ memory, unified }: GroupDirectories, readText: ReadText = readKernelFile): number | undefined {
  if (memory !== undefined) return findFigure(readText(`${memory}/memory.oom_control`), 'oom_kill');
  return unified === undefined ? undefined : findFigure(readText(`${unified}/memory.events`), 'oom_kill');
}

/** All threads in it. */
export function readThreads({ memory, unified, pids }: GroupDirectories, readText: ReadText = readKernelFile): number | undefined {
  const counted = memory === undefined && unified !== undefined ? unified : pids;
  return counted === undefined ? undefined : parseNumber(readText(`${counted}/pids.current`));
}

export function readMembers(directories: GroupDirectories, readText: ReadText = readKernelFile): readonly number[] {
  const directory = directories.memory ?? directories.unified ?? directories.pids;
  const text = directory === undefined ? undefined : readText(`${directory}/cgroup.procs`);
  return (text ?? '').split('\n').filter(Boolean).map(Number);
}

type MemoryPart = Omit<GroupUsage, 'pids' | 'cpuSeconds'>;

function readLegacy(directory: string, readText: ReadText): MemoryPart | undefined {
  const usageBytes = parseNumber(readText(`${directory}/memory.usage_in_bytes`));
  if (usageBytes === undefined) return undefined;
  const figures = readText(`${directory}/memory.stat`);
  const figure = (name: string): number => findFigure(figures, `total_${name}`) ?? findFigure(figures, name) ?? 0;
  const limitBytes = findFigure(figures, 'hierarchical_memory_limit');
  return {
    usageBytes,
    anonymousBytes: figure('rss'),
    fileBytes: Math.max(0, figure('cache') - figure('shmem')),
    inactiveFileBytes: figure('inactive_file'),
    sharedBytes: figure('shmem'),
    mappedBytes: figure('mapped_file'),
    swapBytes: figure('swap'),
    majorFaults: figure('pgmajfault'),
    peakBytes: Math.max(usageBytes, parseNumber(readText(`${directory}/memory.max_usage_in_bytes`)) ?? 0),
    ...(limitBytes === undefined || limitBytes >= unlimitedBytes ? {} : { limitBytes }),
  };
}

function readUnified(directory: string, readText: ReadText): MemoryPart | undefined {
  const usageBytes = parseNumber(readText(`${directory}/memory.current`));
  if (usageBytes === undefined) return undefined;
  const figures = readText(`${directory}/memory.stat`);
  const figure = (name: string): number => findFigure(figures, name) ?? 0;
  const limitBytes = parseNumber(readText(`${directory}/memory.max`));
  const psi = parsePressure(readText(`${directory}/memory.pressure`));
  return {
    usageBytes,
    anonymousBytes: figure('anon'),
    fileBytes: Math.max(0, figure('file') - figure('shmem')),
    inactiveFileBytes: figure('inactive_file'),
    sharedBytes: figure('shmem'),
    mappedBytes: figure('file_mapped'),
    swapBytes: parseNumber(readText(`${directory}/memory.swap.current`)) ?? 0,
    majorFaults: figure('pgmajfault'),
    // From Linux 5.19 on.
    peakBytes: Math.max(usageBytes, parseNumber(readText(`${directory}/memory.peak`)) ?? 0),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(psi === undefined ? {} : { psi }),
  };
}

/** Of the last ten seconds, in percent. Absent where the kernel does not measure it. */
function parsePressure(text: string | undefined): GroupUsage['psi'] {
  const some = /^some avg10=([\d.]+)/m.exec(text ?? '')?.[1];
  const full = /^full avg10=([\d.]+)/m.exec(text ?? '')?.[1];
  return some === undefined ? undefined : { some: Number(some), full: Number(full ?? 0) };
}

function readCpuSeconds({ cpuacct, unified }: GroupDirectories, readText: ReadText): number | undefined {
  const nanoseconds = cpuacct === undefined ? undefined : parseNumber(readText(`${cpuacct}/cpuacct.usage`));
  if (nanoseconds !== undefined) return nanoseconds / 1e9;
  const microseconds = unified === undefined ? undefined : findFigure(readText(`${unified}/cpu.stat`), 'usage_usec');
  return microseconds === undefined ? undefined : microseconds / 1e6;
}
