/**
 * A control group of the kernel for one command, where this process may make one: nobody in it can leave, it bounds how many they are, and ends all at
 * once.
 *
 * Version 2 ends all (`cgroup.kill`), and bounds processes and memory where those controllers were handed down to this process; of version 1 the `pids`
 * controller is used. Where neither may be made there is no group, and `supervise.ts` does what can be done without.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../../../core/clock.ts';

export interface ControlGroup {
  /** A process joins by writing its number into each of these. */
  readonly memberFiles: readonly string[];
  /** Whether the kernel itself holds them to the number of processes. */
  readonly boundsProcesses: boolean;
  members(): Promise<readonly number[]>;
  /** Ends everybody in it. Safe to call again. */
  kill(): Promise<void>;
  /** Once nobody is left in it. @returns whether it is gone */
  remove(): Promise<boolean>;
}

export interface ControlGroupOptions {
  /** Becomes part of a directory's name. */
  readonly name: string;
  readonly processLimit: number;
  readonly memoryLimitBytes: number;
  readonly clock: Clock;
  /** What the kernel tells of this process. @default those of `/proc/self` */
  readonly told?: { readonly mounts: string; readonly groups: string };
}

/** Undefined where this process may not make one. */
export async function createControlGroup(options: ControlGroupOptions): Promise<ControlGroup | undefined> {
  const told = options.told ?? (await readTold());
  if (told === undefined) return undefined;
  const unified = await make(placeOf(told, 'cgroup2'), options.name);
  const pids = await make(placeOf(told, 'pids'), options.name);
  const directories = [unified, pids].filter((directory) => directory !== undefined);
  const [first] = directories;
  if (first === undefined) return undefined;
  const bounded = await Promise.all(directories.map((directory) => set(directory, 'pids.max', options.processLimit)));
  for (const directory of directories) {
    if (await set(directory, 'memory.max', options.memoryLimitBytes)) await set(directory, 'memory.swap.max', 0);
  }
  return groupOf({ directories, first, boundsProcesses: bounded.includes(true), clock: options.clock });
}

/** The directories in which groups are made. */
export async function ownGroups(): Promise<readonly string[]> {
  const told = await readTold();
  if (told === undefined) return [];
  return [placeOf(told, 'cgroup2'), placeOf(told, 'pids')].filter((directory) => directory !== undefined);
}

interface Made {
  readonly directories: readonly string[];
  readonly first: string;
  readonly boundsProcesses: boolean;
  readonly clock: Clock;
}

function groupOf({ directories, first, boundsProcesses, clock }: Made): ControlGroup {
  const members = async (): Promise<readonly number[]> => {
    const texts = await Promise.all(directories.map((directory) => readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')));
    return [...new Set(texts.flatMap((text) => text.split('\n').filter(Boolean).map(Number)))];
  };
  return {
    memberFiles: directories.map((directory) => join(directory, 'cgroup.procs')),
    boundsProcesses,
    members,
    async kill() {
      // From here on nobody in it can make another one, so that the list comes to an end.
      for (const directory of directories) await set(directory, 'pids.max', 0);
      await set(first, 'cgroup.kill', 1);
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

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}

async function readTold() {
  try {
    return { mounts: await readFile('/proc/self/mountinfo', 'utf8'), groups: await readFile('/proc/self/cgroup', 'utf8') };
  } catch {
    return undefined;
  }
}

/** The directory of this process's own group: in the tree of version 2, or in the one of a controller of version 1. */
function placeOf({ mounts, groups }: { readonly mounts: string; readonly groups: string }, which: 'cgroup2' | 'pids'): string | undefined {
  const mount = mounts
    .split('\n')
    .map(parseMount)
    .find((each) => each !== undefined && (which === 'cgroup2' ? each.type === which : each.options.includes(which)));
  const line = groups
    .split('\n')
    .map((each) => each.split(':'))
    .find(([number, names = '']) => (which === 'cgroup2' ? number === '0' && names === '' : names.split(',').includes(which)));
  const path = line?.slice(2).join(':');
  if (mount === undefined || path === undefined || path.includes('..')) return undefined;
  return join(mount.directory, path);
}

function parseMount(line: string) {
  const [before = '', after] = line.split(' - ');
  const directory = before.split(' ')[4];
  const [type, , options] = after?.split(' ') ?? [];
  return directory === undefined || type === undefined ? undefined : { directory, type, options: options?.split(',') ?? [] };
}

async function make(parent: string | undefined, name: string): Promise<string | undefined> {
  if (parent === undefined) return undefined;
  const directory = join(parent, `openclaw-${name}`);
  return mkdir(directory).then(
    () => directory,
    () => undefined,
  );
}

/** @returns whether there is such a bound and it was taken */
async function set(directory: string, file: string, value: number): Promise<boolean> {
  const path = join(directory, file);
  if (!existsSync(path)) return false;
  return writeFile(path, String(value)).then(
    () => true,
    () => false,
  );
}
