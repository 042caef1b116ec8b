/** What a run said and did, as people read it, from its events. Pure. */
import type { RunEvent } from '@openclaw/protocol';
import { answerOf } from '../ending.ts';
import type { ModelResult, ToolOutcome } from '../engine/progress.ts';
import type { SessionItem } from './contract.ts';

export interface Telling {
  /** Its answer; of a run that has none, what it was saying when it broke off. */
  readonly text: string;
  /** What came before, in its order. */
  readonly items: readonly SessionItem[];
  readonly isWhole: boolean;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** Event after which the streamed text of an answer that is not whole comes. */
  readonly openSince: number | undefined;
}

/** With or without streamed text: only an answer that broke off needs it. */
export function tell(events: Iterable<RunEvent>): Telling {
  const teller = new Teller();
  for (const event of events) teller.read(event);
  return teller.telling();
}

interface Saying {
  readonly step: number;
  readonly attempt: number;
  readonly since: number;
  text: string;
  isWhole: boolean;
}

class Teller {
  readonly #items: SessionItem[] = [];
  readonly #calls = new Map<number, number>();
  #saying: Saying | undefined;
  #answer: string | undefined;
  #startedAtMs: number | undefined;
  #endedAtMs: number | undefined;

  read(event: RunEvent): void {
    switch (event.kind) {
      case 'run.resumed':
        this.#startedAtMs ??= event.atMs;
        this.#endedAtMs = undefined;
        this.#answer = undefined;
        return undefined;
      case 'step.started':
        return this.#begin(event);
      case 'step.delta':
        if (this.#saying?.step === event.step && this.#saying.attempt === event.attempt) this.#saying.text += event.text;
        return undefined;
      case 'step.finished':
        return this.#finish(event.step, event.result);
      case 'run.finished':
        this.#answer = answerOf(event.output);
        this.#endedAtMs = event.atMs;
        return undefined;
      case 'run.failed':
      case 'run.cancelled':
        this.#endedAtMs = event.atMs;
        return undefined;
      default:
        return undefined;
    }
  }

  #begin({ step, attempt, stepKind, call, seq }: Extract<RunEvent, { readonly kind: 'step.started' }>): void {
    if (stepKind !== 'model' && stepKind !== 'tool') return;
    const before = this.#saying;
    if (before?.isWhole && before.text !== '') this.#items.push({ kind: 'text', text: before.text });
    this.#saying = stepKind === 'model' ? { step, attempt, since: seq, text: '', isWhole: false } : undefined;
    if (stepKind === 'tool' && call && !this.#calls.has(step))
      this.#calls.set(step, this.#items.push({ kind: 'tool', call, result: null, isError: false }) - 1);
  }

  #finish(step: number, result: unknown): void {
    if (this.#saying?.step === step) {
      this.#saying.text = (result as ModelResult).text;
      this.#saying.isWhole = true;
      return;
    }
    const index = this.#calls.get(step);
    const item = index === undefined ? undefined : this.#items[index];
    if (index === undefined || item?.kind !== 'tool') return;
    const { text, isError } = result as ToolOutcome;
    this.#items[index] = { ...item, result: text, isError };
  }

  telling(): Telling {
    const saying = this.#saying;
    return {
      ...{ text: this.#answer ?? saying?.text ?? '', items: this.#items, isWhole: this.#answer !== undefined },
      ...{ startedAtMs: this.#startedAtMs, endedAtMs: this.#endedAtMs },
      openSince: saying && !saying.isWhole ? saying.since : undefined,
    };
  }
}
