/**
 * How much was used in the last minute: a sliding window, in seconds, of one key's requests or tokens.
 *
 * What was used in a second counts until that whole second is a minute old, so no minute ever holds more than the limit, and what
 * is refused could have come a second earlier at most. It knows no limits by itself and refuses nothing.
 */
import type { Clock } from '../core/clock.ts';

export interface Minute {
  /** What counts now. */
  readonly used: number;
  /**
   * How long to wait until `amount` fits below `limit`, if nothing else is used meanwhile; 0 if it fits now. What is larger than
   * the limit fits once nothing is used: it could never fit otherwise. Below a limit of 0 nothing fits, and the wait is a minute.
   */
  waitMs(amount: number, limit: number): number;
  /** @returns when it was used, for `giveBack` */
  use(amount: number): number;
  /** Takes back what was used at `second`, if it counts still. */
  giveBack(amount: number, second: number): void;
}

const windowSeconds = 60;
/** The window's seconds, and the one that has begun. */
const slotCount = windowSeconds + 1;

export function createMinute(clock: Pick<Clock, 'monotonicMs'>): Minute {
  const slots = new Float64Array(slotCount);
  let newest = Math.floor(clock.monotonicMs() / 1000);
  let total = 0;

  /** Forgets what has become too old; the current second. */
  const turn = (): number => {
    const second = Math.floor(clock.monotonicMs() / 1000);
    for (let next = Math.max(newest + 1, second - windowSeconds); next <= second; next += 1) {
      total -= slots[next % slotCount]!;
      slots[next % slotCount] = 0;
    }
    if (second > newest) newest = second;
    return newest;
  };

  return {
    get used() {
      turn();
      return total;
    },
    waitMs(amount, limit) {
      if (limit === 0) return windowSeconds * 1000;
      const current = turn();
      let excess = total + Math.min(amount, limit) - limit;
      if (excess <= 0) return 0;
      let second = current - windowSeconds - 1;
      while (excess > 0 && second < current) {
        second += 1;
        if (second >= 0) excess -= slots[second % slotCount]!;
      }
      return Math.ceil((second + slotCount) * 1000 - clock.monotonicMs());
    },
    use(amount) {
      const second = turn();
      slots[second % slotCount]! += amount;
      total += amount;
      return second;
    },
    giveBack(amount, second) {
      if (second < turn() - windowSeconds) return;
      slots[second % slotCount]! -= amount;
      total -= amount;
    },
  };
}
