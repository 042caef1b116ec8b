/**
 * `/v1/runs` and `/v1/sessions`: agents at work, as HTTP. It translates, and decides who may see what: callers with `admin` everything, a key with
 * the scope `runs` what it has begun itself.
 *
 * What the paths take and give: `run-operations.ts`.
 */
import type {
  BeginStepRequest,
  CreateRunRequest,
  FailStepRequest,
  FinishStepRequest,
  OutcomeDecision,
  RunOrigin,
  RunView,
} from '@openclaw/protocol';
import type { Principal } from '../../access/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Programs, RunQuestion, Runs } from '../../runs/index.ts';
import { replyJson } from '../reply.ts';
import type { EndpointTable, GatewayRequest } from '../request.ts';
import { createOperationEndpoints, type LargeBodies, type OperationCall, type OperationHandler, wrong } from './operation-router.ts';
import { type EventStreamOptions, readAfter, streamEvents } from './run-events.ts';
import { runOperations, type RunOperationName } from './run-operations.ts';
import { createSessionHandlers, type SessionDirectory } from './sessions.ts';

export interface RunEndpointsOptions extends EventStreamOptions {
  readonly runs: Runs;
  readonly programs: Programs;
  readonly sessions: SessionDirectory;
  readonly largeBodies: LargeBodies;
}

const defaultLimit = 20;
/** Pages that are looked through for the runs of one key, before it is told to ask for the next itself. */
const pagesPerAnswer = 10;

export function createRunEndpoints(options: RunEndpointsOptions): EndpointTable {
  const handlers = {
    ...createRunHandlers(options),
    ...createSteeringHandlers(options),
    ...createProgramHandlers(options),
    ...createSessionHandlers(options.sessions),
  };
  return createOperationEndpoints<RunOperationName>(runOperations, handlers, options.largeBodies);
}

function createRunHandlers(options: RunEndpointsOptions): Record<'createRun' | 'listRuns' | 'getRun' | 'runEvents', OperationHandler> {
  const { runs } = options;
  return {
    async createRun({ request, caller, body }) {
      const wanted = ownNames(body as unknown as CreateRunRequest, caller);
      refuseModel(wanted.model, caller);
      const { run, isKnown } = await runs.create(wanted, originOf(request, caller));
      replyJson(request.response, isKnown ? 200 : 201, run);
    },
    async listRuns({ request, caller, query }) {
      const limit = Number(query['limit'] ?? defaultLimit);
      replyJson(request.response, 200, { object: 'list', ...(await listFor(caller, questionOf(query, limit), runs)) });
    },
    async getRun({ request, caller, path }) {
      replyJson(request.response, 200, await visibleRun(runs, path['id'] ?? '', caller));
    },
    async runEvents({ request, caller, path, query }) {
      const { id } = await visibleRun(runs, path['id'] ?? '', caller);
      const after = readAfter(request, typeof query['after'] === 'number' ? query['after'] : undefined);
      await streamEvents({ request, runId: id, after }, options);
    },
  };
}

type SteeringName = 'cancelRun' | 'signalRun' | 'approveRun' | 'rejectRun' | 'resolveOutcome' | 'retryRun' | 'forkRun';

function createSteeringHandlers({ runs, programs }: RunEndpointsOptions): Record<SteeringName, OperationHandler> {
  const onRun =
    (act: (run: RunView, call: OperationCall) => Promise<RunView>, status = 200): OperationHandler =>
    async (call) => {
      const run = await visibleRun(runs, call.path['id'] ?? '', call.caller);
      replyJson(call.request.response, status, await act(run, call));
    };
  const answer = (approved: boolean): OperationHandler =>
    onRun(({ id: runId }, { body, caller }) =>
      runs.resolveApproval({ runId, ...textIn(body, 'approvalId') }, { approved, by: caller.id, ...textIn(body, 'note') }),
    );
  return {
    cancelRun: onRun(({ id, origin }, { body, caller }) => {
      const { reason } = textIn(body, 'reason');
      return origin.kind === 'program' ? programs.cancel(id, caller.id, reason) : runs.cancel(id, caller.id, reason);
    }),
    signalRun: onRun(({ id }, { body, caller }) =>
      runs.signal(id, { name: String(body['name']), payload: body['payload'] ?? null }, caller.id),
    ),
    approveRun: answer(true),
    rejectRun: answer(false),
    resolveOutcome: onRun(({ id }, { body, caller }) =>
      runs.resolveOutcome({ runId: id, step: Number(body['step']) }, decisionOf(body), caller.id),
    ),
    retryRun: onRun((run, { caller }) => {
      refuseProgram(run);
      return runs.retry(run.id, caller.id);
    }),
    forkRun: onRun((run, { request, body, caller }) => {
      refuseProgram(run);
      const fromSeq = Number(body['fromSeq']);
      if (fromSeq > run.lastSeq) throw wrong('fromSeq', `must be at most ${run.lastSeq}, the last event of the run`);
      return runs.fork(run.id, fromSeq, originOf(request, caller));
    }, 201),
  };
}

type ProgramName = 'openProgram' | 'beginStep' | 'finishStep' | 'failStep' | 'finishProgram';

