/**
 * The model path: takes one call of a client, asks targets until one answers, and hands the answer on.
 *
 * It ties the pieces together and decides only this: a failure before the first output may be tried elsewhere, a failure
 * after it ends the answer with an error. Which names exist and in which order: `route.ts`, `order.ts`. Who may be asked
 * again: `attempts.ts`. When there is room: `admission/`. What is sent and read: `operation.ts`.
 */
import type { Clock } from '../core/clock.ts';
import { untilAborted } from '../core/until-aborted.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { parseJsonBody } from '../core/parse-json.ts';
import type { Admission, Permit } from './admission/contract.ts';
import type { Allowances } from './allowance.ts';
import { Answer } from './answer.ts';
import { Attempt, totalCost, totalUsage, type AttemptReport } from './attempt.ts';
import { createAttemptPlan, type AttemptPlan, type RetryOptions, type Round } from './attempts.ts';
import type { Caller, ModelCall, ModelSink, OperationName } from './call.ts';
import { createChat } from './chat.ts';
import { createTokenCount } from './count-tokens.ts';
import { createEmbeddings } from './embeddings/index.ts';
import { Recording, type AnswerCache, type CacheSettings, type Lead } from './cache.ts';
import type { FinishEvent, ModelEvent, Usage } from './dialects/events.ts';
import type { Lifecycle, LifecycleRegistry, Outcome } from './lifecycle.ts';
import { charactersPerToken, type Operation } from './operation.ts';
import type { Keeping } from './read-answer.ts';
import type { StoredResponses } from './responses/index.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Target } from './target.ts';

export type { AttemptReport } from './attempt.ts';

/** What is known of a request when it is over; the only thing that leaves the path. Never content. */
export interface RequestReport {
  readonly call: ModelCall;
  readonly requestedModel: string;
  readonly stream: boolean;
  /** Who answered, or was asked last. */
  readonly target: Target | undefined;
  readonly attempts: readonly AttemptReport[];
  /** Usage over all attempts, and how the answer that the client saw ended. */
  readonly observed: { readonly usage: Usage | undefined; readonly finish: FinishEvent | undefined };
  /** Over all attempts. */
  readonly costNanoUsd: number | undefined;
  readonly outcome: Outcome;
  readonly firstOutputMs: number | undefined;
  readonly totalMs: number;
  /** Time in which it waited for room, over all attempts. */
  readonly queueMs: number;
  /** What was decided on the way, in short notes for people. */
  readonly decisions: readonly string[];
  /** Answered from what was kept. */
  readonly cached?: boolean;
}

export interface ModelServiceOptions {
  /** The owner of what is under way. */
  readonly requests: LifecycleRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: RetryOptions;
  readonly retryBudget: RetryBudget;
  readonly admission: Admission;
  readonly allowances: Allowances;
  readonly nestingDepthLimit: number;
  /** Keeps responses between requests. Without it none is kept, and what a request refers to is its provider's business. */
  readonly stored?: StoredResponses;
  readonly hedging: HedgingOptions;
  /** Absent where answers are not used again. */
  readonly cache?: CacheOptions | undefined;
  /** @throws OpenClawError `model_not_found`, `model_forbidden`, and what a provider said to the only key that there is */
  readonly route: (operation: Operation, caller: Caller) => Routed;
  /** At the end of each attempt; its request may go on for long. */
  readonly onAttempt?: (report: AttemptReport, stream: boolean) => void;
  readonly onFinished: (report: RequestReport) => void;
  /** US$ in billionths, where the price is known. */
  readonly costOf: (target: Target, usage: Usage) => number | undefined;
}

/** Who may answer, in the order in which they are asked. */
export interface Routed {
  readonly targets: readonly Target[];
  /** Whether an answer that breaks off after its first output may be gone on with elsewhere. */
  readonly goesOn: boolean;
}

export interface CacheOptions {
  readonly answers: AnswerCache;
  readonly settings: CacheSettings;
}

