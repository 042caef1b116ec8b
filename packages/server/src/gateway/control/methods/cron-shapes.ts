/** Schedules as clients of the control plane write and read them. What they have beyond that (deliveries, triggers, scripts) is refused by its name. */
import { createHash } from 'node:crypto';
import type { RunView } from '@openclaw/protocol';
import { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { invalid, Params } from './params.ts';
import { mainKey, resolveSession, type AgentDirectory } from './session-keys.ts';

type Timing =
  | { readonly kind: 'cron'; readonly expr: string; readonly tz?: string }
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchorMs?: number }
  | { readonly kind: 'at'; readonly atMs: number };

export interface FiringRow {
  readonly firing: string;
  readonly scheduleId: string;
  readonly dueAtMs: number;
  readonly outcome: 'claimed' | 'started' | 'skipped' | 'missed' | 'failed';
  readonly runId: string | null;
  readonly reason: string | null;
  readonly decidedAtMs: number;
}

export interface ScheduleRow {
  readonly id: string;
  readonly name: string;
  readonly timing: Timing;
  readonly message: string;
  readonly description: string | null;
  readonly agent: string | null;
  readonly session: string | null;
  readonly model: string | null;
  readonly catchUp: 'none' | 'one';
  readonly isEnabled: boolean;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly nextDueAtMs: number | null;
  readonly last: FiringRow | null;
}

/** What of a schedule can be said; null takes away. */
export interface ScheduleWish {
  readonly name?: string;
  readonly timing?: Timing;
  readonly message?: string;
  readonly description?: string | null;
  readonly agent?: string | null;
  readonly session?: string | null;
  readonly model?: string | null;
  readonly catchUp?: 'none' | 'one';
  readonly isEnabled?: boolean;
}

/** Of a run, what the history of a schedule says of it. */
export type RunOfFiring = Pick<RunView, 'status' | 'createdAtMs' | 'endedAtMs' | 'error' | 'output'>;

const names = { limit: 512 };
const later = 'is not in this release';

/** The parameters of `cron.add`, or the `patch` of `cron.update`. */
export function readWish(params: JsonObject): ScheduleWish {
  const read = new Params(params);
  // How a conversation is woken, and in which words a job is shown, says nothing about when it runs.
  read.passOver('wakeMode', 'displayName', 'delivery', 'schedule', 'payload');
  for (const name of ['declarationKey', 'deleteAfterRun', 'trigger', 'pacing', 'failureAlert']) read.refuse(name, later);
  const session = readSession(read);
  const catchUp = read.optionalText('catchUp', names);
  if (catchUp !== undefined && catchUp !== 'none' && catchUp !== 'one') throw invalid('catchUp', 'must be none or one');
  refuseDelivery(params);
  const timing = within(params, 'schedule', readTiming);
  const payload = within(params, 'payload', readPayload);
  const wish = {
    name: read.optionalText('name', names),
    agent: read.changedText('agentId', names),
    description: read.changedText('description', { mayBeEmpty: true }),
    isEnabled: read.flag('enabled'),
    ...{ session, timing, catchUp, message: payload?.message, model: payload?.model },
  };
  read.end();
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
}

/** With the whole name of the session, and an agent that there is. @throws OpenClawError `agent_not_found`, `invalid_request` */
export function placed(wish: ScheduleWish, before: Pick<ScheduleRow, 'agent' | 'session'>, agents: AgentDirectory): ScheduleWish {
  const { agent = before.agent, session = before.session } = wish;
  if (agent === null && session === null) return wish;
  const { sessionKey, agentId } = resolveSession({ sessionKey: session ?? undefined, agentId: agent ?? undefined }, agents);
  return session === null ? wish : { ...wish, session: sessionKey, agent: agentId };
}

function readSession(read: Params): string | null | undefined {
  const target = read.optionalText('sessionTarget', names);
  const key = read.changedText('sessionKey', names);
  if (target === 'isolated') return key ?? null;
  if (key !== undefined || target === undefined) return key;
  if (target === mainKey) return mainKey;
  const named = /^session:(.+)$/u.exec(target)?.[1];
  if (named === undefined) throw invalid('sessionTarget', 'must be isolated, main or session:NAME');
  return named;
}

/** Clients ask for a delivery by default, to wherever somebody spoke last; there is no such place, and what a run says is in its session. */
function refuseDelivery(params: JsonObject): void {
  within(params, 'delivery', (read) => {
    const mode = read.optionalText('mode', names);
    const channel = read.optionalText('channel', names);
    read.passOver('bestEffort');
    for (const name of ['to', 'threadId', 'accountId']) read.refuse(name, later);
    if (mode !== undefined && mode !== 'none' && mode !== 'announce') throw invalid('mode', later);
    if (channel !== undefined && channel !== 'last') throw invalid('channel', later);
  });
}

