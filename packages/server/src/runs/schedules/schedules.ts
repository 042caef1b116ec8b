/**
 * Schedules, and the one timer of all of them. It looks at the wall clock at least every minute while something may fall due, for the clock
 * may be set and the machine may sleep; without a schedule nothing happens by itself.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { Firing, FiringQuestion, NewSchedule, ScheduleChanges, ScheduleRuns, Schedules, ScheduleView } from './contract.ts';
import { checkTiming } from './due-times.ts';
import { Firings } from './firing.ts';
import { scheduleLimits, type ScheduleLimits } from './limits.ts';
import { ScheduleStore, type StoredSchedule } from './schedule-store.ts';

export interface SchedulesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly runs: ScheduleRuns;
  /** @default `scheduleLimits` */
  readonly limits?: Partial<ScheduleLimits>;
}

/** Of what is asked at once; those beyond are told to come again. */
const waitingLimit = 64;

export function createSchedules(options: SchedulesOptions): Schedules {
  const limits: ScheduleLimits = { ...scheduleLimits, ...options.limits };
  const store = new ScheduleStore(options.database);
  const { clock, log, runs } = options;
  return new KeptSchedules({ store, clock, log, limits, firings: new Firings({ store, runs, clock, log, limits }) });
}

interface Kept {
  readonly store: ScheduleStore;
  readonly firings: Firings;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ScheduleLimits;
}

