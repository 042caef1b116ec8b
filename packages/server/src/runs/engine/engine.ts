/**
 * The owner of every run that is under way in this process: takes them up, one at a time in each session, keeps their leases, stops them, and
 * takes up again what a crash left behind.
 *
 * How a run goes on is `worker.ts`'s; what is true of it is the journal's.
 */
import type { OutcomeDecision, RunEvent, RunEventBody, RunOrigin, RunView } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Journal, Lease, RunQuestion } from '../journal/contract.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { RunRequest, Runs, RunSignal } from './contract.ts';
import { Children } from './children.ts';
import { FairLanes } from './fair-lanes.ts';
import { copyForFork } from './fork.ts';
import { hashOf } from './hash.ts';
import { HeldRun } from './held-run.ts';
import { limitsOf } from './limits.ts';
import { work, type WorkerOptions } from './worker.ts';

export interface EngineOptions extends WorkerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'run'>;
  readonly log: Log;
  /** The same after a restart on the same state, so that its runs are taken up at once; no other process has it. */
  readonly owner: string;
  /** @throws OpenClawError `model_not_found`. @default every name is taken, and its run fails */
  readonly checkModel?: (model: string) => void;
  /** Removes what runs that are forgotten have left outside of the journal. @default there is nothing */
  readonly sweep?: () => Promise<unknown>;
  readonly limits?: Partial<EngineLimits>;
  /** How old things get, where that may change; asked each time. @default those of the limits */
  readonly ages?: () => Pick<EngineLimits, 'compactAfterMs' | 'forgetAfterMs'>;
  /** Told of what was given up for its age: events of streamed text, or runs. */
  readonly onForgotten?: (what: 'deltas' | 'runs', count: number) => void;
}

export interface EngineLimits {
  /** Runs under way at once; the others wait. @default 64 */
  readonly underWay: number;
  /** Runs that wait here for their turn; more are refused. @default 10_000 */
  readonly waiting: number;
  /** @default 30_000 */
  readonly leaseMs: number;
  /** How often what others left behind is looked for. @default 5_000 */
  readonly lookMs: number;
  /** Streamed text of runs that ended so long ago is dropped. @default 1 day */
  readonly compactAfterMs: number;
  /** Runs that ended so long ago are forgotten. @default 30 days */
  readonly forgetAfterMs: number;
}

const dayMs = 24 * 60 * 60_000;
export const engineDefaults: EngineLimits = {
  ...{ underWay: 64, waiting: 10_000, leaseMs: 30_000, lookMs: 5000 },
  ...{ compactAfterMs: dayMs, forgetAfterMs: 30 * dayMs },
};
const pageRuns = 500;
/** Those who answer one run at once. */
const answersWaiting = 64;
const keepHouseMs = 60 * 60_000;
const inputLimitCharacters = 1_000_000;
const inlineLimitBytes = 64 * 1024;

