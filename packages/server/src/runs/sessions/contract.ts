/** Conversations on one screen: sessions, and the runs in them as people who talk see them. Types only. */
import type { RunEvent, RunView, ToolCallRequest } from '@openclaw/protocol';
import type { Runs } from '../engine/contract.ts';

export interface TurnRequest {
  readonly sessionKey: string;
  readonly agentId: string;
  readonly message: string;
  /** The same key never starts a second run: it is the run's id, also after a crash. */
  readonly idempotencyKey: string;
  /** A route or model. @default the session's, else the agent's, else the gateway's own default */
  readonly model?: string;
  /** From acceptance to end, waiting for the runs before it included; never longer than the agent may take. @default what the agent may take */
  readonly timeoutMs?: number;
  /** Who asks, and by what. @default a chat of nobody in particular */
  readonly origin?: { readonly kind: 'chat' | 'cli'; readonly by: string };
}

export interface StartedTurn {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly acceptedAtMs: number;
  /** It was started by an earlier request with the same key. */
  readonly known: boolean;
}

export interface TurnResult {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly status: 'ok' | 'error' | 'aborted';
  readonly text: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** What its models counted, where they did. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** What happens in a run, in the order of `seq`, which rises within a run, also across a restart. */
export type TurnEvent = {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly seq: number;
  readonly atMs: number;
} & TurnHappening;

export type TurnHappening =
  /** Taken up; `resumed`: it had been before. */
  | { readonly kind: 'started'; readonly resumed: boolean }
  /** `replace`: what was shown before counts no more; `text` is all that does. */
  | { readonly kind: 'delta'; readonly delta: string; readonly text: string; readonly replace?: true }
  | { readonly kind: 'toolStarted'; readonly call: ToolCallRequest }
  | { readonly kind: 'toolEnded'; readonly call: ToolCallRequest; readonly text: string; readonly isError: boolean }
  | { readonly kind: 'ended'; readonly result: TurnResult };

export interface SessionSummary {
  readonly key: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly label: string | null;
  readonly model: string | null;
  readonly messageCount: number;
  readonly updatedAtMs: number;
  readonly createdAtMs: number;
}

/** What an agent did on its way to an answer. */
export type SessionItem =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly call: ToolCallRequest; readonly result: string | null; readonly isError: boolean };

export interface SessionMessage {
  readonly id: string;
  readonly seq: number;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly atMs: number;
  readonly runId: string;
  /** Of a message that was sent under a key. */
  readonly idempotencyKey?: string;
  /** The run broke off here, or is under way. */
  readonly incomplete?: true;
  /** Before the answer, in their order. */
  readonly items?: readonly SessionItem[];
}

/** What a run that is under way has said so far. */
export interface RunningTurn {
  readonly runId: string;
  readonly text: string;
  readonly acceptedAtMs: number;
}

export interface SessionPage {
  readonly limit: number;
  readonly offset?: number;
}

export interface SessionHistory {
  readonly session: SessionSummary | undefined;
  /** Oldest first. */
  readonly messages: readonly SessionMessage[];
  /** `offset` of the page before this one; undefined where there is none. */
  readonly nextOffset?: number;
}

export interface SessionChanges {
  readonly label?: string | null;
  readonly model?: string | null;
}

/** A call that waits for somebody's word. */
export interface OpenApproval {
  readonly approvalId: string;
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly step: number;
  readonly call: ToolCallRequest;
  readonly why: string;
  readonly askedAtMs: number;
}

export interface Conversations {
  /**
   * Resolves once the message is durable. Runs of one session are carried out one after the other.
   * @throws OpenClawError `model_not_found`, `agent_not_found`, `overloaded`, `draining`, `invalid_request`, `idempotency_key_reused`
   */
  start(request: TurnRequest): Promise<StartedTurn>;
  /** As `Runs.create`, for every other door: a run in a session becomes part of it, and takes its model. */
  create: Runs['create'];
  /** Also of runs before a restart. Undefined where it has not ended after `timeoutMs`. @throws OpenClawError `run_not_found` */
  wait(runId: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<TurnResult | undefined>;
  /** The oldest run of the session that has not ended. */
  running(sessionKey: string): Promise<RunningTurn | undefined>;
  /** @returns the ids of the runs that are asked to end */
  abort(which: { readonly runId?: string; readonly sessionKey?: string }, by?: string): Promise<readonly string[]>;
  /** The latest first. */
  listSessions(page: { readonly limit: number; readonly offset: number }): Promise<{
    readonly sessions: readonly SessionSummary[];
    readonly total: number;
  }>;
  /** The last `limit` messages but `offset`, at most 6 MiB of text; empty for a session that does not exist. */
  history(sessionKey: string, page: SessionPage): Promise<SessionHistory>;
  /** Begins a session that does not exist. @throws OpenClawError `model_not_found`, `agent_not_found`, `invalid_request` */
  patchSession(key: string, changes: SessionChanges): Promise<SessionSummary>;
  /** Stops its runs and begins it anew: its messages are gone from it, its key and settings stay. @throws OpenClawError `session_not_found` */
  resetSession(key: string): Promise<SessionSummary>;
  /** Stops its runs first, and forgets them. @returns whether there was one */
  deleteSession(key: string): Promise<boolean>;
  /** Sessions that nobody has gone on with since `beforeMs`, and no run of which is open. */
  idleSessions(beforeMs: number): Promise<number>;
  /** Deletes at most `limit` of them with their runs. @returns how many */
  deleteIdleSessions(beforeMs: number, limit: number): Promise<number>;
  /**
   * Has what was said so far summed up, and the summary stand for it in what models are told. People still see all of it.
   * @returns whether there was anything to sum up @throws OpenClawError `session_not_found`, and what the run that does it failed with
   */
  compactSession(key: string, options: { readonly by: string; readonly signal: AbortSignal }): Promise<boolean>;
  /** @returns ends the subscription */
  subscribe(listener: (event: TurnEvent) => void): () => void;
  /** Calls that wait for somebody's word, the oldest first. */
  approvals(): Promise<readonly OpenApproval[]>;
  /** Which run asks, or asked a while ago, for this approval. */
  runOfApproval(approvalId: string): Promise<string | undefined>;
  /** Everything that is committed of every run. @returns ends it */
  observe(listener: (events: readonly RunEvent[], view: RunView) => void): () => void;
  close(): void;
}