function readTiming(read: Params): Timing {
  const kind = read.text('kind', names);
  switch (kind) {
    case 'cron': {
      if ((read.optionalNumber('staggerMs') ?? 0) > 0) throw invalid('staggerMs', later);
      const tz = read.optionalText('tz', names);
      return { kind, expr: read.text('expr', names), ...(tz === undefined ? {} : { tz }) };
    }
    case 'every': {
      const anchorMs = read.optionalNumber('anchorMs');
      return { kind, everyMs: read.number('everyMs'), ...(anchorMs === undefined ? {} : { anchorMs }) };
    }
    case 'at': {
      const text = read.optionalText('at', names);
      const atMs = text === undefined ? read.number('atMs') : Date.parse(text);
      if (Number.isNaN(atMs)) throw invalid('at', 'must be a moment such as 2026-12-31T09:00:00Z');
      return { kind, atMs };
    }
    default:
      throw invalid('kind', 'must be cron, every or at');
  }
}

function readPayload(read: Params): { readonly message: string | undefined; readonly model: string | null | undefined } {
  const kind = read.text('kind', names);
  if (kind !== 'agentTurn') throw invalid('kind', `must be agentTurn: what else a job may be ${later}`);
  for (const name of ['thinking', 'fallbacks', 'timeoutSeconds', 'lightContext', 'toolsAllow']) read.refuse(name, later);
  return { message: read.optionalText('message', { limit: 400_000 }), model: read.changedText('model', names) };
}

/** Reads a member that is an object of its own; what is wrong in it has its path. */
function within<T>(params: JsonObject, name: string, readIn: (read: Params) => T): T | undefined {
  const value = params[name];
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw invalid(name, 'must be an object');
  const read = new Params(value);
  try {
    const found = readIn(read);
    read.end();
    return found;
  } catch (thrown) {
    if (thrown instanceof OpenClawError && thrown.param !== undefined)
      throw invalid(`${name}.${thrown.param}`, String(thrown.details['reason']));
    throw thrown;
  }
}

export function jobShape(row: ScheduleRow, run?: RunOfFiring): object {
  const { id, name, agent, description, session, model, message, isEnabled, revision, catchUp, createdAtMs, updatedAtMs } = row;
  return {
    ...{ id, name, enabled: isEnabled, createdAtMs, updatedAtMs, configRevision: String(revision), catchUp },
    ...(agent === null ? {} : { agentId: agent }),
    ...(description === null ? {} : { description }),
    schedule: row.timing.kind === 'at' ? { kind: 'at', at: new Date(row.timing.atMs).toISOString() } : row.timing,
    sessionTarget: session === null ? 'isolated' : `session:${session}`,
    wakeMode: 'now',
    payload: { kind: 'agentTurn', message, ...(model === null ? {} : { model }) },
    delivery: { mode: 'none' },
    state: stateOf(row, run),
  };
}

function stateOf({ nextDueAtMs, last }: ScheduleRow, run: RunOfFiring | undefined): object {
  const next = nextDueAtMs === null ? {} : { nextRunAtMs: nextDueAtMs };
  if (!last) return next;
  const status = statusOf(last, run);
  if (status === 'running') return { ...next, runningAtMs: last.decidedAtMs };
  const reason = reasonOf(last, run);
  return {
    ...next,
    ...{ lastRunAtMs: last.dueAtMs, lastRunStatus: status, lastStatus: status },
    ...(reason === undefined ? {} : { lastError: reason }),
  };
}

/** One line of the history. */
export function entryShape(firing: FiringRow, more: { readonly name: string | undefined; readonly run: RunOfFiring | undefined }): object {
  const { name, run } = more;
  const status = statusOf(firing, run);
  const reason = reasonOf(firing, run);
  const endedAtMs = run?.endedAtMs ?? null;
  return {
    ...{ ts: endedAtMs ?? firing.decidedAtMs, jobId: firing.scheduleId, status, runAtMs: firing.dueAtMs, outcome: firing.outcome },
    action: status === 'running' ? 'started' : 'finished',
    deliveryStatus: 'not-requested',
    ...(name === undefined ? {} : { jobName: name }),
    ...(firing.runId === null ? {} : { runId: firing.runId }),
    ...(reason === undefined ? {} : { error: reason }),
    ...(run && endedAtMs !== null ? { durationMs: Math.max(0, endedAtMs - run.createdAtMs) } : {}),
  };
}

/** A run that is not kept any more had ended. */
export function statusOf({ outcome }: FiringRow, run: RunOfFiring | undefined): 'ok' | 'error' | 'skipped' | 'running' {
  if (outcome === 'skipped' || outcome === 'missed') return 'skipped';
  if (outcome === 'failed') return 'error';
  if (outcome === 'claimed' || (run !== undefined && run.endedAtMs === null)) return 'running';
  return run === undefined || run.status === 'finished' ? 'ok' : 'error';
}

function reasonOf({ reason }: FiringRow, run: RunOfFiring | undefined): string | undefined {
  return run?.error?.message ?? reason ?? undefined;
}

/** The same for the same inventory: what runs does not change it. */
export function inventoryOf(rows: readonly ScheduleRow[]): string {
  if (rows.length === 0) return 'empty';
  return createHash('sha256')
    .update(JSON.stringify(rows.map(({ id, revision }) => [id, revision])))
    .digest('hex')
    .slice(0, 32);
}
