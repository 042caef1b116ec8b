/**
 * A control group with a limit of memory, as a container has one: the system kills what takes more. Version 1 of Linux' groups, and
 * only where this process may make one, which mostly means as root.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MemoryGroup {
  add(pid: number): void;
  /** For a shell that joins before it becomes the program. */
  readonly joinCommand: string;
  /** Most that was charged, caches of files included. */
  mostBytes(): number;
}

const root = '/sys/fs/cgroup/memory';
let groups = 0;

/** Empty when groups can be made, else the reason in words. */
export function memoryGroupsMissing(): string {
  if (!existsSync(join(root, 'memory.limit_in_bytes'))) return `there is no memory controller at ${root}`;
  try {
    const folder = join(root, `openclaw-probe-${process.pid}`);
    mkdirSync(folder);
    rmdirSync(folder);
    return '';
  } catch (error) {
    return `no group can be made at ${root}: ${(error as Error).message}`;
  }
}

export function createMemoryGroup(limitMiB: number): MemoryGroup {
  groups += 1;
  const folder = join(root, `openclaw-${process.pid}-${groups}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'memory.limit_in_bytes'), String(limitMiB * 1024 * 1024));
  process.on('exit', () => removeLater(folder));
  return {
    add: (pid) => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
    joinCommand: `echo $$ > ${folder}/cgroup.procs`,
    mostBytes: () => Number(readFileSync(join(folder, 'memory.max_usage_in_bytes'), 'utf8')),
  };
}

function removeLater(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A process of it is still ending; an empty group costs nothing.
  }
}
