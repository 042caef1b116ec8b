/**
 * The one reader of changes in this process: it reads each change once, and hands it to all who watch. Woken by every writer on the same store,
 * and now and then by itself, since a message may be lost.
 *
 * Whoever does not keep up is ended, and holds no more than its bound until then.
 */
import type { ApiObject } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Database } from '../../storage/index.ts';
import type { ObjectChange, ObjectKey } from './resource-store.ts';
import { readChanges, readSequence, toObject, type ChangeRow } from './statements.ts';

export const changesChannel = 'workload-changes';

/** A change with what was before it, as watchers that look for some objects need it. */
export interface SeenChange {
  readonly type: ObjectChange['type'];
  readonly key: ObjectKey;
  readonly version: number;
  readonly object: ApiObject;
  readonly previous: ApiObject | undefined;
}

export interface Subscription {
  /** Everything up to here was read before it began. */
  readonly from: number;
  /** What came since the last call, and up to which version that is everything; undefined once it has ended. */
  next(): Promise<{ readonly changes: readonly SeenChange[]; readonly upTo: number } | undefined>;
  end(): void;
}

export interface ChangeReaderOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Changes that are held for one consumer. */
  readonly heldLimit: number;
  /** What reading failed with: all watches end, and come again. */
  readonly onFailure: (thrown: unknown) => void;
}

const pageChanges = 200;
/** A message that says that there is more may be lost; then it is found so late. */
const lookEveryMs = 10_000;

export class ChangeReader {
  readonly #options: ChangeReaderOptions;
  readonly #open = new Set<OpenSubscription>();
  #position = 0;
  #starting: Promise<void> | undefined;
  #reading = false;
  #again = false;
  #unsubscribe: (() => void) | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: ChangeReaderOptions) {
    this.#options = options;
  }

  /** @param wanted whether a change of this resource matters */
  async subscribe(wanted: (key: ObjectKey) => boolean): Promise<Subscription> {
    const subscription = new OpenSubscription(wanted, this.#options.heldLimit, () => this.#leave(subscription));
    this.#open.add(subscription);
    try {
      await (this.#starting ??= this.#start());
    } catch (thrown) {
      subscription.end();
      throw thrown;
    }
    subscription.begin(this.#position);
    if (this.#isClosed) subscription.end();
    return subscription;
  }

  /** There may be more. */
  wake(): void {
    if (this.#starting === undefined || this.#isClosed) return;
    this.#again = true;
    if (!this.#reading) void this.#read();
  }

  close(): void {
    this.#isClosed = true;
    for (const subscription of [...this.#open]) subscription.end();
    this.#stop();
  }

  async #start(): Promise<void> {
    const { database, clock } = this.#options;
    this.#unsubscribe = database.subscribe(changesChannel, () => this.wake());
    this.#timer = clock.every(lookEveryMs, () => this.wake());
    this.#position = (await readSequence(database)).version;
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#timer?.cancel();
    this.#starting = undefined;
  }

  #leave(subscription: OpenSubscription): void {
    this.#open.delete(subscription);
    if (this.#open.size === 0) this.#stop();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#again && this.#open.size > 0) {
        this.#again = false;
        await this.#starting;
        const rows = await readChanges(this.#options.database, { after: this.#position, limit: pageChanges });
        if (!this.#take(rows)) break;
        this.#again ||= rows.length === pageChanges;
      }
    } catch (thrown) {
      for (const subscription of [...this.#open]) subscription.end();
      if (!this.#isClosed) this.#options.onFailure(thrown);
    } finally {
      this.#reading = false;
    }
  }

  /** @returns false where some were forgotten before they were read: then everybody has to come again */
  #take(rows: readonly ChangeRow[]): boolean {
    const last = rows.at(-1);
    if (!last) return true;
    if (rows[0]!.version !== this.#position + 1) {
      for (const subscription of [...this.#open]) subscription.end();
      return false;
    }
    this.#position = last.version;
    const changes = rows.map(toSeenChange);
    for (const subscription of [...this.#open]) subscription.add(changes, last.version);
    return true;
  }
}

export function toSeenChange(row: ChangeRow): SeenChange {
  const { type, key, version, previous } = row;
  let before: ApiObject | undefined;
  return {
    ...{ type, key, version, object: toObject(row) },
    // Asked for by few.
    get previous() {
      return previous && (before ??= toObject(previous));
    },
  };
}

class OpenSubscription implements Subscription {
  from = 0;
  readonly #wanted: (key: ObjectKey) => boolean;
  readonly #heldLimit: number;
  readonly #onEnd: () => void;
  #held: SeenChange[] = [];
  #upTo = 0;
  #told = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(wanted: (key: ObjectKey) => boolean, heldLimit: number, onEnd: () => void) {
    this.#wanted = wanted;
    this.#heldLimit = heldLimit;
    this.#onEnd = onEnd;
  }

  begin(position: number): void {
    this.from = position;
    this.#told = position;
    this.#upTo = position;
    this.#held = [];
  }

  add(changes: readonly SeenChange[], upTo: number): void {
    const wanted = changes.filter(({ key }) => this.#wanted(key));
    if (this.#held.length + wanted.length > this.#heldLimit) return this.end();
    this.#held.push(...wanted);
    this.#upTo = upTo;
    this.#wake?.();
  }

  async next(): Promise<{ readonly changes: readonly SeenChange[]; readonly upTo: number } | undefined> {
    while (!this.#ended && this.#upTo === this.#told) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#ended) return undefined;
    const changes = this.#held;
    this.#held = [];
    this.#told = this.#upTo;
    return { changes, upTo: this.#upTo };
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#held = [];
    this.#onEnd();
    this.#wake?.();
  }
}
