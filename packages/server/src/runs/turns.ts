/**
 * Conversations: takes messages, lets models answer them one at a time per session, and keeps what was said. A message is durable before
 * it is accepted, and every accepted message has exactly one turn, which has exactly one end, also after a crash.
 *
 * It does not carry a turn on after a crash: what was under way then ends as `interrupted`, with what was said. It uses no tools.
 */
import { hash } from 'node:crypto';
import { type Clock, sleep } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Database } from '../storage/index.ts';
import type {
  ModelCaller,
  SessionChanges,
  SessionSummary,
  StartedTurn,
  TurnAgent,
  TurnEvent,
  TurnRequest,
  TurnResult,
  Turns,
} from './contract.ts';
import { observeTurns } from './figures.ts';
import { Lanes } from './lanes.ts';
import { turnDefaults, type TurnLimits } from './limits.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { checkMessage, checkName } from './requests.ts';
import { Turn } from './turn.ts';
import { type StoredTurn, TurnStore } from './turn-store.ts';

export interface TurnsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'session'>;
  readonly log: Log;
  readonly callModel: ModelCaller;
  /** The model of agents that name none. Asked for each turn. */
  readonly defaultModel: () => string;
  /** @throws OpenClawError `model_not_found`. @default every name is taken, and its turn fails */
  readonly checkModel?: (model: string) => void;
  /** Who can be spoken to. Asked for each turn. @default `main` alone */
  readonly agents?: () => readonly TurnAgent[];
  /** @default nothing is counted */
  readonly metrics?: Metrics;
  readonly limits?: Partial<TurnLimits>;
}

const pruneEveryMs = 60 * 60_000;
/** Requests that wait for the same session to be written. */
const waitingPerKey = 64;

/** Ends what a crash left open before anything is asked. @throws OpenClawError whatever the database throws */
export async function createTurns(options: TurnsOptions): Promise<Turns> {
  const turns = new TurnService(options);
  await turns.endInterrupted();
  return turns;
}

class TurnService implements Turns {
  readonly #options: TurnsOptions;
  readonly #limits: TurnLimits;
  readonly #store: TurnStore;
  readonly #lanes = new Lanes();
  /** What changes a session does so alone. */
  readonly #sessions = new OneAtATime(waitingPerKey);
  readonly #listeners = new Set<(event: TurnEvent) => void>();
  readonly #pruning: { cancel(): void };
  /** Turns that are being written down. */
  #accepting = 0;
  #draining = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#limits = { ...turnDefaults, ...options.limits };
    this.#store = new TurnStore({ database: options.database, limits: this.#limits });
    if (options.metrics) this.subscribe(observeTurns(options.metrics, this.#lanes));
    this.#pruning = options.clock.every(pruneEveryMs, () => void this.#prune());
  }

  async endInterrupted(): Promise<void> {
    const open = await this.#store.openTurns();
    const ending = open.map((turn) => {
      const result = interrupted(turn, this.#options.clock.now());
      return this.#store.end(result, { turn, number: 1, text: '', startedAtMs: result.startedAtMs });
    });
    await Promise.all(ending);
    if (open.length > 0) this.#options.log.warn('turns were interrupted by the end of the last process', { turns: open.length });
  }

  async start(request: TurnRequest): Promise<StartedTurn> {
    checkName(request.sessionKey, 'sessionKey');
    checkName(request.idempotencyKey, 'idempotencyKey');
    return this.#sessions.run(request.sessionKey, () => this.#accept(request));
  }

  async wait(runId: string, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal }) {
    const turn = this.#lanes.find(runId);
    if (!turn) return this.#storedResult(runId);
    if (timeoutMs <= 0) return undefined;
    const ending = new AbortController();
    const late = sleep(this.#options.clock, timeoutMs, AbortSignal.any([signal, ending.signal])).catch((reason: unknown) => {
      if (signal.aborted) throw reason;
    });
    try {
      return (await Promise.race([turn.ended, late])) ?? undefined;
    } finally {
      ending.abort();
    }
  }

  running(sessionKey: string) {
    return this.#lanes.of(sessionKey)[0]?.running;
  }

