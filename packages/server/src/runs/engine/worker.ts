/**
 * Carries one run on from wherever its journal stands: model calls and tool calls in turns, until there is an answer, somebody is needed, or
 * a limit is reached.
 *
 * It decides by the journal alone, so a run that is taken up after a crash goes the same way. Which run is next: `fair-lanes.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { RunEventBody, RunFailure, RunView, ToolCallRequest } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../../core/errors.ts';
import { headAfterSummary, summaryRequest } from '../context/summary.ts';
import { childWait } from '../journal/fold.ts';
import { boundText } from '../tools/bounded-text.ts';
import type { HandOver, Tool, Toolbox } from '../tools/contract.ts';
import type { Agent, AgentDirectory, ContextWindow, ConversationMessage, ModelCaller, ModelToolSpec, WindowLimits } from './contract.ts';
import { type Children, outcomeOfChild } from './children.ts';
import { Deadline } from './deadline.ts';
import { ConversationHash } from './hash.ts';
import type { HeldRun } from './held-run.ts';
import { endOfTime, reachedLimit } from './limits.ts';
import { type ModelStepOptions, takeModelStep } from './model-step.ts';
import { callKey, type ModelResult, type OpenStep, type Progress, type ToolOutcome } from './progress.ts';
import { refuseToolStep, resumeToolStep, takeToolStep, type ToolStepEnd, type ToolStepOptions } from './tool-step.ts';

export interface WorkerOptions {
  readonly clock: Clock;
  readonly callModel: ModelCaller;
  readonly agents: AgentDirectory;
  readonly toolbox: Toolbox;
  readonly window: ContextWindow;
  readonly windowOf: (model: string) => WindowLimits;
  readonly defaultModel: () => string;
  /** @throws OpenClawError `price_unknown`. @default every price is known */
  readonly checkPrice?: (model: string, limitUsd: number) => void;
  /** What was said in the session before this run, oldest first. */
  readonly history: (view: RunView) => Promise<readonly ConversationMessage[]>;
  /** The directory that tools may touch. */
  readonly workspaceOf: (agentId: string) => Promise<string>;
  readonly isContextOverflow: (error: OpenClawError) => boolean;
}

export interface WorkedRun {
  readonly run: HeldRun;
  readonly children: Pick<Children, 'find' | 'create' | 'cancel'>;
  /** Aborted when somebody wants it to end, its time is up, or the process stops. */
  readonly working: AbortController;
  readonly reason: Extract<RunEventBody, { readonly kind: 'run.resumed' }>['reason'];
}

/** The same call with the same result so often is pointed out to the model; twice as often ends the run. */
const repetitionsTold = 3;
const repetitionsEnd = 6;

/** @throws what the journal says, and the reason of the end of the process; everything else is in the journal */
export async function work(worked: WorkedRun, options: WorkerOptions): Promise<void> {
  const { run, reason } = worked;
  await run.append({ kind: 'run.resumed', epoch: run.epoch, reason });
  const nowMs = await steadyTime(run, options.clock);
  const clock = { now: nowMs, after: options.clock.after.bind(options.clock) };
  using deadline = new Deadline(clock, () => worked.working.abort(new OpenClawError('deadline_exceeded')));
  const worker = new Worker(worked, { ...options, deadline, nowMs });
  try {
    while (!(await isOver(worker, run)));
  } catch (thrown) {
    // What was done is written down whatever ends this; where that cannot be, whoever takes the run up finds out.
    await run.flush().catch(() => undefined);
    throw thrown;
  }
}

/** Takes a step of it. */
async function isOver(worker: Worker, run: HeldRun): Promise<boolean> {
  const end = await worker.next();
  if (!end) return false;
  // What came in the last moment may be what it would wait for, or a wish that it should end.
  if (end.kind === 'run.parked' || end.kind === 'run.finished') return run.conclude(end);
  await run.append(end);
  return true;
}

interface SteadyOptions extends WorkerOptions {
  readonly deadline: Deadline;
  /** Milliseconds since 1970 when the run was taken up, and from then on by the clock that nobody sets. */
  readonly nowMs: () => number;
}

/** A wall clock that is set, in either direction, neither ends a run before its time nor gives it more. */
async function steadyTime(run: HeldRun, clock: Clock): Promise<() => number> {
  const sinceMs = clock.monotonicMs();
  const { view } = await run.look();
  const fromMs = view.workingSinceMs ?? clock.now();
  return () => fromMs + clock.monotonicMs() - sinceMs;
}

class Worker {
  readonly #run: HeldRun;
  readonly #children: WorkedRun['children'];
  readonly #conversation = new ConversationHash();
  readonly #signal: AbortSignal;
  readonly #options: SteadyOptions;
  /** A conversation that was too long for its model is compacted once for each answer. */
  #overflowed = false;

