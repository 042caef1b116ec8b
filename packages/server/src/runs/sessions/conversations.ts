/**
 * Conversations: every message is a run of its session, which the engine carries out, also after a crash. Here are sessions, the doors to the
 * engine that know of them, and what people who talk are told.
 *
 * Nothing that was said is kept here: it is in the journal.
 */
import type { RunOrigin, RunView } from '@openclaw/protocol';
import { type Clock, sleep } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import type { AgentDirectory, RunRequest, Runs } from '../engine/contract.ts';
import type { Journal, RunObserver } from '../journal/contract.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type {
  Conversations,
  SessionChanges,
  SessionHistory,
  SessionPage,
  SessionSummary,
  StartedTurn,
  TurnEvent,
  TurnRequest,
  TurnResult,
} from './contract.ts';
import { readHistory, tellRun } from './history.ts';
import { sessionLimits, type SessionLimits } from './limits.ts';
import { isSummaryRun, placeRun, summaryRunOrigin } from './places.ts';
import { checkMessage, checkName } from './requests.ts';
import { SessionStore } from './session-store.ts';
import { storable } from './text.ts';
import { resultOf, TurnWatch } from './turn-watch.ts';

export interface ConversationsOptions {
  readonly runs: Runs;
  /** Of the same runs. */
  readonly journal: Pick<Journal, 'observe'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'session'>;
  readonly log: Log;
  readonly agents: AgentDirectory;
  /** @throws OpenClawError `model_not_found`. @default every name is taken, and its run fails */
  readonly checkModel?: (model: string) => void;
  readonly limits?: Partial<SessionLimits>;
}

const pruneEveryMs = 60 * 60_000;
/** Requests that wait for the same session. */
const waitingPerKey = 64;
const summaryRequest =
  'Write down in short what matters of this conversation for going on with it: what was asked, what was found out, what was decided, what is ' +
  'open. Names, numbers and paths exactly. Use no tools, and answer with the summary alone.';

export function createConversations(options: ConversationsOptions): Conversations {
  return new ConversationService(options);
}

class ConversationService implements Conversations {
  readonly #options: ConversationsOptions;
  readonly #limits: SessionLimits;
  readonly #store: SessionStore;
  readonly #watch: TurnWatch;
  /** What changes a session does so alone. */
  readonly #alone = new OneAtATime(waitingPerKey);
  readonly #listeners = new Set<(event: TurnEvent) => void>();
  readonly #observers = new Set<RunObserver>();
  /** Those who wait for the end of a run. */
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Runs by the approvals that they asked for, the oldest given up first. */
  readonly #asked = new Map<string, string>();
  readonly #ends: (() => void)[];

