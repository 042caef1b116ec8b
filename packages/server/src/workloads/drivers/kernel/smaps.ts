/**
 * Adds up `/proc/PID/smaps`: what kinds of memory the mappings of a process hold.
 *
 * What several processes share is divided among them, so that sums over processes count nothing twice. It does not know what the kernel charges to whom:
 * `memory-map.ts` does.
 */

export interface MappedMemory {
  /** Without a file behind it: heaps, stacks, buffers, what a program has written over pages of a file. */
  readonly heapBytes: number;
  readonly stackBytes: number;
  readonly anonymousBytes: number;
  /** Has a name and no file on disk: `/dev/shm`, memfd, System V. */
  readonly sharedBytes: number;
  readonly fileBytes: number;
  /** All that is resident, and what others use too counts in full. */
  readonly residentBytes: number;
  /** Names of memory that several processes may write, each once. */
  readonly sharedRegions: ReadonlySet<string>;
}

type Kind = 'heapBytes' | 'stackBytes' | 'anonymousBytes' | 'sharedBytes' | 'fileBytes';

interface Mapping {
  readonly name: string;
  readonly permissions: string;
  readonly inode: string;
  residentBytes: number;
  proportionalBytes: number;
  anonymousBytes: number;
}

const header = /^[0-9a-f]+-[0-9a-f]+ ([-rwxsp]{4}) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+) *(.*)$/;

export function addUpSmaps(text: string): MappedMemory {
  const bytes: Record<Kind, number> = { heapBytes: 0, stackBytes: 0, anonymousBytes: 0, sharedBytes: 0, fileBytes: 0 };
  const sharedRegions = new Set<string>();
  let residentBytes = 0;
  const add = (mapping: Mapping): void => {
    const { permissions, inode, name, proportionalBytes } = mapping;
    const kind = kindOf(mapping);
    // Pages of a private mapping that were written to belong to nobody else and to no file.
    const written = kind === 'fileBytes' ? Math.min(mapping.anonymousBytes, proportionalBytes) : 0;
    bytes[kind] += proportionalBytes - written;
    bytes.anonymousBytes += written;
    residentBytes += mapping.residentBytes;
    if (permissions.startsWith('rw') && permissions.endsWith('s')) sharedRegions.add(`${inode} ${name}`);
  };
  let mapping: Mapping | undefined;
  for (const line of text.split('\n')) {
    const match = header.exec(line);
    if (match !== null) {
      if (mapping !== undefined) add(mapping);
      const [, permissions = '', inode = '', name = ''] = match;
      mapping = { name, permissions, inode, residentBytes: 0, proportionalBytes: 0, anonymousBytes: 0 };
    } else if (mapping !== undefined) {
      if (line.startsWith('Rss:')) mapping.residentBytes = sizeIn(line);
      else if (line.startsWith('Pss:')) mapping.proportionalBytes = sizeIn(line);
      else if (line.startsWith('Anonymous:')) mapping.anonymousBytes = sizeIn(line);
    }
  }
  if (mapping !== undefined) add(mapping);
  return { ...bytes, residentBytes, sharedRegions };
}

function kindOf({ name, permissions, inode }: Mapping): Kind {
  if (name === '[heap]') return 'heapBytes';
  if (name.startsWith('[stack')) return 'stackBytes';
  const hasNoDisk = /^\/(dev\/shm\/|memfd:|SYSV|dev\/zero)/.test(name) || name.startsWith('[anon_shmem:');
  if (hasNoDisk) return 'sharedBytes';
  if (name === '' || name.startsWith('[') || inode === '0') return permissions.endsWith('s') ? 'sharedBytes' : 'anonymousBytes';
  return 'fileBytes';
}

function sizeIn(line: string): number {
  return (Number.parseInt(line.slice(line.indexOf(':') + 1), 10) || 0) * 1024;
}
