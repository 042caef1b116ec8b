/**
 * The instances of workloads as Pods, for tools that know nothing else: `kubectl logs`, `describe pod`, `top pods`. They are read here and
 * written nowhere: an instance comes and goes with its workload.
 */
import {
  workloadsApiVersion,
  type ApiObject,
  type ContainerSpec,
  type ContainerStatus,
  type InstanceStatus,
  type Workload,
} from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { ageColumn, column, nameColumn, wide, type ObjectChange, type ResourceStore } from '../../workloads/index.ts';
import type { Collection, CollectionPage, CollectionQuery, CollectionWatch } from './collection.ts';

const workloadLabel = 'openclaw.io/workload';

export type Pod = ApiObject<PodSpec, PodStatus>;

interface PodSpec {
  readonly nodeName: string;
  readonly restartPolicy: string;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly object[];
  readonly volumes: readonly object[];
}

interface PodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly startTime?: string;
  readonly reason?: string;
  readonly conditions: readonly object[];
  readonly containerStatuses: readonly PodContainerStatus[];
}

interface PodContainerStatus extends Pick<ContainerStatus, 'name' | 'ready' | 'state'> {
  readonly restartCount: number;
  readonly image: string;
  readonly lastState: object;
}

/** A Pod with the workload that it is an instance of. */
export interface WorkloadPod {
  readonly pod: Pod;
  readonly workload: Workload;
  readonly instance: InstanceStatus;
}

export function createPods(store: ResourceStore): Collection {
  return {
    ...{ group: '', version: 'v1', resource: 'pods', singular: 'pod', kind: 'Pod', shortNames: ['po'], isNamespaced: true },
    description: 'An instance of a workload. Read only.',
    columns: [
      nameColumn,
      column<Pod>('Ready', 'Containers that are ready.', readyOf),
      column<Pod>('Status', 'How it is.', wordOf),
      { ...column<Pod>('Restarts', 'How often its containers were started again.', restartsOf), type: 'integer' },
      ageColumn,
      wide(column<Pod>('Node', 'The machine.', ({ spec }) => spec?.nodeName)),
      wide(column<Pod>('Workload', 'What it is an instance of.', ({ metadata }) => metadata.labels?.[workloadLabel])),
    ],
    selectable: {
      'status.phase': (object) => (object as Pod).status?.phase ?? '',
      'spec.nodeName': (object) => (object as Pod).spec?.nodeName ?? '',
      'spec.restartPolicy': (object) => (object as Pod).spec?.restartPolicy ?? '',
    },
    get: async (namespace, name) => (await findPod(store, namespace, name))?.pod,
    list: (query) => listPods(store, query),
    watch: (query) => watchPods(store, query),
  };
}

export async function findPod(store: ResourceStore, namespace: string, name: string): Promise<WorkloadPod | undefined> {
  const { items } = await store.list({ resource: 'workloads', namespace });
  return items.flatMap((object) => podsOf(object as Workload)).find(({ instance }) => instance.id === name);
}

async function listPods(store: ResourceStore, { namespace, matches, limit, continue: token }: CollectionQuery): Promise<CollectionPage> {
  const { version, after } = token === undefined ? { version: undefined, after: '' } : readToken(token);
  const page = await store.list({
    resource: 'workloads',
    ...(namespace === undefined ? {} : { namespace }),
    ...(version === undefined ? {} : { atVersion: version }),
  });
  const pods = page.items
    .flatMap((object) => podsOf(object as Workload).map(({ pod }) => pod))
    .filter((pod) => placeOf(pod) > after && (!matches || matches(pod)))
    .toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  const items = limit === undefined ? pods : pods.slice(0, limit);
  const last = items.at(-1);
  const remaining = pods.length - items.length;
  const more = remaining > 0 && last ? { continue: toToken(page.resourceVersion, placeOf(last)), remaining } : {};
  return { items, resourceVersion: page.resourceVersion, ...more };
}

/** Each change of a workload becomes those of its Pods. */
async function* watchPods(store: ResourceStore, query: CollectionWatch): AsyncGenerator<ObjectChange> {
  const { namespace, matches, resourceVersion, signal, onProgress } = query;
  const scope = { resource: 'workloads', ...(namespace === undefined ? {} : { namespace }) };
  const start = await store.list({ ...scope, ...(resourceVersion === undefined ? {} : { atVersion: resourceVersion }) });
  const known = new Map(start.items.map((object) => [placeOf(object), seen(object, matches)]));
  if (resourceVersion === undefined)
    for (const pods of known.values()) for (const pod of pods.values()) yield { type: 'ADDED', object: pod };
  for await (const { type, object } of store.watch({ ...scope, resourceVersion: start.resourceVersion, signal, onProgress })) {
    const before = known.get(placeOf(object)) ?? new Map<string, Pod>();
    const after = type === 'DELETED' ? new Map<string, Pod>() : seen(object, matches);
    if (after.size > 0) known.set(placeOf(object), after);
    else known.delete(placeOf(object));
    yield* changesBetween(before, after, object.metadata.resourceVersion);
  }
}

