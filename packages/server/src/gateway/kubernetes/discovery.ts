/** Which groups, versions and resources there are: what every client asks first. Only the plain form, which all of them read. */
import { groupVersionOf, type Collection } from './collection.ts';
import type { DiscoveryPath } from './address.ts';
import { reviewGroup } from './access-reviews.ts';
import { verbsOf } from './permissions.ts';

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const reviews: GroupVersion = { group: reviewGroup, version: 'v1' };

/** @returns undefined where there is nothing */
export function discover(path: DiscoveryPath, collections: readonly Collection[]): object | undefined {
  const { root, group, version } = path;
  if (group === undefined) return root === 'api' ? coreVersions : groupList(collections);
  const found = groupsOf(collections).find((each) => each.group === group);
  if (!found) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(found) };
  return found.version === version ? resourceList(found, collections) : undefined;
}

export function groupsOf(collections: readonly Collection[]): readonly GroupVersion[] {
  const groups = new Map<string, GroupVersion>();
  for (const { group, version } of [...collections, reviews]) groups.set(group, { group, version });
  return [...groups.values()];
}

const coreVersions = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };

function groupList(collections: readonly Collection[]): object {
  const groups = groupsOf(collections).filter(({ group }) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupBody) };
}

function groupBody({ group, version }: GroupVersion): object {
  const only = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [only], preferredVersion: only };
}

function resourceList({ group, version }: GroupVersion, collections: readonly Collection[]): object {
  const resources =
    group === reviewGroup
      ? reviewResources
      : collections.filter((each) => each.group === group).flatMap((collection) => resourceRows(collection));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersionOf({ group, version }), resources };
}

const reviewResources = ['SelfSubjectAccessReview', 'SelfSubjectRulesReview'].map((kind) => ({
  ...{ name: `${kind.toLowerCase()}s`, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] },
}));

function resourceRows(collection: Collection): readonly object[] {
  const { resource, singular, kind, shortNames, isNamespaced, stored, group } = collection;
  const row = { singularName: singular, namespaced: isNamespaced, kind, verbs: verbsOf(collection) };
  const listed = {
    name: resource,
    ...row,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(stored ? { categories: ['all', 'openclaw'] } : {}),
  };
  const below = (name: string, more: object, verbs: readonly string[]): object => ({
    ...{ name: `${resource}/${name}`, singularName: '', namespaced: isNamespaced, kind, verbs },
    ...more,
  });
  return [
    listed,
    ...(stored ? [below('status', {}, ['get', 'patch', 'update'])] : []),
    ...(stored?.hasScale ? [below('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' }, ['get', 'patch', 'update'])] : []),
    ...(resource === 'pods' && group === '' ? [below('log', {}, ['get'])] : []),
  ];
}
