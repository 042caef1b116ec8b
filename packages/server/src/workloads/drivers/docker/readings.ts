/**
 * What a container uses: from its control group and from `/proc` where the engine runs on this machine and they can be read, else from the engine, which knows less.
 *
 * Whether the numbers of processes mean the same here as for the engine is not assumed: the group of the process has to bear the name of the container.
 */
import type { Clock } from '../../../core/clock.ts';
import type { GroupDirectories } from '../../../core/processes/control-group.ts';
import { findGroupPlaces, type GroupTree } from '../../../core/processes/group-places.ts';
import type { MemoryMap, UnitSample } from '../driver.ts';
import { type GroupUsage, readGroupUsage, readOutOfMemoryKills, readThreads } from '../kernel/group-usage.ts';
import { chargedKinds, readMemoryMap } from '../kernel/memory-map.ts';
import { readProcess } from '../kernel/process-usage.ts';
import { readKernelFile } from '../kernel/read-kernel-file.ts';
import { countSocketsSeldom, type SocketCount } from '../kernel/socket-counter.ts';
import { readUnitSample } from '../kernel/unit-sample.ts';
import type { Engine } from '../../../docker-engine/engine.ts';

export interface ReadContainer {
  readonly containerId: string;
  /** Of its first process, as the engine counts. */
  readonly pid: number;
  readonly memoryLimitBytes: number | undefined;
  /** As far as the engine has told. */
  readonly outOfMemoryKills: number;
}

const trees: readonly GroupTree[] = ['unified', 'memory', 'cpu', 'cpuacct', 'pids'];
const nothingMapped = { heapBytes: 0, stackBytes: 0, anonymousBytes: 0, sharedBytes: 0, fileBytes: 0 };

/** The control groups of a process, if they are those of the container; undefined where they are not, or cannot be seen. */
export function groupsOfContainer(pid: number, containerId: string): GroupDirectories | undefined {
  const groups = pid > 1 ? readKernelFile(`/proc/${pid}/cgroup`) : undefined;
  if (groups === undefined || !groups.includes(containerId)) return undefined;
  const told = { groups, mounts: readKernelFile('/proc/self/mountinfo') ?? '' };
  const places = trees.flatMap((tree): [GroupTree, string][] => {
    const [place] = findGroupPlaces(told, tree);
    // What lies outside of the mount cannot be seen, and what is above it is not the container's alone.
    return place?.includes(containerId) === true ? [[tree, place]] : [];
  });
  return places.length === 0 ? undefined : Object.fromEntries(places);
}

export class ContainerReader {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #container: () => ReadContainer;
  #groups: { readonly pid: number; readonly directories: GroupDirectories | undefined } | undefined;
  #peakBytes = 0;
  #sockets: SocketCount | undefined;

  constructor(engine: Engine, clock: Clock, container: () => ReadContainer) {
    this.#engine = engine;
    this.#clock = clock;
    this.#container = container;
  }

