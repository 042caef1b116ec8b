/**
 * The model path: takes one call of a client, asks targets until one answers, and hands the answer on.
 *
 * It ties the pieces together: the caller's limits, stored responses, kept answers, the end of the request and its report.
 * Which names exist and in which order: `routing/route.ts`, `routing/order.ts`. Asking targets: `asking.ts`. What is sent and read: `operation.ts`.
 */
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { parseJsonBody } from '../core/parse-json.ts';
import { untilAborted } from '../core/until-aborted.ts';
import type { Allowances, Reservation } from './allowance.ts';
import { Answer } from './answer.ts';
import { Asking, headerText, type AskingOptions, type Routed } from './asking.ts';
import { totalCost, totalUsage } from './attempt.ts';
import type { AnswerCache, CacheSettings, Lead } from './cache.ts';
import type { Caller, ModelCall, ModelSink, OperationName } from './call.ts';
import { createChat } from './chat.ts';
import { createTokenCount } from './count-tokens.ts';
import { createEmbeddings } from './embeddings/index.ts';
import type { Lifecycle, LifecycleRegistry, Outcome } from './lifecycle.ts';
import type { Operation } from './operation.ts';
import type { Keeping } from './read-answer.ts';
import type { RequestReport } from './report.ts';
import type { StoredResponses } from './responses/index.ts';
import type { Target } from './target.ts';

export type { Routed } from './asking.ts';

export interface ModelServiceOptions extends AskingOptions {
  /** The owner of what is under way. */
  readonly requests: LifecycleRegistry;
  readonly allowances: Allowances;
  readonly nestingDepthLimit: number;
  /** Keeps responses between requests. Without it none is kept, and what a request refers to is its provider's business. */
  readonly stored?: StoredResponses;
  /** Absent where answers are not used again. */
  readonly cache?: CacheOptions | undefined;
  /** @throws OpenClawError `model_not_found`, `model_forbidden`, and what a provider said to the only key that there is */
  readonly route: (operation: Operation, caller: Caller) => Routed;
  readonly onFinished: (report: RequestReport) => void;
  /** Asked before a request is taken: why it is not. @default every one is */
  readonly admitWork?: (() => OpenClawError | undefined) | undefined;
}

export interface CacheOptions {
  readonly answers: AnswerCache;
  readonly settings: CacheSettings;
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

/**
 * Others who ask the same may fail or leave, one after the other. Who has waited for so many in vain asks for itself: the last of a
 * crowd must not wait for the failures of all before it.
 */
const leadersWaitedFor = 3;

/** What is asked, and of whom. */
interface Asked extends Routed {
  readonly operation: Operation;
}

/** One call under way. */
class Serving {
  readonly #call: ModelCall;
  readonly #lifecycle: Lifecycle;
  readonly #options: ModelServiceOptions;
  readonly #answer: Answer;
  readonly #asking: Asking;
  #operation: Operation | undefined;
  #cached = false;

  constructor({ call, sink, lifecycle }: Served, options: ModelServiceOptions) {
    this.#call = call;
    this.#lifecycle = lifecycle;
    this.#options = options;
    this.#answer = new Answer({ call, sink, lifecycle, clock: options.clock });
    this.#asking = new Asking({ call, lifecycle, answer: this.#answer }, options);
  }

