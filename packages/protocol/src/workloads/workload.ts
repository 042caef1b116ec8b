/**
 * A Workload: a program that OpenClaw keeps running under limits. What people write (`spec`) and what is (`status`).
 *
 * Types alone: defaults, bounds and messages for mistakes are in the server's `workloads/resources/`.
 */
import type { ApiObject, Condition } from './objects.ts';

export type DriverName = 'process' | 'docker' | 'kubernetes';

export interface WorkloadSpec {
  /** @default 1 */
  readonly replicas: number;
  /** `auto`: Docker where there is an image and a daemon, else a process. @default 'auto' */
  readonly driver: 'auto' | DriverName;
  readonly containers: readonly ContainerSpec[];
  /** @default 'Always' */
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  /** From SIGTERM to SIGKILL. @default 30 */
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly VolumeSpec[];
  /** Labels and annotations of its Pods; an annotation that changes (`openclaw.io/restartedAt`) replaces them one by one. */
  readonly template?: {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  };
  /** Tells the program before the kernel acts. @default none */
  readonly softMemoryLimit?: SoftMemoryLimit;
  /** Revisions kept for `rollout undo`. @default 10 */
  readonly revisionHistoryLimit: number;
}

export interface SoftMemoryLimit {
  /** Of the memory limit. @default 85 */
  readonly percent: number;
  /** Sent to the program, which may let go of its caches. */
  readonly signal?: string;
  /** A POST with the readings. */
  readonly webhook?: string;
  /** Ends it by SIGTERM, the grace period and SIGKILL where it has not helped. @default false */
  readonly terminate: boolean;
}

export interface ContainerSpec {
  readonly name: string;
  /** A Docker image, or what `workloads.images` maps to a command of this machine. */
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly workingDir?: string;
  readonly ports?: readonly ContainerPort[];
  readonly resources?: { readonly requests?: ResourceAmounts; readonly limits?: ResourceAmounts };
  readonly volumeMounts?: readonly VolumeMount[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  /** A program of Node tells of its heap after full collections, and of its buffers. On the process driver alone. @default false */
  readonly reportsHeap?: boolean;
}

/** Quantities: `256Mi`, `0.5`. */
export interface ResourceAmounts {
  readonly memory?: string;
  readonly cpu?: string;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  /** `key` of the secret `name`: a file below `credentials/workloads/NAME/`, or a variable of the gateway named in `workloads.secrets`. */
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: boolean } };
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: 'TCP';
  /** Where the workload is reached on this machine's loopback, whichever of its replicas answers. @default the containerPort */
  readonly hostPort?: number;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

/** Exactly one source. */
export interface VolumeSpec {
  readonly name: string;
  readonly hostPath?: { readonly path: string };
  /** A volume that outlives the workload. */
  readonly named?: { readonly name: string };
  readonly emptyDir?: { readonly medium?: 'Memory'; readonly sizeLimit?: string };
}

export interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: { readonly path: string; readonly port: number | string; readonly scheme?: 'HTTP' | 'HTTPS' };
  readonly tcpSocket?: { readonly port: number | string };
  /** @default 0 */
  readonly initialDelaySeconds?: number;
  /** @default 10 */
  readonly periodSeconds?: number;
  /** @default 1 */
  readonly timeoutSeconds?: number;
  /** @default 3 */
  readonly failureThreshold?: number;
  /** @default 1 */
  readonly successThreshold?: number;
}

export type WorkloadPhase =
  | 'Pending'
  | 'Starting'
  | 'Running'
  | 'Degraded'
  | 'CrashLoopBackOff'
  | 'ImagePullBackOff'
  | 'OOMKilled'
  | 'Succeeded'
  | 'Failed';

export interface WorkloadStatus {
  readonly phase: WorkloadPhase;
  /** Why it is in this phase where that needs a word: `ImageNotRunnable`, `InsufficientMemory`. */
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration: number;
  readonly revision?: number;
  readonly driver?: DriverName;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly updatedReplicas: number;
  readonly restarts: number;
  readonly conditions: readonly Condition[];
  readonly instances: readonly InstanceStatus[];
  /** Labels of its Pods, as `/scale` wants them. */
  readonly selector?: string;
  /** Where its ports are reached: `127.0.0.1:8080`. */
  readonly endpoints?: readonly { readonly name?: string; readonly port: number; readonly address: string }[];
}

/** One of its replicas; also served as a Pod of that name. */
export interface InstanceStatus {
  readonly id: string;
  /** The machine. */
  readonly node: string;
  readonly revision: number;
  readonly phase: WorkloadPhase;
  readonly ready: boolean;
  readonly startedAt?: string;
  readonly restarts: number;
  readonly containers: readonly ContainerStatus[];
  /** Of all its containers. */
  readonly memory?: { readonly current: number; readonly peak: number; readonly limit?: number };
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
}

/** One of the three. */
export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: TerminatedState;
}

export interface TerminatedState {
  /** `OOMKilled`, `HeapOutOfMemory`, `Error`, `Completed`, `ContainerCannotRun`. */
  readonly reason: string;
  readonly exitCode: number;
  readonly signal?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly message?: string;
}

export type Workload = ApiObject<WorkloadSpec, WorkloadStatus>;
