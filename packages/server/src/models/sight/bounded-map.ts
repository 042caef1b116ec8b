/** A map that forgets what was not used for the longest time once it is full: for entries whose names come from outside. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Does not count as a use. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  use(key: string, create: () => Value): Value {
    let value = this.#entries.get(key);
    if (value === undefined) {
      value = create();
      if (this.#entries.size >= this.#limit) this.#entries.delete(this.#entries.keys().next().value!);
    } else this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries();
  }

  get size(): number {
    return this.#entries.size;
  }
}
