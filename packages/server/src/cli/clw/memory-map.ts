/** `clw debug workload NAME --show-vmmap`: what the memory of each instance consists of, as the kernel accounts for it. */
import type { InstanceMemoryMap, WorkloadMemoryMap } from '@openclaw/protocol';
import type { Terminal } from '../terminal.ts';

export function showMemoryMap(
  { instances }: WorkloadMemoryMap,
  { output }: { readonly output: string },
  { stdout, stderr }: Terminal,
): void {
  if (output === 'json') stdout.write(`${JSON.stringify({ instances }, null, 2)}\n`);
  else if (instances.length === 0) stderr.write('No instance of it runs at the moment.\n');
  else stdout.write(instances.map((instance) => (instances.length === 1 ? '' : `${instance.instance}\n`) + tableOf(instance)).join('\n'));
}

function tableOf(map: InstanceMemoryMap): string {
  const rows: readonly (readonly [string, number, string])[] = [
    ['Heap', map.heapBytes, '-'],
    ['Stack', map.stackBytes, counted(map.threads, 'thread')],
    ['Anonymous', map.anonymousBytes, '-'],
    ['Shared', map.sharedBytes, counted(map.sharedRegions, 'region')],
    ['Mapped Files', map.fileBytes, '-'],
    ['Page Cache', map.pageCacheBytes, '-'],
    ['System Overhead', map.kernelBytes, '-'],
  ];
  const lines = rows.map(([type, bytes, count]) => line(type, sizeOf(bytes), count));
  const limit = map.limitBytes === undefined ? '-' : `of ${sizeOf(map.limitBytes)}`;
  return [line('Type', 'Size', 'Count'), ...lines, `${'─'.repeat(33)}\n`, line('TOTAL', sizeOf(map.totalBytes), limit)].join('');
}

function line(type: string, size: string, count: string): string {
  return `${type.padEnd(17)}${size.padEnd(10)}${count}\n`;
}

function sizeOf(bytes: number): string {
  const [unit, name] = bytes !== 0 && bytes < 2 ** 20 ? [2 ** 10, 'Ki'] : [2 ** 20, 'Mi'];
  return `${Math.round(bytes / unit)} ${name}`;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