  constructor({ run, children, working }: WorkedRun, options: SteadyOptions) {
    this.#run = run;
    this.#children = children;
    this.#signal = working.signal;
    this.#options = options;
  }

  /** Takes one step. @returns what ends the run, or parks it */
  async next(): Promise<RunEventBody | undefined> {
    const { progress, view } = await this.#run.look();
    const { nowMs, deadline, agents } = this.#options;
    deadline.moveTo(endOfTime(view, nowMs()));
    try {
      // Before everything else: a run does not end before the one that it has begun.
      const child = progress.openStep?.kind === 'tool' ? await this.#openChild(progress.openStep, view) : undefined;
      if (child) return await this.#followChild(child, progress);
      if (progress.cancelledBy !== undefined) return { kind: 'run.cancelled', by: progress.cancelledBy };
      const agent = agents.get(view.agentId);
      const limit = reachedLimit(view, nowMs());
      if (limit !== undefined && !progress.openStep) return finishedBy(progress, limit);
      if (progress.repetitions >= repetitionsEnd) return finishedBy(progress, 'the same call had the same result again and again');
      if (progress.openStep?.kind === 'tool') return await this.#resumeTool(progress, view);
      const [call] = progress.openCalls;
      if (call) return await this.#takeCall(call, progress, view);
      if (progress.lastAnswer && progress.lastAnswer.toolCalls.length === 0 && !hasNews(progress)) return finishedBy(progress, undefined);
      await this.#ask(agent, progress, view);
      return undefined;
    } catch (thrown) {
      return this.#afterFailure(thrown, progress);
    }
  }

  /** The timer that stops it may be a little ahead of the time that the journal counts. */
  async #limitThatStopped(): Promise<string | undefined> {
    const { view } = await this.#run.look();
    const { reason } = this.#signal;
    const isLate = reason instanceof OpenClawError && reason.code === 'deadline_exceeded';
    return reachedLimit(view, this.#options.nowMs()) ?? (isLate ? `${view.limits.timeMs} ms` : undefined);
  }

