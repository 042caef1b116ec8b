/**
 * Admission: the one place where requests wait. It knows how much each target takes (`limit`), whether it is well
 * (`breaker`), and until when it wants to be left alone (`pause`), and lets attempts through in fair turns. Types only.
 *
 * It does not choose the order of targets (`../routing/order.ts`), send anything (`../exchange.ts`), or count money (`access`).
 */
import type { OpenClawError } from '../../core/errors.ts';
import type { Provider, Target } from '../target.ts';

export interface Candidate {
  readonly target: Target;
  /** Monotonic time before which this request does not want it (its own back-off). 0: at once. */
  readonly notBeforeMs: number;
}

export interface EntryRequest {
  /** In the order in which they are preferred: the first that has room now is taken. */
  readonly candidates: readonly Candidate[];
  /** Whoever shares this shares one turn in the queue: the virtual key. */
  readonly turn: string;
  /** Sessions of one turn take turns within it, where clients name them. */
  readonly session?: string | undefined;
  /** When the request came, monotonic: one that is tried again keeps its place within its turn. */
  readonly arrivedMs: number;
  /** Monotonic; `Infinity` without a deadline. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export interface Admission {
  /**
   * A place at one of the candidates: at once where one has room, else as soon as one has.
   * Nothing is returned as a promise that need not be, because most requests do not wait.
   * @throws OpenClawError (or rejects with) `admission_refused` (429, with Retry-After) when too many wait, or none will have room
   * before the deadline or `queue.maxWaitMs`; `targets_unavailable` (503, with Retry-After) when every breaker is open;
   * `target_removed` when the configuration has none of them any more; the signal's reason when it is aborted while waiting
   */
  enter(request: EntryRequest): Permit | Promise<Permit>;
  /** A place now or none; for hedging. */
  tryEnter(candidates: readonly Candidate[]): Permit | undefined;
  /** Requests under way at this target now. */
  underWay(target: Target): number;
  /** Why nothing is sent to it now, for people: its breaker, its own wish, or no room. */
  whyNot(target: Target): string;
  /** What operators see, one row per target that was ever asked and whose key is still configured. */
  status(): readonly TargetStatus[];
  /** Opens or closes a breaker by hand: `open` until `reset`. @returns how many targets it concerned */
  override(name: string, action: 'open' | 'reset'): number;
  readonly figures: AdmissionFigures;
  /**
   * These settings and providers hold from now on. What was learnt of targets whose keys stay goes on, and so do those who wait for
   * them. Nobody waits any more for targets whose keys are gone; what is under way there ends in peace, and then they are forgotten.
   */
  reconfigure(settings: AdmissionSettings, providers: readonly Provider[]): void;
  /** Rejects whoever waits. */
  close(reason: OpenClawError): void;
}

export interface Permit {
  readonly target: Target;
  /** How long it was waited for. */
  readonly waitedMs: number;
  /** Gives the place back and says how the attempt went. Only the first call counts. */
  release(result: AttemptResult): void;
}

export type AttemptResult =
  /** `firstOutputMs` from sending to the first output; absent where the answer came whole. */
  | { readonly kind: 'completed'; readonly firstOutputMs?: number | undefined; readonly totalMs: number }
  /** Whether the failure speaks of the target is decided here, not by the caller. */
  | { readonly kind: 'failed'; readonly error: OpenClawError; readonly totalMs: number }
  /** The client left, or another attempt won: says nothing about the target. */
  | { readonly kind: 'cancelled' };

export type BreakerState = 'closed' | 'open' | 'halfOpen' | 'recovering';

export interface TargetStatus {
  /** `provider/model`. */
  readonly target: string;
  readonly key: string;
  readonly breaker: BreakerState;
  /** True while an operator holds it open. */
  readonly heldOpen: boolean;
  /** Milliseconds until it may be asked again; 0: now. */
  readonly pausedMs: number;
  /** Why it is left alone; absent while it is not. */
  readonly reason?: string;
  readonly limit: number;
  readonly underWay: number;
  readonly waiting: number;
  readonly recentFailures: number;
}

export interface AdmissionFigures {
  readonly waiting: number;
  readonly underWay: number;
  /** Since the start. */
  readonly refused: number;
  readonly admitted: number;
  readonly waitedMsTotal: number;
}

/** As `models.queue`, `models.breaker`, `models.retry.budgetPercent` in the configuration. */
export interface AdmissionSettings {
  readonly queue: { readonly maxWaiting: number; readonly maxWaitMs: number };
  readonly breaker: BreakerSettings;
}

export interface BreakerSettings {
  /** This many failures within the window open it. */
  readonly failures: number;
  readonly windowMs: number;
  /** So does this share of failures, in percent, of at least `minimumRequests` within the window. */
  readonly errorPercent: number;
  readonly minimumRequests: number;
  /** How long it stays open before one request is let through. */
  readonly openMs: number;
}
