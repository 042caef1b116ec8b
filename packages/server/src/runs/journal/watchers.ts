/**
 * Who waits for the next events of a run in this process. A reader that is slow is told only that there is more: it reads that from the store,
 * so that nobody holds more than a few events for anybody.
 */
import type { RunEvent } from '@openclaw/protocol';

export interface Watcher {
  /** The events that came since the last call, in order; undefined where too many did to be held. */
  take(): readonly RunEvent[] | undefined;
  /** Resolves when there is something to take, or with the end. */
  wait(): Promise<void>;
  end(): void;
}

/** Enough for what one group commit brings; more is read from the store. */
const heldLimit = { events: 256, characters: 256 * 1024 };

export class Watchers {
  readonly #byRun = new Map<string, Set<OpenWatcher>>();

  watch(runId: string): Watcher {
    const watchers = this.#byRun.get(runId) ?? new Set();
    this.#byRun.set(runId, watchers);
    const watcher = new OpenWatcher(() => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#byRun.get(runId) === watchers) this.#byRun.delete(runId);
    });
    watchers.add(watcher);
    return watcher;
  }

  /** Only what has been committed. */
  tell(events: readonly RunEvent[]): void {
    const [first] = events;
    if (!first) return;
    for (const watcher of this.#byRun.get(first.runId) ?? []) watcher.add(events);
  }

  endAll(): void {
    for (const watchers of this.#byRun.values()) for (const watcher of watchers) watcher.end();
  }
}

class OpenWatcher implements Watcher {
  #held: RunEvent[] | undefined = [];
  #characters = 0;
  #waiting: (() => void) | undefined;
  #ended = false;
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  add(events: readonly RunEvent[]): void {
    if (this.#held) this.#hold(this.#held, events);
    this.#wake();
  }

  #hold(held: RunEvent[], events: readonly RunEvent[]): void {
    for (const event of events) this.#characters += charactersOf(event);
    held.push(...events);
    if (held.length > heldLimit.events || this.#characters > heldLimit.characters) this.#held = undefined;
  }

  take(): readonly RunEvent[] | undefined {
    const held = this.#held;
    this.#held = [];
    this.#characters = 0;
    return held;
  }

  wait(): Promise<void> {
    if (this.#ended || this.#held === undefined || this.#held.length > 0) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  end(): void {
    this.#ended = true;
    this.#onEnd();
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

/** Of what may be large: streamed text, results, inputs and answers. */
function charactersOf(event: RunEvent): number {
  if (event.kind === 'step.delta') return event.text.length;
  if (event.kind === 'step.finished') return charactersOfResult(event.result);
  if (event.kind === 'run.finished') return JSON.stringify(event.output)?.length ?? 0;
  return event.kind === 'run.created' ? event.input.length : 0;
}

/** Nearly all of them are the words of a model or a tool. */
function charactersOfResult(result: unknown): number {
  if (typeof result === 'object' && result !== null && 'text' in result && typeof result.text === 'string') return result.text.length;
  return JSON.stringify(result)?.length ?? 0;
}
