/**
 * What the events of a run say about what comes next. Pure, so that going on after a crash is the same as going on.
 *
 * It acts on nothing: see `worker.ts`.
 */
import type { Effect, OutcomeDecision, RunEvent, ToolCallRequest } from '@openclaw/protocol';
import type { ConversationMessage } from './contract.ts';

/** What a model step leaves in the journal. */
export interface ModelResult {
  readonly text: string;
  readonly toolCalls: readonly ToolCallRequest[];
  readonly finishReason: string;
}

/** What a tool step leaves in the journal. */
export interface ToolOutcome {
  readonly text: string;
  readonly isError: boolean;
}

/** Begun, and not known to be over. */
export interface OpenStep {
  readonly step: number;
  readonly kind: 'model' | 'tool' | 'compaction' | 'program';
  readonly name: string;
  readonly effect: Effect;
  readonly attempt: number;
  readonly call: ToolCallRequest | undefined;
  readonly inputHash: string;
  /** Somebody was asked what became of it. */
  readonly isAsked: boolean;
  readonly decision: OutcomeDecision | undefined;
  /** The run that does it. */
  readonly childRunId: string | undefined;
}

export interface Approval {
  readonly approvalId: string;
  /** Undefined while nobody has answered. */
  readonly verdict: { readonly approved: boolean; readonly by: string; readonly note: string | null } | undefined;
}

export interface Progress {
  /** What was said in this run after its input: answers, tool calls and their results, signals. */
  readonly messages: readonly ConversationMessage[];
  readonly openStep: OpenStep | undefined;
  /** Of the last answer, those that have no result yet, in their order. */
  readonly openCalls: readonly ToolCallRequest[];
  /** By the call that it is about. */
  readonly approvals: ReadonlyMap<string, Approval>;
  readonly lastAnswer: ModelResult | undefined;
  /** The step that it came in. */
  readonly answerStep: number;
  readonly lastStep: number;
  /** What stands for the beginning of the conversation: it goes on with the message of this index. */
  readonly compaction: { readonly summary: string; readonly keptFrom: number; readonly earlier: number } | undefined;
  readonly cancelledBy: string | undefined;
  /** Runs that it has begun. */
  readonly children: number;
  /** How often the same call had the same result just now. */
  readonly repetitions: number;
}

/** A call is named by its step and its id: models use ids again. */
export function callKey(step: number, { callId }: Pick<ToolCallRequest, 'callId'>): string {
  return `${step}/${callId}`;
}

export function progressOf(events: Iterable<RunEvent>): Progress {
  const reader = new ProgressReader();
  for (const event of events) reader.read(event);
  return reader.progress();
}

/** The same, event by event: what it says grows with the run, and is not put together anew for each step. */
export class ProgressReader {
  readonly #messages: ConversationMessage[] = [];
  readonly #approvals = new Map<string, Approval>();
  readonly #approvalOf = new Map<string, string>();
  #openStep: OpenStep | undefined;
  #openCalls: ToolCallRequest[] = [];
  #lastAnswer: ModelResult | undefined;
  #answerStep = 0;
  #lastStep = 0;
  #cancelledBy: string | undefined;
  #compaction: Progress['compaction'];
  #children = 0;
  #lastSeen: SeenCall | undefined;
  #repetitions = 0;

  read(event: RunEvent): void {
    switch (event.kind) {
      case 'step.started':
        return this.#begin(event);
      case 'step.finished':
        return this.#finish(event.step, event.result);
      case 'step.failed':
        this.#openStep = undefined;
        return undefined;
      case 'outcome.unknown':
        if (this.#openStep) this.#openStep = { ...this.#openStep, isAsked: true };
        return undefined;
      case 'outcome.resolved':
        if (this.#openStep?.step === event.step) this.#openStep = { ...this.#openStep, decision: event.decision };
        return undefined;
      case 'child.created':
        this.#children += 1;
        if (this.#openStep?.step === event.step) this.#openStep = { ...this.#openStep, childRunId: event.childRunId };
        return undefined;
      case 'approval.requested':
        this.#approvalOf.set(event.approvalId, callKey(this.#answerStep, event.call));
        this.#approvals.set(callKey(this.#answerStep, event.call), { approvalId: event.approvalId, verdict: undefined });
        return undefined;
      case 'approval.resolved': {
        const key = this.#approvalOf.get(event.approvalId);
        const { approvalId, approved, by, note } = event;
        // The first answer counts.
        if (key !== undefined && this.#approvals.get(key)?.verdict === undefined)
          this.#approvals.set(key, { approvalId, verdict: { approved, by, note } });
        return undefined;
      }
      case 'signal.received':
        this.#messages.push({ role: 'user', text: wordsOfSignal(event.name, event.payload) });
        return undefined;
      case 'context.compacted':
        this.#compaction = { summary: event.summary, keptFrom: event.keptFrom, earlier: event.earlier };
        return undefined;
      case 'cancel.requested':
        this.#cancelledBy ??= event.by;
        return undefined;
      case 'run.resumed':
        // Somebody tries again what failed before it was cancelled.
        if (event.reason === 'retried' && event.epoch === 0) this.#cancelledBy = undefined;
        return undefined;
      default:
        return undefined;
    }
  }

  #begin(event: Extract<RunEvent, { readonly kind: 'step.started' }>): void {
    const { step, stepKind: kind, name, effect, attempt, call, inputHash } = event;
    this.#lastStep = Math.max(this.#lastStep, step);
    this.#openStep = { step, kind, name, effect, attempt, call, inputHash, isAsked: false, decision: undefined, childRunId: undefined };
  }

  #finish(step: number, result: unknown): void {
    const open = this.#openStep;
    this.#openStep = undefined;
    if (open?.kind === 'model') {
      const answer = result as ModelResult;
      this.#lastAnswer = answer;
      this.#answerStep = step;
      this.#openCalls = [...answer.toolCalls];
      this.#messages.push({ role: 'assistant', text: answer.text, toolCalls: answer.toolCalls });
    } else if (open?.kind === 'tool' && open.call) {
      const { callId, name, argumentsText } = open.call;
      const outcome = result as ToolOutcome;
      this.#openCalls = this.#openCalls.filter((call) => call.callId !== callId);
      this.#messages.push({ role: 'tool', callId, text: outcome.text });
      const seen = { name, argumentsText, text: outcome.text };
      this.#repetitions = isSame(seen, this.#lastSeen) ? this.#repetitions + 1 : 1;
      this.#lastSeen = seen;
    }
  }

  progress(): Progress {
    return {
      messages: this.#messages,
      openStep: this.#openStep,
      openCalls: this.#openCalls,
      approvals: this.#approvals,
      lastAnswer: this.#lastAnswer,
      answerStep: this.#answerStep,
      lastStep: this.#lastStep,
      compaction: this.#compaction,
      cancelledBy: this.#cancelledBy,
      children: this.#children,
      repetitions: this.#repetitions,
    };
  }
}

interface SeenCall extends Pick<ToolCallRequest, 'name' | 'argumentsText'> {
  readonly text: string;
}

function isSame(one: SeenCall, other: SeenCall | undefined): boolean {
  return one.name === other?.name && one.argumentsText === other.argumentsText && one.text === other.text;
}

function wordsOfSignal(name: string, payload: unknown): string {
  return `[signal ${name}] ${typeof payload === 'string' ? payload : JSON.stringify(payload)}`;
}
