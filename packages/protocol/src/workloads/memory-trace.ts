/**
 * The memory of one instance over time, as a file: what `clw debug export --type memory` writes and `clw analyze memory-trace` reads.
 *
 * One JSON object: the types here for programs, `memoryTraceSchema` for readers that meet strangers' files. Sizes are bytes, times are milliseconds
 * since 1970. It does not read files (the server's `workloads/analysis/read-trace.ts` does) and judges nothing.
 */
import type { JsonSchema } from '../schema.ts';

/** Raised when a reader of the version before could not read the file. */
export const memoryTraceVersion = 1;

/** What a reader takes. A day at five seconds is 17,280 samples and some 4 MB. */
export const memoryTraceLimits = { fileBytes: 64 * 2 ** 20, samples: 200_000, marks: 10_000, sites: 1000, textCharacters: 1024 } as const;

export interface MemoryTrace {
  readonly version: typeof memoryTraceVersion;
  readonly workload: string;
  readonly namespace: string;
  readonly instance: string;
  readonly driver: 'process' | 'docker' | 'kubernetes';
  /** What interprets the program, where it is known: `node`, `python`. */
  readonly runtime?: string;
  /** Of the container; absent where there is none. */
  readonly limitBytes?: number;
  readonly requestBytes?: number;
  /** The time from one sample to the next, as it was meant to be. */
  readonly intervalMs: number;
  /** When the process of the first sample began, where it is known: the growth of a young process means less. */
  readonly startedAt?: number;
  /** By rising time. */
  readonly samples: readonly MemorySample[];
  readonly marks?: readonly MemoryMark[];
  readonly allocations?: AllocationDiff;
  readonly smaps?: SmapsSummary;
}

export interface MemorySample {
  readonly at: number;
  /** All that the kernel charges. */
  readonly usageBytes: number;
  /** Usage without the cache of files that nobody uses at the moment. */
  readonly workingSetBytes: number;
  /** Resident in all processes of the instance. */
  readonly rssBytes: number;
  /** No file behind it: heaps, stacks, buffers. */
  readonly anonymousBytes: number;
  /** Caches of files; the kernel gives them up by itself. */
  readonly fileBytes: number;
  readonly swapBytes: number;
  /** How often the instance had been started again before. */
  readonly restarts: number;
  /** Share of the last ten seconds that some tasks, or all, waited for memory; in percent. */
  readonly psi?: { readonly some: number; readonly full: number };
  /** The managed heap as the last full collection left it: a step function. */
  readonly heapAfterGcBytes?: number;
  /** Held by the managed heap and outside of it: buffers. */
  readonly externalBytes?: number;
  /** Work done since the trace began or the instance was started: requests, jobs, messages. */
  readonly requests?: number;
  readonly threads?: number;
  readonly fileDescriptors?: number;
  readonly sockets?: number;
  /** Processor time since the start. */
  readonly cpuSeconds?: number;
}

/** What happened to the instance at a moment. */
export const memoryMarkKinds = ['restart', 'deployment', 'oom', 'pressure'] as const;
export type MemoryMarkKind = (typeof memoryMarkKinds)[number];

export interface MemoryMark {
  readonly at: number;
  readonly kind: MemoryMarkKind;
  readonly text?: string;
}

/** What lived at the later of two moments, and how much more that was, by the place where it was allocated. */
export interface AllocationDiff {
  /** `heap-profile`: Node's sampling heap profiler. `tracemalloc`: Python's. */
  readonly source: 'heap-profile' | 'tracemalloc';
  readonly from: number;
  readonly to: number;
  readonly sites: readonly AllocationSite[];
}

export interface AllocationSite {
  readonly function?: string;
  readonly file: string;
  readonly line: number;
  readonly bytes: number;
  /** May be negative. */
  readonly growthBytes: number;
}

