/**
 * Everybody who waits, by turn and by session: so that when there is no space left, a turn that has taken more than others gives
 * some of its own to them, and within a turn a session does. It decides nothing else: who goes in when is the business of `fair-queue.ts`.
 */
import type { QueuePlace } from './fair-queue.ts';

interface Group<Waiter> {
  size: number;
  readonly sessions: Map<string, Set<Waiter>>;
}

export class Crowd<Waiter extends QueuePlace> implements Iterable<Waiter> {
  readonly #turns = new Map<string, Group<Waiter>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiter: Waiter): void {
    const { turn, session = '' } = waiter;
    let group = this.#turns.get(turn);
    if (!group) this.#turns.set(turn, (group = { size: 0, sessions: new Map() }));
    const members = group.sessions.get(session);
    if (members) members.add(waiter);
    else group.sessions.set(session, new Set([waiter]));
    group.size += 1;
    this.#size += 1;
  }

  has(waiter: Waiter): boolean {
    return (
      this.#turns
        .get(waiter.turn)
        ?.sessions.get(waiter.session ?? '')
        ?.has(waiter) ?? false
    );
  }

  delete(waiter: Waiter): void {
    const { turn, session = '' } = waiter;
    const group = this.#turns.get(turn);
    const members = group?.sessions.get(session);
    if (!group || !members?.delete(waiter)) return;
    this.#size -= 1;
    group.size -= 1;
    if (members.size === 0) group.sessions.delete(session);
    if (group.size === 0) this.#turns.delete(turn);
  }

  /** The newest of the largest session of the largest turn, if that would still be no smaller than this place's with one more. */
  yielding({ turn, session = '' }: QueuePlace): Waiter | undefined {
    const own = this.#turns.get(turn);
    const group = largest(this.#turns.values(), (own?.size ?? 0) + 2);
    if (group) return newest(largest(group.sessions.values(), 1));
    return newest(own && largest(own.sessions.values(), (own.sessions.get(session)?.size ?? 0) + 2));
  }

  *[Symbol.iterator](): Generator<Waiter> {
    for (const { sessions } of this.#turns.values()) for (const members of sessions.values()) yield* members;
  }
}

/** Of several the last one, whose members are likely to be the newest. */
function largest<Some extends { readonly size: number }>(all: Iterable<Some>, atLeast: number): Some | undefined {
  let found: Some | undefined;
  for (const one of all) if (one.size >= (found?.size ?? atLeast)) found = one;
  return found;
}

function newest<Waiter>(members: Set<Waiter> | undefined): Waiter | undefined {
  let last: Waiter | undefined;
  for (const member of members ?? []) last = member;
  return last;
}
