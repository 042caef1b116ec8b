/** How runs stand, as far as one process knows: bounded by their number and by their text, since inputs and answers may be large. */
import type { RunView } from '@openclaw/protocol';

export interface ViewLimits {
  readonly views: number;
  /** Of their inputs and outputs; the one that was remembered last stays however large it is. */
  readonly characters: number;
}

export interface Known {
  readonly view: RunView;
  /** Of its last event; no later one is older, whatever the clock says. */
  readonly lastAtMs: number;
}

interface Kept {
  readonly known: Known;
  readonly characters: number;
}

export class Views {
  readonly #limits: ViewLimits;
  /** The one remembered longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #characters = 0;

  constructor(limits: ViewLimits) {
    this.#limits = limits;
  }

  get(runId: string): Known | undefined {
    return this.#kept.get(runId)?.known;
  }

  remember(known: Known): void {
    const { view } = known;
    this.forget(view.id);
    const characters = charactersOf(view);
    this.#kept.set(view.id, { known, characters });
    this.#characters += characters;
    for (const runId of this.#kept.keys()) {
      if (runId === view.id || (this.#kept.size <= this.#limits.views && this.#characters <= this.#limits.characters)) return;
      this.forget(runId);
    }
  }

  forget(runId: string): void {
    this.#characters -= this.#kept.get(runId)?.characters ?? 0;
    this.#kept.delete(runId);
  }
}

function charactersOf({ input, output }: RunView): number {
  return input.length + (output === null ? 0 : (JSON.stringify(output)?.length ?? 0));
}
