/** Reads what `node-preload.js` writes: the heap of a Node program after its last full collection, and what it holds outside. */
import type { ReadText } from '../../../core/process-memory.ts';
import { parseObject } from '../../../core/json.ts';
import { readKernelFile } from '../kernel/read-kernel-file.ts';

export interface HeapReport {
  readonly heapAfterGcBytes?: number;
  readonly externalBytes?: number;
}

/** Of all its processes together; those that tell nothing count for nothing. */
export function readHeapReport(directory: string, pids: readonly number[], readText: ReadText = readKernelFile): HeapReport {
  const sums: { heapAfterGcBytes?: number; externalBytes?: number } = {};
  for (const pid of pids) {
    const text = readText(`${directory}/heap.${pid}`);
    const report = text === undefined ? undefined : parseObject(text);
    for (const name of ['heapAfterGcBytes', 'externalBytes'] as const) {
      const bytes = report?.[name];
      if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0) sums[name] = (sums[name] ?? 0) + bytes;
    }
  }
  return sums;
}
