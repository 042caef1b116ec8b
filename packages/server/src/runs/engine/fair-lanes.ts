/**
 * Whose turn it is: one run at a time in each session, sessions in turns, and only so many runs at once. A session that asks for a hundred runs
 * does not hold up one that asks for one.
 */
export interface FairLanesOptions {
  /** Runs under way at once. */
  readonly limit: number;
  /** Carries one out; resolves when its lane is free again. Never rejects. */
  readonly start: (runId: string) => Promise<void>;
}

export class FairLanes {
  readonly #options: FairLanesOptions;
  /** Sessions that have somebody waiting, in the order of their turns. */
  readonly #waiting = new Map<string, string[]>();
  readonly #busy = new Set<string>();
  readonly #known = new Set<string>();
  /** Runs that are under way and were added meanwhile. */
  readonly #again = new Set<string>();
  readonly #begun = new Set<string>();
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(options: FairLanesOptions) {
    this.#options = options;
  }

  get underWay(): number {
    return this.#busy.size;
  }

  get waiting(): number {
    return this.#known.size - this.#busy.size;
  }

  /** A run that waits already is not added again; one that is under way is begun once more after that. */
  add(sessionKey: string, runId: string): void {
    if (this.#isClosed) return;
    if (this.#begun.has(runId)) this.#again.add(runId);
    if (this.#known.has(runId)) return;
    this.#known.add(runId);
    const lane = this.#waiting.get(sessionKey);
    if (lane) lane.push(runId);
    else this.#waiting.set(sessionKey, [runId]);
    this.#advance();
  }

  /** Takes out one that waits. @returns whether it was there */
  remove(runId: string): boolean {
    for (const [sessionKey, lane] of this.#waiting) {
      const index = lane.indexOf(runId);
      if (index < 0) continue;
      lane.splice(index, 1);
      if (lane.length === 0) this.#waiting.delete(sessionKey);
      return this.#known.delete(runId);
    }
    return false;
  }

  /** Begins nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const runId of [...this.#waiting.values()].flat()) this.#known.delete(runId);
    this.#waiting.clear();
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#busy.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #advance(): void {
    for (const [sessionKey, lane] of this.#waiting) {
      if (this.#busy.size >= this.#options.limit) return;
      if (this.#busy.has(sessionKey)) continue;
      const runId = lane.shift();
      // Behind all others: its next run waits for theirs.
      this.#waiting.delete(sessionKey);
      if (lane.length > 0) this.#waiting.set(sessionKey, lane);
      if (runId !== undefined) void this.#carryOut(sessionKey, runId);
    }
  }

  async #carryOut(sessionKey: string, runId: string): Promise<void> {
    this.#busy.add(sessionKey);
    this.#begun.add(runId);
    try {
      await this.#options.start(runId);
    } finally {
      this.#busy.delete(sessionKey);
      this.#known.delete(runId);
      this.#begun.delete(runId);
      if (this.#again.delete(runId)) this.add(sessionKey, runId);
      if (this.#busy.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
      if (!this.#isClosed) this.#advance();
    }
  }
}
