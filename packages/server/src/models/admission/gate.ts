/**
 * The gate of one target: may one more request go in now, and if not, when? It puts together how much the target takes
 * (`limit.ts`), how often (`pace.ts`) and whether it is well (`breaker.ts`), and tells each of them how attempts went.
 *
 * It does not choose who goes in (`fair-queue.ts`) and does not wait (`admission.ts`).
 */
import type { ErrorCode, OpenClawError } from '../../core/errors.ts';
import type { Provider, Target } from '../target.ts';
import type { AgendaEntry } from './agenda.ts';
import { createBreaker, type Breaker, type Verdict } from './breaker.ts';
import type { AttemptResult, BreakerSettings, TargetStatus } from './contract.ts';
import { createFairQueue, type FairQueue, type QueueEntry } from './fair-queue.ts';
import { outside } from './heap.ts';
import { createLimit, type AdaptiveLimit } from './limit.ts';
import { createPace, type Pace } from './pace.ts';

/** What one attempt took with it through the gate. */
export interface Passage {
  readonly sentMs: number;
  readonly ticket: number;
  /** Under way when it went in, itself included. */
  readonly underWay: number;
}

/** Weight of one attempt in the mean duration: the mean of about the last ten. */
const durationWeight = 0.1;

export interface GateOptions<Entry extends QueueEntry> {
  readonly breaker: BreakerSettings;
  /** The moment has come for which the gate was put on the agenda. */
  readonly onDue: (gate: Gate<Entry>, nowMs: number) => void;
}

export class Gate<Entry extends QueueEntry> implements AgendaEntry {
  /** The one that was asked first; others of the same key and model pass the same gate. */
  target: Target;
  readonly queue: FairQueue<Entry> = createFairQueue<Entry>();
  readonly breaker: Breaker;
  readonly pace: Pace = createPace();
  heapIndex = outside;
  atMs = Infinity;
  /** When the last one went in. */
  usedMs = 0;
  /** When the next one that is refused may come again: each gets a moment of its own. */
  returnMs = 0;
  readonly #limit: AdaptiveLimit;
  readonly #onDue: (gate: Gate<Entry>, nowMs: number) => void;
  #underWay = 0;
  /** Of attempts that went well, milliseconds. */
  #meanDurationMs: number | undefined;
  #lastFailure = '';

  constructor(target: Target, { breaker, onDue }: GateOptions<Entry>) {
    this.target = target;
    this.breaker = createBreaker(breaker);
    this.#onDue = onDue;
    this.#limit = createLimit(target.provider.concurrency);
  }

  get underWay(): number {
    return this.#underWay;
  }

  get isInUse(): boolean {
    return this.#underWay > 0 || this.queue.size > 0;
  }

  /** Whether nothing is lost when it is forgotten: it is not in use, and nothing is held against the target. */
  isIdle(nowMs: number): boolean {
    return !this.isInUse && this.breaker.state(nowMs) === 'closed' && this.pace.pausedUntilMs <= nowMs;
  }

  hasRoom(nowMs: number): boolean {
    return this.pace.nextMs <= nowMs && this.#hasPlace(nowMs);
  }

