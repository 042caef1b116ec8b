/**
 * How near this process is to the end of its memory: the limit of its control group (version 1 or 2), what the machine has left, and the
 * limit of the JavaScript engine's own heap, whichever ends it first.
 *
 * It reads and computes. Who acts on it: `operations/memory`.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString, getHeapStatistics } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findGroupPlaces } from './processes/group-places.ts';

export interface MemoryReading {
  /** Of what: `container` is the control group of this process or one above it. */
  readonly of: 'container' | 'machine' | 'heap';
  /** What cannot be had back: caches of files do not count, for the kernel gives them up by itself. */
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** Text of a file, or `undefined` where there is none. */
export type ReadText = (path: string) => string | undefined;

/** A control group with a limit, and the files that say what it uses. */
export interface MemoryGroup {
  readonly version: 1 | 2;
  readonly directory: string;
}

const groupFiles = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', reclaimable: ['total_inactive_file', 'total_active_file'] },
  2: { limit: 'memory.max', usage: 'memory.current', reclaimable: ['inactive_file', 'active_file', 'slab_reclaimable'] },
} as const;

/** The control groups that this process counts in and that can be seen from here, from its own to the outermost. */
export function findMemoryGroups(readText: ReadText): readonly MemoryGroup[] {
  const told = { mounts: readText('/proc/self/mountinfo') ?? '', groups: readText('/proc/self/cgroup') ?? '' };
  for (const version of [1, 2] as const) {
    const groups = findGroupPlaces(told, version === 1 ? 'memory' : 'unified').map((directory) => ({ version, directory }));
    // In a mixed set-up version 2 is mounted too, and knows nothing of memory.
    if (groups.some(({ directory }) => readText(`${directory}/${groupFiles[version].usage}`) !== undefined)) return groups;
  }
  return [];
}

/** The one of its readings that is nearest to its limit. A limit that is changed while the process runs is seen. */
export function createMemoryReader(readText: ReadText = readTextFile): () => MemoryReading {
  const groups = findMemoryGroups(readText);
  return () => {
    const readings = [...groups.flatMap((group) => readGroup(group, readText)), ...readMachine(readText), readHeap()];
    return readings.reduce((nearest, reading) => (shareOf(reading) > shareOf(nearest) ? reading : nearest));
  };
}

export function shareOf({ usedBytes, limitBytes }: Pick<MemoryReading, 'usedBytes' | 'limitBytes'>): number {
  return limitBytes > 0 ? usedBytes / limitBytes : 1;
}

/** Nothing where the group has no limit: version 2 says `max`, version 1 a number that no machine has. */
export function readGroup({ version, directory }: MemoryGroup, readText: ReadText): MemoryReading[] {
  const files = groupFiles[version];
  const limitBytes = toBytes(readText(`${directory}/${files.limit}`));
  const usageBytes = toBytes(readText(`${directory}/${files.usage}`));
  if (limitBytes === undefined || usageBytes === undefined || limitBytes >= 2 ** 53) return [];
  const statistics = new Map((readText(`${directory}/memory.stat`) ?? '').split('\n').map((line) => line.split(' ') as [string, string]));
  const reclaimableBytes = files.reclaimable.reduce((sum, name) => sum + (toBytes(statistics.get(name)) ?? 0), 0);
  return [{ of: 'container', usedBytes: Math.max(0, usageBytes - reclaimableBytes), limitBytes }];
}

/** What others leave: this process may grow by what is available, and the kernel ends somebody then. */
function readMachine(readText: ReadText): MemoryReading[] {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '')?.[1];
  if (available === undefined) return [];
  const usedBytes = process.memoryUsage.rss();
  return [{ of: 'machine', usedBytes, limitBytes: usedBytes + Number(available) * 1024 }];
}

/** At its limit the engine ends the process by itself. */
function readHeap(): MemoryReading {
  const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
  return { of: 'heap', usedBytes, limitBytes };
}

function toBytes(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No such thing on this system, or the group was removed.
    return undefined;
  }
}

/**
 * A full collection of garbage in this thread, on demand: the engine collects by the limit of its heap, and does not know that what else
 * counts (other threads, buffers) has filled the memory around it. It stops the thread for some ten milliseconds.
 */
export function createGarbageCollector(): () => void {
  let collect: unknown;
  return () => {
    // Made when it is first needed, which in most processes is never: it takes a context of its own.
    collect ??= exposeCollection();
    if (typeof collect === 'function') collect();
  };
}

function exposeCollection(): unknown {
  setFlagsFromString('--expose-gc');
  const exposed: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return exposed;
}