  async run(): Promise<void> {
    const lifecycle = this.#lifecycle;
    this.#call.whenGone(() => lifecycle.cancel(new OpenClawError('client_closed')));
    try {
      this.#admit();
      if (this.#call.timeoutMs !== undefined) lifecycle.setDeadline(this.#call.timeoutMs);
      let asked = this.#route();
      if (asked.operation.stream) this.#answer.keepAlive();
      if (this.#refers) asked = await this.#withStored(asked);
      const reserving = this.#reserve(asked.operation, asked.targets);
      if (reserving) await untilAborted(reserving, lifecycle.signal);
      for (let answered = false; !answered;) {
        try {
          await this.#ask(asked);
          answered = true;
        } catch (thrown) {
          asked = await this.#routeAgain(thrown);
        }
      }
      this.#finish({ kind: 'completed' });
    } catch (thrown) {
      // An abort has the reason why it happened; what broke because of it is only its echo.
      const cause: unknown = lifecycle.signal.aborted ? lifecycle.signal.reason : thrown;
      const error = toOpenClawError(cause, this.#call.requestId);
      try {
        if (!this.#asking.winner) this.#asking.describe();
        this.#answer.fail(error, this.#asking.begun);
      } finally {
        // Whatever becomes of the words, what is held for the request is given back.
        this.#finish(error.code === 'client_closed' ? { kind: 'cancelled', error } : { kind: 'failed', error });
      }
    }
  }

  #admit(): void {
    const refusal = this.#options.admitWork?.();
    if (refusal) throw refusal;
  }

  /** Apart, so that nobody holds on to the parsed body of a long prompt while the answer is awaited. */
  #route(): Asked {
    const body = parseJsonBody(this.#call.body, { depthLimit: this.#options.nestingDepthLimit });
    const operation = operations[this.#call.operation](this.#call, body);
    this.#operation = operation;
    const { targets, goesOn } = this.#options.route(operation, this.#call.caller);
    return { operation, targets, goesOn };
  }

  /** Whether it may go on from what was answered before. */
  get #refers(): boolean {
    return this.#call.dialect === 'openai-responses' && this.#call.operation === 'chat' && this.#options.stored !== undefined;
  }

  /** What a request refers to is put in its place or sought where it is, and its answer is kept. */
  async #withStored(routed: Asked): Promise<Asked> {
    const { stored } = this.#options;
    if (!stored) return routed;
    const body = routed.operation.body();
    const prepared = await stored.prepare({ call: this.#call, body, targets: routed.targets });
    // The client may have left meanwhile.
    this.#lifecycle.signal.throwIfAborted();
    const { input: _input, ...asked } = body;
    const keeping: Keeping = { keep: (answer, from) => stored.keep(this.#call, answer, from), asked };
    const operation = createChat(prepared.call, prepared.body, keeping);
    this.#operation = operation;
    return { operation, targets: prepared.targets, goesOn: routed.goesOn };
  }

  /** Not itself asynchronous: a promise more costs each request something. */
  #ask(asked: Asked): Promise<void> {
    const { operation } = asked;
    if (asked.goesOn) operation.going?.allow();
    const key = this.#options.cache && operation.cacheKey();
    return key === undefined ? this.#asking.untilAnswered(operation, asked) : this.#askOnce(key, operation, asked);
  }

  /**
   * The configuration has lost everybody whom the request waited for, before anybody was asked: it goes where the configuration leads
   * now. @throws whatever else it is that was thrown
   */
  async #routeAgain(thrown: unknown): Promise<Asked> {
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'target_removed' || this.#asking.begun > 0) throw thrown;
    this.#asking.decisions.push('routed again by the new configuration');
    const asked = this.#route();
    return this.#refers ? this.#withStored(asked) : asked;
  }

  /** Holds the caller to its limits. Most callers have none, and wait for nothing. */
  #reserve(operation: Operation, targets: readonly Target[]): Promise<void> | undefined {
    const { allowances, costOf } = this.#options;
    const { input, output } = operation.estimate;
    const [first] = allowances.hasBudget(this.#call.caller.id) ? targets : [];
    const nanoUsd = first && costOf(first, { input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 });
    const reserved = allowances.reserve(this.#call.caller.id, { tokens: input + output, nanoUsd: nanoUsd ?? 0 });
    // A promise only where one is needed: waiting for nothing costs a request 3 µs.
    if (reserved instanceof Promise) return reserved.then((reservation) => this.#hold(reservation));
    this.#hold(reserved);
    return undefined;
  }

  #hold(reservation: Reservation | undefined): void {
    if (!reservation) return;
    this.#lifecycle.own(() => {
      if (this.#asking.begun === 0 && !this.#cached) reservation.release();
      else reservation.settle(this.#spent());
    });
  }

  /** What counts against limits: what providers counted, and an estimate where an answer came without a count. */
  #spent(): { readonly tokens: number; readonly nanoUsd: number } {
    const reports = this.#asking.reports();
    const usage = totalUsage(reports);
    return { tokens: usage ? usage.input + usage.output : 0, nanoUsd: totalCost(reports) ?? 0 };
  }

  /** Answers from what was kept, or from what somebody else asks just now; else asks, and keeps the answer. */
  async #askOnce(key: string, operation: Operation, routed: Routed): Promise<void> {
    const { cache, clock } = this.#options;
    if (!cache) return this.#asking.untilAnswered(operation, routed);
    for (let inVain = 0; inVain < leadersWaitedFor; inVain += 1) {
      const entry = cache.answers.enter(key);
      if (entry.kind === 'lead') return this.#lead(entry.lead, operation, { ...routed, settings: cache.settings });
      const kept = entry.kind === 'hit' ? entry.answer : await untilAborted(entry.answer, this.#lifecycle.signal);
      // Whoever asked got no answer that serves others: now it is this one's turn.
      if (!kept) continue;
      this.#cached = true;
      this.#answer.headers['x-openclaw-cache'] = 'hit';
      this.#answer.headers['x-openclaw-target'] = headerText(kept.target);
      this.#asking.firstOutputMs = clock.monotonicMs() - this.#lifecycle.startedMs;
      return operation.replay(kept, { answer: this.#answer, clock });
    }
    return this.#asking.untilAnswered(operation, routed);
  }

  async #lead(lead: Lead, operation: Operation, { settings, ...routed }: Routed & { readonly settings: CacheSettings }): Promise<void> {
    this.#lifecycle.own(() => lead.settle(undefined));
    this.#asking.record(settings);
    this.#answer.headers['x-openclaw-cache'] = 'miss';
    try {
      await this.#asking.untilAnswered(operation, routed);
    } catch (thrown) {
      // Somebody else's turn; maybe this one's own again.
      lead.settle(undefined);
      throw thrown;
    }
    const { recorded: events, winner } = this.#asking;
    lead.settle(events && winner && { events, target: winner.target.name });
  }

  #finish(outcome: Outcome): void {
    if (!this.#lifecycle.finish(outcome)) return;
    const asking = this.#asking;
    const attempts = asking.reports();
    const { last } = asking;
    const taken = { usage: totalUsage(attempts), costNanoUsd: totalCost(attempts) };
    this.#call.whenOver?.(taken);
    this.#options.onFinished({
      call: this.#call,
      requestedModel: this.#operation?.model ?? '',
      stream: this.#operation?.stream ?? false,
      target: last?.target,
      attempts,
      observed: { usage: taken.usage, finish: last?.observed.finish },
      costNanoUsd: taken.costNanoUsd,
      outcome,
      firstOutputMs: asking.firstOutputMs,
      totalMs: this.#options.clock.monotonicMs() - this.#lifecycle.startedMs,
      queueMs: asking.queueMs,
      decisions: asking.decisions,
      ...(this.#cached && { cached: true }),
    });
  }
}

const operations: Readonly<Record<OperationName, (call: ModelCall, body: JsonObject) => Operation>> = {
  chat: createChat,
  embeddings: createEmbeddings,
  countTokens: createTokenCount,
};
