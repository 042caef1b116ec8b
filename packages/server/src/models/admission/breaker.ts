/**
 * Circuit breaker of one target: leaves it alone when it fails, asks once whether it is well, and comes back gradually.
 *
 *     closed --(too many failures)--> open --(openMs)--> halfOpen: one probe
 *     halfOpen --success--> recovering: 2, 3, 4, … at once --(as many as before)--> closed
 *     halfOpen --failure--> open      recovering --failure--> open
 *
 * Too many: `failures` in a row, or within the window while it holds fewer than `minimumRequests`; with more, a share above
 * `errorPercent`. (The count alone would open it on a busy target that fails once in a thousand times.)
 *
 * It does not decide which failures speak of the target, and counts no requests under way: see `gate.ts`.
 */
import type { BreakerSettings, BreakerState } from './contract.ts';
import { SlidingCount } from './sliding-count.ts';

export type Verdict = 'success' | 'failure' | 'neutral';

export interface Breaker {
  state(nowMs: number): BreakerState;
  readonly heldOpen: boolean;
  /** Open, or due for its probe. */
  readonly isOpen: boolean;
  /** How many may be under way as far as the breaker is concerned; 0 while it is open, or its probe is out. */
  capacity(nowMs: number): number;
  /** When `capacity` next rises by itself; `Infinity` if only a result or an operator changes it. */
  risesAtMs(nowMs: number): number;
  /** An attempt begins. @returns its ticket, to be handed in with the result */
  begin(nowMs: number): number;
  /** @param limit what may be under way otherwise: recovery ends there */
  end(ticket: number, verdict: Verdict, moment: { readonly nowMs: number; readonly limit: number }): void;
  recentFailures(nowMs: number): number;
  /** Operator: open until `reset`. */
  hold(): void;
  /** Operator: closed, and everything forgotten. */
  reset(): void;
  /** Judges by these from now on. Open, it stays so for as long as it was to be; failures count anew where the window is another. */
  follow(settings: BreakerSettings): void;
}

/** The window is counted in this many pieces: a failure is forgotten up to a twelfth of the window early. */
const windowPieces = 12;
/** While it recovers, what may be under way doubles at least this often in one `openMs`, however long answers take. */
const doublingsPerOpening = 6;

export function createBreaker(settings: BreakerSettings): Breaker {
  return new CircuitBreaker(settings);
}

function createWindow({ windowMs }: BreakerSettings): SlidingCount {
  return new SlidingCount({ pieces: windowPieces, pieceMs: windowMs / windowPieces });
}

class CircuitBreaker implements Breaker {
  #settings: BreakerSettings;
  #requests: SlidingCount;
  #failed: SlidingCount;
  #state: BreakerState = 'closed';
  #heldOpen = false;
  /** Failures since the last success. */
  #inARow = 0;
  #openUntilMs = 0;
  /** Attempts of an older generation were sent before the breaker opened: they tell nothing new. */
  #generation = 0;
  #probeIsOut = false;
  #ramp = 1;
  #recoveringSinceMs = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#requests = createWindow(settings);
    this.#failed = createWindow(settings);
  }

  get heldOpen(): boolean {
    return this.#heldOpen;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  state(nowMs: number): BreakerState {
    if (this.#state === 'open' && !this.#heldOpen && nowMs >= this.#openUntilMs) return 'halfOpen';
    return this.#state;
  }

  capacity(nowMs: number): number {
    if (this.#state === 'closed') return Infinity;
    if (this.#heldOpen) return 0;
    if (this.#state === 'recovering') return this.#ramp * 2 ** Math.floor((nowMs - this.#recoveringSinceMs) / this.#doublingMs);
    if (this.#state === 'open' && nowMs < this.#openUntilMs) return 0;
    return this.#probeIsOut ? 0 : Infinity;
  }

  risesAtMs(nowMs: number): number {
    if (this.#heldOpen) return Infinity;
    if (this.#state === 'open') return Math.max(nowMs, this.#openUntilMs);
    if (this.#state !== 'recovering') return Infinity;
    const steps = Math.floor((nowMs - this.#recoveringSinceMs) / this.#doublingMs) + 1;
    return this.#recoveringSinceMs + steps * this.#doublingMs;
  }

  begin(nowMs: number): number {
    if (this.#state !== 'closed' && this.state(nowMs) === 'halfOpen') {
      this.#state = 'halfOpen';
      this.#probeIsOut = true;
      this.#generation += 1;
    }
    return this.#generation;
  }

  end(ticket: number, verdict: Verdict, { nowMs, limit }: { readonly nowMs: number; readonly limit: number }): void {
    if (ticket !== this.#generation || this.#heldOpen) return;
    switch (this.#state) {
      case 'closed':
        this.#count(verdict, nowMs);
        return;
      case 'halfOpen':
        this.#probed(verdict, nowMs);
        return;
      case 'recovering':
        if (verdict === 'failure') this.#open(nowMs);
        else if (verdict === 'success') this.#ramp += 1;
        if (this.#state === 'recovering' && this.capacity(nowMs) >= limit) this.#close();
        return;
      case 'open':
        return;
    }
  }

  recentFailures(nowMs: number): number {
    return this.#failed.since(this.#windowBegin(nowMs));
  }

  hold(): void {
    this.#state = 'open';
    this.#openUntilMs = Infinity;
    this.#heldOpen = true;
    this.#probeIsOut = false;
    this.#generation += 1;
  }

  reset(): void {
    this.#heldOpen = false;
    this.#probeIsOut = false;
    this.#generation += 1;
    this.#close();
  }

  follow(settings: BreakerSettings): void {
    if (settings.windowMs !== this.#settings.windowMs) {
      this.#requests = createWindow(settings);
      this.#failed = createWindow(settings);
    }
    this.#settings = settings;
  }

  #windowBegin(nowMs: number): number {
    // The piece that is under way is the last of the window.
    return nowMs - this.#settings.windowMs * (1 - 1 / windowPieces);
  }

  get #doublingMs(): number {
    return this.#settings.openMs / doublingsPerOpening;
  }

  #count(verdict: Verdict, nowMs: number): void {
    if (verdict === 'neutral') return;
    this.#requests.add(nowMs);
    if (verdict === 'success') {
      this.#inARow = 0;
      return;
    }
    this.#failed.add(nowMs);
    this.#inARow += 1;
    const { failures, errorPercent, minimumRequests } = this.#settings;
    const failed = this.recentFailures(nowMs);
    const total = this.#requests.since(this.#windowBegin(nowMs));
    const tooMany = total < minimumRequests ? failed >= failures : failed * 100 > errorPercent * total;
    if (tooMany || Math.min(this.#inARow, failed) >= failures) this.#open(nowMs);
  }

  #probed(verdict: Verdict, nowMs: number): void {
    this.#probeIsOut = false;
    if (verdict === 'failure') this.#open(nowMs);
    else if (verdict === 'success') {
      this.#state = 'recovering';
      this.#ramp = 2;
      this.#recoveringSinceMs = nowMs;
    }
  }

  #open(nowMs: number): void {
    this.#state = 'open';
    this.#openUntilMs = nowMs + this.#settings.openMs;
    this.#generation += 1;
  }

  #close(): void {
    this.#state = 'closed';
    this.#inARow = 0;
    this.#requests.clear();
    this.#failed.clear();
  }
}
