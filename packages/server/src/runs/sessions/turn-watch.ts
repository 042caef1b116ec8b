/**
 * Tells people who talk what happens in runs, from what is committed to the journal: nobody is shown anything that a crash could take back, but
 * the words of a model call that was cut, and those are replaced.
 *
 * It keeps of each run that has not ended the words that count and the step it is at.
 */
import type { RunEvent, RunView, ToolCallRequest } from '@openclaw/protocol';
import type { ToolOutcome } from '../engine/progress.ts';
import type { TurnEvent, TurnHappening, TurnResult } from './contract.ts';
import { isSummaryRun } from './places.ts';
import { answerOf, failureWords } from '../ending.ts';

export interface TurnWatchOptions {
  /** Of a run that an earlier process had: when it was first taken up, and the step that it was at. */
  readonly whereabouts: (runId: string) => Promise<readonly RunEvent[]>;
  readonly tell: (event: TurnEvent) => void;
  /** What could not be read. */
  readonly onFailure: (runId: string, thrown: unknown) => void;
}

interface Watched {
  /** What the answer says so far. */
  text: string;
  step: { readonly number: number; readonly kind: string; readonly call: ToolCallRequest | undefined } | undefined;
  startedAtMs: number | undefined;
  /** Events that wait until it is known where the run was. */
  waiting: Committed[] | undefined;
}

interface Committed {
  readonly event: RunEvent;
  readonly view: RunView;
}

/** A run that waits for days is forgotten before others, and read again when it goes on. */
const watchedLimit = 10_000;

export class TurnWatch {
  readonly #options: TurnWatchOptions;
  readonly #runs = new Map<string, Watched>();

  constructor(options: TurnWatchOptions) {
    this.#options = options;
  }

  /** What it has said so far, as far as this process has seen. */
  textOf(runId: string): string {
    return this.#runs.get(runId)?.text ?? '';
  }

  /** Synchronously, in the order of the commits. */
  take(events: readonly RunEvent[], view: RunView): void {
    // A program elsewhere says nothing to anybody here, and a summary is for models.
    if (view.origin.kind === 'program' || isSummaryRun(view)) return;
    for (const event of events) {
      const run = this.#runs.get(view.id) ?? this.#begin(event);
      if (run.waiting) run.waiting.push({ event, view });
      else this.#read(run, { event, view });
    }
  }

  #begin(event: RunEvent): Watched {
    const { runId } = event;
    const run: Watched = { text: '', step: undefined, startedAtMs: undefined, waiting: event.kind === 'run.created' ? undefined : [] };
    this.#runs.set(runId, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > watchedLimit && oldest !== undefined) this.#runs.delete(oldest);
    if (run.waiting) void this.#catchUp(runId, run);
    return run;
  }

  async #catchUp(runId: string, run: Watched): Promise<void> {
    try {
      for (const event of await this.#options.whereabouts(runId)) {
        // Those that wait may be among them, or later.
        if (event.kind === 'run.resumed') run.startedAtMs = event.atMs;
        else if (event.kind === 'step.started') run.step = { number: event.step, kind: event.stepKind, call: event.call };
      }
    } catch (thrown) {
      this.#options.onFailure(runId, thrown);
    }
    const waiting = run.waiting ?? [];
    run.waiting = undefined;
    for (const committed of waiting) this.#read(run, committed);
  }

  #read(run: Watched, { event, view }: Committed): void {
    switch (event.kind) {
      case 'run.resumed':
        run.startedAtMs ??= event.atMs;
        return event.epoch === 0 ? undefined : this.#tell(event, view, { kind: 'started', resumed: event.reason !== 'started' });
      case 'step.started':
        return this.#beginStep(run, { event, view });
      case 'step.delta':
        return this.#say(run, { event, view });
      case 'step.finished':
        return this.#endStep(run, { event, view });
      case 'run.finished':
      case 'run.failed':
      case 'run.cancelled':
        this.#runs.delete(view.id);
        return this.#tell(event, view, { kind: 'ended', result: resultOf(view, { text: run.text, startedAtMs: run.startedAtMs }) });
      default:
        return undefined;
    }
  }

  #beginStep(run: Watched, { event, view }: Committed): void {
    if (event.kind !== 'step.started') return;
    const { step, stepKind, call, attempt } = event;
    run.step = { number: step, kind: stepKind, call };
    if (stepKind === 'tool' && call) this.#tell(event, view, { kind: 'toolStarted', call });
    if (stepKind !== 'model' || attempt === 1) return;
    // It was cut: what it said counts no more, whether it says anything this time or not.
    run.text = '';
    this.#tell(event, view, { kind: 'delta', delta: '', text: '', replace: true });
  }

  #say(run: Watched, { event, view }: Committed): void {
    // A summary of the conversation is for the model.
    if (event.kind !== 'step.delta' || run.step?.kind !== 'model') return;
    const begins = event.offset === 0;
    const replace = begins && run.text !== '';
    run.text = begins ? event.text : run.text + event.text;
    this.#tell(event, view, { kind: 'delta', delta: event.text, text: run.text, ...(replace ? { replace } : {}) });
  }

  #endStep(run: Watched, { event, view }: Committed): void {
    if (event.kind !== 'step.finished' || run.step?.number !== event.step) return;
    const { kind, call } = run.step;
    if (kind !== 'tool' || !call) return;
    const { text, isError } = event.result as ToolOutcome;
    this.#tell(event, view, { kind: 'toolEnded', call, text, isError });
  }

  #tell({ runId, seq, atMs }: RunEvent, { sessionKey, agentId }: RunView, happening: TurnHappening): void {
    this.#options.tell({ runId, sessionKey, agentId, seq, atMs, ...happening });
  }
}

/** Of a run that has ended. @param said what it was saying when it broke off */
export function resultOf(view: RunView, said: { readonly text: string; readonly startedAtMs: number | undefined }): TurnResult {
  const { id: runId, sessionKey, agentId, status, output, error, use, createdAtMs, endedAtMs } = view;
  const statuses = { finished: 'ok', cancelled: 'aborted' } as const;
  return {
    ...{ runId, sessionKey, agentId, status: status === 'finished' || status === 'cancelled' ? statuses[status] : 'error' },
    text: status === 'finished' ? answerOf(output) : said.text,
    startedAtMs: said.startedAtMs ?? createdAtMs,
    endedAtMs: endedAtMs ?? view.updatedAtMs,
    ...(error ? { error: { code: error.code, message: failureWords(error) } } : {}),
    ...(use.inputTokens + use.outputTokens > 0 ? { usage: { inputTokens: use.inputTokens, outputTokens: use.outputTokens } } : {}),
  };
}