function* changesBetween(
  before: ReadonlyMap<string, Pod>,
  after: ReadonlyMap<string, Pod>,
  resourceVersion: string,
): Generator<ObjectChange> {
  for (const [name, pod] of before) {
    if (!after.has(name)) yield { type: 'DELETED', object: { ...pod, metadata: { ...pod.metadata, resourceVersion } } };
  }
  for (const [name, object] of after) {
    const last = before.get(name);
    if (!last) yield { type: 'ADDED', object };
    else if (textOf(last) !== textOf(object)) yield { type: 'MODIFIED', object };
  }
}

function seen(object: ApiObject, matches: CollectionWatch['matches']): Map<string, Pod> {
  const pods = podsOf(object as Workload).map(({ pod }) => pod);
  return new Map(pods.filter((pod) => !matches || matches(pod)).map((pod) => [pod.metadata.name, pod]));
}

/** Without the version, which is that of its workload. */
function textOf(pod: Pod): string {
  return JSON.stringify({ ...pod, metadata: { ...pod.metadata, resourceVersion: '' } });
}

export function podsOf(workload: Workload): readonly WorkloadPod[] {
  return (workload.status?.instances ?? []).map((instance) => ({ workload, instance, pod: podOf(workload, instance) }));
}

function podOf({ metadata, spec }: Workload, instance: InstanceStatus): Pod {
  const { labels, annotations } = spec?.template?.metadata ?? {};
  const containers = spec?.containers ?? [];
  const startTime = instance.startedAt === undefined ? {} : { startTime: instance.startedAt };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: instance.id,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      uid: uidOf(metadata.uid, instance.id),
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: instance.startedAt ?? metadata.creationTimestamp,
      labels: { ...labels, [workloadLabel]: metadata.name, 'openclaw.io/revision': String(instance.revision) },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [{ apiVersion: workloadsApiVersion, kind: 'Workload', name: metadata.name, uid: metadata.uid, controller: true }],
    },
    spec: {
      nodeName: instance.node,
      restartPolicy: spec?.restartPolicy ?? 'Always',
      terminationGracePeriodSeconds: spec?.terminationGracePeriodSeconds ?? 30,
      containers: containers.map(podContainer),
      volumes: [],
    },
    status: {
      phase: phaseOf(instance),
      ...startTime,
      ...(instance.phase === 'OOMKilled' ? { reason: 'OOMKilled' } : {}),
      conditions: conditionsOf(instance),
      containerStatuses: instance.containers.map((status) => containerStatus(status, containers)),
    },
  };
}

function podContainer({ name, image = '', command, args, env, ports, resources }: ContainerSpec): object {
  return {
    ...{ name, image },
    ...(command ? { command } : {}),
    ...(args ? { args } : {}),
    ...(env ? { env } : {}),
    ...(ports ? { ports } : {}),
    resources: resources ?? {},
  };
}

function containerStatus(
  { name, ready, restarts, state, lastState = {} }: ContainerStatus,
  specs: readonly ContainerSpec[],
): PodContainerStatus {
  const image = specs.find((spec) => spec.name === name)?.image ?? '';
  return { name, ready, restartCount: restarts, image, ...{ imageID: '' }, state, lastState };
}

function conditionsOf({ ready, startedAt }: InstanceStatus): readonly object[] {
  const status = ready ? 'True' : 'False';
  const since = startedAt === undefined ? {} : { lastTransitionTime: startedAt };
  return ['Ready', 'ContainersReady'].map((type) => ({ type, status, ...since }));
}

function phaseOf({ phase, containers }: InstanceStatus): PodStatus['phase'] {
  if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending') return phase;
  if (phase === 'ImagePullBackOff') return 'Pending';
  return phase === 'Starting' && !containers.some(({ state }) => state.running) ? 'Pending' : 'Running';
}

function readyOf({ status }: Pod): string {
  const statuses = status?.containerStatuses ?? [];
  return `${statuses.filter(({ ready }) => ready).length}/${statuses.length}`;
}

/** As `kubectl` has it: why a container waits or has ended goes before the phase. */
function wordOf({ status, metadata }: Pod): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const { state } of status?.containerStatuses ?? []) {
    const word = state.waiting?.reason ?? state.terminated?.reason;
    if (word !== undefined && word !== '') return word;
  }
  return status?.reason ?? status?.phase;
}

function restartsOf({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** The same for the same instance, and in the form of one. */
function uidOf(workloadUid: string, instance: string): string {
  const suffix = Buffer.from(instance).toString('hex').slice(-12).padStart(12, '0');
  return `${workloadUid.slice(0, 24)}${suffix}`;
}

/** Nothing that sorts between a namespace and the names in it. */
function placeOf({ metadata }: ApiObject): string {
  return `${metadata.namespace}\0${metadata.name}`;
}

function toToken(version: string, after: string): string {
  return Buffer.from(JSON.stringify([version, after])).toString('base64url');
}

function readToken(token: string): { readonly version: string; readonly after: string } {
  try {
    const [version, after] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (typeof version === 'string' && typeof after === 'string') return { version, after };
  } catch {
    // Said below, in words of ours.
  }
  throw new OpenClawError('invalid_request', {
    details: { path: 'continue', reason: 'must be that of the page before' },
    param: 'continue',
  });
}
