/**
 * Schedules and what became of their times in the database: every question and every write of this folder.
 *
 * A time is acted on by whoever writes its row first, in whatever process; the row stays, so that a clock that is set back changes
 * nothing. It does not know when anything is due.
 */
import type { CreateRunRequest } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Database, Row, Statement, WriteBatch } from '../../storage/index.ts';
import type { Firing, FiringOutcome, FiringQuestion, Schedule, ScheduleDefinition } from './contract.ts';

export interface StoredSchedule extends Schedule {
  /** Nothing up to then is due any more. */
  readonly settledUntilMs: number;
  /** Rows of times up to then may be gone, so none of them is acted on. */
  readonly floorMs: number;
  /** Rises with each decision: who decides on what was read a while ago finds out. */
  readonly claims: number;
  readonly lastRunId: string | null;
}

export interface Decision {
  readonly firing: string;
  readonly dueAtMs: number;
  readonly outcome: Extract<FiringOutcome, 'claimed' | 'skipped' | 'missed'>;
  readonly reason: string | null;
  readonly request: CreateRunRequest | null;
  readonly decidedAtMs: number;
  /** Undefined where it is none of the schedule's own times. */
  readonly settledUntilMs: number | undefined;
}

export interface ClaimedFiring extends Firing {
  readonly request: CreateRunRequest;
}

type Result = Pick<Firing, 'scheduleId' | 'firing' | 'outcome' | 'runId' | 'reason'>;

const scheduleColumns = 'id, name, definition, is_enabled, revision, settled_until, floor_at, claims, last_run_id, created_at, updated_at';
const firingColumns = 'f.schedule_id, f.firing, f.due_at, f.outcome, f.run_id, f.reason, f.request, f.decided_at';

export class ScheduleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<StoredSchedule[]> {
    return (await this.#database.read({ sql: `SELECT ${scheduleColumns} FROM schedules ORDER BY name` })).map(scheduleOf);
  }