  /** When time alone makes room, at or after now; `Infinity` if only a result does. */
  roomAtMs(nowMs: number): number {
    const nextMs = Math.max(nowMs, this.pace.nextMs);
    if (this.#hasPlace(nowMs)) return nextMs;
    return Math.max(nextMs, this.breaker.risesAtMs(nowMs));
  }

  /** Until when nobody goes in, whatever the results: the breaker's and the provider's wish. At least now. */
  closedUntilMs(nowMs: number): number {
    const restUntilMs = Math.max(nowMs, this.pace.pausedUntilMs);
    return this.breaker.state(nowMs) === 'open' ? Math.max(restUntilMs, this.breaker.risesAtMs(nowMs)) : restUntilMs;
  }

  /** Requests that it lets in in a millisecond, as far as that is known. */
  throughput(nowMs: number): number | undefined {
    const paced = this.pace.perSecond;
    const capacity = Math.max(1, Math.min(this.#limit.current, this.breaker.capacity(nowMs)));
    const served = this.#meanDurationMs === undefined ? undefined : capacity / Math.max(1, this.#meanDurationMs);
    if (paced === undefined) return served;
    return Math.min(paced / 1000, served ?? Infinity);
  }

  due(nowMs: number): void {
    this.#onDue(this, nowMs);
  }

  /** @returns the breaker's ticket, to be handed in when it leaves */
  enter(nowMs: number): number {
    this.#underWay += 1;
    this.usedMs = nowMs;
    this.pace.sent(nowMs);
    return this.breaker.begin(nowMs);
  }

  /** @returns whether the breaker opened because of it */
  leave({ sentMs, ticket, underWay: before }: Passage, result: AttemptResult, nowMs: number): boolean {
    const wasOpen = this.breaker.isOpen;
    // What was asked of the target during the attempt, as far as its two ends tell.
    const underWay = Math.max(before, this.#underWay);
    this.#underWay -= 1;
    this.breaker.end(ticket, verdictOf(result), { nowMs, limit: this.#limit.current });
    if (result.kind === 'completed') {
      this.#limit.succeeded({ sentMs, nowMs, underWay, firstOutputMs: result.firstOutputMs });
      const mean = this.#meanDurationMs ?? result.totalMs;
      this.#meanDurationMs = mean + durationWeight * (result.totalMs - mean);
    } else if (result.kind === 'failed') this.#noteFailure(result.error, { sentMs, nowMs, underWay });
    return !wasOpen && this.breaker.isOpen;
  }

  status(nowMs: number): TargetStatus {
    const { target } = this;
    // Until an operator resets it is no number of milliseconds; `heldOpen` says so.
    const pausedMs = this.breaker.heldOpen ? 0 : this.closedUntilMs(nowMs) - nowMs;
    const breaker = this.breaker.state(nowMs);
    const isLeftAlone = pausedMs > 0 || breaker === 'open' || breaker === 'halfOpen';
    return {
      target: target.name,
      key: target.key.id,
      breaker,
      heldOpen: this.breaker.heldOpen,
      pausedMs,
      ...(isLeftAlone && { reason: this.reason() }),
      limit: this.#limit.current,
      underWay: this.#underWay,
      waiting: this.queue.size,
      recentFailures: this.breaker.recentFailures(nowMs),
    };
  }

  /** Why it is left alone, for people. */
  reason(): string {
    if (this.breaker.heldOpen) return 'an operator holds it open';
    return this.#lastFailure;
  }

  /** Without the last failure, which would stand with each of many requests. */
  whyNot(nowMs: number): string {
    if (this.breaker.heldOpen) return 'an operator holds its breaker open';
    const state = this.breaker.state(nowMs);
    if (state === 'open' || state === 'halfOpen') return 'its breaker is open';
    return this.closedUntilMs(nowMs) > nowMs ? 'it asked to be left alone' : 'it had no room';
  }

  /** The provider, as it is configured now, and the settings of its breaker. */
  follow(provider: Provider, breaker: BreakerSettings): void {
    this.breaker.follow(breaker);
    if (this.target.provider === provider) return;
    const { model } = this.target;
    this.target = { ...this.target, provider, known: provider.models().find(({ id }) => id === model) };
    this.#limit.rebound(provider.concurrency);
  }

  /** Operator: as if nothing had been. */
  reset(): void {
    this.breaker.reset();
    this.pace.reset();
  }

  #hasPlace(nowMs: number): boolean {
    const capacity = this.breaker.capacity(nowMs);
    // The probe goes in whatever is still under way: attempts that hang must not keep the target from being found well.
    if (capacity > 0 && this.breaker.state(nowMs) === 'halfOpen') return true;
    return this.#underWay < Math.min(this.#limit.current, capacity);
  }

  #noteFailure(error: OpenClawError, sample: { readonly sentMs: number; readonly nowMs: number; readonly underWay: number }): void {
    const { retryAfterMs } = error;
    const { nowMs } = sample;
    if (!speaksOfUpstream(error.code)) return;
    this.#lastFailure = error.message;
    if (retryAfterMs !== undefined) {
      if (error.code === 'upstream_rate_limited') {
        this.pace.refused({ ...sample, retryAfterMs });
        return;
      }
      this.pace.pause(nowMs + retryAfterMs);
    }
    if (congestionCodes.has(error.code)) this.#limit.congested(sample);
  }
}

/** Too much at once, said or shown. */
const congestionCodes: ReadonlySet<ErrorCode> = new Set(['upstream_rate_limited', 'upstream_overloaded', 'upstream_timeout']);

/** Failures that speak of the target's health. */
const failureCodes: ReadonlySet<ErrorCode> = new Set([
  'upstream_unreachable',
  'upstream_timeout',
  'upstream_failed',
  'upstream_overloaded',
  'upstream_truncated',
  'upstream_malformed',
]);

/** Answers that are no help to the client, and yet show that the target is there and well. */
const answerCodes: ReadonlySet<ErrorCode> = new Set(['upstream_refused', 'upstream_authentication', 'upstream_quota', 'answer_too_large']);

function verdictOf(result: AttemptResult): Verdict {
  if (result.kind === 'completed') return 'success';
  if (result.kind === 'cancelled') return 'neutral';
  if (failureCodes.has(result.error.code)) return 'failure';
  return answerCodes.has(result.error.code) ? 'success' : 'neutral';
}

function speaksOfUpstream(code: ErrorCode): boolean {
  return code === 'upstream_rate_limited' || failureCodes.has(code) || answerCodes.has(code);
}
