/**
 * Decides what becomes of the due times of schedules, and begins the runs: first it is written that a time is acted on, then the run is
 * begun under a key of that time, then it is written what came of it. Wherever that is cut off, whoever comes next goes on with the
 * same key.
 *
 * It has no timer and does not know who changes schedules.
 */
import type { CreateRunRequest } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Firing, ScheduleRuns } from './contract.ts';
import { dueTimesOf, latestDue, type DueTimes } from './due-times.ts';
import type { ScheduleLimits } from './limits.ts';
import type { ClaimedFiring, Decision, ScheduleStore, StoredSchedule } from './schedule-store.ts';

export interface FiringsOptions {
  readonly store: ScheduleStore;
  readonly runs: ScheduleRuns;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ScheduleLimits;
}

/** Rows are counted rarely: more than are kept may lie there until then. */
const decisionsBetweenPrunes = 50;

export class Firings {
  readonly #options: FiringsOptions;
  /** Of the schedules of the last round, by id and revision: making them is dearer than asking them. */
  #dueTimes = new Map<string, DueTimes>();
  /** When it was looked the last time, by the clock that nobody sets. */
  #lookedAtMs: number | undefined;

  constructor(options: FiringsOptions) {
    this.#options = options;
  }

  /** Acts on everything that is due. @returns when to look again at the latest; undefined where nothing will be due */
  async settleAll(): Promise<number | undefined> {
    const { store, clock, limits } = this.#options;
    const waitsForRun = await this.#beginClaimed();
    const all = await this.#listed();
    const ahead = await store.decidedAhead();
    const enabled = all.filter(({ isEnabled }) => isEnabled);
    const known = this.#dueTimes;
    this.#dueTimes = new Map();
    let wakeMs = waitsForRun ? clock.now() + limits.retryMs : undefined;
    for (const schedule of enabled) {
      const next = await this.#dueTimesOf(schedule, known);
      if (!next) continue;
      await this.#settle(schedule, skipping(next, ahead.get(schedule.id)));
      const dueAtMs = next(clock.now());
      if (dueAtMs !== null) wakeMs = Math.min(wakeMs ?? dueAtMs, dueAtMs);
    }
    return wakeMs;
  }