export interface RunEngine extends Runs {
  /** Takes up what is open. Before it nothing is begun. */
  start(): Promise<void>;
  readonly underWay: number;
  readonly waiting: number;
  /** Begins nothing more. */
  drain(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Stops what is under way where it is; it goes on with the next start. */
  close(): Promise<void>;
}

interface UnderWay {
  readonly lease: Lease;
  /** Ends it at once: the process stops, or somebody else has the run. */
  readonly holding: AbortController;
  /** Ends what it is doing: somebody cancels it, or its time is up. */
  readonly working: AbortController;
}

export function createRunEngine(options: EngineOptions): RunEngine {
  return new Engine(options);
}

class Engine implements RunEngine {
  readonly #options: EngineOptions;
  readonly #limits: EngineLimits;
  readonly #lanes: FairLanes;
  readonly #children: Children;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #reasons = new Map<string, 'recovered' | 'unparked' | 'retried'>();
  /** Of two who answer the same question at once the second is told so. */
  readonly #answers = new OneAtATime(answersWaiting);
  readonly #timers: Timer[] = [];
  #isDraining = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#limits = { ...engineDefaults, ...options.limits };
    this.#lanes = new FairLanes({ limit: this.#limits.underWay, start: (runId) => this.#carryOut(runId) });
    this.#children = new Children({
      ...options,
      begin: ({ sessionKey, id }) => this.#lanes.add(sessionKey, id),
      post: (runId, body) => this.#post(runId, body),
      cancel: (runId, by) => this.cancel(runId, by),
    });
  }

  get underWay(): number {
    return this.#lanes.underWay;
  }

  get waiting(): number {
    return this.#lanes.waiting;
  }

  async start(): Promise<void> {
    await this.#look('recovered');
    await this.#children.start();
    const { clock } = this.#options;
    this.#timers.push(
      clock.every(Math.floor(this.#limits.leaseMs / 3), () => void this.#renew()),
      clock.every(this.#limits.lookMs, () => void this.#guarded('look for open runs', () => this.#lookAround())),
      clock.every(keepHouseMs, () => void this.#guarded('keep the journal small', () => this.#keepHouse())),
    );
  }

  async create(request: RunRequest, origin: RunOrigin): Promise<{ readonly run: RunView; readonly isKnown: boolean }> {
    if (this.#isDraining) throw new OpenClawError('draining', { retryAfterMs: 1000 });
    const { agent: agentId = 'main', input, idempotencyKey, model } = request;
    const agent = this.#options.agents.get(agentId);
    if (input.length > inputLimitCharacters) throw invalid('input', `has more than ${inputLimitCharacters} characters`);
    if (model !== undefined) this.#options.checkModel?.(model);
    if (this.#lanes.waiting >= this.#limits.waiting) {
      const details = { limit: this.#limits.waiting, what: 'runs that wait for their turn', setting: 'the number of gateways' };
      throw new OpenClawError('overloaded', { details, retryAfterMs: 5000 });
    }
    const id = request.id ?? this.#options.ids.run();
    const limits = limitsOf(agent.limits, request, this.#options.clock.now());
    if (limits.pricedOnly) this.#options.checkPrice?.(model ?? agent.model ?? this.#options.defaultModel(), limits.usd);
    const sessionKey = request.session ?? `agent:${agentId}:${id}`;
    const { run, isKnown } = await this.#options.journal.create({
      ...{ id, idempotencyKey, requestHash: requestHashOf(agentId, request) },
      created: {
        kind: 'run.created',
        agentId,
        sessionKey,
        input,
        origin,
        limits,
        model: model ?? null,
        parentRunId: null,
        forkedFrom: null,
      },
    });
    if (!isKnown) this.#lanes.add(run.sessionKey, run.id);
    return { run, isKnown };
  }

  get(runId: string): Promise<RunView> {
    return this.#options.journal.view(runId);
  }

  list(question: RunQuestion): Promise<readonly RunView[]> {
    return this.#options.journal.list(question);
  }

  events(runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent> {
    return this.#options.journal.follow(runId, after, signal);
  }

  async cancel(runId: string, by: string, reason?: string): Promise<RunView> {
    const view = await this.#post(runId, { kind: 'cancel.requested', by, reason: reason ?? null });
    this.#underWay.get(runId)?.working.abort(new OpenClawError('client_closed'));
    // One that waits need not wait for that: it does nothing more than end.
    if (!this.#lanes.remove(runId)) return view;
    await this.#carryOut(runId);
    return this.get(runId);
  }

  async signal(runId: string, { name, payload }: RunSignal, by: string): Promise<RunView> {
    checkInline(payload, 'payload');
    return this.#post(runId, { kind: 'signal.received', name, payload: payload ?? null, by });
  }

  resolveApproval(which: Parameters<Runs['resolveApproval']>[0], verdict: Parameters<Runs['resolveApproval']>[1]): Promise<RunView> {
    return this.#answers.run(which.runId, () => this.#answerApproval(which, verdict));
  }

  async #answerApproval(which: Parameters<Runs['resolveApproval']>[0], verdict: Parameters<Runs['resolveApproval']>[1]): Promise<RunView> {
    const { runId } = which;
    const { waitsFor } = await this.get(runId);
    const approvalId = which.approvalId ?? (waitsFor?.kind === 'approval' ? waitsFor.approvalId : undefined);
    const found = approvalId === undefined ? undefined : await this.#findApproval(runId, approvalId);
    if (!found && waitsFor?.kind === 'child') {
      await this.resolveApproval({ ...which, runId: waitsFor.runId }, verdict);
      return this.get(runId);
    }
    if (approvalId === undefined || !found) throw new OpenClawError('approval_not_found', { details: { runId } });
    if (found.kind === 'approval.resolved') {
      const details = { approvalId, verdict: found.approved ? 'granted' : 'refused', by: found.by };
      throw new OpenClawError('approval_resolved', { details });
    }
    const { approved, by, note } = verdict;
    return this.#post(runId, { kind: 'approval.resolved', approvalId, approved, by, note: note ?? null });
  }

  async #findApproval(runId: string, approvalId: string): Promise<Extract<RunEvent, { readonly approvalId: string }> | undefined> {
    let last: Extract<RunEvent, { readonly approvalId: string }> | undefined;
    for await (const event of this.#all(runId)) if ('approvalId' in event && event.approvalId === approvalId) last = event;
    return last;
  }

  async resolveOutcome(
    { runId, step }: { readonly runId: string; readonly step: number },
    decision: OutcomeDecision,
    by: string,
  ): Promise<RunView> {
    checkInline(decision, 'result');
    return this.#answers.run(runId, async () => {
      const { waitsFor } = await this.get(runId);
      if (waitsFor?.kind !== 'outcome' || waitsFor.step !== step) throw new OpenClawError('outcome_not_open', { details: { runId, step } });
      return this.#post(runId, { kind: 'outcome.resolved', step, decision, by });
    });
  }

  async retry(runId: string, by: string): Promise<RunView> {
    const { status } = await this.get(runId);
    if (status !== 'failed') throw new OpenClawError('run_not_failed', { details: { runId, status } });
    this.#options.log.info('a run that failed is tried again', { runId, by });
    return this.#post(runId, { kind: 'run.resumed', epoch: 0, reason: 'retried' }, 'retried');
  }

  async fork(runId: string, fromSeq: number, origin: RunOrigin): Promise<RunView> {
    const { journal, ids } = this.#options;
    const events: RunEvent[] = [];
    for await (const event of this.#all(runId)) if (event.seq <= fromSeq) events.push(event);
    const [first] = events;
    if (first?.kind !== 'run.created') throw invalid('fromSeq', 'must be the number of an event of the run');
    const id = ids.run();
    const { runId: _runId, seq: _seq, atMs: _atMs, ...created } = first;
    const sessionKey = `agent:${first.agentId}:${id}`;
    const { run } = await journal.create({
      ...{ id, idempotencyKey: undefined, requestHash: hashOf([runId, fromSeq, id]) },
      // Of a child too: nobody waits for it, and what it uses counts for nobody else.
      created: { ...created, sessionKey, origin, parentRunId: null, forkedFrom: { runId, seq: fromSeq } },
      copied: copyForFork(events),
    });
    this.#lanes.add(sessionKey, id);
    return run;
  }

  drain(): void {
    this.#isDraining = true;
    this.#lanes.close();
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async close(): Promise<void> {
    this.drain();
    for (const timer of this.#timers.splice(0)) timer.cancel();
    for (const { holding, working } of this.#underWay.values()) {
      holding.abort(new OpenClawError('draining'));
      working.abort(new OpenClawError('draining'));
    }
    await this.#lanes.idle();
    await this.#children.close();
    await this.#options.journal.close();
  }

  async *#all(runId: string): AsyncIterable<RunEvent> {
    for (let after = 0; ;) {
      const events = await this.#options.journal.read(runId, after, pageRuns);
      yield* events;
      if (events.length < pageRuns) return;
      after = events.at(-1)?.seq ?? after;
    }
  }

  /** Writes what somebody from outside says, and has the run taken up if that is what it waited for. */
  async #post(runId: string, body: RunEventBody, reason: 'unparked' | 'retried' = 'unparked'): Promise<RunView> {
    await this.#options.journal.post(runId, body);
    const view = await this.get(runId);
    // One that is let go of just now is taken up again after that.
    const isAtWork = view.status === 'running' && reason !== 'retried' && this.#underWay.has(runId);
    if (view.endedAtMs === null && view.status !== 'parked' && !isAtWork) {
      if (!this.#reasons.has(runId)) this.#reasons.set(runId, reason);
      this.#lanes.add(view.sessionKey, runId);
    }
    return view;
  }

  async #lookAround(): Promise<void> {
    await this.#look('unparked');
    await this.#children.catchUp();
  }

  async #look(reason: 'recovered' | 'unparked'): Promise<void> {
    const { journal, owner } = this.#options;
    for (let after: string | undefined; !this.#isDraining;) {
      const open = await journal.takeable({ owner, limit: pageRuns, ...(after === undefined ? {} : { after }) });
      for (const { runId, sessionKey } of open) {
        if (this.#underWay.has(runId)) continue;
        if (reason === 'recovered') this.#reasons.set(runId, reason);
        this.#lanes.add(sessionKey, runId);
      }
      if (open.length < pageRuns) return;
      after = open.at(-1)?.runId;
    }
  }

  /** Never rejects: what went wrong is in the journal, or in the log. */
  async #carryOut(runId: string): Promise<void> {
    const { journal, clock, log, owner } = this.#options;
    const reason = this.#reasons.get(runId) ?? 'started';
    this.#reasons.delete(runId);
    let held: UnderWay | undefined;
    try {
      const lease = await journal.acquire(runId, owner, this.#limits.leaseMs);
      if (!lease) return;
      const view = await journal.view(runId);
      if (view.endedAtMs !== null || view.status === 'parked') {
        await journal.release(lease);
        return;
      }
      held = { lease, holding: new AbortController(), working: new AbortController() };
      this.#underWay.set(runId, held);
      if (this.#isDraining) held.holding.abort(new OpenClawError('draining'));
      const run = new HeldRun({ journal, lease, clock, log, signal: held.holding.signal });
      await work({ run, children: this.#children, working: held.working, reason }, this.#options);
      await run.release();
      // What it waits for may have changed before it waited.
      const waitsFor = journal.known(runId)?.waitsFor;
      if (waitsFor?.kind === 'child') await this.#children.tell(waitsFor.runId);
    } catch (thrown) {
      const error = toOpenClawError(thrown);
      // What stops with the process goes on with the next one.
      if (!held?.holding.signal.aborted) log.error('a run could not be carried on', { runId, error });
    } finally {
      // Somebody may have taken it up again already.
      if (this.#underWay.get(runId) === held) this.#underWay.delete(runId);
    }
  }

  async #renew(): Promise<void> {
    await Promise.all(
      [...this.#underWay.values()].map(async ({ lease, holding, working }) => {
        try {
          await this.#options.journal.renew([lease], this.#limits.leaseMs);
        } catch (thrown) {
          const error = toOpenClawError(thrown);
          if (error.code !== 'lease_lost') return;
          holding.abort(error);
          working.abort(error);
        }
      }),
    );
  }

  async #keepHouse(): Promise<void> {
    const { journal, clock } = this.#options;
    const { compactAfterMs, forgetAfterMs } = this.#options.ages?.() ?? this.#limits;
    await this.#giveUp('deltas', () => journal.compact(clock.now() - compactAfterMs, pageRuns));
    await this.#giveUp('runs', () => journal.forget(clock.now() - forgetAfterMs, pageRuns));
    await this.#options.sweep?.();
  }

  /** In batches, so that no write of others waits long. */
  async #giveUp(what: 'deltas' | 'runs', batch: () => Promise<number>): Promise<void> {
    for (let count = await batch(); count > 0; count = await batch()) {
      this.#options.onForgotten?.(what, count);
      if (this.#isDraining) return;
    }
  }

  async #guarded(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#options.log.warn(`could not ${what}`, { error });
    }
  }
}

/** What people and programs say from outside stands in the journal itself, and models are told it. */
function checkInline(value: unknown, path: string): void {
  if (Buffer.byteLength(JSON.stringify(value ?? null)) > inlineLimitBytes)
    throw invalid(path, `has more than ${inlineLimitBytes} bytes as JSON`);
}

/** Of all that was asked for. A deadline came later: without one it is what it was. */
function requestHashOf(agentId: string, { session, input, model, limits, deadlineMs }: RunRequest): string {
  const asked = [agentId, session ?? null, input, model ?? null, limits ?? null];
  return hashOf(deadlineMs === undefined ? asked : [...asked, deadlineMs]);
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
