/**
 * Writes down the steps of programs that run elsewhere: intent before the act, the result after it, and nothing of a step that ended is done
 * again. Who opened a run last has it.
 *
 * The run waits for its program all the time, so that nobody here takes it up. It does no step itself.
 */
import { createHash } from 'node:crypto';
import {
  programLimits,
  type BeginStepRequest,
  type BegunStep,
  type FailStepRequest,
  type FinishProgramRequest,
  type FinishStepRequest,
  type OpenedProgram,
  type OpenProgramRequest,
  type RunEvent,
  type RunEventBody,
  type RunView,
  type StepReceipt,
} from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Journal, Lease } from '../journal/contract.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { Programs } from './contract.ts';
import { ProgramSteps, type ProgramStep } from './program-steps.ts';
import type { ResultFiles } from './result-files.ts';

export interface ProgramsOptions {
  readonly journal: Journal;
  readonly newId: () => string;
  readonly results: Pick<ResultFiles, 'write' | 'read'>;
  /** Of one result, as JSON. Asked each time. */
  readonly resultLimitBytes: () => number;
}

/** All programs are one owner, so that who starts again after a crash need not wait; the claim keeps them apart. */
const owner = 'program';
const waitingPerRun = 64;
/** What is held in memory of runs and their steps, some 20 MB; the run that was asked for longest ago gives way. */
const heldLimits = { runs: 500, steps: 100_000 };
const pageEvents = 500;

export function createPrograms(options: ProgramsOptions): Programs {
  return new JournaledPrograms(options);
}

class JournaledPrograms implements Programs {
  readonly #journal: Journal;
  readonly #options: ProgramsOptions;
  readonly #order = new OneAtATime(waitingPerRun);
  readonly #held = new Map<string, ProgramSteps>();

  constructor(options: ProgramsOptions) {
    this.#journal = options.journal;
    this.#options = options;
  }

