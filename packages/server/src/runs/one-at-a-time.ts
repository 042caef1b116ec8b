/** Lets those who want the same thing have it one after the other, in the order in which they came. Nothing is held for what nobody wants. */
import { OpenClawError } from '../core/errors.ts';

export class OneAtATime {
  readonly #last = new Map<string, { readonly done: Promise<unknown>; waiting: number }>();
  readonly #limit: number;

  /** @param limit of those who wait for one thing; more are refused */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws OpenClawError `overloaded`, and whatever `action` throws */
  async run<T>(key: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const waiting = (before?.waiting ?? 0) + 1;
    if (waiting > this.#limit) {
      throw new OpenClawError('overloaded', {
        details: { limit: this.#limit, what: 'requests that wait for one session', setting: 'the time between them' },
        retryAfterMs: 1000,
      });
    }
    const running = before ? before.done.then(action, action) : action();
    // Kept as the last one, whatever becomes of it: who comes next waits for its end and not for its result.
    const entry = { done: running.catch(() => undefined), waiting };
    this.#last.set(key, entry);
    try {
      return await running;
    } finally {
      const last = this.#last.get(key);
      if (last === entry) this.#last.delete(key);
      else if (last) last.waiting -= 1;
    }
  }
}