  async #afterFailure(thrown: unknown, progress: Progress): Promise<RunEventBody | undefined> {
    this.#run.signal.throwIfAborted();
    // Somebody wants it to end: what broke is only its echo, and the next look at the journal says who.
    if (this.#signal.aborted) {
      const { cancelledBy } = (await this.#run.look()).progress;
      if (cancelledBy !== undefined) return { kind: 'run.cancelled', by: cancelledBy };
    }
    const error = toOpenClawError(thrown);
    if (error.code === 'lease_lost') throw error;
    const failure = failureOf(error);
    const open = (await this.#run.look()).progress.openStep ?? progress.openStep;
    // What became of a call of a tool is not known: it stays open, so that trying again finds that out first.
    if (open && open.kind !== 'tool')
      await this.#run.append({ kind: 'step.failed', step: open.step, attempt: open.attempt, error: failure });
    const limit = this.#signal.aborted ? await this.#limitThatStopped() : undefined;
    if (limit !== undefined) return finishedBy(progress, limit);
    if (this.#options.isContextOverflow(error) && !this.#overflowed) {
      this.#overflowed = true;
      return undefined;
    }
    return { kind: 'run.failed', error: failure };
  }

  async #ask(agent: Agent, progress: Progress, view: RunView): Promise<void> {
    const { openStep, lastStep, messages } = progress;
    const model = view.model ?? agent.model ?? this.#options.defaultModel();
    // Also where it was another model at the beginning.
    if (view.limits.pricedOnly) this.#options.checkPrice?.(model, view.limits.usd);
    const tools = (await this.#tools(view)).filter((tool) => this.#options.toolbox.policy(agent.id, tool) !== 'deny');
    const history = await this.#options.history(view);
    const said = withWarning([...history, { role: 'user', text: view.input } as const, ...messages], progress);
    const offered = tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
    const nextStep = openStep?.kind === 'model' ? openStep.step : lastStep + 1;
    const { compaction } = progress;
    const fitting = await this.#fit({ agent, model, tools: offered, said, earlier: history.length, view, nextStep, compaction });
    await takeModelStep(
      {
        step: fitting.step,
        attempt: openStep?.kind === 'model' && openStep.step === fitting.step ? openStep.attempt + 1 : 1,
        ...{ model, kind: 'model' },
        request: {
          messages: fitting.messages,
          tools: offered,
          sessionKey: view.sessionKey,
        },
      },
      this.#modelOptions(),
    );
    this.#overflowed = false;
  }

  #modelOptions(): ModelStepOptions {
    const { clock, callModel } = this.#options;
    return { run: this.#run, clock, callModel, conversation: this.#conversation, signal: this.#signal };
  }

  /** What of the conversation fits; older turns become a summary, which is a step of its own. */
  async #fit(wanted: Fitting): Promise<{ readonly step: number; readonly messages: readonly ConversationMessage[] }> {
    const { agent, model, tools, said, earlier, view, nextStep, compaction } = wanted;
    const { window, windowOf } = this.#options;
    const wide = { ...windowOf(model), tools };
    const limits = this.#overflowed ? tighter(wide) : wide;
    const { instructions } = agent;
    const headOf = (summary: string, keptFrom: number): readonly ConversationMessage[] =>
      headAfterSummary({ instructions, summary, dropped: said.slice(0, keptFrom), kept: said.slice(keptFrom) }, limits);
    // Of earlier runs there may be less by now, and a fork has none.
    const from = compaction ? Math.max(0, compaction.keptFrom - compaction.earlier + earlier) : 0;
    const plainHead = instructions === '' ? [] : [{ role: 'system', text: instructions } as const];
    const head = compaction ? headOf(compaction.summary, from) : plainHead;
    const fitted = window.fit([...head, ...said.slice(from)], limits);
    if (fitted.kind === 'fits') return { step: nextStep, messages: fitted.messages };
    const request = { messages: summaryRequest(fitted.summarise, limits), tools: [], sessionKey: view.sessionKey };
    const { text: summary } = await takeModelStep({ step: nextStep, attempt: 1, model, kind: 'compaction', request }, this.#modelOptions());
    const keptFrom = from + Math.max(0, fitted.keepFrom - head.length);
    const after = window.fit([...headOf(summary, keptFrom), ...said.slice(keptFrom)], limits);
    await this.#run.append({
      kind: 'context.compacted',
      step: nextStep,
      keptFrom,
      earlier,
      summary,
      tokensBefore: fitted.tokens,
      tokensAfter: after.tokens,
    });
    if (after.kind === 'fits') return { step: nextStep + 1, messages: after.messages };
    const reason = 'is longer than the context window of the model leaves room for';
    throw new OpenClawError('invalid_request', { details: { path: 'input', reason }, param: 'input' });
  }

  /** A run that may begin no others has no tool for it either. */
  async #tools({ agentId, limits }: RunView): Promise<readonly Tool[]> {
    const tools = await this.#options.toolbox.list(agentId);
    return tools.filter(({ handsOver = false }) => !handsOver || limits.depth > 0);
  }

  async #toolOptions(view: RunView): Promise<ToolStepOptions> {
    const { toolbox, workspaceOf, clock } = this.#options;
    const tools = new Map((await this.#tools(view)).map((tool) => [tool.name, tool]));
    return {
      ...{ run: this.#run, agentId: view.agentId, signal: this.#signal },
      workspace: await workspaceOf(view.agentId),
      find: (name) => tools.get(name),
      policy: (tool) => toolbox.policy(view.agentId, tool),
      clock,
    };
  }

  async #takeCall(call: ToolCallRequest, progress: Progress, view: RunView): Promise<RunEventBody | undefined> {
    const options = await this.#toolOptions(view);
    const step = progress.lastStep + 1;
    const tool = options.find(call.name);
    if (tool && options.policy(tool) === 'ask') {
      const approval = progress.approvals.get(callKey(progress.answerStep, call));
      if (!approval) return this.#askApproval(step, call, tool);
      if (!approval.verdict) return { kind: 'run.parked', waitsFor: { kind: 'approval', approvalId: approval.approvalId } };
      if (!approval.verdict.approved) {
        const { by, note } = approval.verdict;
        await refuseToolStep(step, call, { text: `refused by ${by}${note === null ? '' : `: ${note}`}`, options });
        return undefined;
      }
    }
    return this.#after(await takeToolStep(step, call, options), step, call);
  }

  async #askApproval(step: number, call: ToolCallRequest, tool: Tool): Promise<RunEventBody> {
    const approvalId = randomUUID();
    await this.#run.append({
      kind: 'approval.requested',
      approvalId,
      step,
      call,
      why: [`the tool ${tool.name} asks before it is used`, tool.caution].filter(Boolean).join('; '),
    });
    return { kind: 'run.parked', waitsFor: { kind: 'approval', approvalId } };
  }

  async #resumeTool(progress: Progress, view: RunView): Promise<RunEventBody | undefined> {
    const open = progress.openStep;
    if (!open) return undefined;
    if (open.isAsked && !open.decision) return { kind: 'run.parked', waitsFor: { kind: 'outcome', step: open.step } };
    return this.#after(await resumeToolStep(open, await this.#toolOptions(view)), open.step, open.call);
  }

  async #after(end: ToolStepEnd, step: number, call: ToolCallRequest | undefined): Promise<RunEventBody | undefined> {
    if (end === 'done') return undefined;
    if (end !== 'unknown') return this.#handOver(end);
    const { cancelledBy } = (await this.#run.look()).progress;
    if (cancelledBy !== undefined) return { kind: 'run.cancelled', by: cancelledBy };
    const evidence = 'the call was begun, and the process ended before its result was written; the tool cannot tell whether it was done';
    await this.#run.append({ kind: 'outcome.unknown', step, call: call ?? null, evidence });
    return { kind: 'run.parked', waitsFor: { kind: 'outcome', step } };
  }

  /** The task of the open step becomes a run of another agent. What keeps that from beginning is told to the model. */
  async #handOver(task: HandOver): Promise<undefined> {
    const { progress, view } = await this.#run.look();
    const { openStep, children } = progress;
    if (!openStep) return undefined;
    const { step } = openStep;
    const { children: limit } = view.limits;
    if (children >= limit) return this.#endStep(openStep, { isError: true, text: `this run may hand on ${limit} tasks, and has done so` });
    try {
      const { id, agentId } = await this.#run.patiently(() => this.#children.create({ parent: view, step }, task));
      await this.#run.append({ kind: 'child.created', step, childRunId: id, agentId });
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError) || !isOfTask(thrown)) throw thrown;
      await this.#endStep(openStep, { isError: true, text: `${thrown.message} ${thrown.hint}` });
    }
    return undefined;
  }

  /** The run that does the open step. A crash may have come between its creation and its note here. */
  async #openChild(step: OpenStep, view: RunView): Promise<OpenChild | undefined> {
    const run = await this.#children.find(view, step.step);
    if (run && step.childRunId === undefined)
      await this.#run.append({ kind: 'child.created', step: step.step, childRunId: run.id, agentId: run.agentId });
    return run || step.childRunId !== undefined ? { step, run } : undefined;
  }

  /** Waits for its end, and takes that for the result of the step; where the run is to end, its child is told so first. */
  async #followChild({ step, run }: OpenChild, { cancelledBy }: Progress): Promise<RunEventBody | undefined> {
    const child = run && run.endedAtMs === null && cancelledBy !== undefined ? await this.#children.cancel(run, cancelledBy) : run;
    if (!child) return this.#endStep(step, { isError: true, text: 'the run that it was handed to is kept no more' });
    if (child.endedAtMs === null) return { kind: 'run.parked', waitsFor: childWait(child.id, child.waitsFor) };
    return this.#endStep(step, outcomeOfChild(child), child);
  }

  async #endStep({ step, attempt }: OpenStep, outcome: ToolOutcome, child?: RunView): Promise<undefined> {
    const result = { ...outcome, text: boundText(outcome.text) };
    const by = child ? { use: child.use, child: linkTo(child) } : { use: null };
    this.#run.note({ kind: 'step.finished', step, attempt, result, ...by });
  }
}

