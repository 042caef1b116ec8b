/**
 * The journal on one screen: what is appended, by whom, and how it is read. The truth about every run.
 *
 * Types only. State row and events are one batch, guarded by the owner's epoch and the next sequence number, so that two owners cannot
 * both write, and nothing is told before its commit.
 */
import type { RunEvent, RunEventBody, RunStatus, RunView } from '@openclaw/protocol';

/** The right to write to a run. Whoever takes it after somebody else has a higher epoch, and the other one's writes fail from then on. */
export interface Lease {
  readonly runId: string;
  readonly owner: string;
  readonly epoch: number;
}

export interface NewRun {
  readonly id: string;
  /** Undefined: every request is another run. */
  readonly idempotencyKey: string | undefined;
  /** Of everything that was asked: the same key with something else is an error. */
  readonly requestHash: string;
  readonly created: Extract<RunEventBody, { readonly kind: 'run.created' }>;
  /** What it has behind it already; there with the run, or not at all. @default nothing */
  readonly copied?: readonly RunEventBody[];
}

export interface RunQuestion {
  readonly sessionKey?: string;
  readonly status?: RunStatus;
  readonly agentId?: string;
  readonly parentRunId?: string;
  /** Id of the last run of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface TakeableQuestion {
  readonly owner: string;
  readonly limit: number;
  /** Id of the last one of the page before. */
  readonly after?: string;
}

export interface Takeable {
  readonly runId: string;
  readonly sessionKey: string;
}

/** Runs that were taken out of the journal, and can still be read. */
export interface RunArchive {
  /** When it resolves they are kept there, read back and compared. */
  keep(runIds: readonly string[], events: AsyncIterable<RunEvent>): Promise<void>;
  /** Every event of the run, in order. */
  find(runId: string): Promise<readonly RunEvent[] | undefined>;
}

export interface StaleAmount {
  readonly items: number;
  /** Of text; what it takes on the disk is more. */
  readonly bytes: number;
}

export type RunObserver = (events: readonly RunEvent[], view: RunView) => void;

export interface Journal {
  /** @returns the run, and whether it was there already @throws OpenClawError `idempotency_key_reused` */
  create(run: NewRun): Promise<{ readonly run: RunView; readonly isKnown: boolean }>;
  /** @throws OpenClawError `run_not_found` */
  view(runId: string): Promise<RunView>;
  list(question: RunQuestion): Promise<readonly RunView[]>;
  /** The run that was created under this key, as long as it is known. */
  find(idempotencyKey: string): Promise<RunView | undefined>;
  /** How it stood when this process last read or wrote it; a run that it owns is there. Somebody else may have written since. */
  known(runId: string): RunView | undefined;

  /** Takes it up, from nobody or from an owner whose lease has run out (or who is this process before its restart). Undefined if somebody else holds it. */
  acquire(runId: string, owner: string, leaseMs: number): Promise<Lease | undefined>;
  /** @throws OpenClawError `lease_lost` */
  renew(leases: readonly Lease[], leaseMs: number): Promise<void>;
  release(lease: Lease): Promise<void>;
  /** Open runs that wait for nothing and that nobody else holds, the oldest first; those that `owner` holds among them. */
  takeable(question: TakeableQuestion): Promise<readonly Takeable[]>;
  /** Runs that others wait for whose journals do not say how these stand now. */
  untoldChildren(limit: number): Promise<readonly string[]>;

  /**
   * Appends by the owner. Durable when it resolves, and only then anybody is told. @returns the events with their numbers
   * @throws OpenClawError `lease_lost`, `storage_full`
   */
  append(lease: Lease, bodies: readonly RunEventBody[]): Promise<readonly RunEvent[]>;
  /** The same, but only where `after` is still the last event. @returns undefined where somebody from outside has written since */
  appendAfter(lease: Lease, after: number, bodies: readonly RunEventBody[]): Promise<readonly RunEvent[] | undefined>;
  /** Appends from outside: an approval, a signal, a wish to cancel. Tries again where the owner was quicker. @throws OpenClawError `run_ended`, `run_not_failed`, `run_not_found` */
  post(runId: string, body: RunEventBody): Promise<RunEvent>;

  /** In order, after `after`. @throws OpenClawError `run_not_found` */
  read(runId: string, after: number, limit: number): Promise<readonly RunEvent[]>;
  /** What is there after `after`, then what comes, to the end of the run. Ends also with the signal. Slow readers read from the store. */
  follow(runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent>;
  /**
   * Tells of everything that this process commits, of every run: the events, in their order, and how the run stands after them. A listener
   * takes no time and throws nothing. @returns ends it
   */
  observe(listener: RunObserver): () => void;

  /** Drops the deltas of runs that finished before `beforeMs`; results stay, and what a run was saying when it broke off. @returns events dropped */
  compact(beforeMs: number, limit: number): Promise<number>;
  /** Forgets runs that ended before `beforeMs`; where there is an archive, once they are in it. @returns runs forgotten */
  forget(beforeMs: number, limit: number): Promise<number>;
  /** What `compact` (events) or `forget` (runs) would take, all in all. */
  stale(what: 'deltas' | 'runs', beforeMs: number): Promise<StaleAmount>;
  /** Which of these there are. */
  kept(runIds: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}
