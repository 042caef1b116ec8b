/**
 * What an object becomes when it is created, changed and deleted: the part of its metadata that is the store's. Pure.
 *
 * Labels, annotations, finalizers and owners are the writer's; who may write them is not asked here.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject, ObjectMeta } from '@openclaw/protocol';
import type { NewObject } from './resource-store.ts';

/** Holds an object whose dependents are to go first. */
export const foregroundFinalizer = 'foregroundDeletion';

export interface Birth {
  readonly uid: string;
  readonly atMs: number;
}

export function born(wanted: NewObject, { uid, atMs }: Birth): ApiObject {
  const { key, apiVersion, kind, metadata, spec, status, rest } = wanted;
  return {
    ...rest,
    ...{ apiVersion, kind },
    metadata: {
      name: key.name,
      ...(key.namespace === '' ? {} : { namespace: key.namespace }),
      ...{ uid, resourceVersion: '', generation: 1, creationTimestamp: timestamp(atMs) },
      ...written(metadata),
    },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
}

/** @returns the very `current` where nothing is different */
export function changed(current: ApiObject, wanted: ApiObject): ApiObject {
  const { apiVersion, kind } = current;
  const next: ApiObject = { ...wanted, apiVersion, kind, metadata: changedMeta(current, wanted) };
  return isDeepStrictEqual(plain(next), plain(current)) ? current : next;
}

function changedMeta({ metadata: is, spec }: ApiObject, { metadata: wanted, spec: wantedSpec }: ApiObject): ObjectMeta {
  const { labels: _labels, annotations: _annotations, finalizers: _finalizers, ownerReferences: _owners, ...own } = is;
  // What is being deleted takes no more finalizers, or it might never go.
  const finalizers =
    is.deletionTimestamp === undefined ? wanted.finalizers : wanted.finalizers?.filter((name) => is.finalizers?.includes(name));
  const generation = isDeepStrictEqual(plain(spec), plain(wantedSpec)) ? is.generation : (is.generation ?? 0) + 1;
  return { ...own, ...(generation === undefined ? {} : { generation }), ...written({ ...wanted, finalizers: finalizers ?? [] }) };
}

/** Marked as deleted, which cannot be taken back. */
export function marked(current: ApiObject, atMs: number, waitsForOwned: boolean): ApiObject {
  const { metadata } = current;
  const finalizers = new Set([...(metadata.finalizers ?? []), ...(waitsForOwned ? [foregroundFinalizer] : [])]);
  if (metadata.deletionTimestamp !== undefined && finalizers.size === (metadata.finalizers?.length ?? 0)) return current;
  return {
    ...current,
    metadata: {
      ...metadata,
      deletionTimestamp: metadata.deletionTimestamp ?? timestamp(atMs),
      generation: (metadata.generation ?? 0) + (metadata.deletionTimestamp === undefined ? 1 : 0),
      finalizers: [...finalizers],
    },
  };
}

export function waitsForOwned({ metadata }: ApiObject): boolean {
  return metadata.finalizers?.includes(foregroundFinalizer) ?? false;
}

export function withoutWaiting(object: ApiObject): ApiObject {
  const finalizers = object.metadata.finalizers?.filter((name) => name !== foregroundFinalizer) ?? [];
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

export function withoutOwners(object: ApiObject, uids: ReadonlySet<string>): ApiObject {
  const ownerReferences = object.metadata.ownerReferences?.filter(({ uid }) => !uids.has(uid)) ?? [];
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

export function hasFinalizers({ metadata }: ApiObject): boolean {
  return (metadata.finalizers?.length ?? 0) > 0;
}

/** Empty ones are left out, so that none and empty are the same. */
function written({ labels, annotations, finalizers, ownerReferences }: NewObject['metadata']): NewObject['metadata'] {
  return {
    ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(finalizers && finalizers.length > 0 ? { finalizers: [...new Set(finalizers)] } : {}),
    ...(ownerReferences && ownerReferences.length > 0 ? { ownerReferences } : {}),
  };
}

/** As it will be read again: without what JSON does not carry. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function timestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