interface OpenChild {
  readonly step: OpenStep;
  /** Undefined: it is kept no more. */
  readonly run: RunView | undefined;
}

interface Fitting {
  readonly agent: Agent;
  readonly compaction: Progress['compaction'];
  readonly model: string;
  readonly tools: readonly ModelToolSpec[];
  readonly said: readonly ConversationMessage[];
  /** How many of them are of earlier runs. */
  readonly earlier: number;
  readonly view: RunView;
  readonly nextStep: number;
}

/** Something came after the last answer that asks for another one. */
function hasNews({ messages }: Progress): boolean {
  return messages.at(-1)?.role !== 'assistant';
}

function withWarning(messages: readonly ConversationMessage[], { repetitions }: Progress): readonly ConversationMessage[] {
  if (repetitions < repetitionsTold) return messages;
  const text = `[The same call has had the same result ${repetitions} times. Do something else, or answer with what there is.]`;
  return [...messages, { role: 'user', text }];
}

/** An orderly end, with what there is so far. */
function finishedBy({ lastAnswer }: { readonly lastAnswer: ModelResult | undefined }, stoppedBy: string | undefined): RunEventBody {
  const output = { text: lastAnswer?.text ?? '', finishReason: lastAnswer?.finishReason ?? null };
  return { kind: 'run.finished', output: stoppedBy === undefined ? output : { ...output, stoppedBy } };
}

function linkTo({ id, workedMs, knownCostNanoUsd }: RunView) {
  return { runId: id, workedMs, knownCostNanoUsd };
}

/** What the model asked for cannot be had; everything else is no fault of its own. */
function isOfTask({ code }: OpenClawError): boolean {
  return code === 'agent_not_found' || code === 'invalid_request';
}

function failureOf({ code, message, hint, retryable }: OpenClawError): RunFailure {
  return { code, message, hint, retryable };
}

/** The provider counts otherwise than we do. */
function tighter(limits: WindowLimits): WindowLimits {
  return { ...limits, contextTokens: Math.floor(limits.contextTokens * 0.7) };
}
