/**
 * Runs as they go over a wire: the events of a journal, and what they add up to. Times are milliseconds since 1970.
 *
 * An event is appended and never changed. Sequence numbers rise within a run; after compaction there are gaps, and the events that are
 * left fold to the same state.
 */

/** What may happen if a call is made twice. */
export const effects = ['read', 'idempotent', 'once'] as const;
export type Effect = (typeof effects)[number];

export const stepKinds = ['model', 'tool', 'compaction', 'program'] as const;
export type StepKind = (typeof stepKinds)[number];

/** `parked`: it waits for somebody (an approval, a signal, an outcome), for room, or for a time; see `waitsFor`. */
export const runStatuses = ['queued', 'running', 'parked', 'finished', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];

export interface TokenUse {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Billionths of a US dollar; null where no price is known. */
  readonly costNanoUsd: number | null;
}

/** A file in the state directory, by what is in it. */
export interface StoredResult {
  readonly sha256: string;
  readonly bytes: number;
}

export interface RunFailure {
  /** Of the error catalogue. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
}

export interface RunLimits {
  readonly steps: number;
  readonly tokens: number;
  readonly usd: number;
  /** Somebody has set the limit of money for this run or its agent: models of which no price is known are not asked. */
  readonly pricedOnly?: true;
  /** Time at work; waiting for somebody does not count. */
  readonly timeMs: number;
  /** Runs that it may begin by handing tasks to other agents. */
  readonly children: number;
  /** Levels of runs below it: 0 is a run that may hand nothing on, 1 one whose children may hand nothing on. */
  readonly depth: number;
}

export interface ToolCallRequest {
  /** As the model named it; unique within its step. */
  readonly callId: string;
  readonly name: string;
  /** As the model wrote them: they may be no JSON at all. */
  readonly argumentsText: string;
  /** What its provider wants back with it, such as proof of the thinking before it. Nobody else reads it. */
  readonly opaque?: Readonly<Record<string, unknown>>;
}

/** What one event says, by its kind. */
export type RunEventBody =
  | {
      readonly kind: 'run.created';
      readonly agentId: string;
      readonly sessionKey: string;
      readonly input: string;
      readonly origin: RunOrigin;
      readonly limits: RunLimits;
      readonly model: string | null;
      readonly parentRunId: string | null;
      readonly forkedFrom: { readonly runId: string; readonly seq: number } | null;
    }
  /** An owner has taken it up; `epoch` fences everybody before. */
  | { readonly kind: 'run.resumed'; readonly epoch: number; readonly reason: 'started' | 'recovered' | 'unparked' | 'retried' }
  | { readonly kind: 'run.parked'; readonly waitsFor: WaitsFor }
  | {
      readonly kind: 'step.started';
      readonly step: number;
      readonly stepKind: StepKind;
      /** A model, a tool, or what a program calls its step. */
      readonly name: string;
      /** Of the same step, from 1: a step that was cut is begun again. */
      readonly attempt: number;
      readonly effect: Effect;
      /** SHA-256 of what goes in. */
      readonly inputHash: string;
      /** `runId/step`: the same for every attempt. */
      readonly idempotencyKey: string;
      readonly call?: ToolCallRequest;
    }
  /** Streamed text. Of an attempt that was begun anew it counts no more. */
  | { readonly kind: 'step.delta'; readonly step: number; readonly attempt: number; readonly offset: number; readonly text: string }
  | {
      readonly kind: 'step.finished';
      readonly step: number;
      readonly attempt: number;
      /** JSON; of a model its text and tool calls, of a tool what the model is told. */
      readonly result: unknown;
      /** Of a child all that its run has used. */
      readonly use: TokenUse | null;
      /** It was not done now: somebody looked and found that it had been. */
      readonly reconciled?: true;
      /** It was done by a run of another agent, whose time at work and cost count as this one's. */
      readonly child?: { readonly runId: string; readonly workedMs: number; readonly knownCostNanoUsd: number };
      /** Where the result is too large for the journal; `result` is null then. */
      readonly file?: StoredResult;
    }
  | { readonly kind: 'step.failed'; readonly step: number; readonly attempt: number; readonly error: RunFailure }
  | {
      readonly kind: 'approval.requested';
      readonly approvalId: string;
      readonly step: number;
      readonly call: ToolCallRequest;
      readonly why: string;
    }
  | {
      readonly kind: 'approval.resolved';
      readonly approvalId: string;
      readonly approved: boolean;
      readonly by: string;
      readonly note: string | null;
    }
  /** A call of effect `once` was begun, and nobody knows whether it was done. */
  | { readonly kind: 'outcome.unknown'; readonly step: number; readonly call: ToolCallRequest | null; readonly evidence: string }
  | { readonly kind: 'outcome.resolved'; readonly step: number; readonly decision: OutcomeDecision; readonly by: string }
  /** What a step asks for is done by a run of another agent, which is there from now on. */
  | { readonly kind: 'child.created'; readonly step: number; readonly childRunId: string; readonly agentId: string }
  /** The run that it waits for has ended, waits for somebody, or goes on. */
  | { readonly kind: 'child.changed'; readonly childRunId: string; readonly status: RunStatus; readonly waitsFor: WaitsFor | null }
  | { readonly kind: 'signal.received'; readonly name: string; readonly payload: unknown; readonly by: string }
  | {
      readonly kind: 'context.compacted';
      readonly step: number;
      /** Index of the first message that is kept, of all that there were: those of earlier runs of the session, the input, and what came after. */
      readonly keptFrom: number;
      /** How many of them were of earlier runs. */
      readonly earlier: number;
      readonly summary: string;
      readonly tokensBefore: number;
      readonly tokensAfter: number;
    }
  | { readonly kind: 'cancel.requested'; readonly by: string; readonly reason: string | null }
  | { readonly kind: 'run.finished'; readonly output: unknown }
  | { readonly kind: 'run.failed'; readonly error: RunFailure }
  | { readonly kind: 'run.cancelled'; readonly by: string };

