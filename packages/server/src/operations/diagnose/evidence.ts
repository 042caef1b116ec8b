/**
 * What is known of a container or a pod that does not stay up: the same words for Docker and Kubernetes, so that a rule judges both. Types only.
 *
 * Every text has been through the redactor; of the environment there are names alone. What could not be looked at is absent, and named in `unseen`.
 */

/** Something that was seen, and where, so that it can be quoted: `log`, `docker inspect`, `docker events`, `health log`, `kernel log`, `docker stats`, … */
export interface Quote {
  readonly source: string;
  readonly text: string;
  readonly atMs?: number;
}

export interface Evidence {
  readonly platform: 'docker' | 'kubernetes' | 'systemd';
  readonly atMs: number;
  readonly subject: {
    readonly kind: 'container' | 'pod' | 'unit';
    readonly name: string;
    readonly id: string;
    readonly image: string;
    /** Of a pod: its namespace, the container in it that is looked at, and who makes it, as `Deployment/web`. */
    readonly namespace?: string;
    readonly container?: string;
    readonly owner?: string;
  };
  readonly state: State;
  readonly restarts: { readonly count: number; readonly policy: RestartPolicy; readonly most?: number };
  /** Oldest first; the last one may not have ended. Empty where it never began. */
  readonly lives: readonly Life[];
  readonly program: Program;
  readonly image?: Image;
  readonly limits: Limits;
  readonly usage?: Usage;
  readonly mounts: readonly Mount[];
  readonly ports: readonly Port[];
  readonly network: { readonly names: readonly string[]; readonly mode: string; readonly resolvers: readonly string[] };
  readonly health?: Health;
  /** Of this container or pod, oldest first. */
  readonly events: readonly Happening[];
  readonly host: Host;
  /** Of a service of systemd: what `systemctl show` says of its last end. */
  readonly unit?: Unit;
  /** Other containers of the same engine. */
  readonly others: readonly Neighbour[];
  readonly unseen: readonly { readonly what: string; readonly why: string }[];
}

export type RestartPolicy = 'no' | 'always' | 'on-failure' | 'unless-stopped';

export interface State {
  readonly status: 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead' | 'waiting' | 'gone';
  /** Of Kubernetes: `CrashLoopBackOff`, `ImagePullBackOff`, `Evicted`. */
  readonly reason?: string;
  /** What the engine itself says is wrong: `State.Error`, the message of a waiting container. */
  readonly error?: string;
  readonly exitCode?: number;
  readonly pid?: number;
}

/** From one start of the first process to its end. */
export interface Life {
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** Absent while it runs, and where it never ran. */
  readonly exitCode?: number;
  /** By its name, where the code is 128 and a signal, or the platform says so. */
  readonly signal?: string;
  /** The kernel ended a process of it for its memory, as an event, the platform or the kernel's log says. */
  readonly outOfMemory: boolean;
  /** Somebody asked for its end (`docker stop`, `docker kill`, a supervisor): the signals in their order. */
  readonly killedBy: readonly { readonly atMs: number; readonly signal: string }[];
  /** The last lines of both streams; of all lives together no more than a few hundred. */
  readonly lines: readonly Line[];
  readonly memory: readonly { readonly atMs: number; readonly bytes: number }[];
}

export interface Line {
  readonly atMs?: number;
  readonly stream?: 'stdout' | 'stderr';
  readonly text: string;
}

export interface Program {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** As it was asked for: a name or a number, empty for that of the image or root. */
  readonly user: string;
  /** Of that user, where it could be found out. */
  readonly userId?: number;
  readonly workingDirectory: string;
  readonly environmentNames: readonly string[];
  /** The few numbers in the environment that rules need: the heap that `NODE_OPTIONS` asks for, and every `PORT`. */
  readonly heapLimitBytes?: number;
  readonly wantedPorts: readonly number[];
  /** Whether a small first process passes signals on and reaps. */
  readonly hasInit: boolean;
  readonly stopSignal: string;
  readonly stopTimeoutMs: number;
  readonly readOnlyRoot: boolean;
  /** What the first word of the command is in the container; absent where it could not be looked at. */
  readonly file?: ProgramFile;
}

