/** What grew between the beginning and the end of a memory trace, by kind and by the place where it was allocated. Pure; it judges nothing. */
import { formatMemory, type MemorySample, type MemoryTrace } from '@openclaw/protocol';
import { formatTable } from '../table.ts';

/** More nobody reads. */
const mostSites = 10;

type Reading = readonly [heading: string, read: (sample: MemorySample) => number | undefined, format: (value: number) => string];

const readings: readonly Reading[] = [
  ['Usage', ({ usageBytes }) => usageBytes, formatMemory],
  ['Working Set', ({ workingSetBytes }) => workingSetBytes, formatMemory],
  ['RSS', ({ rssBytes }) => rssBytes, formatMemory],
  ['Anonymous', ({ anonymousBytes }) => anonymousBytes, formatMemory],
  ['File Cache', ({ fileBytes }) => fileBytes, formatMemory],
  ['Swap', ({ swapBytes }) => swapBytes, formatMemory],
  ['Heap after GC', ({ heapAfterGcBytes }) => heapAfterGcBytes, formatMemory],
  ['Buffers', ({ externalBytes }) => externalBytes, formatMemory],
  ['Threads', ({ threads }) => threads, String],
  ['File Descriptors', ({ fileDescriptors }) => fileDescriptors, String],
  ['Sockets', ({ sockets }) => sockets, String],
];

export interface Growth {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly most: number;
}

export interface NamedGrowth extends Growth {
  readonly format: (value: number) => string;
}

/** Of the readings that the trace has; those that are nothing all the time are left out. */
export function growthOf({ samples }: Pick<MemoryTrace, 'samples'>): readonly NamedGrowth[] {
  return readings.flatMap(([name, read, format]) => {
    const values = samples.flatMap((sample) => read(sample) ?? []);
    const [start] = values;
    const end = values.at(-1);
    const most = values.reduce((one, other) => Math.max(one, other), 0);
    return start === undefined || end === undefined || most === 0 ? [] : [{ name, start, end, most, format }];
  });
}

export function formatGrowth(trace: MemoryTrace, width: number | undefined): string {
  const rows = growthOf(trace).map(({ name, start, end, most, format }) => [
    name,
    format(start),
    format(end),
    format(most),
    signed(end - start, format),
  ]);
  const columns = ['Type', 'Start', 'End', 'Most', 'Growth'].map((heading, index) => ({
    heading,
    ...(index > 0 ? { align: 'right' as const } : {}),
  }));
  return formatTable(columns, rows, { width }) + formatSites(trace, width);
}

function formatSites({ allocations }: MemoryTrace, width: number | undefined): string {
  const sites = (allocations?.sites ?? [])
    .filter(({ growthBytes }) => growthBytes > 0)
    .toSorted((one, other) => other.growthBytes - one.growthBytes);
  if (sites.length === 0) return '';
  const rows = sites
    .slice(0, mostSites)
    .map(({ file, line, function: name = '', bytes, growthBytes }) => [
      `${file}:${line}`,
      name,
      formatMemory(bytes),
      signed(growthBytes, formatMemory),
    ]);
  return `\n${formatTable([{ heading: 'Allocated at', cut: 'start' }, { heading: 'Function' }, { heading: 'Held', align: 'right' }, { heading: 'Growth', align: 'right' }], rows, { width })}`;
}

function signed(value: number, format: (value: number) => string): string {
  if (value === 0) return '0';
  return value < 0 ? `-${format(-value)}` : `+${format(value)}`;
}