export interface HedgingOptions {
  readonly enabled: boolean;
  /** After how long without output a second target is asked; `undefined` while too little is known of the first. */
  readonly delayMs: (target: Target) => number | undefined;
}

export interface ModelService {
  /** Resolves when the answer has been handed over or the client is gone. Never rejects. */
  serve(call: ModelCall, sink: ModelSink): Promise<void>;
  readonly requests: Pick<LifecycleRegistry, 'inFlight' | 'idle' | 'cancelAll'>;
}

export function createModelService(options: ModelServiceOptions): ModelService {
  const { requests } = options;
  return {
    requests,
    serve: (call, sink) => new Serving({ call, sink, lifecycle: requests.begin(call.requestId) }, options).run(),
  };
}

interface Served {
  readonly call: ModelCall;
  readonly sink: ModelSink;
  readonly lifecycle: Lifecycle;
}

/** One call under way. */
class Serving {
  readonly #call: ModelCall;
  readonly #lifecycle: Lifecycle;
  readonly #options: ModelServiceOptions;
  readonly #answer: Answer;
  readonly #attempts: Attempt[] = [];
  readonly #decisions: string[] = [];
  #operation: Operation | undefined;
  /** The attempt whose output the client sees. */
  #winner: Attempt | undefined;
  #firstOutputMs: number | undefined;
  #queueMs = 0;
  #cached = false;
  #wentOn = false;
  /** Only where the answer is to be kept. */
  #recordings: Map<Attempt, Recording> | undefined;

  constructor({ call, sink, lifecycle }: Served, options: ModelServiceOptions) {
    this.#call = call;
    this.#lifecycle = lifecycle;
    this.#options = options;
    this.#answer = new Answer({ call, sink, lifecycle, clock: options.clock });
  }

