/** What is served below one path: the kinds of ours, and what is projected from them for Kubernetes' own tools. Types, and what all share. */
import type { ApiObject } from '@openclaw/protocol';
import type { Column, Kind, ListQuery, ObjectChange } from '../../workloads/index.ts';

export interface Collection {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly isNamespaced: boolean;
  readonly description: string;
  readonly columns: readonly Column[];
  /** What field selectors may ask for, beside name and namespace. */
  readonly selectable: Readonly<Record<string, (object: ApiObject) => string>>;
  /** The kind whose objects are written here; absent: they are only read. */
  readonly stored?: Kind;
  get(namespace: string, name: string): Promise<ApiObject | undefined>;
  list(query: CollectionQuery): Promise<CollectionPage>;
  /** Absent: it cannot be watched. */
  watch?(query: CollectionWatch): AsyncIterable<ObjectChange>;
}

export type CollectionQuery = Omit<ListQuery, 'resource'>;

export interface CollectionPage {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remaining?: number;
}

export interface CollectionWatch {
  readonly namespace?: string;
  readonly matches?: (object: ApiObject) => boolean;
  /** Undefined: what is there first. */
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (resourceVersion: string) => void;
}

/** `openclaw.io/v1`, and `v1` for the core group. */
export function groupVersionOf({ group, version }: Pick<Collection, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
