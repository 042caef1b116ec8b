/**
 * Sends what waits: each delivery is tried until it is delivered, or there were too many attempts, or it is too old; then it is given up and
 * kept as dead. It is there from the commit of what it speaks of, so that nothing is lost by a crash; and sent again where nobody knows
 * whether it arrived, so that its receiver goes by its id.
 *
 * How it is sent is the channel's to know. One receiver that is slow or gone costs only its own channel.
 */
import type { Clock, Timer } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Outlet, SendResult } from './contract.ts';
import type { Claim, DeliveryCounts, DeliveryStore, StoredDelivery } from './delivery-store.ts';
import type { ChannelFigures } from './figures.ts';
import type { ChannelLimits } from './limits.ts';

export interface OutboxOptions {
  readonly store: DeliveryStore;
  /** Channels that send, as they are now. */
  readonly outlets: () => ReadonlyMap<string, Outlet>;
  readonly clock: Clock;
  readonly log: Log;
  readonly figures: ChannelFigures;
  readonly limits: ChannelLimits;
  /** The same after a restart on the same state; no other process has it. */
  readonly owner: string;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told of each look, and of one that failed: whoever watches over it knows that it lives. */
  readonly life: { alive(): void; died(reason: unknown): void };
}

/** What is known of a channel's deliveries without asking the store. */
export interface Sending extends DeliveryCounts {
  readonly lastDeliveredAtMs: number | null;
  /** In a row, up to now. */
  readonly failures: number;
  /** Why the last of them failed. */
  readonly failure: string | null;
}

const pruneEveryMs = 3_600_000;
const failureCharacters = 300;
const nothingSent: Sending = { waiting: 0, dead: 0, lastDeadAtMs: null, lastDeliveredAtMs: null, failures: 0, failure: null };

export class Outbox {
  readonly #options: OutboxOptions;
  /** Attempts under way by their channel, each with what stops it. */
  readonly #underWay = new Map<string, Set<Promise<void>>>();
  readonly #stopping = new AbortController();
  readonly #sent = new Map<string, Pick<Sending, 'lastDeliveredAtMs' | 'failures' | 'failure'>>();
  #counts: ReadonlyMap<string, DeliveryCounts> = new Map();
  #looking: Promise<void> = Promise.resolve();
  /** Something has changed since the look that is under way began. */
  #isAsked = false;
  #isStarted = false;
  #timer: Timer | undefined;
  #pruning: Timer | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what the last process had under way, and sends from now on. */
  async start(): Promise<void> {
    const { store, clock, owner } = this.#options;
    await store.release(owner, clock.now());
    this.#isStarted = true;
    this.#pruning = clock.every(pruneEveryMs, () => void this.#prune());
    this.wake();
    await this.#looking;
  }

