/** What this page asks of the workload API, by its paths. It keeps nothing. */
import {
  workloadsApiVersion,
  type ApiEvent,
  type ApiList,
  type Workload,
  type WorkloadAnalysis,
  type WorkloadMemoryMap,
  type WorkloadMetrics,
  type WorkloadRevision,
  type WorkloadRevisions,
} from '@openclaw/protocol';
import type { Admin } from '../../admin/admin.ts';

export interface WorkloadPlace {
  readonly namespace: string;
  readonly name: string;
}

/** More lines are for `clw logs`. */
const shownLines = 300;

export function createWorkloadApi(admin: Admin) {
  const change = (path: string, body: unknown): Promise<Workload> =>
    admin.json<Workload>(path, { method: 'PATCH', contentType: 'application/merge-patch+json', body });
  return {
    list: async (signal: AbortSignal) => (await admin.json<ApiList<Workload>>(`/apis/${workloadsApiVersion}/workloads`, { signal })).items,
    get: (place: WorkloadPlace, signal: AbortSignal) => admin.json<Workload>(pathOf(place), { signal }),
    metrics: (place: WorkloadPlace, windowMs: number, signal: AbortSignal) =>
      admin.json<WorkloadMetrics>(`${pathOf(place)}/metrics?windowSeconds=${windowMs / 1000}`, { signal }),
    analysis: (place: WorkloadPlace, signal: AbortSignal) =>
      admin.json<WorkloadAnalysis>(`${pathOf(place)}/analysis?windowSeconds=86400`, { signal }),
    memoryMap: (place: WorkloadPlace, signal: AbortSignal) => admin.json<WorkloadMemoryMap>(`${pathOf(place)}/memorymap`, { signal }),
    revisions: async (place: WorkloadPlace, signal: AbortSignal) =>
      (await admin.json<WorkloadRevisions>(`${pathOf(place)}/revisions`, { signal })).items,
    events: async ({ namespace, name }: WorkloadPlace, signal: AbortSignal) =>
      (
        await admin.json<ApiList<ApiEvent>>(
          `/api/v1/namespaces/${encodeURIComponent(namespace)}/events?fieldSelector=${encodeURIComponent(`involvedObject.name=${name}`)}`,
          { signal },
        )
      ).items,
    log: (place: WorkloadPlace, signal: AbortSignal) =>
      admin.text(`${pathOf(place)}/log?tailLines=${shownLines}&timestamps=true`, { signal }),
    restart: (place: WorkloadPlace, at: string) =>
      change(pathOf(place), { spec: { template: { metadata: { annotations: { 'openclaw.io/restartedAt': at } } } } }),
    scale: (place: WorkloadPlace, replicas: number) => change(pathOf(place), { spec: { replicas } }),
    /** What the revision does not name goes: a merge patch takes null for that. */
    undo: (place: WorkloadPlace, now: Workload, { spec }: WorkloadRevision) => change(pathOf(place), { spec: replacing(now.spec, spec) }),
    remove: (place: WorkloadPlace) => admin.json<unknown>(pathOf(place), { method: 'DELETE' }),
  };
}

function pathOf({ namespace, name }: WorkloadPlace): string {
  return `/apis/${workloadsApiVersion}/namespaces/${encodeURIComponent(namespace)}/workloads/${encodeURIComponent(name)}`;
}

/** The merge patch that makes `to` of `from`. Lists are replaced whole, as everywhere in merge patches. */
export function replacing(from: unknown, to: unknown): unknown {
  if (!isRecord(from) || !isRecord(to)) return to;
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
  return Object.fromEntries([
    ...Object.entries(to).map(([name, value]) => [name, replacing(from[name], value)] as const),
    ...gone.map((name) => [name, null] as const),
  ]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
