/**
 * What the control plane needs of whoever carries out agent turns. Declared here, implemented by `runs`, tied by `compose`.
 *
 * Types only.
 */
export interface TurnRequest {
  readonly sessionKey: string;
  readonly agentId: string;
  readonly message: string;
  /** The same key never starts a second turn: the first one's `runId` is answered, also after a crash. */
  readonly idempotencyKey: string;
  /** A route or model. @default the session's, else the agent's, else the gateway's own default */
  readonly model?: string;
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

export interface TurnResult {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly status: 'ok' | 'error' | 'aborted';
  readonly text: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** What the model counted, where it did. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** What happens in a turn, in the order of `seq`, which counts per turn from 1. */
export type TurnEvent = {
  readonly runId: string;
  readonly sessionKey: string;
  readonly agentId: string;
  readonly seq: number;
  readonly atMs: number;
} & (
  | { readonly kind: 'started' }
  | { readonly kind: 'delta'; readonly delta: string; readonly text: string }
  | { readonly kind: 'ended'; readonly result: TurnResult }
);

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
  readonly idempotencyKey?: string;
  /** The turn broke off here. */
  readonly incomplete?: true;
}

/** What a turn that is under way has said so far. */
export interface RunningTurn {
  readonly runId: string;
  readonly text: string;
  readonly acceptedAtMs: number;
}

export interface RunStarter {
  /**
   * Resolves once the request is durable. The `runId` is the `idempotencyKey`.
   * @throws OpenClawError `model_not_found`, `agent_not_found`, `overloaded`, `draining`, `invalid_request`, `idempotency_key_reused`
   */
  start(request: TurnRequest): Promise<StartedTurn>;
  /** Also of turns before a restart. Undefined where it is still running after `timeoutMs`. @throws OpenClawError `run_not_found` */
  wait(runId: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<TurnResult | undefined>;
  /** The oldest turn of the session that has not ended. */
  running(sessionKey: string): RunningTurn | undefined;
  /** @returns the ids of the turns that were stopped */
  abort(which: { readonly runId?: string; readonly sessionKey?: string }): readonly string[];
  listSessions(options: { readonly limit: number; readonly offset: number }): Promise<{
    readonly sessions: readonly SessionSummary[];
    readonly total: number;
  }>;
  /** The last `limit` messages but `offset`, oldest first, at most 6 MiB of text; empty for a session that does not exist. */
  history(
    sessionKey: string,
    page: { readonly limit: number; readonly offset?: number },
  ): Promise<{ readonly session: SessionSummary | undefined; readonly messages: readonly SessionMessage[] }>;
  /** Begins a session that does not exist. @throws OpenClawError `model_not_found`, `agent_not_found`, `invalid_request` */
  patchSession(key: string, changes: { readonly label?: string | null; readonly model?: string | null }): Promise<SessionSummary>;
  /** Begins it anew: its messages are gone, its key and settings stay. */
  resetSession(key: string): Promise<SessionSummary>;
  /** @returns whether there was one */
  deleteSession(key: string): Promise<boolean>;
  /** @returns ends the subscription */
  subscribe(listener: (event: TurnEvent) => void): () => void;
}
