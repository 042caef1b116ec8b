/** What the events of a program's run say of each of its steps. Results stay in the journal; only where they are is kept. */
import type { Effect, OutcomeDecision, RunEvent } from '@openclaw/protocol';

export interface ProgramStep {
  readonly name: string;
  /** As it was declared when it was begun first. */
  readonly effect: Effect;
  readonly attempt: number;
  /** Of whoever began the last attempt. */
  readonly claim: number;
  readonly end: StepEnd;
}

export type StepEnd =
  | { readonly kind: 'none' }
  | { readonly kind: 'finished'; readonly seq: number }
  | { readonly kind: 'failed' }
  /** Nobody knows whether it was done, and a person was asked. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'decided'; readonly decision: OutcomeDecision };

export class ProgramSteps {
  #claim = 0;
  #lastSeq = 0;
  readonly #steps: ProgramStep[] = [];

  /** Whoever has a lower one may write no more. */
  get claim(): number {
    return this.#claim;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get count(): number {
    return this.#steps.length;
  }

  /** @param step from 1 */
  get(step: number): ProgramStep | undefined {
    return this.#steps[step - 1];
  }

  apply(events: readonly RunEvent[]): void {
    for (const event of events) this.#applyOne(event);
  }

  #applyOne(event: RunEvent): void {
    this.#lastSeq = event.seq;
    switch (event.kind) {
      case 'run.resumed':
        this.#claim = event.epoch;
        return;
      case 'step.started': {
        const effect = this.get(event.step)?.effect ?? event.effect;
        this.#steps[event.step - 1] = { name: event.name, effect, attempt: event.attempt, claim: this.#claim, end: { kind: 'none' } };
        return;
      }
      case 'step.finished':
        return this.#end(event.step, { kind: 'finished', seq: event.seq });
      case 'step.failed':
        return this.#end(event.step, { kind: 'failed' });
      case 'outcome.unknown':
        return this.#end(event.step, { kind: 'unknown' });
      case 'outcome.resolved':
        return this.#end(event.step, { kind: 'decided', decision: event.decision });
      default:
    }
  }

  #end(step: number, end: StepEnd): void {
    const known = this.get(step);
    if (known) this.#steps[step - 1] = { ...known, end };
  }
}
