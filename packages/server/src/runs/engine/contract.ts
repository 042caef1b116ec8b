/**
 * What the engine offers, and what it needs of others. Types only.
 *
 * The engine owns every run that is under way in this process: its lease, its lane, its abort signal. HTTP, the control plane, schedules and
 * channels all come in by `Runs`.
 */
import type {
  CreateRunRequest,
  OutcomeDecision,
  RunEvent,
  RunLimits,
  RunOrigin,
  RunView,
  TokenUse,
  ToolCallRequest,
} from '@openclaw/protocol';
import type { JsonObject } from '../../core/json.ts';
import type { RunQuestion } from '../journal/contract.ts';

export interface RunSignal {
  readonly name: string;
  readonly payload: unknown;
}

/** A run as somebody inside asks for it. */
export interface RunRequest extends CreateRunRequest {
  /** Whoever asks names it. @default it is given a new one */
  readonly id?: string;
}

export interface Runs {
  /** Resolves once the run is durable. @throws OpenClawError `agent_not_found`, `model_not_found`, `price_unknown`, `invalid_request`, `idempotency_key_reused`, `overloaded`, `draining` */
  create(request: RunRequest, origin: RunOrigin): Promise<{ readonly run: RunView; readonly isKnown: boolean }>;
  /** @throws OpenClawError `run_not_found`, in all that follow too */
  get(runId: string): Promise<RunView>;
  list(question: RunQuestion): Promise<readonly RunView[]>;
  events(runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent>;
  cancel(runId: string, by: string, reason?: string): Promise<RunView>;
  signal(runId: string, signal: RunSignal, by: string): Promise<RunView>;
  /** Of what the run asks, or one below it that it waits for. @throws OpenClawError `approval_not_found`, `approval_resolved` */
  resolveApproval(
    which: { readonly runId: string; readonly approvalId?: string },
    verdict: { readonly approved: boolean; readonly by: string; readonly note?: string },
  ): Promise<RunView>;
  /** @throws OpenClawError `outcome_not_open` */
  resolveOutcome(which: { readonly runId: string; readonly step: number }, decision: OutcomeDecision, by: string): Promise<RunView>;
  /** A run that failed goes on at the step that failed. @throws OpenClawError `run_not_failed` */
  retry(runId: string, by: string): Promise<RunView>;
  /** A new run with the same history up to and including `fromSeq`. */
  fork(runId: string, fromSeq: number, origin: RunOrigin): Promise<RunView>;
}

export interface ModelToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

export type ConversationMessage =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ToolCallRequest[] }
  | { readonly role: 'tool'; readonly callId: string; readonly text: string };

export interface ModelRequest {
  readonly model: string;
  /** Instructions first. Tool calls and their results are never parted. */
  readonly messages: readonly ConversationMessage[];
  readonly tools: readonly ModelToolSpec[];
  readonly sessionKey: string;
  readonly runId: string;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

export type ModelPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'toolCall'; readonly call: ToolCallRequest }
  | { readonly kind: 'end'; readonly finishReason: string; readonly use: TokenUse | null };

/** Asks a model. Ends by itself or throws an OpenClawError; ends soon after the signal. */
export type ModelCaller = (request: ModelRequest) => AsyncIterable<ModelPart>;

export interface Agent {
  readonly id: string;
  /** Undefined: the gateway's default. */
  readonly model: string | undefined;
  readonly instructions: string;
  readonly limits: RunLimits;
}

export interface AgentDirectory {
  /** @throws OpenClawError `agent_not_found` */
  get(id: string): Agent;
  list(): readonly Agent[];
}

/** Keeps a conversation within the window of its model. */
export interface ContextWindow {
  /**
   * What of the history is sent: as it is where it fits; else with the oldest tool results shortened; else it says that a summary is needed,
   * of which messages.
   * @throws OpenClawError `context_too_small` where not even the instructions and the latest turn fit
   */
  fit(history: readonly ConversationMessage[], limits: WindowLimits): Fitted;
}

export interface WindowLimits {
  readonly contextTokens: number;
  /** Kept free for the answer. */
  readonly answerTokens: number;
  /** Whose way of counting it is, once that is known. @default nobody's */
  readonly model?: string;
  /** Sent with the messages, they take room too. @default none */
  readonly tools?: readonly ModelToolSpec[];
}

export type Fitted =
  | { readonly kind: 'fits'; readonly messages: readonly ConversationMessage[]; readonly tokens: number }
  /** `summarise` is to become one message in the place of what it is made of. */
  | { readonly kind: 'tooLong'; readonly summarise: readonly ConversationMessage[]; readonly keepFrom: number; readonly tokens: number };
