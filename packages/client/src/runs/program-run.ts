/**
 * The durable run of a program: each step is written down by the gateway before it begins and after it ends, so that a program which is started
 * again goes on where it stopped.
 *
 * Steps are matched by position and name: a program has to take the same steps in the same order as long as its run is open.
 */
import {
  type BegunStep,
  type Effect,
  type FailStepRequest,
  type FinishStepRequest,
  type OpenedProgram,
  type RunView,
} from '@openclaw/protocol';
import { clientError, OpenClawError, reasonOf } from '../errors.ts';
import { askOnce, askPatiently, mayPass, type PatientOptions } from './patient.ts';
import type { Spool, SpooledStep } from './spool.ts';

export interface StepContext {
  /** The same for each attempt of this step: pass it to what takes one. */
  readonly idempotencyKey: string;
  /** 1 for the first; more after a crash in the middle, or a failure. */
  readonly attempt: number;
  /** Aborted with the run's. */
  readonly signal: AbortSignal;
}

export interface StepOptions<T> {
  /**
   * What may happen if it is done twice. `read` and `idempotent` are done again after a crash in the middle; `once` is not: it is looked for with
   * `reconcile`, else the run waits until a person says what came of it (`outcome_unknown`). @default 'once'
   */
  readonly effect?: Effect;
  /** Of effect `once`: looks whether it was done, and returns its result; `undefined` where that cannot be told. */
  readonly reconcile?: (context: Pick<StepContext, 'idempotencyKey' | 'signal'>) => Promise<T | undefined> | T | undefined;
}

export interface ProgramRun {
  readonly id: string;
  /** Whether it had ended before it was opened: its steps and its output are given back then, and nothing is done. */
  readonly isFinished: boolean;
  /** What it ended with, if it has. */
  readonly output: unknown;
  /**
   * Does this step, once: where it was done before, the result of then is returned. A result is JSON of at most 64 KiB; `undefined` becomes `null`.
   *
   * @throws OpenClawError `run_diverged`, `outcome_unknown`, `lease_lost`, `run_ended`, `step_result_too_large`, `step_failed`; and whatever `action` throws
   * @example const rows = await run.step('fetch rows', () => fetchRows(), { effect: 'read' });
   */
  step<T>(name: string, action: (context: StepContext) => Promise<T> | T, options?: StepOptions<T>): Promise<T>;
  /** Ends it well. @throws OpenClawError `run_diverged` where the journal has more steps than the program took */
  finish(output?: unknown): Promise<RunView>;
}

export interface ProgramRunOptions extends PatientOptions {
  readonly opened: OpenedProgram;
  readonly spool: Spool;
  readonly signal: AbortSignal;
}

/** Not to be told again: the gateway has another end of this step, or none will ever be. */
const settledElsewhere: ReadonlySet<string> = new Set([
  'step_not_open',
  'run_not_found',
  'run_ended',
  'step_result_too_large',
  'body_too_large',
]);

/** @throws OpenClawError as far as what an earlier process left behind cannot be told to the gateway */
export async function openProgramRun(options: ProgramRunOptions): Promise<ProgramRun> {
  const run = new JournaledRun(options);
  await run.flush();
  return run;
}

