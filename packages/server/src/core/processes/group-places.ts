/**
 * Where in the file system the control groups of this process lie: in the one tree of version 2, and in that of each controller of version 1.
 *
 * It reads what the kernel tells of this process. What a group holds, and who makes one, is for others.
 */

/** `unified` is the tree of version 2, also where it has no controllers beside those of version 1. */
export type GroupTree = 'unified' | 'memory' | 'pids' | 'cpu' | 'cpuacct';

/** Texts of `/proc/self/mountinfo` and `/proc/self/cgroup`. */
export interface ToldOfGroups {
  readonly mounts: string;
  readonly groups: string;
}

/**
 * The directories of the groups that this process counts in and that can be seen from here, from its own to the outermost. What lies outside of the mount
 * cannot be seen; then the mount point stands for it. Empty where there is no such tree.
 */
export function findGroupPlaces({ mounts, groups }: ToldOfGroups, tree: GroupTree): readonly string[] {
  const mount = mounts
    .split('\n')
    .map(parseMount)
    .find((each) => each !== undefined && (tree === 'unified' ? each.type === 'cgroup2' : isLegacy(each, tree)));
  const line = groups
    .split('\n')
    .map((each) => each.split(':'))
    .find(([number, names = '']) => (tree === 'unified' ? number === '0' && names === '' : names.split(',').includes(tree)));
  const path = line?.slice(2).join(':');
  return mount === undefined || path === undefined ? [] : ancestors(mount, path);
}

interface Mount {
  readonly type: string;
  readonly options: readonly string[];
  /** Which group lies at the mount point. */
  readonly root: string;
  readonly point: string;
}

function isLegacy({ type, options }: Mount, controller: string): boolean {
  return type === 'cgroup' && options.includes(controller);
}

function parseMount(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point] = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  return root === undefined || point === undefined ? undefined : { type, options: options.split(','), root, point };
}

function ancestors({ root, point }: Mount, path: string): string[] {
  const below = root === '/' ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : '';
  const names = below.split('/').filter((name) => name !== '' && name !== '..');
  return names.map((_, index) => [point, ...names.slice(0, names.length - index)].join('/')).concat(point);
}
