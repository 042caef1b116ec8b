/**
 * What the workload API tells of a workload beside its object: readings, output, memory by kind, revisions. Each is a subresource, a path below the
 * workload's own; `docs/workloads-api.md` lists them.
 */
import type { DriverName, WorkloadSpec } from './workload.ts';
import type { MemoryMark, MemorySample, SmapsSummary } from './memory-trace.ts';

/** `GET …/workloads/NAME/metrics?windowSeconds=3600` */
export interface WorkloadMetrics {
  readonly namespace: string;
  readonly name: string;
  /** What the window really holds, in ms since 1970. */
  readonly from: number;
  readonly to: number;
  readonly instances: readonly InstanceMetrics[];
}

export interface InstanceMetrics {
  readonly instance: string;
  readonly driver: DriverName;
  readonly limits: 'kernel' | 'watchdog';
  readonly limitBytes?: number;
  readonly requestBytes?: number;
  /** Of the window; the stored rate becomes coarser with age. */
  readonly samples: readonly MemorySample[];
  readonly marks: readonly MemoryMark[];
  readonly latest?: MemorySample;
  readonly peakBytes: number;
}

/** `GET …/workloads/NAME/memorymap` */
export interface WorkloadMemoryMap {
  readonly instances: readonly InstanceMemoryMap[];
}

export interface InstanceMemoryMap extends SmapsSummary {
  readonly instance: string;
  readonly limitBytes?: number;
  readonly threads: number;
  readonly sharedRegions: number;
  readonly processes: readonly { readonly pid: number; readonly command: string; readonly rssBytes: number }[];
}

/** `GET …/workloads/NAME/revisions`: newest first; the first is the one that holds. */
export interface WorkloadRevisions {
  readonly items: readonly WorkloadRevision[];
}

export interface WorkloadRevision {
  readonly revision: number;
  readonly createdAt: string;
  readonly spec: WorkloadSpec;
  /** Why it came: the annotation `kubernetes.io/change-cause`. */
  readonly cause?: string;
}

/** `spec` of a `MemoryTrace`: a recording, at least once a second. */
export interface MemoryTraceSpec {
  readonly workload: string;
  readonly durationSeconds: number;
  /** @default 1 */
  readonly intervalSeconds: number;
}

/** Its file is `GET …/memorytraces/NAME/trace?instance=ID`. */
export interface MemoryTraceStatus {
  readonly phase: 'Recording' | 'Complete' | 'Failed';
  readonly message?: string;
  readonly startedAt: string;
  readonly completedAt?: string;
  /** Per instance. */
  readonly instances: readonly { readonly instance: string; readonly samples: number; readonly latest?: MemorySample }[];
}

/** `GET …/workloads/NAME/analysis?windowSeconds=86400` */
export interface WorkloadAnalysis {
  readonly namespace: string;
  readonly name: string;
  readonly windowMs: number;
  readonly samples: number;
  readonly leak: LeakAnalysis;
  /** Per container of its spec. */
  readonly sizing: readonly SizingAnalysis[];
  /** Limit, leak, traffic: in this order, to the first that needs somebody. */
  readonly steps: readonly AnalysisStep[];
}

export interface LeakAnalysis {
  /** `steady`, `warming up`, `cache-like (flattening)`, `load-driven`, `growing (watching)`, `leak, OOM in 9–14 h`, `too short to judge`. */
  readonly verdict: string;
  readonly isLeak: boolean;
  /** 0 to 1; 0 where nothing can be said yet. */
  readonly confidence: number;
  readonly slopeBytesPerHour?: { readonly estimate: number; readonly low: number; readonly high: number };
  /** Heap, native memory, threads, `cache.py:9`, … */
  readonly grows?: string;
  readonly limitReachedInMs?: { readonly low: number; readonly high?: number };
  /** Causes that the figures speak for: `connection pool leak`. */
  readonly looksLike?: readonly { readonly name: string; readonly evidence: string }[];
  /** Sentences for people. */
  readonly evidence: readonly string[];
}

export interface SizingAnalysis {
  readonly container: string;
  readonly p95Bytes: number;
  readonly windowMs: number;
  readonly samples: number;
  /** Quantities. Absent where it is refused. */
  readonly limit?: string;
  readonly request?: string;
  /** `--max-old-space-size=1536`, for programs of Node. */
  readonly nodeOptions?: string;
  /** Why there is none: no samples, a leak. */
  readonly refused?: string;
  /** What should be known before it is relied on: too few samples, a kill in the window. */
  readonly notes?: readonly string[];
}

export interface AnalysisStep {
  readonly name: 'limit' | 'leak' | 'traffic';
  readonly outcome: 'fine' | 'attention' | 'unknown';
  readonly says: string;
}
