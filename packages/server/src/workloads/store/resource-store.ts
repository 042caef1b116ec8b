/**
 * Where the objects of the workload API are kept, and how changes of them are seen: the contract between the API, the controllers and the
 * database. Its implementation lies over the storage contract, so that it holds on every engine.
 *
 * It knows metadata and nothing of what a `spec` means: checking and defaults are for `resources/`, HTTP is for the gateway.
 */
import type { ApiObject } from '@openclaw/protocol';

/** `workloads`, `memorytraces`, `events`, … */
export interface ObjectKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

export interface ResourceStore {
  get(key: ObjectKey): Promise<ApiObject | undefined>;

  /** In the order of namespace and name, with the version as of which the list is whole. `namespace` undefined: of all. */
  list(query: ListQuery): Promise<ListPage>;

  /** Gives uid, creationTimestamp, generation 1 and a resourceVersion. @throws OpenClawError `workload_exists` */
  create(object: NewObject, options?: Pick<UpdateOptions, 'dryRun'>): Promise<ApiObject>;

  /**
   * Replaces an object by what `change` makes of the one that is there, and tries again where somebody else came between. A changed spec raises the
   * generation; an unchanged object is not written. With `resourceVersion` it must be the one that is there.
   * @throws OpenClawError `workload_not_found`, `workload_conflict`
   */
  update(key: ObjectKey, change: (current: ApiObject) => ApiObject, options?: UpdateOptions): Promise<ApiObject>;

  /** Marks it deleted while finalizers are left, removes it otherwise. @returns as it was last @throws OpenClawError `workload_not_found`, `workload_conflict` */
  delete(key: ObjectKey, options?: DeleteOptions): Promise<ApiObject>;

  /**
   * Changes after `resourceVersion`, in the order of their versions; then those to come, until `signal` aborts. A consumer that does not keep up is
   * ended and comes again from where it was.
   * @throws OpenClawError `workload_version_gone` where changes after that version were forgotten: list afresh
   */
  watch(query: WatchQuery): AsyncIterable<ObjectChange>;

  /** The version of the latest change. */
  version(): Promise<string>;

  close(): void;
}

export type NewObject = Pick<ApiObject, 'apiVersion' | 'kind' | 'spec' | 'status'> & {
  readonly key: ObjectKey;
  readonly metadata: Pick<ApiObject['metadata'], 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'>;
  /** What the kind has beside spec and status, as events do. */
  readonly rest?: Readonly<Record<string, unknown>>;
};

export interface UpdateOptions {
  readonly resourceVersion?: string;
  readonly uid?: string;
  /** Refuses what it would refuse, says what it would say, and writes nothing. */
  readonly dryRun?: boolean;
}

export interface DeleteOptions extends UpdateOptions {
  /**
   * What becomes of what it owns: deleted after it, deleted before it (it stays, marked, until they are gone), or left without an owner.
   * @default 'Background'
   */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
}

export interface ListQuery {
  readonly resource: string;
  readonly namespace?: string;
  /** Asked of each object before it counts for `limit`. */
  readonly matches?: (object: ApiObject) => boolean;
  readonly limit?: number;
  /** Of the page before. All pages show what there was at the version of the first. @throws OpenClawError `workload_version_gone` */
  readonly continue?: string;
  /** As it was at this version. @default now @throws OpenClawError `workload_version_gone` */
  readonly atVersion?: string;
}

export interface ListPage {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remaining?: number;
}

export interface WatchQuery extends Pick<ListQuery, 'resource' | 'namespace' | 'matches'> {
  /** Undefined: what is there first, as added, and then what changes. */
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
  /** Told the version up to which everything was handed over, also where that was nothing: from there a consumer may come again. */
  readonly onProgress?: (resourceVersion: string) => void;
}

/** With `matches`, an object that begins to fit is added, and one that no longer does is deleted. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
}
