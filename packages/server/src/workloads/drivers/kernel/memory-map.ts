/**
 * The memory of a unit by kind, from the mappings of all its processes and from what the kernel charges to its control group.
 *
 * The mappings say what memory is for; the group says how much of it is charged here and not to whoever touched a page first. So the kinds are taken from the one,
 * and held to the sums of the other: they add up to the total exactly. Where there is no group, the mappings are all that is known.
 */
import { readFile } from 'node:fs/promises';
import type { ReadText } from '../../../core/process-memory.ts';
import type { MemoryMap } from '../driver.ts';
import type { GroupUsage } from './group-usage.ts';
import { readMemoryOfProcess, readProcess } from './process-usage.ts';
import { readKernelFile } from './read-kernel-file.ts';
import { addUpSmaps, type MappedMemory } from './smaps.ts';

export interface MemoryMapSource {
  readonly pids: readonly number[];
  /** Where the kernel counts what they use. */
  readonly group: GroupUsage | undefined;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

type Kinds = Omit<MappedMemory, 'residentBytes' | 'sharedRegions'>;

/** What is shown of a command line. */
const commandCharacters = 120;
const largestSmapsBytes = 64 * 2 ** 20;

/** Undefined where none of the processes is there any more. */
export async function readMemoryMap({ pids, group, atMs, signal }: MemoryMapSource): Promise<MemoryMap | undefined> {
  const processes: { readonly pid: number; readonly command: string; readonly rssBytes: number }[] = [];
  const sum = { heapBytes: 0, stackBytes: 0, anonymousBytes: 0, sharedBytes: 0, fileBytes: 0 };
  const regions = new Set<string>();
  let threads = 0;
  let pageTableBytes = 0;
  for (const pid of pids) {
    signal.throwIfAborted();
    // One after the other: each may be some megabytes. Who has ended meanwhile has no mappings.
    const text = await readFile(`/proc/${pid}/smaps`, 'latin1').catch(() => '');
    if (text === '' || text.length > largestSmapsBytes) continue;
    const mapped = addUpSmaps(text);
    for (const kind of Object.keys(sum) as (keyof typeof sum)[]) sum[kind] += mapped[kind];
    for (const region of mapped.sharedRegions) regions.add(region);
    threads += readProcess(pid)?.threads ?? 1;
    pageTableBytes += readMemoryOfProcess(pid)?.pageTableBytes ?? 0;
    processes.push({ pid, command: commandOf(pid), rssBytes: mapped.residentBytes });
  }
  if (processes.length === 0) return undefined;
  const kinds = group === undefined ? ungrouped(sum, pageTableBytes) : chargedKinds(sum, group);
  return { at: atMs, ...kinds, threads, sharedRegions: regions.size, processes };
}

type ChargedKinds = Kinds & { readonly pageCacheBytes: number; readonly kernelBytes: number; readonly totalBytes: number };

function ungrouped(mapped: Kinds, pageTableBytes: number): ChargedKinds {
  const totalBytes = Object.values(mapped).reduce((all, bytes) => all + bytes, pageTableBytes);
  return { ...mapped, pageCacheBytes: 0, kernelBytes: pageTableBytes, totalBytes };
}

/** Divides what is charged among the kinds. What is charged and is none of them is the kernel's own: tables, sockets, stacks of threads in it. */
export function chargedKinds(
  mapped: Kinds,
  group: Pick<GroupUsage, 'usageBytes' | 'anonymousBytes' | 'sharedBytes' | 'fileBytes' | 'mappedBytes'>,
): ChargedKinds {
  let rest = Math.max(0, group.usageBytes);
  const take = (bytes: number): number => {
    const taken = Math.min(rest, Math.max(0, Math.round(bytes)));
    rest -= taken;
    return taken;
  };
  // The statistics lag a little behind the usage, so that each may at most take what is left.
  const anonymous = take(group.anonymousBytes);
  const sharedBytes = take(group.sharedBytes);
  const cached = take(group.fileBytes);
  const heapBytes = Math.min(mapped.heapBytes, anonymous);
  const stackBytes = Math.min(mapped.stackBytes, anonymous - heapBytes);
  const fileBytes = Math.min(cached, Math.max(0, group.mappedBytes - Math.min(sharedBytes, mapped.sharedBytes)));
  return {
    heapBytes,
    stackBytes,
    anonymousBytes: anonymous - heapBytes - stackBytes,
    sharedBytes,
    fileBytes,
    pageCacheBytes: cached - fileBytes,
    kernelBytes: rest,
    totalBytes: Math.max(0, group.usageBytes),
  };
}

function commandOf(pid: number, readText: ReadText = readKernelFile): string {
  const line = (readText(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  return (line === '' ? (readText(`/proc/${pid}/comm`) ?? '').trim() : line).slice(0, commandCharacters);
}
