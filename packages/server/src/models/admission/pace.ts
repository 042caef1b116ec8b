/**
 * How often one target may be asked, learnt from its own refusals. A 429 with a Retry-After speaks of a rate: until then the
 * target is left alone, and after it asked a little less often than it allowed before.
 *
 * The rate follows a cubic curve, as TCP CUBIC's window does (RFC 9438): it starts just below what was too much, stays there
 * for long, then opens up ever faster; refused again at about the same rate, it stays for twice as long. Only time in which
 * the pace held something up counts. A target that never refused is not paced.
 *
 * It does not wait: see `gate.ts`.
 */
import { SlidingCount } from './sliding-count.ts';

export interface Pace {
  /** Monotonic time of the next request; it may lie in the past. */
  readonly nextMs: number;
  /** Until when the target wants to be left alone. */
  readonly pausedUntilMs: number;
  /** Requests per second; `undefined` while it is not paced. */
  readonly perSecond: number | undefined;
  sent(nowMs: number): void;
  /** Refused for its rate, with a Retry-After. */
  refused(refusal: { readonly sentMs: number; readonly nowMs: number; readonly retryAfterMs: number }): void;
  /** Left alone for another reason, which teaches nothing about a rate. */
  pause(untilMs: number): void;
  /** Forgets pause and pace. */
  reset(): void;
}

/** How far below the ceiling the curve begins. */
const dip = 0.03;
/** From the begin of the curve back to the ceiling: at first, when the ceiling is a guess … */
const firstPlateauMs = 2000;
/** … and at most, when it was found again and again. Longer would be slow to see that a limit was raised. */
const longestPlateauMs = 60_000;
/** So much longer when the ceiling was found again. */
const plateauGrowth = 3;
/** So far above the ceiling without a refusal it is none any more, and the rest of the curve is run through in the shortest time. */
const disproved = 1.2;
/** The curve is left, and the target not paced any more, this many times above the ceiling. */
const openedUp = 100;
/** So late a request may be and the next one still keep its time: timers are late, and lost time is lost throughput. */
const latenessMs = 25;
/** No provider counts in shorter windows. */
const shortestPeriodMs = 1000;
/** Longer waits tell of quotas and not of rates. */
const longestPeriodMs = 60_000;
/** Never slower than this: a guess that is too low must be able to mend. */
const slowestPerMs = 1 / 60_000;

interface Refusal {
  readonly atMs: number;
  readonly untilMs: number;
  /** The rate that was too much, per millisecond; `undefined` if it was not paced. */
  readonly rate: number | undefined;
}

export function createPace(): Pace {
  return new LearntPace();
}

class LearntPace implements Pace {
  /** Sent and not refused, in the last minute. */
  readonly #taken = new SlidingCount({ pieces: 128, pieceMs: 500 });
  #pausedUntilMs = 0;
  /** When the next one keeps the pace. */
  #slotMs = 0;
  /** Per millisecond. */
  #ceiling: number | undefined;
  #rate: number | undefined;
  #plateauMs = firstPlateauMs;
  /** How long the pace has held somebody up since the curve began. */
  #usedMs = 0;
  /** When the curve began. */
  #begunMs = -Infinity;
  #takenSinceBegun = 0;
  /** What is to be learnt once the refusals of all that were under way have come back. */
  #lesson: Refusal | undefined;

