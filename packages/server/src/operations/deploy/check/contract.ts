/** What is known of a running deployment, and what is said of it. Types only. */
import type { DoctorReport } from '../../doctor/index.ts';

export type Outcome = 'pass' | 'fail' | 'not-applicable';

export interface CheckedItem {
  readonly name: string;
  readonly title: string;
  readonly outcome: Outcome;
  /** What was seen, or why it cannot be judged from here. */
  readonly evidence: string;
  /** What mends it; absent where it passes. */
  readonly remedy?: string;
}

export interface DeployReport {
  readonly at: string;
  readonly deployment: string;
  readonly status: 'pass' | 'fail';
  readonly items: readonly CheckedItem[];
}

/** What Docker says of a container, without the values of its variables. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  readonly status: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  readonly startedAt: string;
  /** Of its health check; absent where it has none. */
  readonly health: string | undefined;
  readonly healthStartSeconds: number;
  readonly restartPolicy: string;
  readonly user: string;
  readonly isPrivileged: boolean;
  readonly isReadOnly: boolean;
  readonly dropsCapabilities: boolean;
  /** 0: none. */
  readonly memoryLimitBytes: number;
  readonly stopSeconds: number;
  readonly drainMs: number | undefined;
  readonly stateDirectory: string;
  /** What is mounted at the state directory or above it; absent for the container's own layer. */
  readonly mount: ContainerMount | undefined;
  /** Names of variables that hold the credential. */
  readonly credentialVariables: readonly string[];
  /** Where the port is published on the host, as `address:port`. */
  readonly published: readonly string[];
}

export interface ContainerMount {
  readonly type: string;
  readonly name: string | undefined;
  readonly source: string;
  readonly isWritable: boolean;
}

/** The gateway as it is seen from here. */
export interface OutsideFacts {
  readonly url: string;
  /** By their paths: the status, or the reason why there is none. */
  readonly probes: Readonly<Record<string, { readonly status: number | undefined; readonly words: string }>>;
  /** Absent where there is no credential to try. */
  readonly credential: { readonly isTaken: boolean; readonly from: string; readonly words: string } | undefined;
  /** Absent where it does not tell. */
  readonly stateId: string | undefined;
  /** At this address at an earlier time, or as it was asked for. */
  readonly knownStateId: string | undefined;
}

export interface Inspection {
  readonly deployment: string;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** From where the gateway runs; else the reason why there is none. */
  readonly inside: DoctorReport | string;
  readonly container: ContainerFacts | undefined;
  readonly outside: OutsideFacts | undefined;
}

export interface DeployCheck {
  readonly name: string;
  readonly title: string;
  examine(inspection: Inspection): Pick<CheckedItem, 'outcome' | 'evidence' | 'remedy'>;
}
