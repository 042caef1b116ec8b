/** What the analysis of a memory trace says: for `clw`, the Control UI and programs. Types, and the words of the verdicts. */
import type { AllocationSite } from './memory-trace.ts';

/** Only `leak` is worth an alert; `growing` is watched. */
export const memoryVerdicts = ['too-short', 'steady', 'warming-up', 'cache-like', 'load-driven', 'growing', 'leak'] as const;
export type MemoryVerdict = (typeof memoryVerdicts)[number];

/** How much the verdict rests on: how good the signal is, and how long it was seen. */
export type MemoryConfidence = 'low' | 'medium' | 'high';

export interface Estimate {
  readonly low: number;
  readonly value: number;
  readonly high: number;
}

export type GrowthPlaceName =
  | 'heap'
  | 'buffers outside of the heap'
  | 'native memory'
  | 'anonymous memory'
  | 'file cache'
  | 'threads'
  | 'sockets'
  | 'file descriptors';

/** Something that grows. Bytes for memory, pieces for what is counted. */
export interface GrowthPlace {
  readonly name: GrowthPlaceName;
  readonly unit: 'bytes' | 'count';
  readonly perHour: Estimate;
}

/** The causes of the published article on out-of-memory kills that the trace speaks for. */
export const memoryScenarios = [
  'unbounded cache',
  'connection pool leak',
  'large batch processing',
  'worker thread accumulation',
  'memory fragmentation',
] as const;
export type MemoryScenarioName = (typeof memoryScenarios)[number];

export interface MemoryScenario {
  readonly name: MemoryScenarioName;
  readonly evidence: string;
}

export interface MemoryAnalysis {
  readonly verdict: MemoryVerdict;
  /** The verdict in words: `leak, OOM in 9–14 h`. */
  readonly summary: string;
  readonly confidence: MemoryConfidence;
  readonly window: { readonly from: number; readonly to: number; readonly samples: number };
  /** What was looked at: the better signal where there is one. */
  readonly signal: string;
  /** Of the signal; the interval holds it in 95 of 100. */
  readonly bytesPerHour?: Estimate;
  /** Where the growth follows the work and not the clock. */
  readonly bytesPerThousandRequests?: number;
  readonly grows: readonly GrowthPlace[];
  /** What lives more than before, by where it was allocated; the most first. */
  readonly sites: readonly AllocationSite[];
  /** Hours until the limit is reached; only of a leak, and only where there is a limit. `latest` is absent where it may never be. */
  readonly hoursToLimit?: { readonly earliest: number; readonly likely: number; readonly latest?: number };
  readonly scenarios: readonly MemoryScenario[];
  /** Why, in plain sentences. */
  readonly evidence: readonly string[];
}

/** Limit and request for a workload, from what it used. */
export interface MemoryRecommendation {
  /** Of the working set; what was used lately counts more. */
  readonly p95Bytes: Estimate;
  /** Absent while they are refused. */
  readonly limitBytes?: number;
  readonly requestBytes?: number;
  /** Why nothing is recommended: a leak outgrows every limit. */
  readonly refusal?: string;
  readonly samples: number;
  readonly hours: number;
  /** Whether that is too few to rely on. */
  readonly isTooFew: boolean;
  /** Days of samples, one a minute, as VPA counts them; and the bounds that it draws from them. */
  readonly confidenceDays: number;
  readonly boundsBytes: { readonly low: number; readonly high: number };
  /** For `node --max-old-space-size`, in MiB. */
  readonly maxOldSpaceMebibytes?: number;
  /** What else should be known, in plain sentences. */
  readonly notes: readonly string[];
}
