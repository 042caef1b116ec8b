/** Schedules: what they are, what became of their times, and what they need of runs. Types only. Times are milliseconds since 1970. */
import type { CreateRunRequest, RunOrigin, RunView } from '@openclaw/protocol';

export type ScheduleTiming =
  /** Five fields: minute, hour, day, month, weekday. */
  | { readonly kind: 'cron'; readonly expr: string; readonly tz: string }
  /** Every so often after `anchorMs`, which is not a time of its own. */
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchorMs: number }
  | { readonly kind: 'at'; readonly atMs: number };

/** `none`: a time that was missed by more than an hour is let go. `one`: of those that were missed the latest is made up for, however late. */
export type CatchUp = 'none' | 'one';

/** What somebody wants to happen. */
export interface ScheduleDefinition {
  readonly timing: ScheduleTiming;
  readonly message: string;
  readonly description: string | null;
  /** Null: whoever is asked by default. */
  readonly agent: string | null;
  /** Null: each run has a session of its own. */
  readonly session: string | null;
  readonly model: string | null;
  readonly catchUp: CatchUp;
}

/** As it is asked for; what is absent has its default. */
export interface NewSchedule {
  readonly name: string;
  readonly timing: NewTiming;
  readonly message: string;
  readonly description?: string | null;
  readonly agent?: string | null;
  readonly session?: string | null;
  readonly model?: string | null;
  /** @default 'none' */
  readonly catchUp?: CatchUp;
  /** @default true */
  readonly isEnabled?: boolean;
}

export type NewTiming =
  /** `tz`: an IANA name. @default 'UTC' */
  | { readonly kind: 'cron'; readonly expr: string; readonly tz?: string }
  /** @default from now on */
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchorMs?: number }
  | { readonly kind: 'at'; readonly atMs: number };

export type ScheduleChanges = Partial<NewSchedule>;

/**
 * `claimed`: it is about to be begun. `started`: it became a run. `skipped`: the run before it was still under way. `missed`: nobody was
 * there. `failed`: it could not be begun.
 */
export type FiringOutcome = 'claimed' | 'started' | 'skipped' | 'missed' | 'failed';

/** What became of one time. */
export interface Firing {
  /** The time itself, or `manual/…`. */
  readonly firing: string;
  readonly scheduleId: string;
  readonly dueAtMs: number;
  readonly outcome: FiringOutcome;
  readonly runId: string | null;
  readonly reason: string | null;
  readonly decidedAtMs: number;
}

export interface Schedule extends ScheduleDefinition {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  /** Rises with each change. */
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface ScheduleView extends Schedule {
  /** Null where it is over, or not enabled. */
  readonly nextDueAtMs: number | null;
  readonly last: Firing | null;
}

/** What is needed of runs. Beginning one is durable once it resolves, and the same key gives the same run. */
export interface ScheduleRuns {
  create(request: CreateRunRequest, origin: RunOrigin): Promise<{ readonly run: Pick<RunView, 'id'> }>;
  /** @throws OpenClawError `run_not_found` */
  get(runId: string): Promise<Pick<RunView, 'endedAtMs'>>;
}

export interface FiringQuestion {
  /** @default of all */
  readonly scheduleId?: string;
  readonly limit: number;
  readonly offset: number;
}

export interface Schedules {
  /** Takes up what was due meanwhile, and fires from now on. */
  start(): Promise<void>;
  /** By name. */
  list(): Promise<readonly ScheduleView[]>;
  /** @param idOrName an id goes before a name @throws OpenClawError `schedule_not_found`, in all that follow too */
  get(idOrName: string): Promise<ScheduleView>;
  /** @throws OpenClawError `invalid_request`, `schedule_exists`, `schedule_limit` */
  add(wanted: NewSchedule): Promise<ScheduleView>;
  /** Times that passed while it was not enabled, or before its timing was changed, are not due any more. @throws as `add` */
  update(idOrName: string, changes: ScheduleChanges): Promise<ScheduleView>;
  /** Forgets it with what became of its times. Runs that it began go on. */
  remove(idOrName: string): Promise<ScheduleView>;
  /** Begins a run now, besides its times. @throws OpenClawError `schedule_busy`, and what beginning a run throws */
  runNow(idOrName: string): Promise<Firing>;
  /** The latest first; 1000 of each schedule are kept. */
  firings(question: FiringQuestion): Promise<{ readonly firings: readonly Firing[]; readonly total: number }>;
  /** Once nothing that has begun by now is under way. */
  idle(): Promise<void>;
  /** Fires no more. What is under way ends first. */
  close(): Promise<void>;
}
