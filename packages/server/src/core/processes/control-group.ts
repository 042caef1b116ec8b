/**
 * A control group of the kernel for one program: nobody in it can leave, it bounds how many they are and what they use, and ends all at once.
 *
 * Version 2 ends all (`cgroup.kill`), and bounds where its controllers were handed down to this process; of version 1 the controllers are used that are
 * asked for. Where no group may be made there is none, and whoever asked does what can be done without.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, sleep } from '../clock.ts';
import type { MemoryGroup } from '../process-memory.ts';
import { findGroupPlaces, type GroupTree, type ToldOfGroups } from './group-places.ts';

/** Its directory in each tree. */
export type GroupDirectories = Readonly<Partial<Record<GroupTree, string>>>;

export interface ControlGroup {
  readonly directories: GroupDirectories;
  /** A process joins by writing its number into each of these. */
  readonly memberFiles: readonly string[];
  /** Whether the kernel itself holds them to the number of processes. */
  readonly boundsProcesses: boolean;
  /** Where the kernel says what they use; undefined where it does not count that here. */
  readonly memory: MemoryGroup | undefined;
  members(): Promise<readonly number[]>;
  /** Ends everybody in it. Safe to call again. */
  kill(): Promise<void>;
  /** Once nobody is left in it. @returns whether it is gone */
  remove(): Promise<boolean>;
}

export interface ControlGroupOptions {
  /** Becomes part of a directory's name. */
  readonly name: string;
  /** Processes and threads. */
  readonly processLimit: number;
  /** @default none */
  readonly memoryLimitBytes?: number | undefined;
  /** Thousandths of a processor. @default none */
  readonly cpuLimitMilli?: number | undefined;
  /** Where memory runs out, all are ended and not only the largest; version 2 alone can do that. @default false */
  readonly endsTogether?: boolean;
  /** The trees to use. @default unified and pids */
  readonly trees?: readonly GroupTree[];
  readonly clock: Clock;
  /** What the kernel tells of this process. @default those of `/proc/self` */
  readonly told?: ToldOfGroups;
}

/**
 * The leaf that a service manager puts this process into (`DelegateSubgroup=`) so that groups can be made beside it: version 2 gives nothing to groups
 * below one that has processes itself.
 */
const ownLeaf = 'openclaw-gateway';
const defaultTrees: readonly GroupTree[] = ['unified', 'pids'];
const cpuPeriodMicroseconds = 100_000;

/** Undefined where this process may not make one. */
export async function createControlGroup(options: ControlGroupOptions): Promise<ControlGroup | undefined> {
  const told = options.told ?? (await readTold());
  if (told === undefined) return undefined;
  const made: Partial<Record<GroupTree, string>> = {};
  for (const tree of options.trees ?? defaultTrees) {
    const parent = placeOf(told, tree);
    if (parent === undefined) continue;
    if (tree === 'unified') await handDown(parent);
    const directory = join(parent, `openclaw-${options.name}`);
    const isMade = await mkdir(directory).then(
      () => true,
      () => false,
    );
    // Some controllers share a tree.
    if (isMade || Object.values(made).includes(directory)) made[tree] = directory;
  }
  if (Object.keys(made).length === 0) return undefined;
  const bounded = await Promise.all(distinct(made).map((directory) => bound(directory, options)));
  return groupOf(made, { boundsProcesses: bounded.includes(true), clock: options.clock });
}

/** One that was made before, maybe by another process. */
export function openControlGroup(directories: GroupDirectories, clock: Clock): ControlGroup | undefined {
  if (!distinct(directories).some((directory) => existsSync(directory))) return undefined;
  return groupOf(directories, { boundsProcesses: false, clock });
}

/** The directories in which groups are made. */
export async function ownGroups(trees: readonly GroupTree[] = defaultTrees): Promise<readonly string[]> {
  const told = await readTold();
  if (told === undefined) return [];
  return [...new Set(trees.map((tree) => placeOf(told, tree)).filter((directory) => directory !== undefined))];
}

/** Removes groups that nobody is in any more and whose names begin so; they stay until somebody does. */
export async function removeStaleGroups(prefix: string, trees: readonly GroupTree[] = defaultTrees): Promise<void> {
  for (const directory of await ownGroups(trees)) {
    const names = await readdir(directory).catch(() => []);
    const stale = names.filter((name) => name.startsWith(`openclaw-${prefix}`));
    await Promise.all(stale.map((name) => rmdir(join(directory, name)).catch(() => undefined)));
  }
}