  constructor(options: ConversationsOptions) {
    const { journal, clock, log, database } = options;
    this.#options = options;
    this.#limits = { ...sessionLimits, ...options.limits };
    this.#store = new SessionStore(database);
    this.#watch = new TurnWatch({
      whereabouts: (runId) => this.#store.whereabouts(runId),
      tell: (event) => this.#tell(event),
      onFailure: (runId, thrown) => log.warn('where a run was could not be read', { runId, reason: reasonOf(thrown) }),
    });
    const pruning = clock.every(pruneEveryMs, () => void this.#prune());
    this.#ends = [journal.observe((events, view) => this.#take(events, view)), () => pruning.cancel()];
  }

  async start(request: TurnRequest): Promise<StartedTurn> {
    checkName(request.sessionKey, 'sessionKey');
    checkName(request.idempotencyKey, 'idempotencyKey');
    return this.#alone.run(request.sessionKey, () => this.#accept(request));
  }

  async create(request: RunRequest, origin: RunOrigin): Promise<{ readonly run: RunView; readonly isKnown: boolean }> {
    const { session: sessionKey } = request;
    if (sessionKey === undefined) return this.#options.runs.create(request, origin);
    checkName(sessionKey, 'session');
    return this.#alone.run(sessionKey, () => this.#begin({ ...request, session: sessionKey }, origin));
  }

  async wait(runId: string, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal }) {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, waiting.add(resolve));
    const leaving = new AbortController();
    try {
      // After the wait has begun: it may end in between.
      const found = await this.#resultNow(runId);
      if (found || timeoutMs <= 0) return found;
      const late = sleep(this.#options.clock, timeoutMs, AbortSignal.any([signal, leaving.signal])).catch((reason: unknown) => {
        if (signal.aborted) throw reason;
      });
      await Promise.race([ended, late]);
      return await this.#resultNow(runId);
    } finally {
      leaving.abort();
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(runId) === waiting) this.#waiting.delete(runId);
    }
  }

  async running(sessionKey: string) {
    for (const runId of await this.#store.open(sessionKey)) {
      const view = await this.#options.runs.get(runId);
      if (view.endedAtMs === null && !isSummaryRun(view)) return { runId, text: this.#watch.textOf(runId), acceptedAtMs: view.createdAtMs };
    }
    return undefined;
  }

  async abort({ runId, sessionKey }: { readonly runId?: string; readonly sessionKey?: string }, by = 'chat'): Promise<readonly string[]> {
    if (runId === undefined && sessionKey === undefined) return [];
    const open = sessionKey === undefined ? [runId ?? ''] : await this.#store.open(sessionKey);
    const stopped = await Promise.all(open.filter((id) => id === (runId ?? id)).map((id) => this.#stop(id, by)));
    return stopped.filter((id) => id !== undefined);
  }

  listSessions(page: { readonly limit: number; readonly offset: number }) {
    return this.#store.sessions(page);
  }

  async history(sessionKey: string, page: SessionPage): Promise<SessionHistory> {
    const session = (await this.#store.session(sessionKey)) ?? (await this.#adopt(sessionKey));
    if (!session) return { session, messages: [] };
    const { historyCharacters: limitCharacters, itemCharacters } = this.#limits;
    return { session, ...(await readHistory(this.#store, session.sessionId, { ...page, limitCharacters, itemCharacters })) };
  }

  async patchSession(key: string, changes: SessionChanges): Promise<SessionSummary> {
    checkName(key, 'key');
    if (typeof changes.label === 'string') checkName(changes.label, 'label');
    if (typeof changes.model === 'string') this.#options.checkModel?.(changes.model);
    return this.#alone.run(key, async () => {
      const nowMs = this.#options.clock.now();
      if (!(await this.#store.session(key))) {
        const { id: agentId } = this.#options.agents.get(agentIdIn(key));
        await this.#store.begin(key, { sessionId: this.#options.ids.session(), agentId, nowMs });
      }
      await this.#store.change(key, changes, nowMs);
      return this.#summary(key);
    });
  }

  async resetSession(key: string): Promise<SessionSummary> {
    return this.#alone.run(key, async () => {
      await this.#summary(key);
      await this.#stopAll(key);
      // Whoever began them elsewhere did so before this.
      await this.#adopt(key);
      await this.#store.reset(key, { sessionId: this.#options.ids.session(), nowMs: this.#options.clock.now() });
      return this.#summary(key);
    });
  }

  async deleteSession(key: string): Promise<boolean> {
    return this.#alone.run(key, async () => {
      if (!(await this.#store.session(key))) return false;
      await this.#stopAll(key);
      await this.#adopt(key);
      await this.#store.delete(key);
      await this.#store.forgetRuns(key);
      return true;
    });
  }

  async idleSessions(beforeMs: number): Promise<number> {
    return this.#store.countIdle(beforeMs);
  }

  async deleteIdleSessions(beforeMs: number, limit: number): Promise<number> {
    const keys = await this.#store.idleKeys(beforeMs, limit);
    for (const key of keys) {
      await this.#alone.run(key, async () => {
        // Somebody may have gone on with it since it was found.
        const session = await this.#store.session(key);
        if (!session || session.updatedAtMs >= beforeMs) return;
        await this.#adopt(key);
        await this.#store.delete(key);
        await this.#store.forgetRuns(key);
      });
    }
    return keys.length;
  }

  async compactSession(key: string, { by, signal }: { readonly by: string; readonly signal: AbortSignal }): Promise<boolean> {
    const runId = await this.#alone.run(key, async () => {
      const { sessionId, agentId } = await this.#summary(key);
      const [last] = await this.#store.placesBefore(sessionId, { before: Number.MAX_SAFE_INTEGER, limit: 1 });
      if (!last || last.isSummary) return undefined;
      // Asked for again, also after a crash, it is the same run.
      const idempotencyKey = `summary of ${sessionId} to ${last.place}`;
      const request = { agent: agentId, session: key, input: summaryRequest, idempotencyKey };
      return (await this.#begin(request, summaryRunOrigin(by))).run.id;
    });
    if (runId === undefined) return false;
    const result = await this.wait(runId, { timeoutMs: this.#limits.compactionMs, signal });
    if (result?.status === 'ok') return true;
    const timeoutMs = this.#limits.compactionMs;
    if (!result) throw new OpenClawError('deadline_exceeded', { details: { timeoutMs } });
    throw new OpenClawError('run_ended', { details: { runId, status: result.error?.message ?? result.status } });
  }

  subscribe(listener: (event: TurnEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  observe(listener: RunObserver): () => void {
    this.#observers.add(listener);
    return () => void this.#observers.delete(listener);
  }

  approvals() {
    return this.#store.approvals();
  }

  async runOfApproval(approvalId: string): Promise<string | undefined> {
    const known = this.#asked.get(approvalId);
    return known ?? (await this.#store.approvals()).find((approval) => approval.approvalId === approvalId)?.runId;
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** Alone in its session. */
  async #accept(request: TurnRequest): Promise<StartedTurn> {
    const { sessionKey, agentId, idempotencyKey, model, timeoutMs } = request;
    const earlier = await this.#find(idempotencyKey);
    if (earlier) {
      if (earlier.sessionKey !== sessionKey || earlier.input !== storable(request.message))
        throw new OpenClawError('idempotency_key_reused', { details: { runId: idempotencyKey } });
      await placeRun(earlier, { ...this.#options, store: this.#store });
      return startedOf(earlier, true);
    }
    const input = checkMessage(request.message, this.#limits.messageCharacters);
    const { waitingPerSession: limit } = this.#limits;
    if ((await this.#store.open(sessionKey)).length > limit) {
      const details = { limit, what: 'messages that wait in one session', setting: 'the time between messages' };
      throw new OpenClawError('overloaded', { details, retryAfterMs: 2000 });
    }
    const wanted = {
      ...{ agent: agentId, session: sessionKey, input, id: idempotencyKey, idempotencyKey },
      ...(model === undefined ? {} : { model }),
      ...(timeoutMs === undefined || timeoutMs <= 0 ? {} : { limits: { timeMs: timeoutMs } }),
    };
    const { run, isKnown } = await this.#begin(wanted, request.origin ?? { kind: 'chat', by: 'chat' });
    return startedOf(run, isKnown);
  }

  /** Alone in its session. */
  async #begin(request: RunRequest & { readonly session: string }, origin: RunOrigin) {
    const session = (await this.#store.session(request.session)) ?? (await this.#adopt(request.session));
    const model = request.model ?? session?.model ?? undefined;
    const created = await this.#options.runs.create({ ...request, ...(model === undefined ? {} : { model }) }, origin);
    await placeRun(created.run, { ...this.#options, store: this.#store });
    return created;
  }

  /** Runs of the session that came by another door take their places in it. @returns the session, where there is one */
  async #adopt(sessionKey: string): Promise<SessionSummary | undefined> {
    for (const runId of await this.#store.unplaced(sessionKey)) {
      const view = await this.#find(runId);
      if (view) await placeRun(view, { ...this.#options, store: this.#store });
    }
    return this.#store.session(sessionKey);
  }

  async #find(runId: string): Promise<RunView | undefined> {
    try {
      return await this.#options.runs.get(runId);
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code === 'run_not_found') return undefined;
      throw thrown;
    }
  }

  async #resultNow(runId: string): Promise<TurnResult | undefined> {
    const view = await this.#options.runs.get(runId);
    return view.endedAtMs === null ? undefined : resultOf(view, await tellRun(this.#store, runId));
  }

  /** @returns its id where it had not ended */
  async #stop(runId: string, by: string): Promise<string | undefined> {
    try {
      await this.#options.runs.cancel(runId, by);
      return runId;
    } catch (thrown) {
      if (thrown instanceof OpenClawError && (thrown.code === 'run_ended' || thrown.code === 'run_not_found')) return undefined;
      throw thrown;
    }
  }

  /** One that does not end in time goes on outside of the session. */
  async #stopAll(sessionKey: string): Promise<void> {
    const stopped = await this.abort({ sessionKey });
    const { signal } = new AbortController();
    await Promise.all(stopped.map((runId) => this.wait(runId, { timeoutMs: this.#limits.stopMs, signal })));
  }

  async #summary(key: string): Promise<SessionSummary> {
    const session = await this.#store.session(key);
    if (session) return session;
    throw new OpenClawError('session_not_found', { details: { sessionKey: key } });
  }

  /** Synchronously with the commit, so that nobody is told in another order. */
  #take(events: Parameters<RunObserver>[0], view: RunView): void {
    for (const event of events) if ('approvalId' in event) this.#remember(event.approvalId, view.id);
    this.#watch.take(events, view);
    for (const observe of [...this.#observers]) this.#guarded(view.id, () => observe(events, view));
    if (view.endedAtMs !== null) for (const resolve of this.#waiting.get(view.id) ?? []) resolve();
  }

  #remember(approvalId: string, runId: string): void {
    this.#asked.set(approvalId, runId);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > this.#limits.answeredApprovals && oldest !== undefined) this.#asked.delete(oldest);
  }

  #tell(event: TurnEvent): void {
    for (const listener of [...this.#listeners]) this.#guarded(event.runId, () => listener(event));
  }

  #guarded(runId: string, action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#options.log.error('somebody who follows runs failed', { runId, reason: reasonOf(thrown) });
    }
  }

  async #prune(): Promise<void> {
    try {
      const sessions = await this.#store.prune(this.#limits.sessions);
      if (sessions > 0) this.#options.log.warn('the sessions used longest ago were given up', { sessions, limit: this.#limits.sessions });
    } catch (thrown) {
      this.#options.log.warn('old sessions could not be given up', { reason: reasonOf(thrown) });
    }
  }
}

function startedOf({ id: runId, sessionKey, agentId, createdAtMs: acceptedAtMs }: RunView, known: boolean): StartedTurn {
  return { runId, sessionKey, agentId, acceptedAtMs, known };
}

/** Keys of sessions are `agent:<id>:…`. */
function agentIdIn(sessionKey: string): string {
  return /^agent:([^:]+):/.exec(sessionKey)?.[1] ?? 'main';
}