export type RunEventKind = RunEventBody['kind'];

/** `done`: it happened, with this result. `repeat`: it did not, do it. `failed`: tell the model that it failed. */
export type OutcomeDecision =
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'failed'; readonly message: string };

export type WaitsFor =
  | { readonly kind: 'approval'; readonly approvalId: string }
  | { readonly kind: 'outcome'; readonly step: number }
  | { readonly kind: 'signal'; readonly name: string }
  /** A run that it has begun, and what that waits for where it does. */
  | { readonly kind: 'child'; readonly runId: string; readonly waitsFor?: WaitsFor }
  /** The next step comes from a program outside, which has it done itself. */
  | { readonly kind: 'program' }
  | { readonly kind: 'storage' }
  | { readonly kind: 'until'; readonly atMs: number };

/** Where a run came from. */
export interface RunOrigin {
  readonly kind: 'api' | 'chat' | 'cli' | 'webhook' | 'schedule' | 'run' | 'program';
  /** Who asked: a key's id, `device:<id>`, a schedule's id; of `run` whoever asked for the run that began it. */
  readonly by: string;
}

export type RunEvent = { readonly runId: string; readonly seq: number; readonly atMs: number } & RunEventBody;

/** A run as it stands: the fold of its events. */
export interface RunView {
  readonly id: string;
  readonly status: RunStatus;
  readonly agentId: string;
  readonly sessionKey: string;
  readonly input: string;
  readonly origin: RunOrigin;
  readonly model: string | null;
  readonly limits: RunLimits;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly endedAtMs: number | null;
  /** Time at work, without the time that it waited for somebody; up to `workingSinceMs` while it works. */
  readonly workedMs: number;
  readonly workingSinceMs: number | null;
  readonly lastSeq: number;
  readonly steps: number;
  readonly use: TokenUse;
  /** What of its cost is known; where all of it is, it is that of `use`. */
  readonly knownCostNanoUsd: number;
  readonly waitsFor: WaitsFor | null;
  readonly output: unknown;
  readonly error: RunFailure | null;
  readonly parentRunId: string | null;
  readonly forkedFrom: { readonly runId: string; readonly seq: number } | null;
}

export interface CreateRunRequest {
  /** @default 'main' */
  readonly agent?: string;
  /** @default one of its own */
  readonly session?: string;
  readonly input: string;
  /** The same key gives the same run, also after a crash. */
  readonly idempotencyKey?: string;
  readonly model?: string;
  /** When it has to be over. */
  readonly deadlineMs?: number;
  readonly limits?: Partial<RunLimits>;
}
