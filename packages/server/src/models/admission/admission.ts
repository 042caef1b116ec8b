/**
 * The only place where requests wait: see `contract.ts` for what it promises.
 *
 * It finds the gates of a request's candidates, lets it through the first that has room, or makes it wait in the queues of all of
 * them until one has. One agenda holds every moment at which time changes something: a gate that opens, a back-off that ends, a
 * deadline. How a gate decides: `gate.ts`. In which order: `fair-queue.ts`.
 */
import type { Clock } from '../../core/clock.ts';
import type { OpenClawError } from '../../core/errors.ts';
import { createAgenda, type Agenda } from './agenda.ts';
import type {
  Admission,
  AdmissionFigures,
  AdmissionSettings,
  AttemptResult,
  Candidate,
  EntryRequest,
  Permit,
  TargetStatus,
} from './contract.ts';
import { Crowd } from './crowd.ts';
import type { Gate as GateOf } from './gate.ts';
import { createGates, type Gates } from './gates.ts';
import { allUnavailable, queueFull, removed, tooLate, waitedInVain, type Refused } from './refusals.ts';
import { Place, Waiter } from './waiter.ts';
import type { Provider, Target } from '../target.ts';

export interface AdmissionOptions {
  readonly settings: AdmissionSettings;
  readonly clock: Clock;
}

type Gate = GateOf<Place>;

/** Retry-After of a refusal while nothing is known yet of how long answers take. */
const unknownWaitMs = 1000;
/** Those who are refused are asked back one by one, but none later than this after the first. */
const longestSpreadMs = 120_000;

export function createAdmission(options: AdmissionOptions): Admission {
  return new TargetAdmission(options);
}

class TargetAdmission implements Admission {
  #settings: AdmissionSettings;
  readonly #clock: Clock;
  readonly #agenda: Agenda;
  readonly #gates: Gates<Place>;
  readonly #waiters = new Crowd<Waiter>();
  readonly #counts = { underWay: 0, refused: 0, admitted: 0, waitedMsTotal: 0 };
  #sequence = 0;
  #closed: OpenClawError | undefined;
  readonly figures: AdmissionFigures;

  constructor({ settings, clock }: AdmissionOptions) {
    this.#settings = settings;
    this.#clock = clock;
    this.#agenda = createAgenda(clock);
    this.#gates = createGates<Place>({ breaker: settings.breaker, onDue: (gate, nowMs) => this.#drain(gate, nowMs) });
    const counts = this.#counts;
    const waiters = this.#waiters;
    this.figures = {
      get waiting() {
        return waiters.size;
      },
      get underWay() {
        return counts.underWay;
      },
      get refused() {
        return counts.refused;
      },
      get admitted() {
        return counts.admitted;
      },
      get waitedMsTotal() {
        return counts.waitedMsTotal;
      },
    };
  }

