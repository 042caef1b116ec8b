/** The recorded traces, read as any file would be. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { MemoryTrace } from '@openclaw/protocol';
import { readMemoryTrace } from '../../packages/server/src/workloads/analysis/index.ts';

const folder = join(import.meta.dirname, 'traces');

export async function readRecorded(): Promise<ReadonlyMap<string, MemoryTrace>> {
  const traces = readdirSync(folder).map(async (file) => {
    const trace = await readMemoryTrace([gunzipSync(readFileSync(join(folder, file)))]);
    return [trace.workload, trace] as const;
  });
  return new Map(await Promise.all(traces));
}

/** What each program does, by its name. */
export const programs: Readonly<Record<string, { readonly leaks: boolean; readonly about: string }>> = {
  listener: { leaks: true, about: 'a listener for every request, on an emitter that lives for ever' },
  'closure-map': { leaks: true, about: 'a map of closures, and nobody takes any out' },
  'promise-chain': { leaks: true, about: 'races against a promise that never settles' },
  'native-buffer': { leaks: true, about: 'buffers outside of the heap' },
  connections: { leaks: true, about: 'connections that are never closed' },
  'cache-leaky': { leaks: true, about: "Python: the article's service with its dictionary" },
  threads: { leaks: true, about: 'Python: workers that wait for ever' },
  'cache-fixed': { leaks: false, about: "Python: the article's service with its bounded cache" },
  lru: { leaks: false, about: 'a cache of the most recently used, full after a third of the time' },
  diurnal: { leaks: false, about: 'sessions under a load that rises twentyfold' },
  batch: { leaks: false, about: 'a batch every two minutes' },
};
