/** What `@openclaw/client/workloads` promises: the client of the workload API, for pages, programs and command lines. */
export { OpenClawError } from '../errors.ts';
export { readLines, readText } from './body.ts';
export {
  apiVersionOf,
  displayName,
  eventKind,
  findKind,
  knownKinds,
  memoryTraceKind,
  podKind,
  workloadKind,
  type ResourceKind,
} from './kinds.ts';
export { ApiRefusal } from './refusal.ts';
export { type ApiTable } from './table.ts';
export {
  isSameJson,
  lastAppliedAnnotation,
  readLastApplied,
  threeWayPatch,
  withLastApplied,
  type ThreeManifests,
} from './three-way-merge.ts';
export { createFetchTransport, type ApiAnswer, type ApiQuestion, type FetchTransportOptions, type Transport } from './transport.ts';
export {
  createWorkloadsClient,
  type Changed,
  type ChangeOptions,
  type ListQuestion,
  type LogQuestion,
  type NewObject,
  type ObjectName,
  type PatchOptions,
  type PodMetrics,
  type WatchQuestion,
  type WorkloadPlace,
  type WorkloadsClient,
  type WorkloadsClientOptions,
} from './workloads-client.ts';
