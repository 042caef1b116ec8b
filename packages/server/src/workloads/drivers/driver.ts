/**
 * What runs programs: the contract of all drivers, and nothing that only one of them can do. Its conformance suite is `driver.suite.ts`.
 *
 * A driver starts, ends, watches and measures single units and keeps them apart from those of others. It decides nothing: when a unit is started
 * again, how many there are and what their state means is for `controllers/`. It keeps no state of its own that a crash of the gateway could
 * lose: whoever starts a driver asks `list` first, and what still runs is taken over as it is.
 */
import type { DriverName } from '@openclaw/protocol';
import type { MemorySample, SmapsSummary } from '@openclaw/protocol';

export interface Driver {
  readonly name: DriverName;

  /** Whether units can run here now, and how limits are held. Cheap enough to ask before each start. */
  available(signal: AbortSignal): Promise<Availability>;

  /** All units of this gateway's state directory: those that live, whoever started them, and those that have ended and were not removed. */
  list(signal: AbortSignal): Promise<readonly UnitState[]>;

  /**
   * Starts a unit. Started again with an id that exists, it changes nothing and says what is there: an id never runs twice.
   * @throws OpenClawError `workload_image_not_runnable`, `workload_image_missing`, `workload_cannot_run` (no such command, mount refused, …), `workload_driver_unavailable`
   */
  start(plan: UnitPlan, signal: AbortSignal): Promise<UnitState>;

  /** SIGTERM, then SIGKILL after `graceMs`, to all processes of the unit. Resolves when it has ended. Of one that has ended: at once. */
  stop(id: UnitId, options: StopOptions): Promise<UnitState>;

  /** Sends one signal to the unit's main process: `SIGUSR1`. */
  signal(id: UnitId, signal: string): Promise<void>;

  /** Forgets a unit that has ended: its output, its control group, its container. Of one that is not there: nothing. */
  remove(id: UnitId): Promise<void>;

  /** Events of all units from now on, in the order of their happening for each unit. The returned function ends it. */
  observe(listener: (event: UnitEvent) => void): () => void;

  /** What a unit uses at this moment; undefined when it has ended. Costs well below a millisecond of this thread's time. */
  sample(id: UnitId): Promise<UnitSample | undefined>;

  /** From the kernel's own accounting of every process of the unit; costs some milliseconds. Undefined when it has ended. */
  memoryMap(id: UnitId, signal: AbortSignal): Promise<MemoryMap | undefined>;

  /** Output, oldest first; with `follow` until the unit ends or `signal` aborts. Bounded: what is not read is not piled up. */
  output(id: UnitId, options: OutputOptions): AsyncIterable<OutputLine>;

  /** Runs a command inside the unit, for probes: same limits, same environment. */
  run(id: UnitId, command: readonly string[], options: RunOptions): Promise<{ readonly exitCode: number; readonly output: string }>;

  /** Lets go of everything of this process. Units go on. */
  close(): Promise<void>;
}

export type Availability =
  | {
      readonly usable: true;
      /** `kernel`: a control group. `watchdog`: readings every second, the weaker kind. */
      readonly limits: 'kernel' | 'watchdog';
      /** In words for people, where that is less than a reader expects. */
      readonly note?: string;
    }
  | { readonly usable: false; readonly reason: string };

/** One container of one instance, started for the n-th time. */
export interface UnitId {
  /** Also the name of the Pod: `payment-processor-5f7c9-x2k4q`. Unique in this state directory. */
  readonly instance: string;
  readonly container: string;
  /** From 0. */
  readonly attempt: number;
}

export interface UnitPlan {
  readonly id: UnitId;
  /** Whose it is; a driver marks the unit with it. */
  readonly workload: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly revision: number;
  readonly image?: string;
  /** Empty: what the image says. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Complete, secrets resolved. Never logged, never part of a listing. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Where the program listens, and the loopback port by which this machine reaches it there. */
  readonly ports: readonly { readonly containerPort: number; readonly reachedAtPort: number }[];
  readonly memoryLimitBytes?: number;
  /** Thousandths of a processor. */
  readonly cpuLimitMilli?: number;
  readonly mounts: readonly UnitMount[];
  readonly graceMs: number;
  /** A program of Node tells of its heap after full collections, by a module that is loaded first. @default false */
  readonly reportsHeap?: boolean;
}

export interface UnitMount {
  readonly path: string;
  readonly readOnly: boolean;
  readonly source:
    | { readonly kind: 'host'; readonly path: string }
    | { readonly kind: 'named'; readonly name: string }
    | { readonly kind: 'memory'; readonly limitBytes?: number }
    | { readonly kind: 'scratch'; readonly limitBytes?: number };
}

export interface UnitState {
  readonly id: UnitId;
  readonly workload: UnitPlan['workload'];
  readonly revision: number;
  readonly startedAtMs: number;
  readonly limits: 'kernel' | 'watchdog';
  readonly ports: UnitPlan['ports'];
  /** Absent while it lives. */
  readonly ended?: UnitEnd;
}

export interface UnitEnd {
  readonly atMs: number;
  /** As a shell says it: 137 for SIGKILL. */
  readonly exitCode: number;
  readonly signal?: string;
  /** The kernel, or the watchdog, ended it for its memory. 137 alone does not mean that. */
  readonly outOfMemory: boolean;
  /** `stopped`: somebody asked for it. `lost`: nobody saw how it ended. */
  readonly how: 'by itself' | 'stopped' | 'lost';
  /** The last lines of its standard error, at most 2 KiB. */
  readonly message?: string;
}

export type UnitEvent =
  | { readonly kind: 'started'; readonly atMs: number; readonly state: UnitState }
  /** A process in it was ended for its memory; the unit itself may live. */
  | { readonly kind: 'outOfMemory'; readonly atMs: number; readonly id: UnitId; readonly usedBytes: number; readonly limitBytes: number }
  | { readonly kind: 'ended'; readonly atMs: number; readonly state: UnitState };

/** One reading, without what only its history knows. */
export type UnitSample = Omit<MemorySample, 'restarts'> & {
  readonly peakBytes: number;
  readonly limitBytes?: number;
  /** Processes of it that were ended for their memory since it started. */
  readonly outOfMemoryKills: number;
  readonly majorFaults: number;
  readonly processes: number;
};

/** What `--show-vmmap` prints. */
export interface MemoryMap extends SmapsSummary {
  readonly threads: number;
  readonly sharedRegions: number;
  readonly processes: readonly { readonly pid: number; readonly command: string; readonly rssBytes: number }[];
}

export interface StopOptions {
  readonly graceMs: number;
  /** Aborted: SIGKILL at once. */
  readonly signal: AbortSignal;
}

export interface OutputOptions {
  readonly sinceMs?: number;
  /** The last so many lines of what is there; all of it without. */
  readonly tailLines?: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

export interface OutputLine {
  readonly atMs: number;
  readonly stream: 'stdout' | 'stderr';
  /** Without its line end, at most 16 KiB. */
  readonly text: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