class KeptSchedules implements Schedules {
  readonly #kept: Kept;
  readonly #turns = new OneAtATime(waitingLimit);
  #underWay: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(kept: Kept) {
    this.#kept = kept;
  }

  start(): Promise<void> {
    this.#state = 'started';
    return this.#inTurn(async () => {});
  }

  async list(): Promise<readonly ScheduleView[]> {
    const { store } = this.#kept;
    const [all, ahead, last] = await Promise.all([store.list(), store.decidedAhead(), store.lastFirings()]);
    return Promise.all(all.map((schedule) => this.#view(schedule, ahead.get(schedule.id), last.get(schedule.id))));
  }

  async get(idOrName: string): Promise<ScheduleView> {
    const found = await this.#find(idOrName);
    const [ahead, { firings }] = await Promise.all([
      this.#kept.store.decidedAhead(),
      this.#kept.store.firings({ scheduleId: found.id, limit: 1, offset: 0 }),
    ]);
    return this.#view(found, ahead.get(found.id), firings[0]);
  }

  async add(wanted: NewSchedule): Promise<ScheduleView> {
    const { store, clock, limits } = this.#kept;
    const nowMs = clock.now();
    this.#check(wanted);
    const schedule: StoredSchedule = {
      ...{ id: randomUUID(), name: wanted.name, message: wanted.message, timing: await checkTiming(wanted.timing, nowMs) },
      ...{ description: wanted.description ?? null, agent: wanted.agent ?? null, session: wanted.session ?? null },
      ...{ model: wanted.model ?? null, catchUp: wanted.catchUp ?? 'none', isEnabled: wanted.isEnabled ?? true },
      ...{ revision: 1, settledUntilMs: nowMs, floorMs: 0, claims: 0, lastRunId: null, createdAtMs: nowMs, updatedAtMs: nowMs },
    };
    await this.#inTurn(async () => {
      if (await store.insert(schedule, limits.schedules)) return;
      if (await this.#isTaken(schedule)) throw exists(schedule.name);
      throw new OpenClawError('schedule_limit', { details: { limit: limits.schedules } });
    });
    return this.get(schedule.id);
  }

  async update(idOrName: string, changes: ScheduleChanges): Promise<ScheduleView> {
    this.#check(changes);
    const { store, clock } = this.#kept;
    const id = await this.#inTurn(async () => {
      const before = await this.#find(idOrName);
      const nowMs = clock.now();
      const { timing, ...rest } = changes;
      const isNewTiming = timing !== undefined || (changes.isEnabled === true && !before.isEnabled);
      const after: StoredSchedule = {
        ...before,
        ...withoutAbsent(rest),
        ...(timing === undefined ? {} : { timing: await checkTiming(timing, nowMs) }),
        ...(isNewTiming ? { settledUntilMs: nowMs } : {}),
        ...{ revision: before.revision + 1, updatedAtMs: nowMs },
      };
      if (await store.replace(before, after)) return before.id;
      if (await this.#isTaken(after)) throw exists(after.name);
      throw new OpenClawError('storage_conflict', { details: { guard: `the schedule ${before.name}` } });
    });
    return this.get(id);
  }

  async remove(idOrName: string): Promise<ScheduleView> {
    const view = await this.get(idOrName);
    await this.#inTurn(() => this.#kept.store.remove(view.id));
    return view;
  }

  runNow(idOrName: string): Promise<Firing> {
    return this.#inTurn(async () => this.#kept.firings.fireNow(await this.#find(idOrName), `manual/${randomUUID()}`));
  }

  firings(question: FiringQuestion): Promise<{ readonly firings: readonly Firing[]; readonly total: number }> {
    return this.#kept.store.firings(question);
  }

  async idle(): Promise<void> {
    await this.#underWay;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#timer?.cancel();
    await this.#underWay;
  }

  /** Does what is asked, and looks at what is due afterwards: it may be another time than before. */
  async #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turns.run('all', async () => {
      try {
        return await action();
      } finally {
        await this.#look();
      }
    });
    const before = this.#underWay;
    this.#underWay = Promise.allSettled([before, done]);
    return done;
  }

  async #look(): Promise<void> {
    if (this.#state !== 'started') return;
    const { firings, clock, limits, log } = this.#kept;
    this.#timer?.cancel();
    try {
      const wakeMs = await firings.settleAll();
      if (wakeMs !== undefined) this.#arm(Math.min(limits.lookMs, Math.max(0, wakeMs - clock.now())));
    } catch (thrown) {
      log.error('due times of schedules could not be looked at', { reason: toOpenClawError(thrown).message });
      this.#arm(limits.retryMs);
    }
  }

  #arm(delayMs: number): void {
    // It may have been closed meanwhile.
    if (this.#state !== 'started') return;
    this.#timer = this.#kept.clock.after(delayMs, () => {
      // What goes wrong in a look is dealt with there; too many who wait are no reason to stop looking.
      this.#inTurn(async () => {}).catch(() => this.#arm(this.#kept.limits.retryMs));
    });
  }

  async #find(idOrName: string): Promise<StoredSchedule> {
    const found = await this.#kept.store.find(idOrName);
    if (!found) throw new OpenClawError('schedule_not_found', { details: { id: idOrName.slice(0, 200) } });
    return found;
  }

  async #isTaken({ id, name }: StoredSchedule): Promise<boolean> {
    const holder = await this.#kept.store.find(name);
    return holder !== undefined && holder.id !== id;
  }

  async #view(stored: StoredSchedule, ahead: ReadonlySet<number> | undefined, last: Firing | undefined): Promise<ScheduleView> {
    const { id, name, timing, message, description, agent, session, model, catchUp } = stored;
    const { isEnabled, revision, createdAtMs, updatedAtMs } = stored;
    return {
      ...{ id, name, timing, message, description, agent, session, model, catchUp },
      ...{ isEnabled, revision, createdAtMs, updatedAtMs },
      nextDueAtMs: isEnabled ? await this.#kept.firings.nextDue(stored, ahead) : null,
      last: last ?? null,
    };
  }

  #check({ name, message }: ScheduleChanges): void {
    const { nameCharacters, messageCharacters } = this.#kept.limits;
    if (name !== undefined && (name.trim() === '' || name !== name.trim() || name.length > nameCharacters || /\p{Cc}/u.test(name))) {
      throw invalid('name', `must be 1 to ${nameCharacters} characters, with no blanks around them and no control characters`);
    }
    if (message !== undefined && (message.trim() === '' || message.length > messageCharacters)) {
      throw invalid('message', `must say something, in at most ${messageCharacters} characters`);
    }
  }
}

function withoutAbsent<T extends object>(changes: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(changes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

function exists(name: string): OpenClawError {
  return new OpenClawError('schedule_exists', { details: { name } });
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
