/**
 * One turn at a time in each session: the others wait in the order in which they were accepted. Nothing is held for a session in which
 * nothing happens.
 */
import type { Turn } from './turn.ts';

interface Lane {
  /** The first one is under way. */
  readonly turns: Turn[];
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Map<string, Turn>();
  #idleWaiters: (() => void)[] = [];

  get size(): number {
    return this.#turns.size;
  }

  /** Those in which something happens. */
  get sessions(): number {
    return this.#lanes.size;
  }

  all(): readonly Turn[] {
    return [...this.#turns.values()];
  }

  find(runId: string): Turn | undefined {
    return this.#turns.get(runId);
  }

  /** In their order; the first one is under way. */
  of(sessionKey: string): readonly Turn[] {
    return this.#lanes.get(sessionKey)?.turns ?? [];
  }

  add(turn: Turn): void {
    const { sessionKey, runId } = turn.accepted;
    const lane = this.#lanes.get(sessionKey) ?? { turns: [] };
    this.#lanes.set(sessionKey, lane);
    this.#turns.set(runId, turn);
    lane.turns.push(turn);
    if (lane.turns.length === 1) void this.#runAll(sessionKey, lane);
  }

  /** Of one that waits: it need not wait for its end. */
  endWaiting(turn: Turn): void {
    const { turns } = this.#lanes.get(turn.accepted.sessionKey) ?? { turns: [] };
    const place = turns.indexOf(turn);
    if (place < 1) return;
    turns.splice(place, 1);
    void turn.run().then(() => this.#forget(turn));
  }

  /** Resolves when none is left. */
  idle(): Promise<void> {
    return this.#turns.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  async #runAll(sessionKey: string, lane: Lane): Promise<void> {
    for (let turn = lane.turns[0]; turn; turn = lane.turns[0]) {
      await turn.run();
      lane.turns.shift();
      this.#forget(turn);
    }
    this.#lanes.delete(sessionKey);
  }

  #forget(turn: Turn): void {
    this.#turns.delete(turn.accepted.runId);
    if (this.#turns.size > 0) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
