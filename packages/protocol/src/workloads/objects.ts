/**
 * The objects of the workload API as they travel, after Kubernetes' conventions: what every kind has, and what lists, watches and refusals
 * look like. Types alone; which kinds there are and what their `spec` may hold is in `workload.ts` and in the server's `workloads/resources/`.
 */

/** Of every kind of ours. */
export const workloadsGroup = 'openclaw.io';
export const workloadsVersion = 'v1';
export const workloadsApiVersion = `${workloadsGroup}/${workloadsVersion}`;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  /** Opaque; rises with every change of any object. */
  readonly resourceVersion: string;
  /** Rises when `spec` changes, and only then. */
  readonly generation?: number;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Any object that the API serves. */
export interface ApiObject<Spec = unknown, ObjectStatus = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: ObjectStatus;
}

export interface ApiList<Item = ApiObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly items: readonly Item[];
}

/** One line of a watch. `BOOKMARK` carries only a resourceVersion, `ERROR` a Status. */
export interface WatchEvent<Item = ApiObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Item | ApiStatus;
}

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  /** `spec.containers[0].resources.limits.memory` */
  readonly field?: string;
}

/** How the API refuses, and how it confirms a deletion. */
export interface ApiStatus {
  readonly apiVersion: 'v1';
  readonly kind: 'Status';
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: 'Success' | 'Failure';
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** A core `v1` Event; those of one cause are counted in one object. */
export interface ApiEvent extends ApiObject {
  readonly involvedObject: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  /** `clw-memory-oom`, `Started`, `BackOff`, … */
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly source: { readonly component: string };
}