  /** When it is due next, which may be a moment ago. */
  async nextDue(schedule: StoredSchedule, ahead: ReadonlySet<number> | undefined): Promise<number | null> {
    const next = await this.#dueTimesOf(schedule, this.#dueTimes);
    return next ? skipping(next, ahead)(this.#settledUntil(schedule, this.#options.clock.now())) : null;
  }

  /** @throws OpenClawError `schedule_busy`, and what beginning a run throws */
  async fireNow(schedule: StoredSchedule, firing: string): Promise<Firing> {
    const nowMs = this.#options.clock.now();
    const busyWith = await this.#openRunOf(schedule);
    const details = { name: schedule.name, runId: busyWith ?? 'it is about to begin' };
    if (busyWith !== undefined) throw new OpenClawError('schedule_busy', { details });
    const decision: Decision = {
      ...{ firing, dueAtMs: nowMs, outcome: 'claimed', reason: null, decidedAtMs: nowMs, settledUntilMs: undefined },
      request: requestOf(schedule, firing),
    };
    if (!(await this.#decide(schedule, decision))) throw new OpenClawError('schedule_busy', { details });
    const [begun, thrown] = await this.#begin(claimOf(schedule, decision));
    if (!thrown) return begun;
    // Whoever asked is told, and asks again: it is not tried behind their back.
    await this.#options.store.finish({ ...begun, outcome: 'failed', reason: thrown.message });
    throw thrown;
  }

  /** What was decided by a process that is gone, or could not be begun before. @returns whether something still waits */
  async #beginClaimed(): Promise<boolean> {
    let waits = false;
    for (const claimed of await this.#options.store.claimed()) {
      const [{ outcome }] = await this.#begin(claimed);
      waits ||= outcome === 'claimed';
    }
    return waits;
  }

  /**
   * All schedules. Where the clock was set back since the last look, times are due again from where it was set to; what was acted on
   * stays so.
   */
  async #listed(): Promise<StoredSchedule[]> {
    const { store, clock } = this.#options;
    const all = await store.list();
    const monotonicMs = clock.monotonicMs();
    const nowMs = clock.now();
    const setToMs = nowMs - (monotonicMs - (this.#lookedAtMs ?? monotonicMs));
    this.#lookedAtMs = monotonicMs;
    const ahead = all.filter(({ settledUntilMs }) => settledUntilMs > nowMs);
    for (const { id } of ahead) await store.rewind(id, setToMs);
    return ahead.length === 0 ? all : store.list();
  }

  async #settle(schedule: StoredSchedule, next: DueTimes): Promise<void> {
    const { clock, limits, log } = this.#options;
    const nowMs = clock.now();
    const dueAtMs = latestDue(next, this.#settledUntil(schedule, nowMs), nowMs);
    if (dueAtMs === null) return;
    const lateMs = nowMs - dueAtMs;
    const decided = { firing: String(dueAtMs), dueAtMs, decidedAtMs: nowMs, settledUntilMs: dueAtMs };
    const about = { schedule: schedule.name, dueAtMs };
    if (lateMs > limits.lateMs && schedule.catchUp === 'none') {
      const reason = 'nobody was there at the time, nor soon after it';
      await this.#decide(schedule, { ...decided, outcome: 'missed', reason, request: null });
      log.warn('a time of a schedule was missed', about);
      return;
    }
    const busyWith = await this.#openRunOf(schedule);
    if (busyWith !== undefined) {
      const reason = `the run before it is still under way: ${busyWith}`;
      await this.#decide(schedule, { ...decided, outcome: 'skipped', reason, request: null });
      log.warn('a time of a schedule was skipped, the run before it is still under way', { ...about, runId: busyWith });
      return;
    }
    const reason = lateMs > 2 * limits.lookMs ? 'made up for: nobody was there at the time' : null;
    const decision: Decision = { ...decided, outcome: 'claimed', reason, request: requestOf(schedule, decided.firing) };
    // Where somebody else was first, it is theirs.
    if (await this.#decide(schedule, decision)) await this.#begin(claimOf(schedule, decision));
  }

  async #decide(schedule: StoredSchedule, decision: Decision): Promise<boolean> {
    const { store, limits } = this.#options;
    if (schedule.claims % decisionsBetweenPrunes === 0) await store.prune(schedule.id, limits.firings);
    return store.decide(schedule, decision);
  }

  async #begin(claimed: ClaimedFiring): Promise<readonly [Firing, OpenClawError?]> {
    const { store, runs, clock, log, limits } = this.#options;
    const { request, ...firing } = claimed;
    try {
      const { run } = await runs.create(request, { kind: 'schedule', by: firing.scheduleId });
      const started: Firing = { ...firing, outcome: 'started', runId: run.id };
      await store.finish(started);
      return [started];
    } catch (thrown) {
      const error = toOpenClawError(thrown);
      const about = { schedule: firing.scheduleId, dueAtMs: firing.dueAtMs, error: error.code };
      if (error.retryable && Math.abs(clock.now() - firing.decidedAtMs) < limits.beginMs) {
        log.info('a run of a schedule cannot begin yet', about);
        return [firing, error];
      }
      const failed: Firing = { ...firing, outcome: 'failed', reason: error.message };
      await store.finish(failed);
      log.error('a run of a schedule could not be begun', { ...about, reason: error.message });
      return [failed, error];
    }
  }

  async #openRunOf({ lastRunId }: StoredSchedule): Promise<string | undefined> {
    if (lastRunId === null) return undefined;
    try {
      const { endedAtMs } = await this.#options.runs.get(lastRunId);
      return endedAtMs === null ? lastRunId : undefined;
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'run_not_found') return undefined;
      throw thrown;
    }
  }

  #settledUntil({ settledUntilMs, floorMs }: StoredSchedule, nowMs: number): number {
    return Math.max(Math.min(settledUntilMs, nowMs), floorMs);
  }

  async #dueTimesOf(schedule: StoredSchedule, known: ReadonlyMap<string, DueTimes>): Promise<DueTimes | undefined> {
    const key = `${schedule.id}/${schedule.revision}`;
    try {
      const dueTimes = known.get(key) ?? (await dueTimesOf(schedule.timing));
      this.#dueTimes.set(key, dueTimes);
      return dueTimes;
    } catch (thrown) {
      // It could be read when it was added; a time zone may be gone since.
      this.#options.log.error('a schedule cannot be read any more', { schedule: schedule.name, reason: toOpenClawError(thrown).message });
      return undefined;
    }
  }
}

function skipping(next: DueTimes, ahead: ReadonlySet<number> | undefined): DueTimes {
  if (!ahead) return next;
  return (afterMs) => {
    let found = next(afterMs);
    while (found !== null && ahead.has(found)) found = next(found);
    return found;
  };
}

function requestOf({ id, agent, session, model, message }: StoredSchedule, firing: string): CreateRunRequest {
  return {
    input: message,
    idempotencyKey: `schedule/${id}/${firing}`,
    ...(agent === null ? {} : { agent }),
    ...(session === null ? {} : { session }),
    ...(model === null ? {} : { model }),
  };
}

function claimOf({ id }: StoredSchedule, { request, ...decision }: Decision): ClaimedFiring {
  if (!request) throw new TypeError('nothing is asked of runs');
  const { firing, dueAtMs, outcome, reason, decidedAtMs } = decision;
  return { ...{ firing, dueAtMs, outcome, reason, decidedAtMs }, scheduleId: id, runId: null, request };
}