class JournaledRun implements ProgramRun {
  readonly id: string;
  readonly isFinished: boolean;
  readonly output: unknown;
  readonly #options: ProgramRunOptions;
  readonly #path: string;
  #steps = 0;
  /** Steps begin one after the other, also where several are under way at once. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ProgramRunOptions) {
    const { run } = options.opened;
    this.#options = options;
    this.id = run.id;
    this.isFinished = run.status === 'finished';
    this.output = run.output;
    this.#path = `/runs/${encodeURIComponent(run.id)}`;
  }

  async step<T>(name: string, action: (context: StepContext) => Promise<T> | T, options: StepOptions<T> = {}): Promise<T> {
    const step = (this.#steps += 1);
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    let begun: BegunStep;
    try {
      begun = await this.#begin({ step, name, effect: options.effect, canReconcile: options.reconcile !== undefined });
    } finally {
      resolve();
    }
    if (begun.state === 'done') return begun.result as T;
    if (begun.state === 'failed') throw clientError('step_failed', { details: { step, name, reason: begun.message } });
    if (begun.state === 'unknown') return this.#look({ step, name, begun, options });
    return this.#carryOut({ step, attempt: begun.attempt, idempotencyKey: begun.idempotencyKey }, action);
  }

  async #begin(wanted: { step: number; name: string; effect: Effect | undefined; canReconcile: boolean }): Promise<BegunStep> {
    await this.flush();
    const { claim } = this.#options.opened;
    const { effect, ...rest } = wanted;
    return this.#ask<BegunStep>('/steps', { claim, ...rest, ...(effect === undefined ? {} : { effect }) });
  }

  async #look<T>(cut: {
    readonly step: number;
    readonly name: string;
    readonly begun: Extract<BegunStep, { readonly state: 'unknown' }>;
    readonly options: StepOptions<T>;
  }): Promise<T> {
    const { step, name, begun, options } = cut;
    const { idempotencyKey, attempt } = begun;
    const found = await options.reconcile?.({ idempotencyKey, signal: this.#options.signal });
    if (found !== undefined) return this.#settle({ step, attempt }, found);
    // Says that nobody knows, and has a person asked.
    await this.#begin({ step, name, effect: options.effect, canReconcile: false });
    throw clientError('outcome_unknown', { details: { runId: this.id, step, name } });
  }

  async #carryOut<T>(
    { step, attempt, idempotencyKey }: { step: number; attempt: number; idempotencyKey: string },
    action: (context: StepContext) => Promise<T> | T,
  ): Promise<T> {
    let result: T;
    try {
      result = await action({ idempotencyKey, attempt, signal: this.#options.signal });
    } catch (error) {
      await this.#keep({ runId: this.id, step, attempt, kind: 'failed', message: reasonOf(error) });
      throw error;
    }
    return this.#settle({ step, attempt }, result);
  }

  async #settle<T>({ step, attempt }: { step: number; attempt: number }, result: T): Promise<T> {
    // The same now as when it comes back from the journal.
    const kept = JSON.parse(JSON.stringify(result ?? null)) as T;
    await this.#keep({ runId: this.id, step, attempt, kind: 'finished', result: kept });
    return kept;
  }

  /** First where it outlives this process, then at the gateway; with the gateway away it goes there before the next step begins. */
  async #keep(entry: SpooledStep): Promise<void> {
    const { spool } = this.#options;
    await spool.put(entry);
    try {
      await this.#tell(entry, spool.isDurable ? 'once' : 'patiently');
    } catch (error) {
      if (!spool.isDurable || !(error instanceof OpenClawError) || !mayPass(error)) throw error;
    }
  }

  /** Tells the gateway what ended while it was away, this program's earlier lives included. */
  async flush(): Promise<void> {
    for (const entry of await this.#options.spool.list(this.id)) await this.#tell(entry, 'patiently');
  }

  async #tell(entry: SpooledStep, how: 'once' | 'patiently'): Promise<void> {
    const { spool, opened } = this.#options;
    const { step, attempt } = entry;
    const claim = opened.claim;
    const body: FinishStepRequest | FailStepRequest =
      entry.kind === 'finished' ? { claim, attempt, result: entry.result } : { claim, attempt, message: entry.message };
    try {
      await this.#ask(`/steps/${step}/${entry.kind === 'finished' ? 'finish' : 'fail'}`, body, how);
    } catch (error) {
      if (!(error instanceof OpenClawError) || !settledElsewhere.has(error.code)) throw error;
      await spool.remove(this.id, step);
      // A step of before that the gateway knows otherwise is no fault of what comes now.
      if (error.code === 'step_not_open') return;
      throw error;
    }
    await spool.remove(this.id, step);
  }

  async finish(output: unknown = null): Promise<RunView> {
    await this.flush();
    const { claim } = this.#options.opened;
    return this.#ask<RunView>('/finish', { claim, steps: this.#steps, output });
  }

  #ask<T extends object>(path: string, body: object, how: 'once' | 'patiently' = 'patiently'): Promise<T> {
    const request = { method: 'POST', path: `${this.#path}${path}`, body: JSON.stringify(body) } as const;
    const { signal } = this.#options;
    return how === 'once' ? askOnce<T>(request, this.#options, signal) : askPatiently<T>(request, this.#options, signal);
  }
}
