/**
 * Asks targets, one after the other or two side by side, until one has answered: the part of a request's life in which it has
 * places, attempts, and at last a winner whose output the client sees.
 *
 * It does not know who may ask or what is kept of the answer: see `service.ts`.
 */
import type { Clock } from '../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { Admission, Permit } from './admission/contract.ts';
import type { Answer } from './answer.ts';
import { Attempt, totalCost } from './attempt.ts';
import { createAttemptPlan, type AttemptPlan, type RetryOptions, type Round } from './attempts.ts';
import { Recording, type CacheSettings } from './cache.ts';
import type { ModelCall } from './call.ts';
import type { ModelEvent, Usage } from './dialects/events.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Operation } from './operation.ts';
import { rehearsal } from './rehearsal/identity.ts';
import type { AttemptReport } from './report.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Target } from './target.ts';

export interface AskingOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: RetryOptions;
  readonly retryBudget: RetryBudget;
  readonly admission: Admission;
  readonly hedging: HedgingOptions;
  /** At the end of each attempt; its request may go on for long. */
  readonly onAttempt?: (report: AttemptReport, stream: boolean) => void;
  /** US$ in billionths, where the price is known. */
  readonly costOf: (target: Target, usage: Usage) => number | undefined;
}

export interface HedgingOptions {
  readonly enabled: boolean;
  /** After how long without output a second target is asked; `undefined` while too little is known of the first. */
  readonly delayMs: (target: Target) => number | undefined;
}

/** Who may answer, in the order in which they are asked. */
export interface Routed {
  readonly targets: readonly Target[];
  /** Whether an answer that breaks off after its first output may be gone on with elsewhere. */
  readonly goesOn: boolean;
}

/** The request that is asked for. */
export interface Asker {
  readonly call: ModelCall;
  readonly lifecycle: Lifecycle;
  readonly answer: Answer;
}

/** How one attempt is made. */
interface Manner {
  readonly permit: Permit;
  readonly plan: AttemptPlan<Target>;
  /** Whether it is the second of two. */
  readonly hedge: boolean;
  /** Whether it may be cancelled while the request goes on. */
  readonly cancellable: boolean;
}

export class Asking {
  readonly #call: ModelCall;
  readonly #lifecycle: Lifecycle;
  readonly #answer: Answer;
  readonly #options: AskingOptions;
  readonly #attempts: Attempt[] = [];
  readonly decisions: string[] = [];
  /** The attempt whose output the client sees. */
  #winner: Attempt | undefined;
  /** Only where the answer is to be kept. */
  #recordings: Map<Attempt, Recording> | undefined;
  #keeping: CacheSettings | undefined;
  #wentOn = false;
  firstOutputMs: number | undefined;
  queueMs = 0;

  constructor({ call, lifecycle, answer }: Asker, options: AskingOptions) {
    this.#call = call;
    this.#lifecycle = lifecycle;
    this.#answer = answer;
    this.#options = options;
  }

  /** Attempts that were begun. */
  get begun(): number {
    return this.#attempts.length;
  }

  /** Whoever answered, or was asked last. */
  get last(): Attempt | undefined {
    return this.#winner ?? this.#attempts.at(-1);
  }

  get winner(): Attempt | undefined {
    return this.#winner;
  }

