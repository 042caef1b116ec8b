/**
 * One tool call as a step of the journal: whether it may be made, the intent, the result; and what to do with a call that a crash cut.
 *
 * A call whose result was written is never made again. One that was begun and has no result is made again only where its effect allows it;
 * else its tool is asked whether it was done, and where that cannot be told, a person.
 */
import type { OutcomeDecision, ToolCallRequest } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { boundText } from '../tools/bounded-text.ts';
import { checkArguments } from '../tools/check-arguments.ts';
import type { HandOver, Tool, ToolPolicy } from '../tools/contract.ts';
import { effectOf, performCall } from '../tools/perform-call.ts';
import { hashOf } from './hash.ts';
import type { HeldRun } from './held-run.ts';
import type { OpenStep, ToolOutcome } from './progress.ts';

export interface ToolStepOptions {
  readonly run: HeldRun;
  readonly agentId: string;
  readonly workspace: string;
  /** Undefined for a name that the agent has no tool of. */
  readonly find: (name: string) => Tool | undefined;
  readonly policy: (tool: Tool) => ToolPolicy;
  readonly clock: Clock;
  /** Aborted by cancel, limits and the end of the process. */
  readonly signal: AbortSignal;
}

/** `done`: the result is noted, and in the journal with what comes next. `unknown`: it waits for somebody who knows. Else another agent is to do it, and the step stays open. */
export type ToolStepEnd = 'done' | 'unknown' | HandOver;

/** Begins a call that has not been begun. */
export async function takeToolStep(step: number, call: ToolCallRequest, options: ToolStepOptions): Promise<ToolStepEnd> {
  const tool = options.find(call.name);
  if (!tool) return record(step, call, { outcome: { isError: true, text: `there is no tool ${call.name}` }, options });
  if (options.policy(tool) === 'deny') {
    return record(step, call, { outcome: { isError: true, text: `the tool ${call.name} may not be used here` }, options });
  }
  const checked = checkArguments(tool, call.argumentsText);
  if (!checked.ok) return record(step, call, { outcome: { isError: true, text: checked.text }, options });
  return make({ step, attempt: 1, call, tool, given: checked.arguments }, options);
}

/** Writes a result for a call that is not made. */
export async function refuseToolStep(
  step: number,
  call: ToolCallRequest,
  refusal: { readonly text: string; readonly options: ToolStepOptions },
): Promise<void> {
  await record(step, call, { outcome: { isError: true, text: refusal.text }, options: refusal.options });
}

/** Goes on with a call that was begun and has no result. */
export async function resumeToolStep(open: OpenStep, options: ToolStepOptions): Promise<ToolStepEnd> {
  const { step, call, attempt, effect, decision } = open;
  if (!call) throw new TypeError(`step ${step} of ${options.run.runId} is a tool's and names no call`);
  if (decision) return decide(open, call, { decision, options });
  const { tool, given } = readyTool(call, options);
  // The effect that was promised when it was begun, not what the tool says of itself today.
  if (effect !== 'once' && tool && given) return make({ step, attempt: attempt + 1, call, tool, given }, options);
  if (tool?.reconcile && given) {
    const { run, signal, workspace } = options;
    const found = await tool
      .reconcile({ idempotencyKey: keyOf(run, step), arguments: given, signal, workspace })
      .catch((thrown: unknown) => {
        signal.throwIfAborted();
        return void reasonOf(thrown);
      });
    if (found) {
      run.note({ kind: 'step.finished', step, attempt, result: outcomeOf(found), use: null, reconciled: true });
      return 'done';
    }
  }
  return 'unknown';
}

interface Decided {
  readonly decision: OutcomeDecision;
  readonly options: ToolStepOptions;
}

async function decide(open: OpenStep, call: ToolCallRequest, { decision, options }: Decided): Promise<ToolStepEnd> {
  const { step, attempt } = open;
  const finish = async (outcome: ToolOutcome): Promise<ToolStepEnd> => {
    options.run.note({ kind: 'step.finished', step, attempt, result: outcomeOf(outcome), use: null, reconciled: true });
    return 'done';
  };
  if (decision.kind === 'done')
    return finish({ isError: false, text: typeof decision.result === 'string' ? decision.result : JSON.stringify(decision.result) });
  if (decision.kind === 'failed') return finish({ isError: true, text: decision.message });
  const { tool, given } = readyTool(call, options);
  if (!tool || !given) return finish({ isError: true, text: `there is no tool ${call.name} any more` });
  return make({ step, attempt: attempt + 1, call, tool, given }, options);
}

interface Making {
  readonly step: number;
  readonly attempt: number;
  readonly call: ToolCallRequest;
  readonly tool: Tool;
  readonly given: JsonObject;
}

async function make({ step, attempt, call, tool, given }: Making, options: ToolStepOptions): Promise<ToolStepEnd> {
  const { run, agentId, workspace, signal } = options;
  const idempotencyKey = keyOf(run, step);
  const { argumentsText } = call;
  await run.append({
    ...{ kind: 'step.started', step, stepKind: 'tool', name: tool.name, attempt, effect: effectOf(tool, given) },
    ...{ inputHash: hashOf([tool.name, given]), idempotencyKey, call },
  });
  const { clock } = options;
  const result = await performCall(tool, {
    argumentsText,
    idempotencyKey,
    runId: run.runId,
    agentId,
    workspace,
    signal,
    clock,
    onOutput: () => {},
  });
  // The process stops in the middle: what became of the call is found out by whoever takes the run up again.
  run.signal.throwIfAborted();
  if (result.handOver) return result.handOver;
  if (result.isOutcomeUnknown) return 'unknown';
  run.note({ kind: 'step.finished', step, attempt, result: outcomeOf(result), use: null });
  return 'done';
}

/** Of a call that does nothing beyond the journal. */
async function record(
  step: number,
  call: ToolCallRequest,
  { outcome, options: { run } }: { readonly outcome: ToolOutcome; readonly options: ToolStepOptions },
): Promise<ToolStepEnd> {
  await run.append(
    {
      ...{ kind: 'step.started', step, stepKind: 'tool', name: call.name, attempt: 1, effect: 'read' },
      ...{ inputHash: hashOf([call.name, call.argumentsText]), idempotencyKey: keyOf(run, step), call },
    },
    { kind: 'step.finished', step, attempt: 1, result: outcomeOf(outcome), use: null },
  );
  return 'done';
}

/** Undefined where the tool is gone, or takes these arguments no more. */
function readyTool(
  call: ToolCallRequest,
  { find }: ToolStepOptions,
): { readonly tool: Tool | undefined; readonly given: JsonObject | undefined } {
  const tool = find(call.name);
  const checked = tool && checkArguments(tool, call.argumentsText);
  return { tool, given: checked?.ok ? checked.arguments : undefined };
}

function keyOf(run: HeldRun, step: number): string {
  return `${run.runId}/${step}`;
}

function outcomeOf({ isError, text }: ToolOutcome): ToolOutcome {
  return { isError, text: boundText(text) };
}