  enter(request: EntryRequest): Permit | Promise<Permit> {
    if (this.#closed) throw this.#closed;
    request.signal.throwIfAborted();
    const nowMs = this.#clock.monotonicMs();
    return this.#enterNow(request.candidates, nowMs) ?? this.#wait(request, nowMs);
  }

  tryEnter(candidates: readonly Candidate[]): Permit | undefined {
    return this.#closed ? undefined : this.#enterNow(candidates, this.#clock.monotonicMs());
  }

  underWay(target: Target): number {
    return this.#gates.find(target)?.underWay ?? 0;
  }

  whyNot(target: Target): string {
    if (target.key.gone) return 'the configuration has it no more';
    return this.#gates.find(target)?.whyNot(this.#clock.monotonicMs()) ?? 'it had no room';
  }

  status(): readonly TargetStatus[] {
    const nowMs = this.#clock.monotonicMs();
    return Array.from(this.#gates.list(), (gate) => gate.status(nowMs));
  }

  override(name: string, action: 'open' | 'reset'): number {
    const nowMs = this.#clock.monotonicMs();
    const concerned = this.#gates.override(name, action);
    for (const gate of concerned) {
      if (action === 'open') this.#refuseHopeless(gate, nowMs);
      this.#drain(gate, nowMs);
    }
    return concerned.length;
  }

  reconfigure(settings: AdmissionSettings, providers: readonly Provider[]): void {
    const nowMs = this.#clock.monotonicMs();
    this.#settings = settings;
    for (const waiter of [...this.#waiters]) this.#leaveGone(waiter, nowMs);
    this.#gates.reconfigure(settings.breaker, providers);
    for (const gate of this.#gates.list()) this.#drain(gate, nowMs);
  }

  close(reason: OpenClawError): void {
    this.#closed = reason;
    for (const waiter of [...this.#waiters]) {
      this.#giveUp(waiter, reason);
    }
  }

  /** For permits: gives the place back, and lets in whoever waits for it. */
  release(permit: Passing, result: AttemptResult): void {
    const nowMs = this.#clock.monotonicMs();
    const { gate } = permit;
    this.#counts.underWay -= 1;
    const opened = gate.leave(permit, result, nowMs);
    if (gate.target.key.gone) this.#gates.forgetIfOver(gate);
    if (gate.queue.size === 0) return;
    if (opened) this.#refuseHopeless(gate, nowMs);
    this.#drain(gate, nowMs);
  }

  #enterNow(candidates: readonly Candidate[], nowMs: number): Permit | undefined {
    for (const { target, notBeforeMs } of candidates) {
      if (notBeforeMs > nowMs || target.key.gone) continue;
      const gate = this.#gates.of(target, nowMs);
      // Nobody overtakes those who wait.
      if (gate.queue.size === 0 && gate.hasRoom(nowMs)) return this.#admit(gate, { target, nowMs, waitedMs: 0 });
    }
    return undefined;
  }

  #admit(gate: Gate, { target, nowMs, waitedMs }: { target: Target; nowMs: number; waitedMs: number }): Permit {
    this.#counts.underWay += 1;
    this.#counts.admitted += 1;
    this.#counts.waitedMsTotal += waitedMs;
    const ticket = gate.enter(nowMs);
    return new Passing({ admission: this, gate, target, waitedMs, sentMs: nowMs, ticket, underWay: gate.underWay });
  }

  #wait(request: EntryRequest, nowMs: number): Promise<Permit> {
    const { maxWaiting, maxWaitMs } = this.#settings.queue;
    const hopes = this.#hopesOf(request, nowMs);
    if (hopes.every(({ gate }) => gate.breaker.state(nowMs) === 'open')) throw this.#unavailable(hopes, nowMs);
    const giveUpMs = Math.min(request.deadlineMs, nowMs + maxWaitMs);
    const best = this.#firstRoom(request, hopes, nowMs);
    const yielding = this.#waiters.size < maxWaiting ? undefined : this.#waiters.yielding(request);
    if (this.#waiters.size >= maxWaiting && !yielding) throw queueFull(this.#turnAway(best, nowMs), maxWaiting);
    if (best.atMs >= giveUpMs) throw tooLate(this.#turnAway(best, nowMs), giveUpMs - nowMs);
    if (yielding) this.#giveUp(yielding, queueFull(this.#turnAway(this.#firstRoomOf(yielding, nowMs), nowMs), maxWaiting));
    const waiter = new Waiter(request, { nowMs, sequence: (this.#sequence += 1), onExpired: (late) => this.#expire(late) });
    this.#waiters.add(waiter);
    waiter.listen(() => this.#abandon(waiter));
    this.#agenda.set(waiter, giveUpMs);
    this.#enqueue(waiter, hopes, nowMs);
    return waiter.promise;
  }

  /** The gates that it may wait for. @throws OpenClawError `target_removed` where there is none */
  #hopesOf({ candidates }: EntryRequest, nowMs: number): readonly Hope[] {
    const left = candidates.filter(({ target }) => !target.key.gone);
    const [first] = candidates;
    if (left.length === 0 && first) throw removed(first.target.name);
    return left.map(({ target, notBeforeMs }) => ({ gate: this.#gates.of(target, nowMs), target, notBeforeMs }));
  }

  #enqueue(waiter: Waiter, hopes: readonly Hope[], nowMs: number): void {
    for (const hope of hopes) {
      const place = new Place({ ...hope, waiter, onDue: (due, dueMs) => this.#awake(due, dueMs) });
      waiter.places.push(place);
      if (hope.notBeforeMs > nowMs) this.#agenda.set(place, hope.notBeforeMs);
      else place.queue();
    }
    for (const { gate } of hopes) this.#drain(gate, nowMs);
  }

  /** The configuration has changed: it waits no more where the key is gone, and is told if nowhere else is left. */
  #leaveGone(waiter: Waiter, nowMs: number): void {
    const left = waiter.places.filter(({ target }) => !target.key.gone);
    if (left.length === waiter.places.length) return;
    const [first] = waiter.places;
    if (left.length === 0 && first) return this.#giveUp(waiter, removed(first.target.name));
    if (left.every(({ gate }) => gate.breaker.state(nowMs) === 'open')) return this.#giveUp(waiter, this.#unavailable(left, nowMs));
    for (const place of waiter.places) if (place.target.key.gone) this.#leave(place);
    waiter.places = left;
  }

  /** The back-off of a waiter at one target is over. */
  #awake(place: Place, nowMs: number): void {
    place.queue();
    this.#drain(place.gate, nowMs);
  }

  /** Lets in whoever may go in, and puts the gate on the agenda for the rest. */
  #drain(gate: Gate, nowMs: number): void {
    while (gate.queue.size > 0) {
      if (!gate.hasRoom(nowMs)) {
        const atMs = gate.roomAtMs(nowMs);
        if (atMs === Infinity) this.#agenda.clear(gate);
        // Never now again: rounding must not make a loop of it.
        else this.#agenda.set(gate, Math.max(atMs, nowMs + 0.01));
        return;
      }
      const place = gate.queue.shift();
      if (!place) break;
      const { waiter, target } = place;
      this.#withdraw(waiter);
      waiter.resolve(this.#admit(gate, { target, nowMs, waitedMs: nowMs - waiter.enteredMs }));
    }
    this.#agenda.clear(gate);
  }

  /** Takes a waiter out of everything that it waits in. */
  #withdraw(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#agenda.clear(waiter);
    waiter.silence();
    for (const place of waiter.places) this.#leave(place);
  }

  #leave(place: Place): void {
    if (!place.queued) {
      this.#agenda.clear(place);
      return;
    }
    place.gate.queue.remove(place);
    if (place.gate.queue.size === 0) this.#agenda.clear(place.gate);
  }

  #abandon(waiter: Waiter): void {
    this.#giveUp(waiter, waiter.request.signal.reason);
  }

  #expire(waiter: Waiter): void {
    const nowMs = this.#clock.monotonicMs();
    this.#withdraw(waiter);
    const refused = this.#turnAway(this.#firstRoomOf(waiter, nowMs), nowMs);
    waiter.reject(waitedInVain(refused, nowMs - waiter.enteredMs));
  }

  #giveUp(waiter: Waiter, reason: unknown): void {
    this.#withdraw(waiter);
    waiter.reject(reason);
  }

  /** A breaker has opened: whoever has no other hope is told so at once. */
  #refuseHopeless(gate: Gate, nowMs: number): void {
    for (const { waiter } of gate.queue.list()) {
      if (!this.#waiters.has(waiter)) continue;
      if (!waiter.places.every((place) => place.gate.breaker.state(nowMs) === 'open')) continue;
      this.#giveUp(waiter, this.#unavailable(waiter.places, nowMs));
    }
  }

  #unavailable(hopes: readonly Hope[], nowMs: number): OpenClawError {
    this.#counts.refused += 1;
    let first: Gate | undefined;
    for (const { gate } of hopes) if (!first || gate.closedUntilMs(nowMs) < first.closedUntilMs(nowMs)) first = gate;
    // One that an operator holds open has no such moment; the time of an ordinary opening is as good as any.
    const untilMs = Math.min(first?.closedUntilMs(nowMs) ?? Infinity, nowMs + this.#settings.breaker.openMs);
    return allUnavailable({ target: first?.target.name ?? 'no target', retryAfterMs: untilMs - nowMs }, first?.reason() ?? 'there is none');
  }

  /** Which gate will probably have room first for this request, and when: pauses are known, the queue is estimated. */
  #firstRoom(request: EntryRequest, hopes: readonly Hope[], nowMs: number): Estimate {
    let best: Estimate | undefined;
    for (const { gate, notBeforeMs } of hopes) {
      const restUntilMs = Math.max(gate.closedUntilMs(nowMs), notBeforeMs);
      const throughput = gate.throughput(nowMs);
      const atMs = throughput === undefined ? restUntilMs : restUntilMs + gate.queue.aheadOf(request) / throughput;
      if (!best || atMs < best.atMs) best = { gate, atMs, throughput };
    }
    return best ?? { gate: undefined, atMs: nowMs, throughput: undefined };
  }

  #firstRoomOf(waiter: Waiter, nowMs: number): Estimate {
    return this.#firstRoom(waiter.request, waiter.places, nowMs);
  }

  /** Counts a refusal, and finds a moment for it to come again that no other was given. */
  #turnAway({ gate, atMs, throughput }: Estimate, nowMs: number): Refused {
    this.#counts.refused += 1;
    const stepMs = throughput === undefined ? 0 : 1 / throughput;
    const soonestMs = throughput === undefined ? Math.max(atMs, nowMs + unknownWaitMs) : atMs + stepMs;
    if (!gate) return { target: 'no target', retryAfterMs: soonestMs - nowMs };
    const returnMs = Math.min(Math.max(soonestMs, gate.returnMs + stepMs), soonestMs + longestSpreadMs);
    gate.returnMs = returnMs;
    return { target: gate.target.name, retryAfterMs: returnMs - nowMs };
  }
}

/** Where a request may be let in, and its own back-off from there. */
interface Hope {
  readonly gate: Gate;
  readonly target: Target;
  readonly notBeforeMs: number;
}

interface Estimate {
  readonly gate: Gate | undefined;
  readonly atMs: number;
  /** Per millisecond; `undefined` while nothing is known. */
  readonly throughput: number | undefined;
}

interface PassingOptions {
  readonly admission: TargetAdmission;
  readonly gate: Gate;
  readonly target: Target;
  readonly waitedMs: number;
  readonly sentMs: number;
  readonly ticket: number;
  readonly underWay: number;
}

/** One attempt that was let in. */
class Passing implements Permit {
  readonly gate: Gate;
  readonly target: Target;
  readonly waitedMs: number;
  readonly sentMs: number;
  readonly ticket: number;
  readonly underWay: number;
  readonly #admission: TargetAdmission;
  #released = false;

  constructor({ admission, gate, target, waitedMs, sentMs, ticket, underWay }: PassingOptions) {
    this.#admission = admission;
    this.gate = gate;
    this.target = target;
    this.waitedMs = waitedMs;
    this.sentMs = sentMs;
    this.ticket = ticket;
    this.underWay = underWay;
  }

  release(result: AttemptResult): void {
    if (this.#released) return;
    this.#released = true;
    this.#admission.release(this, result);
  }
}
