/**
 * One request that waits, and its places in the queues of its candidates. They hold what belongs to the wait; who is let in
 * when is decided in `admission.ts`.
 */
import type { Target } from '../target.ts';
import type { AgendaEntry } from './agenda.ts';
import type { EntryRequest, Permit } from './contract.ts';
import type { QueueEntry } from './fair-queue.ts';
import type { Gate } from './gate.ts';
import { outside } from './heap.ts';

interface WaiterOptions {
  readonly nowMs: number;
  readonly sequence: number;
  /** It has waited for as long as it may. */
  readonly onExpired: (waiter: Waiter) => void;
}

/** On the agenda with the moment at which it gives up. */
export class Waiter implements AgendaEntry {
  readonly request: EntryRequest;
  readonly enteredMs: number;
  readonly sequence: number;
  /** Where it waits; one at least, while it does. */
  places: Place[] = [];
  readonly promise: Promise<Permit>;
  readonly resolve: (permit: Permit) => void;
  readonly reject: (reason: unknown) => void;
  heapIndex = outside;
  atMs = Infinity;
  readonly #onExpired: (waiter: Waiter) => void;
  #onAbort: (() => void) | undefined;

  constructor(request: EntryRequest, { nowMs, sequence, onExpired }: WaiterOptions) {
    this.request = request;
    this.enteredMs = nowMs;
    this.sequence = sequence;
    this.#onExpired = onExpired;
    const { promise, resolve, reject } = Promise.withResolvers<Permit>();
    this.promise = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  get turn(): string {
    return this.request.turn;
  }

  get session(): string | undefined {
    return this.request.session;
  }

  due(): void {
    this.#onExpired(this);
  }

  listen(onAbort: () => void): void {
    this.#onAbort = onAbort;
    this.request.signal.addEventListener('abort', onAbort, { once: true });
  }

  silence(): void {
    if (this.#onAbort) this.request.signal.removeEventListener('abort', this.#onAbort);
  }
}

interface PlaceOptions {
  readonly waiter: Waiter;
  readonly gate: Gate<Place>;
  readonly target: Target;
  /** The request's own back-off from this target, as in `Candidate`. */
  readonly notBeforeMs: number;
  /** The back-off is over. */
  readonly onDue: (place: Place, nowMs: number) => void;
}

/** On the agenda while the waiter backs off from this target, then in the queue of its gate. */
export class Place implements QueueEntry, AgendaEntry {
  readonly waiter: Waiter;
  readonly gate: Gate<Place>;
  readonly target: Target;
  readonly notBeforeMs: number;
  queued = false;
  heapIndex = outside;
  atMs = Infinity;
  readonly #onDue: (place: Place, nowMs: number) => void;

  constructor({ waiter, gate, target, notBeforeMs, onDue }: PlaceOptions) {
    this.waiter = waiter;
    this.gate = gate;
    this.target = target;
    this.notBeforeMs = notBeforeMs;
    this.#onDue = onDue;
  }

  get turn(): string {
    return this.waiter.turn;
  }

  get session(): string | undefined {
    return this.waiter.session;
  }

  get arrivedMs(): number {
    return this.waiter.request.arrivedMs;
  }

  get sequence(): number {
    return this.waiter.sequence;
  }

  queue(): void {
    this.queued = true;
    this.gate.queue.add(this);
  }

  due(nowMs: number): void {
    this.#onDue(this, nowMs);
  }
}