  get nextMs(): number {
    return Math.max(this.#pausedUntilMs, this.#slotMs);
  }

  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  get perSecond(): number | undefined {
    return this.#rate === undefined ? undefined : this.#rate * 1000;
  }

  sent(nowMs: number): void {
    if (this.#lesson) this.#learn(this.#lesson, nowMs);
    this.#taken.add(nowMs);
    this.#takenSinceBegun += 1;
    if (this.#rate !== undefined) this.#keepPace(this.#rate, nowMs);
  }

  refused({ sentMs, nowMs, retryAfterMs }: { readonly sentMs: number; readonly nowMs: number; readonly retryAfterMs: number }): void {
    this.#taken.takeBack(sentMs);
    if (sentMs >= this.#begunMs) this.#takenSinceBegun -= 1;
    const untilMs = nowMs + retryAfterMs;
    this.pause(untilMs);
    // Whatever was sent before the last lesson was learnt belongs to it.
    if (!this.#lesson && sentMs >= this.#begunMs) this.#lesson = { atMs: nowMs, untilMs, rate: this.#rate };
  }

  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  reset(): void {
    this.#pausedUntilMs = 0;
    this.#lesson = undefined;
    this.#forget();
  }

  #keepPace(rate: number, nowMs: number): void {
    const stepMs = 1 / rate;
    const wasHeldUp = nowMs - this.#slotMs < stepMs;
    this.#slotMs = Math.max(nowMs - latenessMs, this.#slotMs) + stepMs;
    if (!wasHeldUp) return;
    this.#usedMs += stepMs;
    const ceiling = this.#ceiling ?? rate;
    const past = (this.#usedMs - this.#plateauMs) / this.#plateauMs;
    this.#rate = ceiling * (1 + dip * past ** 3);
    if (this.#rate > openedUp * ceiling) this.#forget();
    else if (this.#rate > disproved * ceiling) {
      // The same point of a shorter curve.
      this.#usedMs *= firstPlateauMs / this.#plateauMs;
      this.#plateauMs = firstPlateauMs;
    }
  }

  #forget(): void {
    this.#slotMs = 0;
    this.#ceiling = undefined;
    this.#rate = undefined;
    this.#plateauMs = firstPlateauMs;
  }

  #learn(lesson: Refusal, nowMs: number): void {
    const { rate } = lesson;
    const allowed = this.#allowedBefore(lesson);
    const heldForMs = lesson.atMs - this.#begunMs;
    if (rate === undefined || this.#ceiling === undefined) {
      this.#ceiling = allowed;
      this.#plateauMs = firstPlateauMs;
    } else {
      const found = Math.abs(rate - this.#ceiling) <= 0.5 * this.#ceiling;
      this.#plateauMs = found ? Math.min(longestPlateauMs, this.#plateauMs * plateauGrowth) : firstPlateauMs;
      // It took this much on average while it was asked ever more often, and refused `rate`: what it allows lies between.
      const average = this.#takenSinceBegun / Math.max(1, heldForMs);
      const between = Math.min(0.985 * rate, (average + rate) / 2);
      const floor = heldForMs < 1000 ? 0.75 : 0.9;
      this.#ceiling = Math.max(floor * rate, heldForMs < 5000 ? Math.min(allowed, rate) : between);
    }
    this.#ceiling = Math.max(slowestPerMs, this.#ceiling);
    this.#lesson = undefined;
    this.#begunMs = nowMs;
    this.#takenSinceBegun = 0;
    this.#usedMs = 0;
    this.#rate = this.#ceiling * (1 - dip);
    this.#slotMs = nowMs;
  }

  /** What it took in the time before the refusal and the pause after it, per millisecond. */
  #allowedBefore({ atMs, untilMs }: Refusal): number {
    const pauseMs = Math.min(longestPeriodMs, untilMs - atMs);
    // What it took in quieter times does not tell what it takes: before there was a pace, only the last moments count.
    const pacedMs = this.#rate === undefined ? 0 : atMs - this.#begunMs;
    const spanMs = Math.min(longestPeriodMs, Math.max(shortestPeriodMs, pauseMs, pacedMs));
    const fromMs = atMs - spanMs;
    const firstMs = Math.max(fromMs, this.#taken.firstSince(fromMs) ?? atMs);
    const periodMs = Math.max(shortestPeriodMs, atMs - firstMs + pauseMs);
    // After its pause it takes one at least.
    return Math.max(1, this.#taken.since(fromMs)) / periodMs;
  }
}
