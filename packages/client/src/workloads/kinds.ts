/**
 * What can be asked for, and by which words: `workloads`, `workload`, `wl`. The few kinds that every client names are known here, so that asking for
 * them needs no question; the rest comes from the discovery of the server.
 */
import { workloadsGroup, workloadsVersion } from '@openclaw/protocol';

export interface ResourceKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
}

const ours = { group: workloadsGroup, version: workloadsVersion, namespaced: true } as const;
const core = { group: '', version: 'v1', namespaced: true } as const;

export const workloadKind: ResourceKind = { ...ours, kind: 'Workload', plural: 'workloads', singular: 'workload', shortNames: ['wl'] };
export const memoryTraceKind: ResourceKind = {
  ...ours,
  kind: 'MemoryTrace',
  plural: 'memorytraces',
  singular: 'memorytrace',
  shortNames: ['mt'],
};
export const podKind: ResourceKind = { ...core, kind: 'Pod', plural: 'pods', singular: 'pod', shortNames: ['po'] };
export const eventKind: ResourceKind = { ...core, kind: 'Event', plural: 'events', singular: 'event', shortNames: ['ev'] };

export const knownKinds: readonly ResourceKind[] = [workloadKind, memoryTraceKind, podKind, eventKind];

/** `/apis/G/V`, `/api/v1` as the server lists it. */
export interface ApiResourceList {
  readonly groupVersion: string;
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly singularName?: string;
    readonly shortNames?: readonly string[];
    readonly namespaced: boolean;
  }[];
}

export function kindsIn({ groupVersion, resources }: ApiResourceList): readonly ResourceKind[] {
  const [group, version] = groupVersion.includes('/') ? (groupVersion.split('/') as [string, string]) : ['', groupVersion];
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, singularName, shortNames = [], namespaced }) => ({
      group,
      version,
      kind,
      plural: name,
      singular: singularName === undefined || singularName === '' ? kind.toLowerCase() : singularName,
      shortNames,
      namespaced,
    }));
}

/** By any of its words, with its group behind it where somebody writes that: `workloads.openclaw.io`. */
export function findKind(word: string, kinds: readonly ResourceKind[]): ResourceKind | undefined {
  const wanted = word.toLowerCase();
  return kinds.find((kind) =>
    [kind.plural, kind.singular, kind.kind.toLowerCase(), ...kind.shortNames].some(
      (name) =>
        name === wanted ||
        (kind.group !== '' && (wanted === `${name}.${kind.group}` || wanted === `${name}.${kind.version}.${kind.group}`)),
    ),
  );
}

export function apiVersionOf({ group, version }: Pick<ResourceKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `workload.openclaw.io/NAME`, as messages name an object. */
export function displayName({ singular, group }: Pick<ResourceKind, 'singular' | 'group'>, name: string): string {
  return `${group === '' ? singular : `${singular}.${group}`}/${name}`;
}

/** Where objects of a kind are; without a namespace those of all. */
export function collectionPath(kind: ResourceKind, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const place = namespace === undefined || !kind.namespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${place}/${kind.plural}`;
}
