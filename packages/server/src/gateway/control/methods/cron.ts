/** `cron.*`: runs that begin at set times, as clients know them. When they begin is decided by `runs/schedules`. */
import { OpenClawError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { MethodTable } from '../contract.ts';
import { WireRefusal } from '../wire-refusal.ts';
import { entryShape, inventoryOf, jobShape, placed, readWish, statusOf } from './cron-shapes.ts';
import type { FiringRow, RunOfFiring, ScheduleRow, ScheduleWish } from './cron-shapes.ts';
import { invalid, noParams, Params } from './params.ts';
import type { AgentDirectory } from './session-keys.ts';

/** What is needed of schedules. */
export interface ScheduleDesk {
  list(): Promise<readonly ScheduleRow[]>;
  get(id: string): Promise<ScheduleRow>;
  add(wanted: ScheduleWish & Required<Pick<ScheduleWish, 'name' | 'timing' | 'message'>>): Promise<ScheduleRow>;
  update(id: string, changes: ScheduleWish): Promise<ScheduleRow>;
  remove(id: string): Promise<ScheduleRow>;
  runNow(id: string): Promise<FiringRow>;
  firings(question: {
    readonly scheduleId?: string;
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ readonly firings: readonly FiringRow[]; readonly total: number }>;
}

export interface CronMethodsOptions {
  readonly schedules: ScheduleDesk;
  readonly agents: AgentDirectory;
  readonly runs: { get(runId: string): Promise<RunOfFiring> };
}

const names = { limit: 512 };
/** As many firings are looked through where somebody asks for some of them. */
const lookedThrough = 1000;

export function createCronMethods(options: CronMethodsOptions): MethodTable {
  return { ...questions(options), ...orders(options) };
}

function questions(options: CronMethodsOptions): MethodTable {
  const { schedules } = options;
  return {
    'cron.list': {
      scope: 'operator.read',
      run: ({ params }) => list(params, options),
    },
    'cron.status': {
      scope: 'operator.read',
      async run({ params }) {
        noParams(params);
        const rows = await schedules.list();
        const due = rows.flatMap(({ nextDueAtMs }) => (nextDueAtMs === null ? [] : [nextDueAtMs]));
        const nextWakeAtMs = due.length === 0 ? null : Math.min(...due);
        return { enabled: true, triggersEnabled: false, jobs: rows.length, nextWakeAtMs };
      },
    },
    'cron.get': {
      scope: 'operator.read',
      run: ({ params }) => known(readId(params), async (id) => shapeOf(await schedules.get(id), options)),
    },
    'cron.runs': {
      scope: 'operator.read',
      run: ({ params }) => history(params, options),
    },
  };
}

function orders(options: CronMethodsOptions): MethodTable {
  const { schedules, agents } = options;
  return {
    'cron.add': {
      scope: 'operator.admin',
      isControlPlaneWrite: true,
      async run({ params }) {
        const { name, timing, message, ...rest } = placed(readWish(params), { agent: null, session: null }, agents);
        if (name === undefined) throw invalid('name', 'is required');
        if (timing === undefined) throw invalid('schedule', 'is required');
        if (message === undefined) throw invalid('payload.message', 'is required');
        return shapeOf(await schedules.add({ ...rest, name, timing, message }), options);
      },
    },
    'cron.update': {
      scope: 'operator.admin',
      isControlPlaneWrite: true,
      run({ params }) {
        const { patch, ...which } = params;
        if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw invalid('patch', 'must be an object');
        const wish = readWish(patch);
        return known(readId(which), async (id) => {
          const before = await schedules.get(id);
          return shapeOf(await schedules.update(before.id, placed(wish, before, agents)), options);
        });
      },
    },
    'cron.remove': {
      scope: 'operator.admin',
      isControlPlaneWrite: true,
      run: ({ params }) =>
        known(readId(params), async (wanted) => {
          const { id } = await schedules.remove(wanted);
          return { ok: true, id, removed: true };
        }),
    },
    'cron.run': {
      scope: 'operator.admin',
      isControlPlaneWrite: true,
      run({ params }) {
        const { mode = 'force', ...which } = params;
        if (mode !== 'force' && mode !== 'due') throw invalid('mode', 'must be force or due');
        return known(readId(which), (id) => runOne(id, mode, schedules));
      },
    },
  };
}

async function list(params: JsonObject, options: CronMethodsOptions): Promise<object> {
  const read = new Params(params);
  const limit = read.optionalNumber('limit', { minimum: 1, maximum: 1000 }) ?? 200;
  const offset = read.optionalNumber('offset') ?? 0;
  const agentId = read.optionalText('agentId', names);
  const query = read.optionalText('query', { ...names, mayBeEmpty: true })?.toLowerCase() ?? '';
  const withDisabled = read.flag('includeDisabled') ?? false;
  const enabled = read.optionalText('enabled', names) ?? (withDisabled ? 'all' : 'enabled');
  read.passOver('sortBy', 'sortDir');
  read.end();
  const rows = (await options.schedules.list()).filter(
    ({ isEnabled, agent, name, description }) =>
      (enabled === 'all' || isEnabled === (enabled === 'enabled')) &&
      (agentId === undefined || agent === agentId) &&
      `${name}\n${description ?? ''}`.toLowerCase().includes(query),
  );
  const page = rows.slice(offset, offset + limit);
  return {
    jobs: await Promise.all(page.map((row) => shapeOf(row, options))),
    snapshotRevision: inventoryOf(rows),
    ...paged({ total: rows.length, offset, limit, count: page.length }),
    deliveryPreviews: {},
  };
}

async function history(params: JsonObject, { schedules, runs }: CronMethodsOptions): Promise<object> {
  const read = new Params(params);
  const id = read.optionalText('id', names);
  const limit = read.optionalNumber('limit', { minimum: 1, maximum: 200 }) ?? 50;
  const offset = read.optionalNumber('offset') ?? 0;
  const runId = read.optionalText('runId', names);
  const status = read.optionalText('status', names) ?? 'all';
  const isOldestFirst = read.optionalText('sortDir', names) === 'asc';
  read.passOver('scope');
  for (const name of ['deliveryStatus', 'query']) read.refuse(name, 'is not in this release');
  read.end();
  const row = id === undefined ? undefined : await known(id, (wanted) => schedules.get(wanted));
  const question = row === undefined ? {} : { scheduleId: row.id };
  const isWhole = runId === undefined && status === 'all' && !isOldestFirst;
  const found = await schedules.firings({ ...question, ...(isWhole ? { limit, offset } : { limit: lookedThrough, offset: 0 }) });
  const called = new Map((await schedules.list()).map((one) => [one.id, one.name]));
  const wanted = isWhole ? found.firings : found.firings.filter((firing) => runId === undefined || firing.runId === runId);
  const looked = await Promise.all(wanted.map(async (firing) => ({ firing, run: await runOf(firing, runs) })));
  const all = isWhole ? looked : looked.filter(({ firing, run }) => status === 'all' || statusOf(firing, run) === status);
  if (isOldestFirst) all.reverse();
  const page = isWhole ? all : all.slice(offset, offset + limit);
  const total = isWhole ? found.total : all.length;
  return {
    entries: page.map(({ firing, run }) => entryShape(firing, { name: called.get(firing.scheduleId), run })),
    ...paged({ total, offset, limit, count: page.length }),
  };
}

async function runOne(id: string, mode: 'force' | 'due', schedules: ScheduleDesk): Promise<object> {
  // What is due is begun without being asked to.
  if (mode === 'due') return { ok: true, id: (await schedules.get(id)).id, ran: false, reason: 'not-due' };
  try {
    const { runId } = await schedules.runNow(id);
    return { ok: true, enqueued: true, runId };
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'schedule_busy') throw thrown;
    return { ok: true, ran: false, reason: 'already-running', message: thrown.message };
  }
}

interface Page {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly count: number;
}

function paged({ total, offset, limit, count }: Page): object {
  const hasMore = count > 0 && offset + count < total;
  return { total, offset, limit, hasMore, nextOffset: hasMore ? offset + count : null };
}

async function shapeOf(row: ScheduleRow, { runs }: CronMethodsOptions): Promise<object> {
  return jobShape(row, row.last ? await runOf(row.last, runs) : undefined);
}

async function runOf({ runId }: FiringRow, runs: CronMethodsOptions['runs']): Promise<RunOfFiring | undefined> {
  if (runId === null) return undefined;
  try {
    return await runs.get(runId);
  } catch (thrown) {
    if (thrown instanceof OpenClawError && thrown.code === 'run_not_found') return undefined;
    throw thrown;
  }
}

/** Some clients call it `jobId`. */
function readId(params: JsonObject): string {
  const read = new Params(params);
  const id = read.optionalText('id', names);
  const jobId = read.optionalText('jobId', names);
  read.end();
  const found = id ?? jobId;
  if (found === undefined) throw invalid('id', 'is required');
  return found;
}

/** A schedule that there is not, in the words that clients know. */
async function known<T>(id: string, act: (id: string) => Promise<T>): Promise<T> {
  try {
    return await act(id);
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'schedule_not_found') throw thrown;
    const shown = id.slice(0, 200);
    throw new WireRefusal({
      ...{ code: 'INVALID_REQUEST', message: `cron job not found: ${shown}` },
      details: { code: 'CRON_JOB_NOT_FOUND', id: shown },
    });
  }
}