  abort({ runId, sessionKey }: { readonly runId?: string; readonly sessionKey?: string }): readonly string[] {
    const meant = this.#lanes
      .all()
      .filter(
        ({ accepted }) => (runId ?? accepted.runId) === accepted.runId && (sessionKey ?? accepted.sessionKey) === accepted.sessionKey,
      );
    if (runId === undefined && sessionKey === undefined) return [];
    const stopped = meant.filter((turn) => turn.abort());
    for (const turn of stopped) this.#lanes.endWaiting(turn);
    return stopped.map(({ accepted }) => accepted.runId);
  }

  listSessions(page: { readonly limit: number; readonly offset: number }) {
    return this.#store.sessions(page);
  }

  async history(sessionKey: string, page: { readonly limit: number; readonly offset?: number }) {
    const session = await this.#store.session(sessionKey);
    if (!session) return { session, messages: [] };
    const messages = await this.#store.messages(session.sessionId, { ...page, limitCharacters: this.#limits.historyCharacters });
    return { session, messages };
  }

  async patchSession(key: string, changes: SessionChanges): Promise<SessionSummary> {
    checkName(key, 'key');
    if (typeof changes.label === 'string') checkName(changes.label, 'label');
    if (typeof changes.model === 'string') this.#options.checkModel?.(changes.model);
    return this.#sessions.run(key, async () => {
      const nowMs = this.#options.clock.now();
      if (!(await this.#store.session(key))) {
        const agentId = this.#agentOf(agentIdIn(key)).id;
        await this.#store.begin(key, { sessionId: this.#options.ids.session(), agentId, nowMs });
      }
      await this.#store.change(key, changes, nowMs);
      return this.#summary(key);
    });
  }

  async resetSession(key: string): Promise<SessionSummary> {
    return this.#sessions.run(key, async () => {
      await this.#summary(key);
      await this.#stopTurnsOf(key);
      await this.#store.reset(key, { sessionId: this.#options.ids.session(), nowMs: this.#options.clock.now() });
      return this.#summary(key);
    });
  }

  async deleteSession(key: string): Promise<boolean> {
    return this.#sessions.run(key, async () => {
      if (!(await this.#store.session(key))) return false;
      await this.#stopTurnsOf(key);
      await this.#store.delete(key);
      return true;
    });
  }

  subscribe(listener: (event: TurnEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get inFlight(): number {
    return this.#lanes.size + this.#accepting;
  }

  drain(): void {
    this.#draining = true;
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async close(): Promise<void> {
    this.drain();
    this.#pruning.cancel();
    for (const turn of this.#lanes.all()) {
      turn.fail(new OpenClawError('interrupted', { details: { runId: turn.accepted.runId } }));
      this.#lanes.endWaiting(turn);
    }
    await this.#lanes.idle();
  }

  /** Alone in its session. */
  async #accept(request: TurnRequest): Promise<StartedTurn> {
    const requestHash = hash('sha256', JSON.stringify([request.sessionKey, request.message]));
    const earlier = await this.#store.turn(request.idempotencyKey);
    if (earlier) return known(earlier, requestHash);
    const { waitingPerSession } = this.#limits;
    if (this.#draining) throw new OpenClawError('draining', { retryAfterMs: 1000 });
    const message = checkMessage(request.message, this.#limits.messageCharacters);
    const timeoutMs = checkTimeout(request.timeoutMs, this.#limits);
    if (this.#lanes.of(request.sessionKey).length > waitingPerSession)
      throw overloaded(waitingPerSession, 'messages that wait in one session');
    if (this.inFlight >= this.#limits.turns) throw overloaded(this.#limits.turns, 'turns under way');
    this.#accepting += 1;
    try {
      const model = await this.#modelFor(request);
      const { sessionKey, agentId, idempotencyKey: runId } = request;
      const isNew = await this.#store.accept({
        ...{ runId, requestHash, sessionKey, agentId, model, message },
        ...{ acceptedAtMs: this.#options.clock.now(), newSessionId: this.#options.ids.session() },
      });
      const stored = await this.#store.turn(runId);
      if (!stored) throw new OpenClawError('storage_failed', { details: { reason: 'a turn that was written cannot be read' } });
      // The same key came for another session at the same moment.
      if (!isNew) return known(stored, requestHash);
      this.#lanes.add(new Turn(stored, timeoutMs, this.#turnOptions()));
      return { runId, sessionKey, agentId, acceptedAtMs: stored.acceptedAtMs, known: false };
    } finally {
      this.#accepting -= 1;
    }
  }

  async #modelFor({ sessionKey, agentId, model }: TurnRequest): Promise<string> {
    const agent = this.#agentOf(agentId);
    const session = model === undefined ? await this.#store.session(sessionKey) : undefined;
    const chosen = model ?? session?.model ?? agent.model ?? this.#options.defaultModel();
    this.#options.checkModel?.(chosen);
    return chosen;
  }

  #agentOf(agentId: string): TurnAgent {
    const agents = this.#options.agents?.() ?? [{ id: 'main' }];
    const agent = agents.find(({ id }) => id === agentId);
    if (agent) return agent;
    throw new OpenClawError('agent_not_found', { details: { agentId } });
  }

  #turnOptions() {
    const { clock, log, callModel } = this.#options;
    return { store: this.#store, clock, log, callModel, limits: this.#limits, tell: (event: TurnEvent) => this.#tell(event) };
  }

  /** Also in the moment between the write of a turn and its first step, and of one whose end could not be written. */
  async #storedResult(runId: string): Promise<TurnResult> {
    const stored = await this.#store.turn(runId);
    if (!stored) throw new OpenClawError('run_not_found', { details: { runId, keptDays: this.#limits.turnDays } });
    if (stored.result) return stored.result;
    const turn = await this.#sessions.run(stored.sessionKey, async () => this.#lanes.find(runId));
    return turn ? turn.ended : interrupted(stored, this.#options.clock.now());
  }

  async #stopTurnsOf(sessionKey: string): Promise<void> {
    const turns = [...this.#lanes.of(sessionKey)];
    this.abort({ sessionKey });
    await Promise.all(turns.map(({ ended }) => ended));
  }

  async #summary(key: string): Promise<SessionSummary> {
    const session = await this.#store.session(key);
    if (session) return session;
    throw new OpenClawError('session_not_found', { details: { sessionKey: key } });
  }

  #tell(event: TurnEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (thrown) {
        this.#options.log.error('somebody who follows turns failed', { runId: event.runId, reason: reasonOf(thrown) });
      }
    }
  }

  async #prune(): Promise<void> {
    try {
      const sessions = await this.#store.prune(this.#options.clock.now());
      if (sessions > 0) this.#options.log.warn('the sessions used longest ago were given up', { sessions, limit: this.#limits.sessions });
    } catch (thrown) {
      this.#options.log.warn('old turns could not be given up', { reason: reasonOf(thrown) });
    }
  }
}

function known(turn: StoredTurn, requestHash: string): StartedTurn {
  const { runId, sessionKey, agentId, acceptedAtMs } = turn;
  if (turn.requestHash !== requestHash) throw new OpenClawError('idempotency_key_reused', { details: { runId } });
  return { runId, sessionKey, agentId, acceptedAtMs, known: true };
}

function interrupted(turn: StoredTurn, nowMs: number): TurnResult {
  const { runId, sessionKey, agentId, text, acceptedAtMs } = turn;
  const { code, message, hint } = new OpenClawError('interrupted', { details: { runId } });
  return {
    ...{ runId, sessionKey, agentId, text, status: 'error', startedAtMs: acceptedAtMs, endedAtMs: nowMs },
    error: { code, message: `${message} ${hint}` },
  };
}

/** Keys of sessions are `agent:<id>:…`. */
function agentIdIn(sessionKey: string): string {
  return /^agent:([^:]+):/.exec(sessionKey)?.[1] ?? 'main';
}

function checkTimeout(timeoutMs: number | undefined, limits: TurnLimits): number {
  if (timeoutMs === undefined) return limits.timeoutMs;
  return timeoutMs <= 0 ? limits.maxTimeoutMs : Math.min(timeoutMs, limits.maxTimeoutMs);
}

function overloaded(limit: number, what: string): OpenClawError {
  return new OpenClawError('overloaded', { details: { limit, what, setting: 'the time between messages' }, retryAfterMs: 2000 });
}