  async find(idOrName: string): Promise<StoredSchedule | undefined> {
    const rows = await this.#database.read({
      sql: `SELECT ${scheduleColumns} FROM schedules WHERE id = $1 OR name = $1 ORDER BY name`,
      params: [idOrName],
    });
    const found = rows.map(scheduleOf);
    return found.find(({ id }) => id === idOrName) ?? found[0];
  }

  /** @returns false where the name is taken, or there are `limit` of them */
  insert(schedule: StoredSchedule, limit: number): Promise<boolean> {
    return this.#tryWrite({
      guards: [
        { sql: 'SELECT 1 FROM schedules WHERE name = $1', params: [schedule.name], expect: 'noRow', name: 'the name is free' },
        {
          sql: 'SELECT 1 FROM (SELECT COUNT(*) AS many FROM schedules) counted WHERE counted.many >= $1',
          ...{ params: [limit], expect: 'noRow', name: 'there is room' },
        },
      ],
      statements: [
        {
          sql: `INSERT INTO schedules (${scheduleColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          params: scheduleParams(schedule),
        },
      ],
    });
  }

  /** @returns false where somebody else changed it meanwhile, or has the name */
  replace(before: StoredSchedule, after: StoredSchedule): Promise<boolean> {
    return this.#tryWrite({
      guards: [
        unchanged(before),
        {
          sql: 'SELECT 1 FROM schedules WHERE name = $1 AND id <> $2',
          ...{ params: [after.name, after.id], expect: 'noRow', name: 'the name is free' },
        },
      ],
      statements: [
        {
          sql: `UPDATE schedules SET name = $1, definition = $2, is_enabled = $3, revision = $4, settled_until = $5, updated_at = $6
                WHERE id = $7`,
          params: [
            ...[after.name, definitionText(after), after.isEnabled ? 1 : 0],
            ...[after.revision, after.settledUntilMs, after.updatedAtMs, after.id],
          ],
        },
      ],
    });
  }

  async remove(id: string): Promise<void> {
    await this.#database.write({
      statements: [
        { sql: 'DELETE FROM schedule_firings WHERE schedule_id = $1', params: [id] },
        { sql: 'DELETE FROM schedules WHERE id = $1', params: [id] },
      ],
    });
  }

  /** The clock was set back: what is due from now on counts again, but for what was acted on. */
  async rewind(id: string, nowMs: number): Promise<void> {
    await this.#database.write({
      statements: [{ sql: 'UPDATE schedules SET settled_until = $1 WHERE id = $2 AND settled_until > $1', params: [nowMs, id] }],
    });
  }

  /** @returns false where somebody else decided, or changed the schedule, first */
  decide(schedule: StoredSchedule, decision: Decision): Promise<boolean> {
    const { firing, dueAtMs, outcome, reason, request, decidedAtMs, settledUntilMs } = decision;
    const { id } = schedule;
    const settled: Statement[] =
      settledUntilMs === undefined
        ? []
        : [{ sql: 'UPDATE schedules SET settled_until = $1 WHERE id = $2 AND settled_until < $1', params: [settledUntilMs, id] }];
    return this.#tryWrite({
      guards: [
        unchanged(schedule),
        {
          sql: `SELECT 1 FROM schedule_firings WHERE schedule_id = $1 AND firing = $2 AND outcome <> 'missed'`,
          ...{ params: [id, firing], expect: 'noRow', name: 'the time was not acted on' },
        },
        ...(outcome === 'claimed' ? [nothingBegins(id)] : []),
      ],
      statements: [
        {
          sql: `INSERT INTO schedule_firings (schedule_id, firing, due_at, outcome, run_id, reason, request, decided_at)
                VALUES ($1, $2, $3, $4, NULL, $5, $6, $7) ON CONFLICT (schedule_id, firing)
                DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, request = excluded.request,
                decided_at = excluded.decided_at`,
          params: [id, firing, dueAtMs, outcome, reason, request && JSON.stringify(request), decidedAtMs],
        },
        { sql: 'UPDATE schedules SET claims = claims + 1 WHERE id = $1', params: [id] },
        ...settled,
      ],
    });
  }

  async finish({ scheduleId, firing, outcome, runId, reason }: Result): Promise<void> {
    await this.#database.write({
      statements: [
        {
          sql: `UPDATE schedule_firings SET outcome = $1, run_id = $2, reason = $3, request = NULL
                WHERE schedule_id = $4 AND firing = $5 AND outcome = 'claimed'`,
          params: [outcome, runId, reason, scheduleId, firing],
        },
        ...(runId === null ? [] : [{ sql: 'UPDATE schedules SET last_run_id = $1 WHERE id = $2', params: [runId, scheduleId] }]),
      ],
    });
  }

  /** What is about to be begun, by this process or one that is gone. */
  async claimed(): Promise<ClaimedFiring[]> {
    const rows = await this.#database.read({
      sql: `SELECT ${firingColumns} FROM schedule_firings f WHERE f.outcome = 'claimed' ORDER BY f.schedule_id, f.firing`,
    });
    return rows.map((row) => ({ ...firingOf(row), request: JSON.parse(String(row['request'])) as CreateRunRequest }));
  }

  /** Times that are still to come by the clock, and were acted on before it was set back. */
  async decidedAhead(): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
    const rows = await this.#database.read({
      sql: `SELECT f.schedule_id, f.due_at FROM schedules s JOIN schedule_firings f ON f.schedule_id = s.id AND f.due_at > s.settled_until
            WHERE f.outcome <> 'missed' AND f.firing NOT LIKE 'manual/%'`,
    });
    const ahead = new Map<string, Set<number>>();
    for (const row of rows) {
      const id = String(row['schedule_id']);
      ahead.set(id, (ahead.get(id) ?? new Set()).add(Number(row['due_at'])));
    }
    return ahead;
  }

  /** The last firing of each schedule that has one. */
  async lastFirings(): Promise<ReadonlyMap<string, Firing>> {
    const rows = await this.#database.read({
      sql: `SELECT ${firingColumns} FROM schedules s JOIN schedule_firings f ON f.schedule_id = s.id AND f.firing =
            (SELECT l.firing FROM schedule_firings l WHERE l.schedule_id = s.id ORDER BY l.due_at DESC, l.firing DESC LIMIT 1)`,
    });
    return new Map(rows.map((row) => [String(row['schedule_id']), firingOf(row)]));
  }

  async firings({ scheduleId, limit, offset }: FiringQuestion): Promise<{ firings: Firing[]; total: number }> {
    const [where, params] = scheduleId === undefined ? ['', []] : [' WHERE f.schedule_id = $1', [scheduleId]];
    const at = params.length;
    const [rows, [counted]] = await Promise.all([
      this.#database.read({
        sql: `SELECT ${firingColumns} FROM schedule_firings f${where} ORDER BY f.due_at DESC, f.firing DESC, f.schedule_id
              LIMIT $${at + 1} OFFSET $${at + 2}`,
        params: [...params, limit, offset],
      }),
      this.#database.read({ sql: `SELECT COUNT(*) AS many FROM schedule_firings f${where}`, params }),
    ]);
    return { firings: rows.map(firingOf), total: Number(counted?.['many'] ?? 0) };
  }

  /** Keeps the latest `kept` of a schedule; the times of those that go are never acted on again. */
  async prune(scheduleId: string, kept: number): Promise<void> {
    const [last] = await this.#database.read({
      sql: `SELECT due_at FROM schedule_firings WHERE schedule_id = $1 AND outcome <> 'claimed'
            ORDER BY due_at DESC, firing DESC LIMIT 1 OFFSET $2`,
      params: [scheduleId, kept],
    });
    if (!last) return;
    const floorMs = Number(last['due_at']);
    await this.#database.write({
      statements: [
        {
          sql: "DELETE FROM schedule_firings WHERE schedule_id = $1 AND due_at <= $2 AND outcome <> 'claimed'",
          params: [scheduleId, floorMs],
        },
        { sql: 'UPDATE schedules SET floor_at = $1 WHERE id = $2 AND floor_at < $1', params: [floorMs, scheduleId] },
      ],
    });
  }

  async #tryWrite(batch: WriteBatch): Promise<boolean> {
    try {
      await this.#database.write(batch);
      return true;
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'storage_conflict') return false;
      throw thrown;
    }
  }
}

function unchanged({ id, revision, claims }: StoredSchedule): NonNullable<WriteBatch['guards']>[number] {
  return {
    sql: 'SELECT 1 FROM schedules WHERE id = $1 AND revision = $2 AND claims = $3',
    ...{ params: [id, revision, claims], expect: 'row', name: 'the schedule is as it was read' },
  };
}

function nothingBegins(id: string): NonNullable<WriteBatch['guards']>[number] {
  return {
    sql: "SELECT 1 FROM schedule_firings WHERE schedule_id = $1 AND outcome = 'claimed'",
    ...{ params: [id], expect: 'noRow', name: 'no other run is about to begin' },
  };
}

function scheduleParams(schedule: StoredSchedule): (string | number | null)[] {
  const { id, name, isEnabled, revision, settledUntilMs, floorMs, claims, lastRunId, createdAtMs, updatedAtMs } = schedule;
  return [
    ...[id, name, definitionText(schedule), isEnabled ? 1 : 0, revision],
    ...[settledUntilMs, floorMs, claims, lastRunId, createdAtMs, updatedAtMs],
  ];
}

function definitionText({ timing, message, description, agent, session, model, catchUp }: ScheduleDefinition): string {
  return JSON.stringify({ timing, message, description, agent, session, model, catchUp });
}

function scheduleOf(row: Row): StoredSchedule {
  return {
    // Written by `definitionText` alone.
    ...(JSON.parse(String(row['definition'])) as ScheduleDefinition),
    id: String(row['id']),
    name: String(row['name']),
    isEnabled: Number(row['is_enabled']) === 1,
    revision: Number(row['revision']),
    settledUntilMs: Number(row['settled_until']),
    floorMs: Number(row['floor_at']),
    claims: Number(row['claims']),
    lastRunId: textOrNull(row['last_run_id']),
    createdAtMs: Number(row['created_at']),
    updatedAtMs: Number(row['updated_at']),
  };
}

function firingOf(row: Row): Firing {
  return {
    firing: String(row['firing']),
    scheduleId: String(row['schedule_id']),
    dueAtMs: Number(row['due_at']),
    outcome: String(row['outcome']) as FiringOutcome,
    runId: textOrNull(row['run_id']),
    reason: textOrNull(row['reason']),
    decidedAtMs: Number(row['decided_at']),
  };
}

function textOrNull(value: Row[string] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