/** The file that is started. */
export interface ProgramFile {
  readonly path: string;
  readonly isThere: boolean;
  readonly isExecutable: boolean;
  /** Of a script, without `#!`; a carriage return at its end shows as `\r`. */
  readonly interpreter?: string;
  readonly interpreterIsThere?: boolean;
  /** Of a binary: `amd64`, `arm64`, … */
  readonly architecture?: string;
  readonly isEmpty: boolean;
}

export interface Image {
  readonly architecture: string;
  readonly os: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly exposedPorts: readonly number[];
}

export interface Limits {
  readonly memoryBytes?: number;
  readonly cpuCores?: number;
  readonly processes?: number;
  readonly openFiles?: number;
}

/** Of the life that runs. */
export interface Usage {
  readonly memoryBytes: number;
  readonly memoryPeakBytes?: number;
  /** Of one processor. */
  readonly cpuPercent?: number;
  readonly processes?: number;
  readonly throttledPeriods?: number;
  readonly periods?: number;
}

export interface Mount {
  readonly kind: 'bind' | 'volume' | 'tmpfs' | 'config' | 'secret' | 'other';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Of what is mounted. */
  readonly ownerUid?: number;
  readonly ownerGid?: number;
  readonly mode?: number;
  readonly isDirectory?: boolean;
  readonly isEmpty?: boolean;
  readonly room?: Room;
}

export interface Room {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
  readonly totalInodes: number;
}

export interface Port {
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostAddress?: string;
  readonly hostPort?: number;
}

/** A check that is asked again and again; of Kubernetes the liveness or startup probe. */
export interface Health {
  readonly kind: 'healthcheck' | 'liveness' | 'startup' | 'readiness';
  /** As a person would write it. */
  readonly check: string;
  readonly status: 'starting' | 'healthy' | 'unhealthy' | 'none';
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly retries: number;
  readonly failingStreak: number;
  readonly results: readonly {
    readonly startedAtMs: number;
    readonly endedAtMs: number;
    readonly exitCode: number;
    readonly output: string;
  }[];
}

/** `start`, `die`, `oom`, `kill`, `health_status`, …; of Kubernetes its reason: `BackOff`, `Unhealthy`, `Killing`, `FailedMount`, … */
export interface Happening {
  readonly atMs: number;
  readonly action: string;
  readonly message: string;
  readonly count: number;
}

export interface Host {
  readonly name?: string;
  readonly architecture?: string;
  readonly processors?: number;
  readonly memoryBytes?: number;
  readonly memoryAvailableBytes?: number;
  /** Where the engine keeps containers and images. */
  readonly root?: { readonly path: string; readonly room?: Room };
  readonly cgroupVersion?: number;
  /** Of the node of a pod: `MemoryPressure`, `DiskPressure`, `Ready`, with what is said of it. */
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  /** Lines of the kernel about memory and crashes that may concern this container. */
  readonly kernel: readonly Quote[];
  /** Who holds published ports of this container, as far as it can be seen. */
  readonly listeners: readonly { readonly port: number; readonly program?: string; readonly pid?: number }[];
}

export interface Unit {
  /** `success`, `exit-code`, `signal`, `oom-kill`, `start-limit-hit`, `watchdog`, `timeout`, … */
  readonly result: string;
  readonly activeState: string;
  readonly subState: string;
  readonly startLimitBurst?: number;
  readonly startLimitIntervalMs?: number;
}

export interface Neighbour {
  readonly name: string;
  readonly image: string;
  readonly status: string;
  readonly hostPorts: readonly number[];
  readonly networks: readonly string[];
  /** `exited (1) 3 minutes ago`, as the engine says it. */
  readonly says: string;
}
