/**
 * What the controllers remember of a workload, what they see of it, and what they decide. Types only.
 *
 * Remembered is what a crash must not lose: it is written before anything is done because of it. Everything else is looked at afresh.
 */
import type { DriverName, TerminatedState, WorkloadSpec } from '@openclaw/protocol';
import type { UnitEnd } from '../drivers/driver.ts';
import type { Progress } from './progress.ts';

/** What makes an instance what it is: a change of it makes new instances, and a new revision. */
export type Template = Pick<WorkloadSpec, 'containers' | 'volumes' | 'restartPolicy' | 'driver' | 'template'>;

/** One row per workload. */
export interface Ledger {
  /** Which holds now. */
  readonly revision: number;
  readonly progress?: Progress;
  /** Restarts of instances that are no longer there. */
  readonly earlierRestarts: number;
  readonly instances: readonly LedgerInstance[];
  /** Ended for good; their output is kept for a while. */
  readonly gone: readonly GoneInstance[];
}

export interface LedgerInstance {
  readonly id: string;
  readonly revision: number;
  readonly createdAtMs: number;
  /** Why it has to go; never taken back. */
  readonly leaving?: string;
  /** Once something of it was started. */
  readonly driver?: DriverName;
  readonly containers: readonly LedgerContainer[];
}

export interface LedgerContainer {
  readonly name: string;
  /** Which unit is the present one; from 0. */
  readonly attempt: number;
  /** Ends and refusals in a row, which make the back-off longer. */
  readonly failures: number;
  readonly notBeforeMs?: number;
  /** Of the attempt before. */
  readonly lastEnd?: TerminatedState;
  /** Why the present attempt could not be started. */
  readonly refusal?: Refusal;
  /** Its restart policy does not start it again. */
  readonly isFinished?: boolean;
}

export interface GoneInstance {
  readonly id: string;
  readonly revision: number;
  readonly driver?: DriverName;
  readonly endedAtMs: number;
  readonly containers: readonly { readonly name: string; readonly attempt: number }[];
}

export interface Refusal {
  /** `ImageNotRunnable`, `ImagePullBackOff`, `InsufficientMemory`, `DriverUnavailable`, `ContainerCannotRun`. */
  readonly reason: string;
  readonly message: string;
}

/** An instance as it is remembered, with what is seen of it now. */
export interface SeenInstance extends Omit<LedgerInstance, 'containers'> {
  readonly containers: readonly SeenContainer[];
}

export interface SeenContainer extends LedgerContainer {
  /** Of the present attempt; absent: it was not started. */
  readonly unit?: { readonly startedAtMs: number; readonly ended?: UnitEnd };
  /** Its driver does not answer: nothing is known, and nothing is done. */
  readonly isUnknown: boolean;
  /** Its probes say so; without probes, while it runs. */
  readonly isReady: boolean;
  /** It was ready at some time: when it is not now, something is wrong with it. */
  readonly hasServed: boolean;
  /** Its liveness or startup probe has given it up. */
  readonly isUnhealthy: boolean;
  /** It was ended for its memory by us. */
  readonly isEndedForMemory: boolean;
}

export interface Desired {
  readonly replicas: number;
  readonly revision: number;
  readonly isDeleting: boolean;
  /** Of each revision that an instance has. */
  readonly restartPolicyOf: (revision: number) => Template['restartPolicy'];
}

export type Action =
  /** A new instance of the revision that holds. */
  | { readonly kind: 'create' }
  /** It has to go; from now on it takes no new connections. */
  | { readonly kind: 'retire'; readonly instance: string; readonly reason: string }
  /** Its units that live are stopped. */
  | { readonly kind: 'stop'; readonly instance: string }
  /** All its units have ended: nothing is left to do for it. */
  | { readonly kind: 'forget'; readonly instance: string }
  | { readonly kind: 'start'; readonly instance: string; readonly container: string; readonly attempt: number }
  /** Its unit has ended: this is what comes next. */
  | { readonly kind: 'ended'; readonly instance: string; readonly container: string; readonly next: Next }
  /** Stopped because its probe gave it up; its end is then an end like others. */
  | { readonly kind: 'restart'; readonly instance: string; readonly container: string }
  /** Nothing is left of a workload that is deleted. */
  | { readonly kind: 'release' };

export type Next =
  | { readonly kind: 'again'; readonly failures: number; readonly notBeforeMs: number }
  /** The restart policy leaves it at that. */
  | { readonly kind: 'finished' };

export interface Plan {
  readonly actions: readonly Action[];
  /** When something falls due that no event announces. */
  readonly wakeAtMs?: number;
}
