/** Ends what a run is doing when its time is up. How much time there is changes while it works: what a child of it used counts too. */
import type { Clock, Timer } from '../../core/clock.ts';

/** A timer holds no more; a run that works for so long is looked at again. */
const longestMs = 2 ** 31 - 1;

export class Deadline implements Disposable {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #onLate: () => void;
  #timer: Timer | undefined;
  #endMs: number | undefined;

  constructor(clock: Pick<Clock, 'now' | 'after'>, onLate: () => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  /** @param endMs since 1970 */
  moveTo(endMs: number): void {
    if (endMs === this.#endMs) return;
    this.#endMs = endMs;
    this.#timer?.cancel();
    const leftMs = Math.max(0, endMs - this.#clock.now());
    this.#timer = this.#clock.after(Math.min(leftMs, longestMs), this.#onLate);
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }
}