function createProgramHandlers({ runs, programs }: RunEndpointsOptions): Record<ProgramName, OperationHandler> {
  const onStep =
    (act: (runId: string, step: number, call: OperationCall) => Promise<object>): OperationHandler =>
    async (call) => {
      const { id } = await visibleRun(runs, call.path['id'] ?? '', call.caller);
      const step = call.path['step'] ?? '';
      if (!/^[1-9]\d{0,5}$/.test(step)) throw wrong('step', 'must be the position of a step, from 1');
      replyJson(call.request.response, 200, await act(id, Number(step), call));
    };
  return {
    async openProgram({ request, caller, body }) {
      const { isKnown, ...opened } = await programs.open({ key: String(body['key']), input: body['input'] ?? null }, ownerOf(caller));
      replyJson(request.response, isKnown ? 200 : 201, opened);
    },
    async beginStep({ request, caller, path, body }) {
      const { id } = await visibleRun(runs, path['id'] ?? '', caller);
      replyJson(request.response, 200, await programs.begin(id, body as unknown as BeginStepRequest));
    },
    finishStep: onStep((id, step, { body }) => programs.finishStep(id, step, body as unknown as FinishStepRequest)),
    failStep: onStep((id, step, { body }) => programs.failStep(id, step, body as unknown as FailStepRequest)),
    async finishProgram({ request, caller, path, body }) {
      const { id } = await visibleRun(runs, path['id'] ?? '', caller);
      const wanted = { claim: Number(body['claim']), steps: Number(body['steps']), output: body['output'] ?? null };
      replyJson(request.response, 200, await programs.finish(id, wanted));
    },
  };
}

/** A command line says that it is one. */
function originOf({ raw }: GatewayRequest, { id }: Principal): RunOrigin {
  return { kind: raw.headers['x-openclaw-client'] === 'cli' ? 'cli' : 'api', by: id };
}

function mayDoAll({ scopes }: Principal): boolean {
  return scopes.has('admin');
}

/** Whose runs of programs these are: the operator's, by whatever credential, or a key's own. */
function ownerOf(caller: Principal): string {
  return mayDoAll(caller) ? 'gateway' : caller.id;
}

/** A key must neither go on with a conversation of others, nor be given their run for a key of theirs. */
function ownNames(wanted: CreateRunRequest, caller: Principal): CreateRunRequest {
  if (mayDoAll(caller)) return wanted;
  const { session, idempotencyKey } = wanted;
  return {
    ...wanted,
    ...(session === undefined ? {} : { session: ownSession(session, caller) }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: `${caller.id}:${idempotencyKey}` }),
  };
}

function ownSession(session: string, { id }: Principal): string {
  return session.startsWith(`${id}:`) ? session : `${id}:${session}`;
}

function refuseModel(model: string | undefined, { id, models }: Principal): void {
  if (model === undefined || models === undefined || models.includes(model)) return;
  throw new OpenClawError('model_forbidden', { details: { keyId: id, model } });
}

function maySee({ origin }: RunView, caller: Principal): boolean {
  return mayDoAll(caller) || origin.by === caller.id;
}

async function visibleRun(runs: Pick<Runs, 'get'>, runId: string, caller: Principal): Promise<RunView> {
  const run = await runs.get(runId);
  if (!maySee(run, caller)) throw new OpenClawError('run_not_found', { details: { runId } });
  return run;
}

function refuseProgram({ id, origin }: RunView): void {
  if (origin.kind === 'program') throw new OpenClawError('run_of_program', { details: { runId: id } });
}

function questionOf(query: OperationCall['query'], limit: number): RunQuestion {
  const { session, status, agent, parent, after } = query;
  return {
    limit,
    ...(session === undefined ? {} : { sessionKey: String(session) }),
    ...(status === undefined ? {} : { status: status as RunView['status'] }),
    ...(agent === undefined ? {} : { agentId: String(agent) }),
    ...(parent === undefined ? {} : { parentRunId: String(parent) }),
    ...(after === undefined ? {} : { after: String(after) }),
  };
}

interface RunPage {
  readonly data: readonly RunView[];
  readonly has_more: boolean;
  readonly next_after: string | null;
}

/** Whoever sees a part of them alone gets what there is of that in a bounded number of pages, and where to go on. */
async function listFor(caller: Principal, question: RunQuestion, runs: Pick<Runs, 'list'>): Promise<RunPage> {
  const { limit, sessionKey } = question;
  const asked = { ...question, ...(sessionKey === undefined || mayDoAll(caller) ? {} : { sessionKey: ownSession(sessionKey, caller) }) };
  const data: RunView[] = [];
  let { after } = question;
  for (let page = 0; page < pagesPerAnswer; page += 1) {
    const found = await runs.list({ ...asked, limit: limit + 1, ...(after === undefined ? {} : { after }) });
    for (const run of found.slice(0, limit)) {
      after = run.id;
      if (maySee(run, caller)) data.push(run);
      if (data.length === limit) break;
    }
    if (found.length <= limit && found.at(-1)?.id === after) return { data, has_more: false, next_after: null };
    if (found.length === 0) return { data, has_more: false, next_after: null };
    if (data.length === limit) break;
  }
  return { data, has_more: true, next_after: after ?? null };
}

function textIn<Name extends string>(body: JsonObject, name: Name): { readonly [name in Name]?: string } {
  const value = body[name];
  return (typeof value === 'string' ? { [name]: value } : {}) as { readonly [name in Name]?: string };
}

function decisionOf(body: JsonObject): OutcomeDecision {
  const { decision, result, message } = body;
  if (decision === 'repeat') return { kind: 'repeat' };
  if (decision === 'done') return { kind: 'done', result: result ?? null };
  if (typeof message !== 'string') throw wrong('message', 'must say why it failed');
  return { kind: 'failed', message };
}