  /** Of the attempts that have ended. */
  reports(): AttemptReport[] {
    const reports: AttemptReport[] = [];
    for (const { report } of this.#attempts) if (report) reports.push(report);
    return reports;
  }

  /** From now on the answer's events are taken down, as far as they may be kept. */
  record(settings: CacheSettings): void {
    this.#keeping = settings;
    this.#recordings = new Map();
  }

  /** The answer's events, if they may serve others. An answer of two models is not what either would say. */
  get recorded(): readonly ModelEvent[] | undefined {
    return this.#wentOn || !this.#winner ? undefined : this.#recordings?.get(this.#winner)?.events;
  }

  /** Resolves when a whole answer has been handed over. @throws OpenClawError the failure that ended it */
  async untilAnswered(operation: Operation, { targets, goesOn }: Routed): Promise<void> {
    const { clock, random, retry, retryBudget } = this.#options;
    const plan = createAttemptPlan(targets, { ...retry, random, monotonicMs: () => clock.monotonicMs() });
    let failure: OpenClawError | undefined;
    for (;;) {
      const round = plan.next(this.#lifecycle.remainingMs());
      if (!round) throw failure ?? new OpenClawError('internal_error', { details: { requestId: this.#call.requestId } });
      if (round.number === 1) retryBudget.count();
      else if (failure && !isRehearsed(this.last) && !retryBudget.take()) {
        this.decisions.push('not tried again: the retry budget of the gateway is used up');
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
    this.decisions.push(`${target.name} goes on with what ${this.#winner?.target.name ?? 'another'} began`);
    this.#winner = undefined;
    this.#wentOn = true;
  }

  async #enter({ candidates }: Round<Target>, failure: OpenClawError | undefined): Promise<Permit> {
    const { startedMs, deadlineMs, signal } = this.#lifecycle;
    if (failure && candidates.length === 0) throw failure;
    const enteredMs = this.#options.clock.monotonicMs();
    try {
      const { caller, headers } = this.#call;
      const session = headers['x-openclaw-session'];
      const entry = this.#options.admission.enter({
        ...{ candidates, turn: caller.id, session: typeof session === 'string' ? session : undefined },
        ...{ arrivedMs: startedMs, deadlineMs, signal },
      });
      const permit = entry instanceof Promise ? await entry : entry;
      this.queueMs += permit.waitedMs;
      if (!failure && permit.target !== candidates[0]?.target) this.#notePassedOver(candidates, permit.target);
      return permit;
    } catch (thrown) {
      this.queueMs += this.#options.clock.monotonicMs() - enteredMs;
      if (signal.aborted) throw thrown;
      const why = toOpenClawError(thrown).message;
      this.decisions.push(failure ? `not tried again: ${why}` : why);
      // Nobody else has room: the failure that came first says more.
      throw failure ?? thrown;
    }
  }

  /** Who was preferred to the first that was asked, and why nothing was sent there. */
  #notePassedOver(candidates: Round<Target>['candidates'], taken: Target): void {
    for (const { target } of candidates) {
      if (target === taken) return;
      this.decisions.push(`passed over ${target.name} (key ${target.key.id}): ${this.#options.admission.whyNot(target)}`);
    }
  }

  /** One attempt, or two where it is hedged. The failure, if nobody answered. */
  async #ask(
    operation: Operation,
    permit: Permit,
    { plan, round }: { readonly plan: AttemptPlan<Target>; readonly round: Round<Target> },
  ): Promise<OpenClawError | undefined> {
    const delayMs = this.#hedgeDelayMs(operation, permit, round);
    if (delayMs === undefined) return this.#run(operation, { permit, plan, hedge: false, cancellable: false });
    let beside: Promise<OpenClawError | undefined> | undefined;
    const timer = this.#options.clock.after(delayMs, () => {
      const second = this.#winner ? undefined : this.#permitBeside(permit, round);
      if (!second) return;
      this.decisions.push(`asked ${second.target.name} too: ${permit.target.name} had said nothing for ${Math.round(delayMs)} ms`);
      beside = this.#run(operation, { permit: second, plan, hedge: true, cancellable: true });
    });
    const failure = await this.#run(operation, { permit, plan, hedge: false, cancellable: true });
    timer.cancel();
    if (!beside) return failure;
    const besideFailure = await beside;
    if (!failure || !besideFailure) return undefined;
    // One that was cancelled says nothing: the other had begun to answer.
    return failure.code === 'superseded' ? besideFailure : failure;
  }

  /** Only streams say early that they have begun, and what goes on with an answer has no rival. */
  #hedgeDelayMs(operation: Operation, { target }: Permit, { candidates }: Round<Target>): number | undefined {
    const { hedging } = this.#options;
    if (!hedging.enabled || !operation.stream || candidates.length < 2 || this.#answer.committed) return undefined;
    return hedging.delayMs(target);
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

  async #run(operation: Operation, { permit, plan, hedge, cancellable }: Manner): Promise<OpenClawError | undefined> {
    const { clock, costOf } = this.#options;
    const attempt = new Attempt({ permit, lifecycle: this.#lifecycle, clock, costOf, hedge, cancellable });
    this.#attempts.push(attempt);
    const failure = await attempt.run(operation, {
      answer: this.#answer,
      onOutput: () => this.#claim(attempt, operation),
      record: this.#recordings && this.#recordingOf(attempt, this.#recordings),
    });
    if (failure && !attempt.report?.cancelled) plan.failed(attempt.target, failure);
    if (attempt.report) this.#options.onAttempt?.(attempt.report, operation.stream);
    return failure;
  }

  #recordingOf(attempt: Attempt, recordings: Map<Attempt, Recording>): ((events: readonly ModelEvent[]) => void) | undefined {
    if (!this.#keeping) return undefined;
    const recording = new Recording(this.#keeping);
    recordings.set(attempt, recording);
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
    this.firstOutputMs ??= this.#options.clock.monotonicMs() - this.#lifecycle.startedMs;
    if (this.#attempts.length > 1) {
      for (const other of this.#attempts) if (other !== attempt) other.cancel(new OpenClawError('superseded'));
    }
    this.describe();
    if (!operation.stream) this.#sayCost(attempt);
  }

  /** Says in the answer's headers who was asked. */
  describe(): void {
    const { headers } = this.#answer;
    headers['x-openclaw-queue-ms'] = String(Math.round(this.queueMs));
    const { last } = this;
    if (!last) return;
    headers['x-openclaw-target'] = headerText(last.target.name);
    headers['x-openclaw-attempts'] = String(this.#attempts.length);
  }

  /** Only what is whole has a cost that is known before its first byte. */
  #sayCost({ target, observed }: Attempt): void {
    if (!observed.usage) return;
    const before = totalCost(this.reports()) ?? 0;
    const cost = this.#options.costOf(target, observed.usage);
    if (cost !== undefined) this.#answer.headers['x-openclaw-cost'] = ((before + cost) / 1e9).toFixed(9);
  }
}

/** What fails by its script, as often as anybody likes, is no outage, and must not use up what others need in one. */
function isRehearsed(attempt: Attempt | undefined): boolean {
  return attempt?.target.provider.id === rehearsal.provider;
}

/** An answer goes on only at a target that takes its beginning. */
function beginningTakers(round: Round<Target>, { going }: Operation): Round<Target> {
  return { ...round, candidates: round.candidates.filter(({ target }) => going?.takes(target)) };
}

/** Names of models come from clients, and a header takes fewer characters than they do: the others are written as in a URL. */
export function headerText(name: string): string {
  return /^[ -$&-~]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/');
}
