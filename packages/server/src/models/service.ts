/**
 * The model path: takes one call of a client, asks targets until one answers, and hands the answer on.
 *
 * It ties the pieces together and decides only this: a failure before the first output may be tried elsewhere, a failure
 * after it ends the answer with an error. Which target and when: `attempts.ts`. Which names exist: `route.ts`.
 */
import { sleep, type Clock } from '../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import { parseJsonBody } from '../core/parse-json.ts';
import { Answer } from './answer.ts';
import { createAttemptPlan, type RetryOptions } from './attempts.ts';
import type { Caller, ModelCall, ModelSink } from './call.ts';
import { IncomingRequest, sendAttempt } from './exchange.ts';
import { createLifecycleRegistry, type Lifecycle, type LifecycleRegistry, type Outcome } from './lifecycle.ts';
import { readAnswer, type Observed } from './read-answer.ts';
import type { Target } from './target.ts';

/** What is known of a request when it is over; the only thing that leaves the path. Never content. */
export interface RequestReport {
  readonly call: ModelCall;
  readonly requestedModel: string;
  readonly stream: boolean;
  /** The last target that was asked. */
  readonly target: Target | undefined;
  readonly attempts: readonly AttemptReport[];
  readonly observed: Observed;
  readonly outcome: Outcome;
  readonly firstOutputMs: number | undefined;
  readonly totalMs: number;
}

export interface AttemptReport {
  readonly target: Target;
  readonly error: OpenClawError | undefined;
  readonly durationMs: number;
}

export interface ModelServiceOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: RetryOptions;
  readonly nestingDepthLimit: number;
  /** @throws OpenClawError `model_not_found`, `model_forbidden` */
  readonly route: (model: string, caller: Caller) => readonly Target[];
  readonly onFinished: (report: RequestReport) => void;
  /** US$ in billionths, where the price is known. */
  readonly costOf: (target: Target, observed: Observed) => number | undefined;
}

export interface ModelService {
  /** Resolves when the answer has been handed over or the client is gone. Never rejects. */
  serve(call: ModelCall, sink: ModelSink): Promise<void>;
  readonly requests: Pick<LifecycleRegistry, 'inFlight' | 'idle' | 'cancelAll'>;
}

export function createModelService(options: ModelServiceOptions): ModelService {
  const registry = createLifecycleRegistry(options.clock);
  return {
    requests: registry,
    serve: (call, sink) => new Serving({ call, sink, lifecycle: registry.begin(call.requestId) }, options).run(),
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
  readonly #attempts: AttemptReport[] = [];
  #observed: Observed = { usage: undefined, finish: undefined };
  #target: Target | undefined;
  #incoming: IncomingRequest | undefined;
  #firstOutputMs: number | undefined;

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
      const incoming = new IncomingRequest(this.#call, parseJsonBody(this.#call.body, { depthLimit: this.#options.nestingDepthLimit }));
      this.#incoming = incoming;
      const targets = this.#options.route(incoming.model, this.#call.caller);
      if (incoming.stream) this.#answer.keepAlive();
      await this.#askUntilAnswered(incoming, targets);
      this.#finish({ kind: 'completed' });
    } catch (thrown) {
      // An abort has the reason why it happened; what broke because of it is only its echo.
      const cause: unknown = lifecycle.signal.aborted ? lifecycle.signal.reason : thrown;
      const error = toOpenClawError(cause, this.#call.requestId);
      try {
        this.#answer.fail(error, this.#attempts.length);
      } finally {
        // Whatever becomes of the words, what is held for the request is given back.
        this.#finish(error.code === 'client_closed' ? { kind: 'cancelled', error } : { kind: 'failed', error });
      }
    }
  }

  async #askUntilAnswered(incoming: IncomingRequest, targets: readonly Target[]): Promise<void> {
    const { clock, random, retry } = this.#options;
    const { signal } = this.#lifecycle;
    const plan = createAttemptPlan(targets, { ...retry, random, monotonicMs: () => clock.monotonicMs() });
    let failure: OpenClawError | undefined;
    for (;;) {
      const attempt = plan.next(failure, this.#lifecycle.remainingMs());
      if (!attempt) throw failure ?? new OpenClawError('internal_error', { details: { requestId: this.#call.requestId } });
      if (attempt.delayMs > 0) await sleep(clock, attempt.delayMs, signal);
      failure = await this.#ask(incoming, attempt.target, attempt.number);
      if (!failure) return;
      if (signal.aborted || this.#answer.committed) throw failure;
    }
  }

  /** One attempt; the failure, if it is one. */
  async #ask(incoming: IncomingRequest, target: Target, number: number): Promise<OpenClawError | undefined> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    this.#target = target;
    this.#observed = { usage: undefined, finish: undefined };
    this.#answer.headers['x-openclaw-target'] = headerText(target.name);
    this.#answer.headers['x-openclaw-attempts'] = String(number);
    let error: OpenClawError | undefined;
    try {
      const response = await sendAttempt(incoming, target, { signal: this.#lifecycle.signal, clock });
      const onOutput = (): void => this.#noteFirstOutput();
      await readAnswer(response, { incoming, target, answer: this.#answer, clock, observed: this.#observed, onOutput });
    } catch (thrown) {
      error = toOpenClawError(thrown, this.#call.requestId);
    }
    this.#attempts.push({ target, error, durationMs: clock.monotonicMs() - startedMs });
    return error;
  }

  #noteFirstOutput(): void {
    this.#firstOutputMs = this.#options.clock.monotonicMs() - this.#lifecycle.startedMs;
    if (this.#incoming?.stream || !this.#target) return;
    const cost = this.#options.costOf(this.#target, this.#observed);
    if (cost !== undefined) this.#answer.headers['x-openclaw-cost'] = (cost / 1e9).toFixed(9);
  }

  #finish(outcome: Outcome): void {
    if (!this.#lifecycle.finish(outcome)) return;
    this.#options.onFinished({
      call: this.#call,
      requestedModel: this.#incoming?.model ?? '',
      stream: this.#incoming?.stream ?? false,
      target: this.#target,
      attempts: this.#attempts,
      observed: this.#observed,
      outcome,
      firstOutputMs: this.#firstOutputMs,
      totalMs: this.#options.clock.monotonicMs() - this.#lifecycle.startedMs,
    });
  }
}

/** Names of models come from clients, and a header takes fewer characters than they do: the others are written as in a URL. */
function headerText(name: string): string {
  return /^[ -$&-~]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}
