/** Schedules in memory, as the methods see them, for tests. */
import { OpenClawError } from '../../../core/errors.ts';
import type { FiringRow, RunOfFiring, ScheduleRow } from './cron-shapes.ts';
import type { ScheduleDesk } from './cron.ts';

export interface FakeSchedules extends ScheduleDesk {
  readonly rows: ScheduleRow[];
  readonly fired: FiringRow[];
  /** Of the runs that there are. */
  readonly runs: Map<string, RunOfFiring>;
}

export function firing(number: number, more: Partial<FiringRow> = {}): FiringRow {
  return {
    ...{ firing: String(number), scheduleId: 'job-1', dueAtMs: number * 1000, outcome: 'started', runId: `run-${number}` },
    ...{ reason: null, decidedAtMs: number * 1000 + 5 },
    ...more,
  };
}

export function createFakeSchedules(): FakeSchedules {
  const rows: ScheduleRow[] = [];
  const fired: FiringRow[] = [];
  const need = (id: string): ScheduleRow => {
    const found = rows.find((row) => row.id === id || row.name === id);
    if (!found) throw new OpenClawError('schedule_not_found', { details: { id } });
    return found;
  };
  return {
    ...{ rows, fired, runs: new Map() },
    list: async () => rows,
    get: async (id) => need(id),
    async add(wanted) {
      const row: ScheduleRow = {
        ...{ description: null, agent: null, session: null, model: null, catchUp: 'none', isEnabled: true },
        ...{ createdAtMs: 1, updatedAtMs: 2, nextDueAtMs: 9000, last: null, revision: 1, id: `job-${rows.length + 1}` },
        ...wanted,
      };
      rows.push(row);
      return row;
    },
    async update(id, changes) {
      const before = need(id);
      const after = { ...before, ...changes, revision: before.revision + 1 };
      rows.splice(rows.indexOf(before), 1, after);
      return after;
    },
    async remove(id) {
      const row = need(id);
      rows.splice(rows.indexOf(row), 1);
      return row;
    },
    async runNow(id) {
      const { last, name } = need(id);
      if (last?.outcome === 'claimed') throw new OpenClawError('schedule_busy', { details: { name, runId: 'run-1' } });
      return firing(1);
    },
    async firings({ scheduleId, limit, offset }) {
      const all = fired.filter((one) => scheduleId === undefined || one.scheduleId === scheduleId);
      return { firings: all.slice(offset, offset + limit), total: all.length };
    },
  };
}