  async sample(): Promise<UnitSample | undefined> {
    const { memoryLimitBytes: limitBytes, outOfMemoryKills } = this.#container();
    const directories = this.#directories();
    const group = directories && readGroupUsage(directories);
    const sample =
      directories === undefined
        ? await this.#sampleOfEngine()
        : group &&
          readUnitSample({
            ...{ atMs: this.#clock.now(), pids: group.pids, group, directories, limitBytes, peakBytes: this.#peakBytes },
            outOfMemoryKills: readOutOfMemoryKills(directories) ?? outOfMemoryKills,
          });
    if (sample === undefined) return undefined;
    this.#peakBytes = sample.peakBytes;
    if (group === undefined) return sample;
    this.#sockets = countSocketsSeldom(this.#sockets, {
      ...{ pids: group.pids, descriptors: sample.fileDescriptors, nowMs: this.#clock.monotonicMs() },
    });
    return { ...sample, ...(this.#sockets.count === undefined ? {} : { sockets: this.#sockets.count }) };
  }

  async memoryMap(signal: AbortSignal): Promise<MemoryMap | undefined> {
    const directories = this.#directories();
    const ofEngine = directories === undefined ? await this.#usageOfEngine(signal) : undefined;
    const group = ofEngine ?? (directories && readGroupUsage(directories));
    if (group === undefined) return undefined;
    const atMs = this.#clock.now();
    const map = await readMemoryMap({ pids: group.pids, group, atMs, signal });
    // Of another user's processes nobody but root may see mappings: what the kernel charges is known all the same.
    return (
      map ?? {
        at: atMs,
        ...chargedKinds(nothingMapped, group),
        threads: ofEngine?.threads ?? (directories && readThreads(directories)) ?? 0,
        sharedRegions: 0,
        processes: processesOf(group.pids),
      }
    );
  }

  #directories(): GroupDirectories | undefined {
    const { pid, containerId } = this.#container();
    if (this.#groups?.pid !== pid) this.#groups = { pid, directories: groupsOfContainer(pid, containerId) };
    return this.#groups.directories;
  }

  async #sampleOfEngine(): Promise<UnitSample | undefined> {
    const usage = await this.#usageOfEngine(AbortSignal.timeout(10_000));
    if (usage === undefined) return undefined;
    const { memoryLimitBytes, outOfMemoryKills } = this.#container();
    return {
      at: this.#clock.now(),
      usageBytes: usage.usageBytes,
      workingSetBytes: Math.max(0, usage.usageBytes - usage.inactiveFileBytes),
      rssBytes: usage.anonymousBytes + usage.mappedBytes,
      anonymousBytes: usage.anonymousBytes,
      fileBytes: usage.fileBytes,
      swapBytes: usage.swapBytes,
      cpuSeconds: usage.cpuSeconds ?? 0,
      threads: usage.threads,
      majorFaults: usage.majorFaults,
      // It counts threads alone.
      processes: 1,
      peakBytes: Math.max(this.#peakBytes, usage.peakBytes),
      outOfMemoryKills,
      ...(memoryLimitBytes === undefined ? {} : { limitBytes: memoryLimitBytes }),
    };
  }

  async #usageOfEngine(signal: AbortSignal): Promise<UsageOfEngine | undefined> {
    const { containerId } = this.#container();
    const query = { stream: 'false', 'one-shot': 'true' };
    return usageOf((await this.#engine.json({ method: 'GET', path: `/containers/${containerId}/stats`, query, signal })) as Stats);
  }
}

interface Stats {
  readonly memory_stats: { readonly usage?: number; readonly max_usage?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
  readonly pids_stats: { readonly current?: number };
}

type UsageOfEngine = GroupUsage & { readonly threads: number };

/** The engine passes on the names of the kernel, which are others in each version of control groups. Undefined where it has ended. */
export function usageOf({ memory_stats: memory, cpu_stats: cpu, pids_stats: pids }: Stats): UsageOfEngine | undefined {
  if (memory.usage === undefined) return undefined;
  const figure = (...names: readonly string[]): number =>
    names.map((name) => memory.stats?.[name]).find((value) => value !== undefined) ?? 0;
  const sharedBytes = figure('total_shmem', 'shmem');
  return {
    usageBytes: memory.usage,
    anonymousBytes: figure('total_rss', 'anon'),
    fileBytes: Math.max(0, figure('total_cache', 'file') - sharedBytes),
    inactiveFileBytes: figure('total_inactive_file', 'inactive_file'),
    sharedBytes,
    mappedBytes: figure('total_mapped_file', 'file_mapped'),
    swapBytes: figure('total_swap'),
    majorFaults: figure('total_pgmajfault', 'pgmajfault'),
    peakBytes: Math.max(memory.usage, memory.max_usage ?? 0),
    cpuSeconds: cpu.cpu_usage.total_usage / 1e9,
    pids: [],
    threads: pids.current ?? 0,
  };
}

function processesOf(pids: readonly number[]): MemoryMap['processes'] {
  return pids.flatMap((pid) => {
    const process = readProcess(pid);
    return process === undefined
      ? []
      : [{ pid, command: (readKernelFile(`/proc/${pid}/comm`) ?? '').trim(), rssBytes: process.residentBytes }];
  });
}
