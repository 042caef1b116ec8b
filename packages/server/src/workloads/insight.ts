/**
 * What the part tells of workloads beside their objects: the contract that the HTTP side asks, and that `insight/` answers from drivers, history and
 * analysis. Everything may be asked of a workload that no longer runs, as long as its history is kept.
 */
import type { MemoryTrace, WorkloadAnalysis, WorkloadMemoryMap, WorkloadMetrics, WorkloadRevisions } from '@openclaw/protocol';

export interface WorkloadName {
  readonly namespace: string;
  readonly name: string;
}

/** @throws OpenClawError `workload_not_found` from each */
export interface WorkloadInsight {
  metrics(workload: WorkloadName, windowMs: number): Promise<WorkloadMetrics>;
  memoryMap(workload: WorkloadName, signal: AbortSignal): Promise<WorkloadMemoryMap>;
  /** The stored history as the file that `clw debug export` writes. @param instance without: the one with the most samples */
  trace(workload: WorkloadName, query: { readonly windowMs: number; readonly instance?: string }): Promise<MemoryTrace>;
  /** Of a `MemoryTrace` object. @throws OpenClawError `memory_trace_not_found`, `memory_trace_recording` */
  recordedTrace(trace: WorkloadName, instance?: string): Promise<MemoryTrace>;
  analysis(workload: WorkloadName, windowMs: number): Promise<WorkloadAnalysis>;
  revisions(workload: WorkloadName): Promise<WorkloadRevisions>;
  /** Lines of all its instances and the runtime's own, in the order of time. */
  output(workload: WorkloadName, query: OutputQuery): AsyncIterable<WorkloadLine>;
}

export interface OutputQuery {
  readonly sinceMs?: number;
  readonly tailLines?: number;
  readonly follow: boolean;
  /** Of the unit before the present one. */
  readonly previous: boolean;
  readonly instance?: string;
  readonly container?: string;
  readonly signal: AbortSignal;
}

export interface WorkloadLine {
  readonly atMs: number;
  /** `runtime`: said by OpenClaw of the workload (`clw-memory-oom …`), in the article's form. */
  readonly stream: 'stdout' | 'stderr' | 'runtime';
  readonly instance: string;
  readonly container: string;
  readonly text: string;
}
