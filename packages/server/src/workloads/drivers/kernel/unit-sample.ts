/**
 * One reading of a unit from its control group, where the kernel counts for it, else from its processes one by one.
 *
 * Both give the same fields. Without a group nothing is known of caches and of the kernel's own, and processes that have ended take what they used with them.
 */
import { readlinkSync, readdirSync } from 'node:fs';
import type { UnitSample } from '../driver.ts';
import type { GroupDirectories } from '../../../core/processes/control-group.ts';
import { type GroupUsage, readThreads } from './group-usage.ts';
import { type MemoryOfProcess, type ProcessReading, readMemoryOfProcess, readProcess } from './process-usage.ts';
import { countDescriptors } from './read-kernel-file.ts';

export interface UnitReading {
  readonly atMs: number;
  readonly pids: readonly number[];
  readonly group: GroupUsage | undefined;
  readonly directories: GroupDirectories | undefined;
  /** Where there is no group that knows it. */
  readonly limitBytes: number | undefined;
  /** The most that was seen before. */
  readonly peakBytes: number;
  readonly outOfMemoryKills: number;
}

/** Of how many processes each is read by itself. Of larger units the group alone is asked. */
const mostProcesses = 256;

/** Undefined where none of its processes lives any more. */
export function readUnitSample({
  atMs,
  pids,
  group,
  directories,
  limitBytes,
  peakBytes,
  outOfMemoryKills,
}: UnitReading): UnitSample | undefined {
  const processes = pids.slice(0, mostProcesses).flatMap((pid) => living(readProcess(pid)));
  if (processes.length === 0) return undefined;
  const memory = group === undefined ? ofProcesses(processes) : ofGroup(group, pids.length > mostProcesses ? undefined : processes);
  const limit = group?.limitBytes ?? limitBytes;
  const descriptors = sumOrNothing(processes.map(({ pid }) => countDescriptors(pid)));
  return {
    at: atMs,
    ...memory,
    cpuSeconds: group?.cpuSeconds ?? sum(processes.map(({ cpuSeconds }) => cpuSeconds)),
    threads:
      (pids.length > mostProcesses ? directories && readThreads(directories) : undefined) ?? sum(processes.map(({ threads }) => threads)),
    majorFaults: group?.majorFaults ?? sum(processes.map(({ majorFaults }) => majorFaults)),
    processes: pids.length,
    peakBytes: Math.max(peakBytes, group?.peakBytes ?? memory.usageBytes),
    outOfMemoryKills,
    ...(limit === undefined ? {} : { limitBytes: limit }),
    ...(group?.psi === undefined ? {} : { psi: group.psi }),
    ...(descriptors === undefined ? {} : { fileDescriptors: descriptors }),
  };
}

/** How many of the open files are sockets; undefined where they are too many to look at each, or may not be looked at. */
export function countSockets(pids: readonly number[], mostDescriptors: number): number | undefined {
  let looked = 0;
  let sockets = 0;
  for (const pid of pids) {
    try {
      const names = readdirSync(`/proc/${pid}/fd`);
      looked += names.length;
      if (looked > mostDescriptors) return undefined;
      sockets += names.filter((name) => isSocket(`/proc/${pid}/fd/${name}`)).length;
    } catch (thrown) {
      // Who has ended meanwhile has none; of another user's nothing can be said.
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EACCES') return undefined;
    }
  }
  return sockets;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // It was closed since the directory was read.
    return false;
  }
}

type MemoryFields = Pick<UnitSample, 'usageBytes' | 'workingSetBytes' | 'rssBytes' | 'anonymousBytes' | 'fileBytes' | 'swapBytes'>;

function ofGroup(group: GroupUsage, processes: readonly ProcessReading[] | undefined): MemoryFields {
  const resident =
    processes === undefined ? group.anonymousBytes + group.mappedBytes : sum(processes.map(({ residentBytes }) => residentBytes));
  return {
    usageBytes: group.usageBytes,
    workingSetBytes: Math.max(0, group.usageBytes - group.inactiveFileBytes),
    rssBytes: resident,
    anonymousBytes: group.anonymousBytes,
    fileBytes: group.fileBytes,
    swapBytes: group.swapBytes,
  };
}

/** What processes share counts for each of them: this errs upwards. */
function ofProcesses(processes: readonly ProcessReading[]): MemoryFields {
  const each = processes.map(({ pid }) => readMemoryOfProcess(pid)).filter((memory) => memory !== undefined);
  const total = (field: keyof MemoryOfProcess): number => sum(each.map((memory) => memory[field]));
  const rssBytes = total('anonymousBytes') + total('fileBytes') + total('sharedBytes');
  return {
    usageBytes: rssBytes + total('pageTableBytes'),
    workingSetBytes: rssBytes + total('pageTableBytes'),
    rssBytes,
    anonymousBytes: total('anonymousBytes'),
    fileBytes: total('fileBytes'),
    swapBytes: total('swapBytes'),
  };
}

function living(process: ProcessReading | undefined): readonly ProcessReading[] {
  return process === undefined || process.isDead ? [] : [process];
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function sumOrNothing(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? sum(known) : undefined;
}
