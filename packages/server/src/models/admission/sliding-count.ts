/**
 * Counts what happened lately, in a ring of counters: bounded memory however much happens. The time is cut into pieces, and
 * what is older than all of them is forgotten.
 */

export interface SlidingCountOptions {
  readonly pieces: number;
  readonly pieceMs: number;
}

export class SlidingCount {
  readonly #pieceMs: number;
  readonly #counters: Uint32Array;
  /** Number of the newest piece, counted from time 0. */
  #newest = 0;

  constructor({ pieces, pieceMs }: SlidingCountOptions) {
    this.#pieceMs = pieceMs;
    this.#counters = new Uint32Array(pieces);
  }

  /** Counts one at a moment that may lie in the past; one that is forgotten already is not counted. */
  add(atMs: number): void {
    const piece = Math.floor(atMs / this.#pieceMs);
    if (piece > this.#newest) this.#turnTo(piece);
    else if (this.#newest - piece >= this.#counters.length) return;
    const index = piece % this.#counters.length;
    this.#counters[index] = (this.#counters[index] ?? 0) + 1;
  }

  /** Takes back one that was counted at that moment. */
  takeBack(atMs: number): void {
    const piece = Math.floor(atMs / this.#pieceMs);
    const index = piece % this.#counters.length;
    const counted = this.#counters[index] ?? 0;
    if (this.#newest - piece < this.#counters.length && counted > 0) this.#counters[index] = counted - 1;
  }

  /** How many since `fromMs`, in whole pieces. */
  since(fromMs: number): number {
    let sum = 0;
    for (let piece = this.#oldestSince(fromMs); piece <= this.#newest; piece += 1)
      sum += this.#counters[piece % this.#counters.length] ?? 0;
    return sum;
  }

  /** When the first piece since `fromMs` began in which there was anything; `undefined` if there was nothing. */
  firstSince(fromMs: number): number | undefined {
    for (let piece = this.#oldestSince(fromMs); piece <= this.#newest; piece += 1) {
      if ((this.#counters[piece % this.#counters.length] ?? 0) > 0) return piece * this.#pieceMs;
    }
    return undefined;
  }

  clear(): void {
    this.#counters.fill(0);
  }

  #oldestSince(fromMs: number): number {
    return Math.max(0, Math.floor(fromMs / this.#pieceMs), this.#newest - this.#counters.length + 1);
  }

  #turnTo(piece: number): void {
    const pieces = this.#counters.length;
    if (piece - this.#newest >= pieces) this.clear();
    else for (let passed = this.#newest + 1; passed <= piece; passed += 1) this.#counters[passed % pieces] = 0;
    this.#newest = piece;
  }
}