interface GroupTraits {
  readonly boundsProcesses: boolean;
  readonly clock: Clock;
}

function groupOf(made: GroupDirectories, { boundsProcesses, clock }: GroupTraits): ControlGroup {
  const directories = distinct(made);
  const members = async (): Promise<readonly number[]> => {
    const texts = await Promise.all(directories.map((directory) => readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')));
    return [...new Set(texts.flatMap((text) => text.split('\n').filter(Boolean).map(Number)))];
  };
  return {
    directories: made,
    memberFiles: directories.map((directory) => join(directory, 'cgroup.procs')),
    boundsProcesses,
    memory: memoryOf(made),
    members,
    async kill() {
      // From here on nobody in it can make another one, so that the list comes to an end.
      for (const directory of directories) await set(directory, 'pids.max', 0);
      if (made.unified !== undefined) await set(made.unified, 'cgroup.kill', 1);
      for (const pid of await members()) end(pid);
    },
    async remove() {
      const never = new AbortController().signal;
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const left = await Promise.all(
          directories.map((directory) =>
            rmdir(directory).then(
              () => false,
              () => existsSync(directory),
            ),
          ),
        );
        if (!left.includes(true)) return true;
        await sleep(clock, 25, never);
      }
      return false;
    },
  };
}

function distinct(directories: GroupDirectories): readonly string[] {
  return [...new Set(Object.values(directories))];
}

function memoryOf({ memory, unified }: GroupDirectories): MemoryGroup | undefined {
  if (memory !== undefined) return { version: 1, directory: memory };
  return unified !== undefined && existsSync(join(unified, 'memory.current')) ? { version: 2, directory: unified } : undefined;
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}

async function readTold(): Promise<ToldOfGroups | undefined> {
  try {
    return { mounts: await readFile('/proc/self/mountinfo', 'utf8'), groups: await readFile('/proc/self/cgroup', 'utf8') };
  } catch {
    return undefined;
  }
}

/** Where groups are made: below the one of this process, or beside it where it was put into a leaf for that. */
function placeOf(told: ToldOfGroups, tree: GroupTree): string | undefined {
  // A group outside of what is seen here is nobody's to fill.
  if (told.groups.includes('/..')) return undefined;
  const [own] = findGroupPlaces(told, tree);
  return own !== undefined && tree === 'unified' && basename(own) === ownLeaf ? dirname(own) : own;
}

/** Lets groups below use what this one may. The kernel refuses where it has processes itself, and then groups only count their members. */
async function handDown(directory: string): Promise<void> {
  for (const controller of ['memory', 'cpu', 'pids']) await set(directory, 'cgroup.subtree_control', `+${controller}`);
}

/** @returns whether the number of processes is bounded */
async function bound(directory: string, options: ControlGroupOptions): Promise<boolean> {
  const { processLimit, memoryLimitBytes, cpuLimitMilli } = options;
  const bounded = await set(directory, 'pids.max', processLimit);
  if (memoryLimitBytes !== undefined) {
    if (await set(directory, 'memory.max', memoryLimitBytes)) await set(directory, 'memory.swap.max', 0);
    if (await set(directory, 'memory.limit_in_bytes', memoryLimitBytes))
      await set(directory, 'memory.memsw.limit_in_bytes', memoryLimitBytes);
  }
  if (options.endsTogether === true) await set(directory, 'memory.oom.group', 1);
  if (cpuLimitMilli !== undefined) {
    const quota = Math.max(1000, Math.round((cpuLimitMilli * cpuPeriodMicroseconds) / 1000));
    await set(directory, 'cpu.max', `${quota} ${cpuPeriodMicroseconds}`);
    await set(directory, 'cpu.cfs_quota_us', quota);
  }
  return bounded;
}

/** @returns whether there is such a bound and it was taken */
async function set(directory: string, file: string, value: number | string): Promise<boolean> {
  const path = join(directory, file);
  if (!existsSync(path)) return false;
  return writeFile(path, String(value)).then(
    () => true,
    () => false,
  );
}
