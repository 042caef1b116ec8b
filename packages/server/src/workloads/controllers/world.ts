/** What all controllers of workloads share: the parts that they work on, handed in once. Types only. */
import type { DriverName, InstanceStatus } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Driver, UnitState } from '../drivers/driver.ts';
import type { EventSubject, Happening } from '../events/recorder.ts';
import type { ResourceStore } from '../store/resource-store.ts';
import type { Entries } from './entry.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { ImageCommands } from './placement.ts';
import type { Probes } from './probes.ts';
import type { UnitBook } from './unit-book.ts';
import type { SecretReader } from './unit-plan.ts';

/** What the operator may change while it runs. */
export interface ControllerSettings {
  readonly images: ImageCommands;
  /** What `driver: auto` means. */
  readonly driver: 'auto' | DriverName;
}

/** What this machine is like. */
export interface Host {
  readonly node: string;
  readonly memoryBytes: number;
  readonly baseEnvironment: Readonly<Record<string, string>>;
}

export interface World {
  readonly store: ResourceStore;
  readonly ledgers: LedgerStore;
  readonly drivers: ReadonlyMap<DriverName, Driver>;
  readonly book: UnitBook;
  readonly probes: Probes;
  readonly entries: Entries;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => ControllerSettings;
  readonly host: Host;
  readonly readSecret: SecretReader;
  readonly freePort: () => Promise<number>;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly happened: (subject: EventSubject, happening: Happening) => void;
  /** Resolves when nothing is on its way any more that would be written of a workload: what is removed then stays removed. */
  readonly toldAll: (workloadUid: string) => Promise<void>;
  /** A unit was started, or taken over from an earlier process. */
  readonly onUnit: (state: UnitState, isNew: boolean) => void;
  /** The end of a unit is taken up; it may have come while nobody watched. */
  readonly onEnd: (state: UnitState) => void;
  readonly memoryOf: (instance: string) => InstanceStatus['memory'];
  /** Whether a unit was ended for its memory by the controllers themselves. */
  readonly isEndedForMemory: (key: string) => boolean;
  /** Ends with the part. Units do not end with it. */
  readonly signal: AbortSignal;
}
