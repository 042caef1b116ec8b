/**
 * The model path: takes one call of a client, asks targets until one answers, and hands the answer on.
 *
 * It ties the pieces together and decides only this: a failure before the first output may be tried elsewhere, a failure
 * after it ends the answer with an error. Which names exist and in which order: `route.ts`, `order.ts`. Who may be asked
 * again: `attempts.ts`. When there is room: `admission/`. What is sent and read: `operation.ts`.
 */
import type { Clock } from '../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { parseJsonBody } from '../core/parse-json.ts';
import type { Admission, Permit } from './admission/contract.ts';
import type { Allowances } from './allowance.ts';
import { Answer } from './answer.ts';
import { Attempt, totalCost, totalUsage, type AttemptReport } from './attempt.ts';
import { createAttemptPlan, type AttemptPlan, type RetryOptions, type Round } from './attempts.ts';
import type { Caller, ModelCall, ModelSink } from './call.ts';
import { createChat } from './chat.ts';
import type { FinishEvent, Usage } from './dialects/events.ts';
import type { Lifecycle, LifecycleRegistry, Outcome } from './lifecycle.ts';
import { charactersPerToken, type Operation } from './operation.ts';
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
  /** @throws OpenClawError `model_not_found`, `model_forbidden` */
  readonly route: (model: string, caller: Caller) => readonly Target[];
  readonly onFinished: (report: RequestReport) => void;
  /** US$ in billionths, where the price is known. */
  readonly costOf: (target: Target, usage: Usage) => number | undefined;
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
      const body = parseJsonBody(this.#call.body, { depthLimit: this.#options.nestingDepthLimit });
      let operation = createChat(this.#call, body);
      this.#operation = operation;
      let targets = this.#options.route(operation.model, this.#call.caller);
      if (operation.stream) this.#answer.keepAlive();
      if (this.#call.dialect === 'openai-responses' && this.#options.stored) {
        ({ operation, targets } = await this.#withStored(this.#options.stored, body, targets));
        this.#operation = operation;
      }
      const reserving = this.#reserve(operation, targets);
      if (reserving) await reserving;
      await this.#askUntilAnswered(operation, targets);
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
    const keep = (answer: JsonObject, target: Target): void => stored.keep(this.#call, answer, target);
    return { operation: createChat(prepared.call, prepared.body, { keep, asked }), targets: prepared.targets };
  }

  /** Holds the caller to its limits. Most callers have none, and wait for nothing. */
  #reserve(operation: Operation, targets: readonly Target[]): Promise<void> | undefined {
    const { input, output } = operation.estimate;
    const [first] = targets;
    const nanoUsd = first ? (this.#options.costOf(first, { input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 }) ?? 0) : 0;
    const reserved = this.#options.allowances.reserve(this.#call.caller.id, { tokens: input + output, nanoUsd });
    if (reserved === undefined) return undefined;
    const lifecycle = this.#lifecycle;
    return Promise.resolve(reserved).then((reservation) => {
      if (!reservation) return;
      lifecycle.own(() => {
        if (this.#attempts.length === 0) reservation.release();
        else reservation.settle(this.#spent(operation));
      });
      // The client may have left meanwhile.
      lifecycle.signal.throwIfAborted();
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

  async #askUntilAnswered(operation: Operation, targets: readonly Target[]): Promise<void> {
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
      const permit = await this.#enter(round, failure);
      failure = await this.#ask(operation, permit, { plan, round });
      if (!failure) return;
      if (this.#lifecycle.signal.aborted || this.#answer.committed) throw failure;
    }
  }

  async #enter({ candidates }: Round<Target>, failure: OpenClawError | undefined): Promise<Permit> {
    const { caller } = this.#call;
    const { startedMs, deadlineMs, signal } = this.#lifecycle;
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
    const failure = await attempt.run(operation, { answer: this.#answer, onOutput: () => this.#claim(attempt, operation) });
    if (failure && !attempt.report?.cancelled) how.plan.failed(attempt.target, failure);
    return failure;
  }

  /** The first attempt with output has the answer to itself. */
  #claim(attempt: Attempt, operation: Operation): void {
    if (this.#winner) {
      if (this.#winner === attempt) return;
      throw new OpenClawError('superseded');
    }
    this.#winner = attempt;
    attempt.noteFirstOutput();
    this.#firstOutputMs = this.#options.clock.monotonicMs() - this.#lifecycle.startedMs;
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
    });
  }
}

/** Names of models come from clients, and a header takes fewer characters than they do: the others are written as in a URL. */
function headerText(name: string): string {
  return /^[ -$&-~]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}
