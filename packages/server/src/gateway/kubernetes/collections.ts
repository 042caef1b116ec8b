/** All that is served: objects of our kinds, events under both of their groups, Pods, their metrics, and the namespaces that are in use. */
import type { ApiEvent, ApiObject } from '@openclaw/protocol';
import {
  ageColumn,
  ageOf,
  column,
  kinds,
  nameColumn,
  wide,
  type Kind,
  type ObjectChange,
  type ResourceStore,
  type WorkloadInsight,
} from '../../workloads/index.ts';
import type { Collection, CollectionQuery, CollectionWatch } from './collection.ts';
import { createPodMetrics } from './pod-metrics.ts';
import { createPods } from './pods.ts';

export interface CollectionsOptions {
  readonly store: ResourceStore;
  readonly insight: WorkloadInsight | undefined;
  readonly now: () => number;
}

export function createCollections({ store, insight, now }: CollectionsOptions): readonly Collection[] {
  const pods = createPods(store);
  return [
    ...kinds.map((kind) => createStored(store, kind)),
    pods,
    createEvents(store, { group: '', version: 'v1', shape: (event) => event }),
    createEvents(store, { group: 'events.k8s.io', version: 'v1', shape: toNewEvent }),
    createNamespaces(store),
    createPodMetrics({ store, insight, now, columns: [nameColumn, ageColumn] }),
  ];
}

function createStored(store: ResourceStore, kind: Kind): Collection {
  const { resource, singular, shortNames, description, columns, selectable } = kind;
  return {
    ...{ group: 'openclaw.io', version: 'v1', resource, singular, kind: kind.kind, shortNames, isNamespaced: true, description },
    ...{ columns, selectable, stored: kind },
    get: (namespace, name) => store.get({ resource, namespace, name }),
    list: (query) => store.list({ resource, ...query }),
    watch: (query) => store.watch({ resource, ...query }),
  };
}

interface EventsOptions {
  readonly group: string;
  readonly version: string;
  readonly shape: (event: ApiEvent) => ApiObject;
}

function createEvents(store: ResourceStore, { group, version, shape }: EventsOptions): Collection {
  const resource = 'events';
  const shaped = ({ type, object }: ObjectChange): ObjectChange => ({ type, object: shape(object as ApiEvent) });
  /** Selectors speak of what is stored, which both groups show. */
  async function* watch(query: CollectionWatch): AsyncGenerator<ObjectChange> {
    for await (const change of store.watch({ resource, ...query })) yield shaped(change);
  }
  return {
    ...{ group, version, resource, singular: 'event', kind: 'Event', shortNames: ['ev'], isNamespaced: true },
    description: 'What happened to a workload.',
    columns: eventColumns,
    selectable: eventFields(group),
    get: async (namespace, name) => {
      const event = await store.get({ resource, namespace, name });
      return event && shape(event as ApiEvent);
    },
    list: async (query: CollectionQuery) => {
      const page = await store.list({ resource, ...query });
      return { ...page, items: page.items.map((event) => shape(event as ApiEvent)) };
    },
    watch,
  };
}

type AnyEvent = ApiEvent & {
  readonly note?: string;
  readonly regarding?: ApiEvent['involvedObject'];
  readonly deprecatedLastTimestamp?: string;
};

const eventColumns = [
  column<AnyEvent>('Last Seen', 'When it happened last.', ({ lastTimestamp, deprecatedLastTimestamp }, nowMs) =>
    ageOf(lastTimestamp ?? deprecatedLastTimestamp, nowMs),
  ),
  column<AnyEvent>('Type', 'Normal or Warning.', ({ type }) => type),
  column<AnyEvent>('Reason', 'What happened, in a word.', ({ reason }) => reason),
  column<AnyEvent>(
    'Object',
    'To what.',
    ({ involvedObject, regarding = involvedObject }) => `${regarding.kind.toLowerCase()}/${regarding.name}`,
  ),
  column<AnyEvent>('Message', 'What happened.', ({ message, note = message }) => note),
  wide(nameColumn),
];

function eventFields(group: string): Collection['selectable'] {
  const of = group === '' ? 'involvedObject' : 'regarding';
  const read =
    (name: keyof ApiEvent['involvedObject']) =>
    (object: ApiObject): string =>
      (object as ApiEvent).involvedObject[name] ?? '';
  const names = ['apiVersion', 'kind', 'namespace', 'name', 'uid'] as const;
  return {
    ...Object.fromEntries(names.map((name) => [`${of}.${name}`, read(name)])),
    reason: (object) => (object as ApiEvent).reason,
    type: (object) => (object as ApiEvent).type,
    [group === '' ? 'source' : 'reportingController']: (object) => (object as ApiEvent).source.component,
  };
}

/** The form of `events.k8s.io`. */
function toNewEvent(event: ApiEvent): ApiObject {
  const { involvedObject, message, count, firstTimestamp, lastTimestamp, source, ...rest } = event;
  const moved = {
    ...{
      regarding: involvedObject,
      note: message,
      eventTime: null,
      reportingController: source.component,
      reportingInstance: source.component,
    },
    ...{
      deprecatedSource: source,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedCount: count,
    },
  };
  return { ...rest, ...moved, apiVersion: 'events.k8s.io/v1' };
}

/** A namespace is there as soon as something is in it. */
function createNamespaces(store: ResourceStore): Collection {
  const list = async (): Promise<{ readonly items: readonly ApiObject[]; readonly resourceVersion: string }> => {
    const resourceVersion = await store.version();
    const pages = await Promise.all([...kinds.map(({ resource }) => resource), 'events'].map((resource) => store.list({ resource })));
    const oldest = new Map<string, string>([['default', '']]);
    for (const { metadata } of pages.flatMap(({ items }) => items)) {
      const { namespace = '', creationTimestamp } = metadata;
      const known = oldest.get(namespace);
      if (known === undefined || known === '' || creationTimestamp < known) oldest.set(namespace, creationTimestamp);
    }
    const items = Array.from(oldest, ([name, creationTimestamp]) => namespaceOf(name, { creationTimestamp, resourceVersion }));
    return { items: items.toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1)), resourceVersion };
  };
  return {
    ...{
      group: '',
      version: 'v1',
      resource: 'namespaces',
      singular: 'namespace',
      kind: 'Namespace',
      shortNames: ['ns'],
      isNamespaced: false,
    },
    description: 'Where objects belong. It is there as soon as something is in it.',
    columns: [nameColumn, column('Status', 'Active.', () => 'Active'), ageColumn],
    selectable: {},
    get: async (_namespace, name) => (await list()).items.find(({ metadata }) => metadata.name === name),
    list: async ({ matches }) => {
      const page = await list();
      return { ...page, items: matches ? page.items.filter(matches) : page.items };
    },
  };
}

function namespaceOf(
  name: string,
  { creationTimestamp, resourceVersion }: { readonly creationTimestamp: string; readonly resourceVersion: string },
): ApiObject {
  const metadata = { name, uid: `namespace-${name}`, resourceVersion, creationTimestamp, labels: { 'kubernetes.io/metadata.name': name } };
  return { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
}
