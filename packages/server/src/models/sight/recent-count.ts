/** How often something happened in the last five minutes, to the minute. */

const minuteMs = 60_000;
const minutes = 6;

export class RecentCount {
  readonly #counts = new Uint32Array(minutes);
  #minute = 0;

  add(nowMs: number): void {
    this.#forget(nowMs);
    this.#counts[this.#minute % minutes]! += 1;
  }

  read(nowMs: number): number {
    this.#forget(nowMs);
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #forget(nowMs: number): void {
    const minute = Math.max(this.#minute, Math.floor(nowMs / minuteMs));
    const passed = Math.min(minutes, minute - this.#minute);
    for (let step = 0; step < passed; step += 1) this.#counts[(minute - step) % minutes] = 0;
    this.#minute = minute;
  }
}