/** `/proc/PID/smaps` of all processes of the instance, added up; it adds up to what the kernel charges. */
export interface SmapsSummary {
  readonly at: number;
  readonly heapBytes: number;
  readonly stackBytes: number;
  readonly anonymousBytes: number;
  readonly sharedBytes: number;
  readonly fileBytes: number;
  readonly pageCacheBytes: number;
  readonly kernelBytes: number;
  readonly totalBytes: number;
}

const bytes: JsonSchema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const count = bytes;
const signedBytes: JsonSchema = { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
/** Up to the last millisecond that a Date can hold. */
const time: JsonSchema = { type: 'integer', minimum: 0, maximum: 8.64e15 };
const percent: JsonSchema = { type: 'number', minimum: 0, maximum: 100 };
const text: JsonSchema = { type: 'string', maxLength: memoryTraceLimits.textCharacters };
const name: JsonSchema = { ...text, minLength: 1 };

/** Every name of the type has to be here, and no other may be. */
function closed<T>(properties: { readonly [K in keyof Required<T>]: JsonSchema }, required: readonly (keyof T & string)[]): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

const sample = closed<MemorySample>(
  {
    at: time,
    usageBytes: bytes,
    workingSetBytes: bytes,
    rssBytes: bytes,
    anonymousBytes: bytes,
    fileBytes: bytes,
    swapBytes: bytes,
    restarts: count,
    psi: closed<NonNullable<MemorySample['psi']>>({ some: percent, full: percent }, ['some', 'full']),
    heapAfterGcBytes: bytes,
    externalBytes: bytes,
    requests: count,
    threads: count,
    fileDescriptors: count,
    sockets: count,
    cpuSeconds: { type: 'number', minimum: 0, maximum: 1e12 },
  },
  ['at', 'usageBytes', 'workingSetBytes', 'rssBytes', 'anonymousBytes', 'fileBytes', 'swapBytes', 'restarts'],
);

const mark = closed<MemoryMark>({ at: time, kind: { enum: memoryMarkKinds }, text }, ['at', 'kind']);

const site = closed<AllocationSite>({ function: text, file: text, line: count, bytes, growthBytes: signedBytes }, [
  'file',
  'line',
  'bytes',
  'growthBytes',
]);

const allocations = closed<AllocationDiff>(
  {
    source: { enum: ['heap-profile', 'tracemalloc'] },
    from: time,
    to: time,
    sites: { type: 'array', items: site, maxItems: memoryTraceLimits.sites },
  },
  ['source', 'from', 'to', 'sites'],
);

const smaps = closed<SmapsSummary>(
  {
    at: time,
    heapBytes: bytes,
    stackBytes: bytes,
    anonymousBytes: bytes,
    sharedBytes: bytes,
    fileBytes: bytes,
    pageCacheBytes: bytes,
    kernelBytes: bytes,
    totalBytes: bytes,
  },
  [
    ...(['at', 'heapBytes', 'stackBytes', 'anonymousBytes', 'sharedBytes'] as const),
    ...(['fileBytes', 'pageCacheBytes', 'kernelBytes', 'totalBytes'] as const),
  ],
);

/** JSON Schema of the file. That times rise is more than it can say. */
export const memoryTraceSchema: JsonSchema = {
  title: 'MemoryTrace',
  ...closed<MemoryTrace>(
    {
      version: { type: 'integer', minimum: memoryTraceVersion, maximum: memoryTraceVersion },
      workload: name,
      namespace: name,
      instance: name,
      driver: { enum: ['process', 'docker', 'kubernetes'] },
      runtime: name,
      limitBytes: { ...bytes, minimum: 1 },
      requestBytes: bytes,
      intervalMs: { type: 'integer', minimum: 1, maximum: 86_400_000 },
      startedAt: time,
      samples: { type: 'array', items: sample, maxItems: memoryTraceLimits.samples },
      marks: { type: 'array', items: mark, maxItems: memoryTraceLimits.marks },
      allocations,
      smaps,
    },
    ['version', 'workload', 'namespace', 'instance', 'driver', 'intervalMs', 'samples'],
  ),
};
