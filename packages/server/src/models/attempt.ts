/**
 * One attempt at one target, from its place to its end: its signal, what was learnt, and the report of it. A request has
 * one at a time, or two where it is hedged.
 *
 * It does not choose targets or write to the client: see `service.ts`.
 */
import type { Clock } from '../core/clock.ts';
import { toOpenClawError, type OpenClawError } from '../core/errors.ts';
import type { Permit } from './admission/contract.ts';
import type { Usage } from './dialects/events.ts';
import { withoutKey } from './keys/provider-keys.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { AttemptReport } from './report.ts';
import { charactersPerToken, type AttemptContext, type Observed, type Operation } from './operation.ts';
import type { Target } from './target.ts';
import { awaitedConnection } from './upstream.ts';

export interface AttemptOptions {
  readonly permit: Permit;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly hedge: boolean;
  /** Whether it may be cancelled while the request goes on: then it needs a signal of its own. */
  readonly cancellable: boolean;
  readonly costOf: (target: Target, usage: Usage) => number | undefined;
}

export class Attempt {
  readonly target: Target;
  readonly observed: Observed = { usage: undefined, finish: undefined, outputCharacters: 0 };
  readonly #options: AttemptOptions;
  readonly #startedMs: number;
  readonly #controller: AbortController | undefined;
  #firstOutputMs: number | undefined;
  #report: AttemptReport | undefined;

  constructor(options: AttemptOptions) {
    const { permit, lifecycle, clock } = options;
    this.target = permit.target;
    this.#options = options;
    this.#startedMs = clock.monotonicMs();
    this.#controller = options.cancellable ? new AbortController() : undefined;
    lifecycle.own(() => permit.release({ kind: 'cancelled' }));
  }

  /** Once it has ended. */
  get report(): AttemptReport | undefined {
    return this.#report;
  }

  cancel(error: OpenClawError): void {
    this.#controller?.abort(error);
  }

  noteFirstOutput(): void {
    this.#firstOutputMs ??= this.#options.clock.monotonicMs() - this.#startedMs;
  }

  /** Never rejects; the failure, if it is one. */
  async run(operation: Operation, context: Pick<AttemptContext, 'answer' | 'onOutput' | 'record'>): Promise<OpenClawError | undefined> {
    const { lifecycle, clock, permit } = this.#options;
    const own = this.#controller?.signal;
    const signal = own ? AbortSignal.any([own, lifecycle.signal]) : lifecycle.signal;
    let error: OpenClawError | undefined;
    try {
      await operation.ask(this.target, { ...context, signal, clock, observed: this.observed });
    } catch (thrown) {
      // An abort has the reason why it happened; what broke because of it is only its echo.
      error = withoutKey(toOpenClawError(signal.aborted ? signal.reason : thrown, lifecycle.requestId), this.target.key);
    }
    const totalMs = clock.monotonicMs() - this.#startedMs;
    const cancelled = error !== undefined && signal.aborted;
    if (!error) permit.release({ kind: 'completed', firstOutputMs: operation.stream ? this.#firstOutputMs : undefined, totalMs });
    else permit.release(cancelled ? { kind: 'cancelled' } : { kind: 'failed', error, totalMs });
    this.#report = this.#makeReport({ operation, error, cancelled, durationMs: totalMs });
    return error;
  }

  #makeReport(end: {
    readonly operation: Operation;
    readonly error: OpenClawError | undefined;
    readonly cancelled: boolean;
    readonly durationMs: number;
  }): AttemptReport {
    const { operation, error, cancelled, durationMs } = end;
    const { permit, hedge, lifecycle, costOf } = this.#options;
    const counted = this.observed.usage;
    // Of one that was given up the provider has the prompt, and bills it; so it does what came whole without a count.
    const isBilled = !error || cancelled || hadPrompt(error);
    const usage = error || !counted ? usageOfFragment(this.observed, operation, isBilled) : counted;
    return {
      target: this.target,
      error,
      cancelled,
      hedge,
      startedMs: this.#startedMs - lifecycle.startedMs,
      durationMs,
      waitedMs: permit.waitedMs,
      firstOutputMs: this.#firstOutputMs,
      usage,
      estimated: usage !== counted,
      costNanoUsd: usage && costOf(this.target, usage),
    };
  }
}

/** Whether the provider had read the prompt when the attempt failed so: it was slow, or there was no room here for what it said. */
function hadPrompt({ code, details }: OpenClawError): boolean {
  if (code === 'upstream_timeout') return details['awaited'] !== awaitedConnection;
  return code === 'answer_too_large' || code === 'overloaded';
}

/** What an answer that broke off or was not counted is billed for by its provider: the prompt, and what it had produced. */
function usageOfFragment({ usage, outputCharacters }: Observed, { estimate }: Operation, isBilled: boolean): Usage | undefined {
  const output = Math.ceil(outputCharacters / charactersPerToken);
  if (usage) return output > usage.output ? { ...usage, output } : usage;
  if (output === 0 && !(isBilled && estimate.input > 0)) return undefined;
  return { input: estimate.input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 };
}

/** All that a request used, over its attempts. */
export function totalUsage(attempts: readonly AttemptReport[]): Usage | undefined {
  const [first] = attempts;
  if (attempts.length === 1) return first?.usage;
  let total: Usage | undefined;
  for (const { usage } of attempts) {
    if (!usage) continue;
    total = total
      ? {
          input: total.input + usage.input,
          cacheRead: total.cacheRead + usage.cacheRead,
          cacheWrite: total.cacheWrite + usage.cacheWrite,
          output: total.output + usage.output,
          reasoning: total.reasoning + usage.reasoning,
        }
      : usage;
  }
  return total;
}

/** US$ in billionths over all attempts; `undefined` where none has a known price. */
export function totalCost(attempts: readonly AttemptReport[]): number | undefined {
  let total: number | undefined;
  for (const { costNanoUsd } of attempts) if (costNanoUsd !== undefined) total = (total ?? 0) + costNanoUsd;
  return total;
}
