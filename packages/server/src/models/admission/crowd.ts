/**
 * Everybody who waits, by turn: so that when there is no space left, a turn that has taken more than others gives some of
 * its own to them. It decides nothing else: who goes in when is the business of `fair-queue.ts`.
 */

interface Member {
  readonly turn: string;
}

export class Crowd<Waiter extends Member> implements Iterable<Waiter> {
  readonly #turns = new Map<string, Set<Waiter>>();
  #size = 0;
  /** No turn has more; found anew when it matters. */
  #most = 0;

  get size(): number {
    return this.#size;
  }

  add(waiter: Waiter): void {
    let turn = this.#turns.get(waiter.turn);
    if (!turn) this.#turns.set(waiter.turn, (turn = new Set()));
    turn.add(waiter);
    this.#size += 1;
    this.#most = Math.max(this.#most, turn.size);
  }

  has(waiter: Waiter): boolean {
    return this.#turns.get(waiter.turn)?.has(waiter) ?? false;
  }

  delete(waiter: Waiter): void {
    const turn = this.#turns.get(waiter.turn);
    if (!turn?.delete(waiter)) return;
    this.#size -= 1;
    if (turn.size === 0) this.#turns.delete(waiter.turn);
  }

  /** The newest of the largest turn, if it would still be no smaller than this one with one more. */
  yielding(name: string): Waiter | undefined {
    const own = this.#turns.get(name)?.size ?? 0;
    if (this.#most < own + 2) return undefined;
    let largest: Set<Waiter> | undefined;
    for (const turn of this.#turns.values()) if (turn.size > (largest?.size ?? 0)) largest = turn;
    this.#most = largest?.size ?? 0;
    if (!largest || largest.size < own + 2) return undefined;
    let newest: Waiter | undefined;
    for (const waiter of largest) newest = waiter;
    return newest;
  }

  *[Symbol.iterator](): Generator<Waiter> {
    for (const turn of this.#turns.values()) yield* turn;
  }
}