  /** There may be something to send. */
  wake(): void {
    if (!this.#isStarted || this.#stopping.signal.aborted || this.#isAsked) return;
    this.#isAsked = true;
    this.#looking = this.#looking.then(() => {
      this.#isAsked = false;
      return this.#look();
    });
  }

  of(channelId: string): Sending {
    return { ...nothingSent, ...this.#counts.get(channelId), ...this.#sent.get(channelId) };
  }

  /** Reads anew how many wait and how many are dead. */
  async count(): Promise<void> {
    this.#counts = await this.#options.store.counts();
  }

  /** Once nothing that has begun by now is under way. */
  async idle(): Promise<void> {
    for (;;) {
      const before = this.#looking;
      await before;
      await Promise.all([...this.#underWay.values()].flatMap((attempts) => [...attempts]));
      if (before === this.#looking) return;
    }
  }

  /** Stops what is under way where it is: it is sent again by who comes next. */
  async close(): Promise<void> {
    this.#stopping.abort(new OpenClawError('draining'));
    this.#timer?.cancel();
    this.#pruning?.cancel();
    await this.idle();
  }

  async #look(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { outlets, clock, limits, log, life } = this.#options;
    this.#timer?.cancel();
    try {
      let wakeMs = clock.now() + limits.lookMs;
      for (const [channelId, outlet] of outlets()) wakeMs = Math.min(wakeMs, await this.#sendDue(channelId, outlet));
      await this.count();
      life.alive();
      this.#arm(wakeMs - clock.now());
    } catch (thrown) {
      log.error('deliveries that wait could not be looked at', { reason: reasonOf(thrown) });
      life.died(thrown);
      this.#arm(limits.retryMs);
    }
  }

  /** @returns when the next one of the channel may be sent; later where all of its places are taken, for then somebody calls */
  async #sendDue(channelId: string, outlet: Outlet): Promise<number> {
    const { store, clock, limits, owner } = this.#options;
    const attempts = this.#underWay.get(channelId) ?? new Set();
    this.#underWay.set(channelId, attempts);
    for (;;) {
      const room = limits.underWay - attempts.size;
      if (room <= 0 || this.#stopping.signal.aborted) return Number.POSITIVE_INFINITY;
      const due = await store.due(channelId, clock.now(), room);
      for (const delivery of due) {
        const claim = await store.claim(delivery, owner, clock.now() + outlet.retry.timeoutMs + limits.graceMs);
        if (claim) this.#begin(attempts, { delivery, claim, outlet });
      }
      if (due.length < room) return (await store.nextDueAt(channelId)) ?? Number.POSITIVE_INFINITY;
    }
  }

  #begin(attempts: Set<Promise<void>>, attempt: Attempt): void {
    const { log } = this.#options;
    const done = this.#attempt(attempt)
      .catch((thrown: unknown) => {
        // Its claim ends by itself, and it is tried again then.
        log.error('what became of a delivery could not be written down', { delivery: attempt.claim.id, reason: reasonOf(thrown) });
      })
      .finally(() => {
        attempts.delete(done);
        this.wake();
      });
    attempts.add(done);
  }

  async #attempt({ delivery, claim, outlet }: Attempt): Promise<void> {
    const { clock, store, figures, log } = this.#options;
    const { id, channelId, runId } = delivery;
    const { signal } = this.#stopping;
    // The last attempt may have been cut by the end of a process; it is made again, but not for ever.
    const result = delivery.attempts > outlet.retry.attempts ? cutOff : await sendGuarded(outlet, delivery, signal);
    if (result.kind === 'delivered') {
      await store.delivered(claim, clock.now());
      this.#sent.set(channelId, { lastDeliveredAtMs: clock.now(), failures: 0, failure: null });
      figures.attempted(channelId, 'delivered');
      return;
    }
    // Whoever comes next sends it at once; the attempt counts all the same.
    if (signal.aborted) return;
    const failure = wordsOf(result.reason);
    const nextAtMs = this.#nextAttemptAt({ delivery, claim, outlet }, result);
    const { lastDeliveredAtMs, failures } = this.of(channelId);
    this.#sent.set(channelId, { lastDeliveredAtMs, failures: failures + 1, failure });
    const about = { channel: channelId, delivery: id, runId, attempt: claim.attempt, reason: failure };
    if (nextAtMs === undefined) {
      await store.gaveUp(claim, failure, clock.now());
      figures.attempted(channelId, 'dead');
      log.error('a delivery was given up', about);
      return;
    }
    await store.failed(claim, failure, nextAtMs);
    figures.attempted(channelId, 'failed');
    if (claim.attempt === 1) log.warn('a delivery failed and is tried again', about);
  }

  /** @returns undefined where there is none any more */
  #nextAttemptAt({ delivery, claim, outlet }: Attempt, result: Exclude<SendResult, { readonly kind: 'delivered' }>): number | undefined {
    const { attempts, maxAgeMs, baseDelayMs, maxDelayMs } = outlet.retry;
    if (result.kind === 'refused' || claim.attempt >= attempts) return undefined;
    const longestMs = Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(claim.attempt - 1, 30));
    // Never at once, so that a receiver that comes back is not met by all that waits for it.
    const delayMs = (longestMs * (1 + this.#options.random())) / 2;
    const nextAtMs = Math.ceil(this.#options.clock.now() + Math.max(delayMs, result.retryAfterMs ?? 0));
    return nextAtMs > delivery.queuedAtMs + maxAgeMs ? undefined : nextAtMs;
  }

  #arm(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const { clock, limits } = this.#options;
    this.#timer = clock.after(Math.max(0, Math.min(delayMs, limits.lookMs)), () => this.wake());
  }

  async #prune(): Promise<void> {
    const { store, clock, limits, log } = this.#options;
    const nowMs = clock.now();
    const { keptDeliveredMs, keptDeadMs, kept } = limits;
    try {
      await store.prune({ deliveredBeforeMs: nowMs - keptDeliveredMs, deadBeforeMs: nowMs - keptDeadMs, kept });
    } catch (thrown) {
      log.warn('old deliveries could not be forgotten', { reason: reasonOf(thrown) });
    }
  }
}

const cutOff: SendResult = { kind: 'refused', reason: 'the gateway ended in the middle of the last attempts' };

interface Attempt {
  readonly delivery: StoredDelivery;
  readonly claim: Claim;
  readonly outlet: Outlet;
}

/** A channel that throws has a fault of its own, which another attempt may not meet. */
async function sendGuarded(outlet: Outlet, { id, notice }: StoredDelivery, signal: AbortSignal): Promise<SendResult> {
  try {
    return await outlet.send({ id, notice }, signal);
  } catch (thrown) {
    return { kind: 'failed', reason: reasonOf(thrown) };
  }
}

/** It goes into the store, and to terminals. */
function wordsOf(reason: string): string {
  return reason
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .toWellFormed()
    .slice(0, failureCharacters);
}
