/** What instances use, as `PodMetrics`: what `kubectl top pods` shows. */
import { formatBytes, formatMilli, type ApiObject, type InstanceMetrics, type MemorySample, type Workload } from '@openclaw/protocol';
import type { Column, ResourceStore, WorkloadInsight } from '../../workloads/index.ts';
import type { Collection, CollectionPage, CollectionQuery } from './collection.ts';
import { podsOf, type WorkloadPod } from './pods.ts';

export interface PodMetricsOptions {
  readonly store: ResourceStore;
  /** Absent: what the status says. */
  readonly insight: WorkloadInsight | undefined;
  readonly now: () => number;
  readonly columns: readonly Column[];
}

/** Of which the use of the processor is the mean. */
const windowMs = 60_000;

export function createPodMetrics(options: PodMetricsOptions): Collection {
  return {
    ...{
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      resource: 'pods',
      singular: 'pod',
      kind: 'PodMetrics',
      shortNames: [],
      isNamespaced: true,
    },
    description: 'What an instance uses now.',
    columns: options.columns,
    selectable: {},
    async get(namespace, name) {
      const { items } = await listMetrics(options, { namespace, matches: ({ metadata }) => metadata.name === name });
      return items[0];
    },
    list: (query) => listMetrics(options, query),
  };
}

async function listMetrics({ store, insight, now }: PodMetricsOptions, { namespace, matches }: CollectionQuery): Promise<CollectionPage> {
  const page = await store.list({ resource: 'workloads', ...(namespace === undefined ? {} : { namespace }) });
  const items = await Promise.all(
    page.items.map(async (object) => {
      const pods = podsOf(object as Workload).filter(({ pod }) => !matches || matches(pod));
      if (pods.length === 0) return [];
      const instances = await readingsOf(object as Workload, insight);
      return pods.flatMap((pod) => metricsOf(pod, instances.get(pod.instance.id), now()) ?? []);
    }),
  );
  return { items: items.flat(), resourceVersion: page.resourceVersion };
}

async function readingsOf({ metadata }: Workload, insight: WorkloadInsight | undefined): Promise<ReadonlyMap<string, InstanceMetrics>> {
  const name = { namespace: metadata.namespace ?? '', name: metadata.name };
  const readings = await insight?.metrics(name, windowMs);
  return new Map(readings?.instances.map((each) => [each.instance, each]));
}

function metricsOf({ pod, instance }: WorkloadPod, metrics: InstanceMetrics | undefined, nowMs: number): ApiObject | undefined {
  const latest = metrics?.latest;
  const memoryBytes = latest?.workingSetBytes ?? instance.memory?.current;
  if (memoryBytes === undefined) return undefined;
  const usage = { memory: formatBytes(memoryBytes), cpu: formatMilli(1000 * coresOf(metrics?.samples ?? [])) };
  // Readings are of the instance as a whole.
  const [only] = instance.containers.length === 1 ? instance.containers : [];
  const { name, namespace, labels, creationTimestamp, resourceVersion, uid } = pod.metadata;
  const rest = {
    timestamp: new Date(latest?.at ?? nowMs).toISOString(),
    window: `${windowMs / 1000}s`,
    containers: [{ name: only?.name ?? 'all', usage }],
  };
  return {
    ...{ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' },
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      creationTimestamp,
      resourceVersion,
      uid,
    },
    ...rest,
  };
}

/** The mean since the last restart that is seen. */
function coresOf(samples: readonly MemorySample[]): number {
  const last = samples.at(-1);
  const first = samples.find(({ restarts, cpuSeconds }) => restarts === last?.restarts && cpuSeconds !== undefined);
  if (last?.cpuSeconds === undefined || first?.cpuSeconds === undefined || last.at <= first.at) return 0;
  return Math.max(0, (last.cpuSeconds - first.cpuSeconds) / ((last.at - first.at) / 1000));
}