  async run(): Promise<void> {
    const lifecycle = this.#lifecycle;
    this.#call.whenGone(() => lifecycle.cancel(new OpenClawError('client_closed')));
    try {
      if (this.#call.timeoutMs !== undefined) lifecycle.setDeadline(this.#call.timeoutMs);
      let operation = this.#open();
      this.#operation = operation;
      const routed = this.#options.route(operation, this.#call.caller);
      let { targets } = routed;
      if (operation.stream) this.#answer.keepAlive();
      if (this.#call.dialect === 'openai-responses' && this.#call.operation === 'chat' && this.#options.stored) {
        ({ operation, targets } = await this.#withStored(this.#options.stored, operation.body(), targets));
        this.#operation = operation;
      }
      const reserving = this.#reserve(operation, targets);
      if (reserving) await untilAborted(reserving, lifecycle.signal);
      if (routed.goesOn) operation.going?.allow();
      const key = this.#options.cache && operation.cacheKey();
      if (key === undefined) await this.#askUntilAnswered(operation, { targets, goesOn: routed.goesOn });
      else await this.#askOnce(key, operation, { targets, goesOn: routed.goesOn });
      this.#finish({ kind: 'completed' });
    } catch (thrown) {
      // An abort has the reason why it happened; what broke because of it is only its echo.
      const cause: unknown = lifecycle.signal.aborted ? lifecycle.signal.reason : thrown;
      const error = toOpenClawError(cause, this.#call.requestId);
      try {
        if (!this.#winner) this.#describeInHeaders(this.#attempts.at(-1));
        this.#answer.fail(error, this.#attempts.length);
      } finally {
        // Whatever becomes of the words, what is held for the request is given back.
        this.#finish(error.code === 'client_closed' ? { kind: 'cancelled', error } : { kind: 'failed', error });
      }
    }
  }

  /** Apart, so that nobody holds on to the parsed body of a long prompt while the answer is awaited. */
  #open(): Operation {
    return operations[this.#call.operation](this.#call, parseJsonBody(this.#call.body, { depthLimit: this.#options.nestingDepthLimit }));
  }

  /** What a request refers to is put in its place or sought where it is, and its answer is kept. */
  async #withStored(
    stored: StoredResponses,
    body: JsonObject,
    targets: readonly Target[],
  ): Promise<{ readonly operation: Operation; readonly targets: readonly Target[] }> {
    const prepared = await stored.prepare({ call: this.#call, body, targets });
    // The client may have left meanwhile.
    this.#lifecycle.signal.throwIfAborted();
    const { input: _input, ...asked } = body;
    const keeping: Keeping = { keep: (answer, from) => stored.keep(this.#call, answer, from), asked };
    return { operation: createChat(prepared.call, prepared.body, keeping), targets: prepared.targets };
  }

  /** Holds the caller to its limits. Most callers have none, and wait for nothing. */
  #reserve(operation: Operation, targets: readonly Target[]): Promise<void> | undefined {
    const { allowances, costOf } = this.#options;
    const { input, output } = operation.estimate;
    const [first] = allowances.hasBudget(this.#call.caller.id) ? targets : [];
    const nanoUsd = first && costOf(first, { input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 });
    const reserved = allowances.reserve(this.#call.caller.id, { tokens: input + output, nanoUsd: nanoUsd ?? 0 });
    if (reserved === undefined) return undefined;
    const lifecycle = this.#lifecycle;
    return Promise.resolve(reserved).then((reservation) => {
      if (!reservation) return;
      lifecycle.own(() => {
        if (this.#attempts.length === 0 && !this.#cached) reservation.release();
        else reservation.settle(this.#spent(operation));
      });
    });
  }

  /** What counts against limits: what providers counted, and an estimate where an answer came without a count. */
  #spent(operation: Operation): { readonly tokens: number; readonly nanoUsd: number } {
    const reports = this.#reports();
    const usage = totalUsage(reports);
    if (usage) return { tokens: usage.input + usage.output, nanoUsd: totalCost(reports) ?? 0 };
    const characters = this.#winner?.observed.outputCharacters ?? 0;
    return { tokens: this.#winner ? operation.estimate.input + Math.ceil(characters / charactersPerToken) : 0, nanoUsd: 0 };
  }

  /** Answers from what was kept, or from what somebody else asks just now; else asks, and keeps the answer. */
  async #askOnce(key: string, operation: Operation, routed: Routed): Promise<void> {
    const { cache, clock } = this.#options;
    if (!cache) return this.#askUntilAnswered(operation, routed);
    for (;;) {
      const entry = cache.answers.enter(key);
      if (entry.kind === 'lead') return this.#lead(entry.lead, operation, routed);
      const kept = entry.kind === 'hit' ? entry.answer : await untilAborted(entry.answer, this.#lifecycle.signal);
      // Whoever asked got no answer that serves others: now it is this one's turn.
      if (!kept) continue;
      this.#cached = true;
      this.#answer.headers['x-openclaw-cache'] = 'hit';
      this.#answer.headers['x-openclaw-target'] = headerText(kept.target);
      this.#firstOutputMs = clock.monotonicMs() - this.#lifecycle.startedMs;
      return operation.replay(kept, { answer: this.#answer, clock });
    }
  }

  async #lead(lead: Lead, operation: Operation, routed: Routed): Promise<void> {
    const { cache } = this.#options;
    this.#lifecycle.own(() => lead.settle(undefined));
    this.#recordings = cache && new Map<Attempt, Recording>();
    this.#answer.headers['x-openclaw-cache'] = 'miss';
    await this.#askUntilAnswered(operation, routed);
    // An answer of two models is not what either would say.
    const events = this.#wentOn || !this.#winner ? undefined : this.#recordings?.get(this.#winner)?.events;
    lead.settle(events && this.#winner && { events, target: this.#winner.target.name });
  }

  async #askUntilAnswered(operation: Operation, { targets, goesOn }: Routed): Promise<void> {
    const { clock, random, retry, retryBudget } = this.#options;
    const plan = createAttemptPlan(targets, { ...retry, random, monotonicMs: () => clock.monotonicMs() });
    let failure: OpenClawError | undefined;
    for (;;) {
      const round = plan.next(this.#lifecycle.remainingMs());
      if (!round) throw failure ?? new OpenClawError('internal_error', { details: { requestId: this.#call.requestId } });
      if (round.number === 1) retryBudget.count();
      else if (failure && !retryBudget.take()) {
        this.#decisions.push('not tried again: the retry budget of the gateway is used up');
        throw failure;
      }
      const permit = await this.#enter(this.#answer.committed ? beginningTakers(round, operation) : round, failure);
      if (this.#answer.committed) this.#goOn(operation, permit.target);
      failure = await this.#ask(operation, permit, { plan, round });
      if (!failure) return;
      if (this.#lifecycle.signal.aborted) throw failure;
      if (this.#answer.committed && !(goesOn && operation.going?.possible)) throw failure;
    }
  }

  /** The answer broke off after the client had seen some of it, and the next target goes on. */
  #goOn(operation: Operation, target: Target): void {
    operation.going?.begin(target, this.#winner?.report?.usage);
    this.#decisions.push(`${target.name} goes on with what ${this.#winner?.target.name ?? 'another'} began`);
    this.#winner = undefined;
    this.#wentOn = true;
  }

  async #enter({ candidates }: Round<Target>, failure: OpenClawError | undefined): Promise<Permit> {
    const { caller } = this.#call;
    const { startedMs, deadlineMs, signal } = this.#lifecycle;
    if (failure && candidates.length === 0) throw failure;
    try {
      const entry = this.#options.admission.enter({ candidates, turn: caller.id, arrivedMs: startedMs, deadlineMs, signal });
      const permit = entry instanceof Promise ? await entry : entry;
      this.#queueMs += permit.waitedMs;
      return permit;
    } catch (thrown) {
      if (signal.aborted || !failure) throw thrown;
      // Nobody else has room: the failure that came first says more.
      this.#decisions.push(`not tried again: ${toOpenClawError(thrown).message}`);
      throw failure;
    }
  }

  /** One attempt, or two where it is hedged. The failure, if nobody answered. */
  async #ask(
    operation: Operation,
    permit: Permit,
    { plan, round }: { readonly plan: AttemptPlan<Target>; readonly round: Round<Target> },
  ): Promise<OpenClawError | undefined> {
    const { hedging, clock } = this.#options;
    const delayMs = hedging.enabled && operation.stream && round.candidates.length > 1 ? hedging.delayMs(permit.target) : undefined;
    if (delayMs === undefined) return this.#run(operation, { permit, plan, hedge: false, hedged: false });
    let second: Promise<OpenClawError | undefined> | undefined;
    const timer = clock.after(delayMs, () => {
      const beside = this.#winner ? undefined : this.#permitBeside(permit, round);
      if (!beside) return;
      this.#decisions.push(`asked ${beside.target.name} too: ${permit.target.name} had said nothing for ${Math.round(delayMs)} ms`);
      second = this.#run(operation, { permit: beside, plan, hedge: true, hedged: true });
    });
    const failure = await this.#run(operation, { permit, plan, hedge: false, hedged: true });
    timer.cancel();
    // Whichever came second was cancelled when the other one spoke, and has ended or ends now.
    const secondFailure = second && (await second);
    return second && !secondFailure ? undefined : failure;
  }

  /** A place at another target for a hedge, if there is one at once and the retry budget allows it. */
  #permitBeside(permit: Permit, { candidates }: Round<Target>): Permit | undefined {
    const others = candidates.filter(({ target }) => target.name !== permit.target.name);
    const beside = others.length > 0 && !this.#lifecycle.signal.aborted ? this.#options.admission.tryEnter(others) : undefined;
    if (beside && !this.#options.retryBudget.take()) {
      beside.release({ kind: 'cancelled' });
      return undefined;
    }
    return beside;
  }

  async #run(
    operation: Operation,
    how: { readonly permit: Permit; readonly plan: AttemptPlan<Target>; readonly hedge: boolean; readonly hedged: boolean },
  ): Promise<OpenClawError | undefined> {
    const { clock, costOf } = this.#options;
    const attempt = new Attempt({
      ...{ permit: how.permit, lifecycle: this.#lifecycle, clock, costOf },
      ...{ hedge: how.hedge, cancellable: how.hedged },
    });
    this.#attempts.push(attempt);
    const failure = await attempt.run(operation, {
      answer: this.#answer,
      onOutput: () => this.#claim(attempt, operation),
      record: this.#recordings && this.#recordingOf(attempt),
    });
    if (failure && !attempt.report?.cancelled) how.plan.failed(attempt.target, failure);
    if (attempt.report) this.#options.onAttempt?.(attempt.report, operation.stream);
    return failure;
  }

  #recordingOf(attempt: Attempt): ((events: readonly ModelEvent[]) => void) | undefined {
    const { cache } = this.#options;
    if (!cache || !this.#recordings) return undefined;
    const recording = new Recording(cache.settings);
    this.#recordings.set(attempt, recording);
    return (events) => recording.push(events);
  }

  /** The first attempt with output has the answer to itself. */
  #claim(attempt: Attempt, operation: Operation): void {
    if (this.#winner) {
      if (this.#winner === attempt) return;
      throw new OpenClawError('superseded');
    }
    this.#winner = attempt;
    attempt.noteFirstOutput();
    this.#firstOutputMs ??= this.#options.clock.monotonicMs() - this.#lifecycle.startedMs;
    if (this.#attempts.length > 1) {
      for (const other of this.#attempts) if (other !== attempt) other.cancel(new OpenClawError('superseded'));
    }
    this.#describeInHeaders(attempt);
    if (!operation.stream) this.#sayCost(attempt);
  }

  #describeInHeaders(attempt: Attempt | undefined): void {
    const { headers } = this.#answer;
    headers['x-openclaw-queue-ms'] = String(Math.round(this.#queueMs));
    if (!attempt) return;
    headers['x-openclaw-target'] = headerText(attempt.target.name);
    headers['x-openclaw-attempts'] = String(this.#attempts.length);
  }

  /** Only what is whole has a cost that is known before its first byte. */
  #sayCost({ target, observed }: Attempt): void {
    if (!observed.usage) return;
    const before = totalCost(this.#reports()) ?? 0;
    const cost = this.#options.costOf(target, observed.usage);
    if (cost !== undefined) this.#answer.headers['x-openclaw-cost'] = ((before + cost) / 1e9).toFixed(9);
  }

  #reports(): AttemptReport[] {
    const reports: AttemptReport[] = [];
    for (const { report } of this.#attempts) if (report) reports.push(report);
    return reports;
  }

  #finish(outcome: Outcome): void {
    if (!this.#lifecycle.finish(outcome)) return;
    const attempts = this.#reports();
    const last = this.#winner ?? this.#attempts.at(-1);
    this.#options.onFinished({
      call: this.#call,
      requestedModel: this.#operation?.model ?? '',
      stream: this.#operation?.stream ?? false,
      target: last?.target,
      attempts,
      observed: { usage: totalUsage(attempts), finish: last?.observed.finish },
      costNanoUsd: totalCost(attempts),
      outcome,
      firstOutputMs: this.#firstOutputMs,
      totalMs: this.#options.clock.monotonicMs() - this.#lifecycle.startedMs,
      queueMs: this.#queueMs,
      decisions: this.#decisions,
      ...(this.#cached && { cached: true }),
    });
  }
}

const operations: Readonly<Record<OperationName, (call: ModelCall, body: JsonObject) => Operation>> = {
  chat: createChat,
  embeddings: createEmbeddings,
  countTokens: createTokenCount,
};

/** An answer goes on only at a target that takes its beginning. */
function beginningTakers(round: Round<Target>, { going }: Operation): Round<Target> {
  return { ...round, candidates: round.candidates.filter(({ target }) => going?.takes(target)) };
}

/** Names of models come from clients, and a header takes fewer characters than they do: the others are written as in a URL. */
function headerText(name: string): string {
  return /^[ -$&-~]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}
