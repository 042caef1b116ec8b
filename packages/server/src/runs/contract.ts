/**
 * What a turn is, to those who ask for one and to those who watch it. Types only.
 *
 * The control plane declares the same shapes for itself (`gateway/control/run-starter.ts`): parts do not know each other, and the
 * compiler holds the two against each other where they are tied together.
 */

export interface TurnRequest {
  readonly sessionKey: string;
  readonly agentId: string;
  readonly message: string;
  /** The same key never starts a second turn: it is the turn's `runId`, also after a crash. */
  readonly idempotencyKey: string;
  /** A route or model. @default the session's, else the agent's, else the gateway's own default */
  readonly model?: string;
  /** From acceptance to end, waiting for the turns before it included. @default 10 minutes */
  readonly timeoutMs?: number;
}

export interface StartedTurn {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly acceptedAtMs: number;
  /** It was started by an earlier request with the same key. */
  readonly known: boolean;
}

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
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
  readonly usage?: TokenCounts;
}

/** What happens in a turn, in the order of `seq`, which counts per turn from 1. */
export type TurnEvent = {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly seq: number;
  readonly atMs: number;
} & TurnHappening;

export type TurnHappening =
  | { readonly kind: 'started' }
  | { readonly kind: 'delta'; readonly delta: string; readonly text: string }
  | { readonly kind: 'ended'; readonly result: TurnResult };

export interface RunningTurn {
  readonly runId: string;
  readonly text: string;
  readonly acceptedAtMs: number;
}

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

export interface SessionMessage {
  readonly id: string;
  readonly seq: number;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly atMs: number;
  readonly runId: string;
  /** Of a message that was sent. */
  readonly idempotencyKey?: string;
  /** The turn broke off here, or is under way. */
  readonly incomplete?: true;
}

export interface SessionPage {
  readonly limit: number;
  readonly offset: number;
}

export interface SessionChanges {
  readonly label?: string | null;
  readonly model?: string | null;
}

/** Who can be spoken to. */
export interface TurnAgent {
  readonly id: string;
  /** A route or model. @default the gateway's own default */
  readonly model?: string;
}

export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface ModelTurn {
  readonly model: string;
  /** Oldest first; the last one is the message that is to be answered. */
  readonly messages: readonly ModelMessage[];
  readonly sessionKey: string;
  readonly runId: string;
  readonly signal: AbortSignal;
}

export type ModelPart = { readonly kind: 'text'; readonly text: string } | ({ readonly kind: 'usage' } & TokenCounts);

/** Asks a model. The answer ends by itself, or throws an OpenClawError; it ends soon after the signal is aborted or its reader leaves. */
export type ModelCaller = (turn: ModelTurn) => AsyncIterable<ModelPart>;

/** Everything that is asked of turns and sessions. */
export interface Turns {
  /**
   * Resolves once the message is durable. Turns of one session are taken one after the other.
   * @throws OpenClawError `model_not_found`, `agent_not_found`, `overloaded`, `draining`, `invalid_request`, `idempotency_key_reused`
   */
  start(request: TurnRequest): Promise<StartedTurn>;
  /** Also of turns before a restart. Undefined where it is still under way after `timeoutMs`. @throws OpenClawError `run_not_found` */
  wait(runId: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<TurnResult | undefined>;
  /** The oldest turn of the session that has not ended. */
  running(sessionKey: string): RunningTurn | undefined;
  /** @returns the ids of the turns that were stopped */
  abort(which: { readonly runId?: string; readonly sessionKey?: string }): readonly string[];
  /** The latest first. */
  listSessions(page: SessionPage): Promise<{ readonly sessions: readonly SessionSummary[]; readonly total: number }>;
  history(
    sessionKey: string,
    page: { readonly limit: number; readonly offset?: number },
  ): Promise<{ readonly session: SessionSummary | undefined; readonly messages: readonly SessionMessage[] }>;
  /** Begins a session that does not exist. @throws OpenClawError `model_not_found`, `agent_not_found`, `invalid_request` */
  patchSession(key: string, changes: SessionChanges): Promise<SessionSummary>;
  /** Stops its turns and begins it anew: its messages are gone, its key and settings stay. @throws OpenClawError `session_not_found` */
  resetSession(key: string): Promise<SessionSummary>;
  /** Stops its turns first. @returns whether there was one */
  deleteSession(key: string): Promise<boolean>;
  /** @returns ends the subscription */
  subscribe(listener: (event: TurnEvent) => void): () => void;
  /** Turns that have not ended. */
  readonly inFlight: number;
  /** From now on no turn is started. */
  drain(): void;
  /** Resolves when none is under way. */
  idle(): Promise<void>;
  /** Ends what is under way as `interrupted`, with what was said so far. */
  close(): Promise<void>;
}