  async open({ key, input }: OpenProgramRequest, by: string): Promise<OpenedProgram & { readonly isKnown: boolean }> {
    if (key === '' || key.length > programLimits.nameCharacters)
      throw invalid('key', `must have from 1 to ${programLimits.nameCharacters} characters`);
    const text = JSON.stringify(input ?? null);
    if (Buffer.byteLength(text) > programLimits.inputBytes)
      throw invalid('input', `has more than ${programLimits.inputBytes} bytes as JSON`);
    const id = this.#options.newId();
    const { run, isKnown } = await this.#journal.create({
      ...{ id, idempotencyKey: `program:${by}:${key}`, requestHash: hashOf(text) },
      created: {
        ...{ kind: 'run.created', agentId: 'program', sessionKey: `program:${key}`, input: text, origin: { kind: 'program', by } },
        ...{ limits: unlimited, model: null, parentRunId: null, forkedFrom: null },
      },
    });
    return this.#order.run(run.id, async () => {
      const steps = await this.#steps(run.id);
      if (run.status === 'finished') return { run, claim: steps.claim, isKnown };
      const lease = await this.#claim(run);
      await this.#append(lease, [{ kind: 'run.resumed', epoch: lease.epoch, reason: isKnown ? 'recovered' : 'started' }]);
      return { run: await this.#journal.view(run.id), claim: lease.epoch, isKnown };
    });
  }

  begin(runId: string, request: BeginStepRequest): Promise<BegunStep> {
    const { step, name } = request;
    if (name === '' || name.length > programLimits.nameCharacters)
      throw invalid('name', `must have from 1 to ${programLimits.nameCharacters} characters`);
    return this.#order.run(runId, async () => {
      const run = await this.#programRun(runId);
      const steps = await this.#steps(runId);
      const known = steps.get(step);
      if (known && known.name !== name) throw diverged(runId, step, `the journal has "${known.name}", the program "${name}"`);
      // What is done is told to whoever asks, also once the run is over: a program that starts again goes through it to its end.
      if (known?.end.kind === 'finished') return { state: 'done', result: await this.#resultOf(runId, known.end.seq) };
      if (run.status === 'finished') throw diverged(runId, step, `the run had ended, and the program goes on with "${name}"`);
      const lease = this.#leaseOf(run, steps, request.claim);
      if (known) return this.#beginAgain(lease, known, request);
      if (step !== steps.count + 1) throw diverged(runId, step, `the journal has only ${steps.count} steps before it`);
      if (step > programLimits.steps) throw invalid('step', `must be at most ${programLimits.steps}`);
      return this.#start(lease, request, 1);
    });
  }

  async #beginAgain(lease: Lease, known: ProgramStep, request: BeginStepRequest): Promise<BegunStep> {
    const { step } = request;
    const { end, attempt } = known;
    if (end.kind === 'failed') return this.#start(lease, { ...request, effect: known.effect }, attempt + 1);
    if (end.kind === 'decided')
      return this.#followDecision(lease, { ...request, effect: known.effect }, { attempt, decision: end.decision });
    const idempotencyKey = `${lease.runId}/${step}`;
    // The same program asks again because the answer was lost: it has not begun to act.
    if (end.kind === 'none' && known.claim === lease.epoch) return { state: 'begun', attempt, idempotencyKey };
    if (known.effect !== 'once') return this.#start(lease, { ...request, effect: known.effect }, attempt + 1);
    if (request.canReconcile) return { state: 'unknown', attempt, idempotencyKey };
    if (end.kind === 'none') await this.#askPerson(lease, known, step);
    throw new OpenClawError('outcome_unknown', { details: { runId: lease.runId, step, name: known.name } });
  }

  async #askPerson(lease: Lease, { name, attempt }: ProgramStep, step: number): Promise<void> {
    const evidence = `The program stopped while "${name}" was under way (attempt ${attempt}).`;
    await this.#append(lease, [
      { kind: 'outcome.unknown', step, call: null, evidence },
      { kind: 'run.parked', waitsFor: { kind: 'outcome', step } },
    ]);
  }

  async #followDecision(
    lease: Lease,
    request: BeginStepRequest,
    { attempt, decision }: { readonly attempt: number; readonly decision: Extract<ProgramStep['end'], { kind: 'decided' }>['decision'] },
  ): Promise<BegunStep> {
    if (decision.kind === 'repeat') return this.#start(lease, request, attempt + 1);
    if (decision.kind === 'failed') return { state: 'failed', message: decision.message };
    const { result } = decision;
    await this.#append(lease, [{ kind: 'step.finished', step: request.step, attempt, result, use: null, reconciled: true }]);
    return { state: 'done', result };
  }

  async #start(lease: Lease, { step, name, effect = 'once' }: BeginStepRequest, attempt: number): Promise<BegunStep> {
    const idempotencyKey = `${lease.runId}/${step}`;
    await this.#append(lease, [
      { kind: 'step.started', step, stepKind: 'program', name, attempt, effect, inputHash: hashOf(name), idempotencyKey },
    ]);
    return { state: 'begun', attempt, idempotencyKey };
  }

  finishStep(runId: string, step: number, { claim, attempt, result }: FinishStepRequest): Promise<StepReceipt> {
    const text = JSON.stringify(result ?? null);
    const bytes = Buffer.byteLength(text);
    return this.#order.run(runId, async () => {
      const { lease, known } = await this.#open(runId, step, claim);
      if (!known) throw notOpen(runId, step);
      if (known.end.kind === 'finished') return { isNew: false };
      const limitBytes = this.#options.resultLimitBytes();
      if (bytes > limitBytes) throw new OpenClawError('step_result_too_large', { details: { name: known.name, bytes, limitBytes } });
      // What a person decided meanwhile was a guess; this is what happened.
      if (attempt > known.attempt || (known.end.kind === 'failed' && attempt === known.attempt)) throw notOpen(runId, step);
      const reconciled = known.claim === claim ? {} : ({ reconciled: true } as const);
      // A file is on the disk before the journal names it.
      const kept =
        bytes > programLimits.inlineBytes
          ? { result: null, file: await this.#options.results.write(runId, text) }
          : { result: result ?? null };
      const decision = { kind: 'done', result: kept.result } as const;
      const answered: RunEventBody[] = known.end.kind === 'unknown' ? [{ kind: 'outcome.resolved', step, decision, by: 'program' }] : [];
      await this.#append(lease, [...answered, { kind: 'step.finished', step, attempt, ...kept, use: null, ...reconciled }]);
      return { isNew: true };
    });
  }

  failStep(runId: string, step: number, { claim, attempt, message }: FailStepRequest): Promise<StepReceipt> {
    return this.#order.run(runId, async () => {
      const { lease, known } = await this.#open(runId, step, claim);
      if (!known || attempt > known.attempt) throw notOpen(runId, step);
      // A failure of an attempt that another one followed, or that has ended, is history.
      if (known.end.kind !== 'none' || attempt < known.attempt) return { isNew: false };
      const reason = message.slice(0, messageCharacters);
      const { message: words, hint } = new OpenClawError('step_failed', { details: { step, name: known.name, reason } });
      await this.#append(lease, [
        { kind: 'step.failed', step, attempt, error: { code: 'step_failed', message: words, hint, retryable: true } },
      ]);
      return { isNew: true };
    });
  }

  finish(runId: string, { claim, steps: taken, output }: FinishProgramRequest): Promise<RunView> {
    const bytes = Buffer.byteLength(JSON.stringify(output ?? null));
    if (bytes > programLimits.inputBytes) throw invalid('output', `has more than ${programLimits.inputBytes} bytes as JSON`);
    return this.#order.run(runId, async () => {
      const run = await this.#programRun(runId);
      const steps = await this.#steps(runId);
      if (taken < steps.count)
        throw diverged(runId, taken + 1, `the journal has "${steps.get(taken + 1)?.name ?? ''}", and the program ends`);
      if (run.status === 'finished') return run;
      const lease = this.#leaseOf(run, steps, claim);
      await this.#append(lease, [{ kind: 'run.finished', output: output ?? null }]);
      return this.#journal.view(runId);
    });
  }

  cancel(runId: string, by: string, reason: string | undefined): Promise<RunView> {
    return this.#order.run(runId, async () => {
      const run = await this.#programRun(runId);
      if (run.endedAtMs !== null) throw ended(run);
      const lease = await this.#claim(run);
      await this.#append(lease, [
        { kind: 'cancel.requested', by, reason: reason ?? null },
        { kind: 'run.cancelled', by },
      ]);
      return this.#journal.view(runId);
    });
  }

  async #open(runId: string, step: number, claim: number): Promise<{ readonly lease: Lease; readonly known: ProgramStep | undefined }> {
    const run = await this.#programRun(runId);
    const steps = await this.#steps(runId);
    return { lease: this.#leaseOf(run, steps, claim), known: steps.get(step) };
  }

  async #programRun(runId: string): Promise<RunView> {
    const run = await this.#journal.view(runId);
    if (run.origin.kind !== 'program') throw new OpenClawError('run_not_found', { details: { runId } });
    return run;
  }

  /** Nobody but programs has it, so there is nobody to wait for. */
  async #claim(run: RunView): Promise<Lease> {
    if (run.endedAtMs !== null) throw ended(run);
    const lease = await this.#journal.acquire(run.id, owner, 0);
    if (!lease) throw new OpenClawError('storage_busy', { retryAfterMs: 1000 });
    return lease;
  }

  #leaseOf(run: RunView, steps: ProgramSteps, claim: number): Lease {
    if (run.endedAtMs !== null) throw ended(run);
    if (claim !== steps.claim) throw new OpenClawError('lease_lost', { details: { runId: run.id } });
    return { runId: run.id, owner, epoch: claim };
  }

  async #append(lease: Lease, bodies: readonly RunEventBody[]): Promise<void> {
    const events = await this.#journal.append(lease, bodies);
    const steps = this.#held.get(lease.runId);
    const [first] = events;
    // Somebody from outside may have written in between: then it is read again from where it was known.
    if (steps && first?.seq === steps.lastSeq + 1) steps.apply(events);
  }

  async #steps(runId: string): Promise<ProgramSteps> {
    const steps = this.#held.get(runId) ?? new ProgramSteps();
    for (;;) {
      const events: readonly RunEvent[] = await this.#journal.read(runId, steps.lastSeq, pageEvents);
      steps.apply(events);
      if (events.length < pageEvents) break;
    }
    this.#held.delete(runId);
    this.#held.set(runId, steps);
    this.#makeRoom(runId);
    return steps;
  }

  #makeRoom(wanted: string): void {
    let count = 0;
    for (const steps of this.#held.values()) count += steps.count;
    for (const [runId, steps] of this.#held) {
      if (runId === wanted || (this.#held.size <= heldLimits.runs && count <= heldLimits.steps)) return;
      this.#held.delete(runId);
      count -= steps.count;
    }
  }

  async #resultOf(runId: string, seq: number): Promise<unknown> {
    const [event] = await this.#journal.read(runId, seq - 1, 1);
    if (event?.kind !== 'step.finished') return null;
    return event.file ? (JSON.parse(await this.#options.results.read(runId, event.file)) as unknown) : event.result;
  }
}

/** A program's own business: nothing of it is asked of models here. */
const unlimited = {
  steps: programLimits.steps,
  tokens: Number.MAX_SAFE_INTEGER,
  usd: Number.MAX_SAFE_INTEGER,
  timeMs: Number.MAX_SAFE_INTEGER,
  ...{ children: 0, depth: 0 },
};
const messageCharacters = 4096;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}

function diverged(runId: string, step: number, difference: string): OpenClawError {
  return new OpenClawError('run_diverged', { details: { runId, step, difference } });
}

function notOpen(runId: string, step: number): OpenClawError {
  return new OpenClawError('step_not_open', { details: { runId, step } });
}

function ended({ id, status }: RunView): OpenClawError {
  return new OpenClawError('run_ended', { details: { runId: id, status } });
}
