/**
 * Makes runs of what comes in. The key of a run is made of the channel and of the id that the outside gave it, so that the same arrival is the
 * same run for as long as the run is known, also where two come at once or a crash is in between.
 *
 * It reads no message and knows no channel from another.
 */
import type { ChannelKind, RunEvent, RunView } from '@openclaw/protocol';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Accepted, Arrival, ChannelRuns } from './contract.ts';
import type { ChannelFigures } from './figures.ts';
import type { ChannelLimits } from './limits.ts';
import { channelOf, nameOf } from './origins.ts';

export interface ReceivingChannel {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly agentId: string;
}

export interface IntakeOptions {
  readonly runs: Pick<ChannelRuns, 'create' | 'find'>;
  readonly clock: Clock;
  readonly figures: ChannelFigures;
  readonly limits: ChannelLimits;
  /** Deliveries of the channel that wait. */
  readonly waiting: (channelId: string) => number;
}

/** Both bounds pass as runs end and receivers come back: in minutes rather than seconds. */
const retryAfterMs = 30_000;

export class ArrivalDesk {
  readonly #options: IntakeOptions;
  /** Of each channel the runs that have not ended; those of before a restart once something happens in them. */
  readonly #open = new Map<string, Set<string>>();
  readonly #lastReceivedAtMs = new Map<string, number>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  lastReceivedAtMs(channelId: string): number | null {
    return this.#lastReceivedAtMs.get(channelId) ?? null;
  }

  /** What is committed of runs. */
  observe(events: readonly RunEvent[], { id, origin, endedAtMs }: RunView): void {
    const channelId = channelOf(origin);
    if (channelId === undefined || events.length === 0) return;
    const open = this.#open.get(channelId) ?? new Set();
    this.#open.set(channelId, open);
    if (endedAtMs === null) open.add(id);
    else open.delete(id);
  }

  async accept(channel: ReceivingChannel, arrival: Arrival): Promise<Accepted> {
    const { figures, clock } = this.#options;
    try {
      const accepted = await this.#become(channel, arrival);
      this.#lastReceivedAtMs.set(channel.id, clock.now());
      figures.arrived(channel.id, accepted.isKnown ? 'known' : 'accepted');
      return accepted;
    } catch (thrown) {
      figures.arrived(channel.id, 'failed');
      throw thrown;
    }
  }

  async #become(channel: ReceivingChannel, { id, input, sessionKey }: Arrival): Promise<Accepted> {
    const { runs } = this.#options;
    const by = nameOf(channel.id);
    const idempotencyKey = `${by}/${id}`;
    // Asked first, for it is the same arrival also where the settings of the channel have made another request of it since.
    const known = await runs.find(idempotencyKey);
    if (known && known.origin.by !== by) throw new OpenClawError('idempotency_key_reused', { details: { runId: idempotencyKey } });
    if (known) return { runId: known.id, isKnown: true };
    this.#refuseBeyondBounds(channel.id);
    const { run, isKnown } = await runs.create(
      { agent: channel.agentId, input, idempotencyKey, ...(sessionKey === undefined ? {} : { session: sessionKey }) },
      { kind: channel.kind, by },
    );
    return { runId: run.id, isKnown };
  }

  #refuseBeyondBounds(channelId: string): void {
    const { limits, waiting } = this.#options;
    const beyond = [
      { many: this.#open.get(channelId)?.size ?? 0, limit: limits.openRuns, what: `runs of the channel ${channelId} that have not ended` },
      { many: waiting(channelId), limit: limits.waiting, what: `deliveries of the channel ${channelId} that wait` },
    ].find(({ many, limit }) => many >= limit);
    if (!beyond) return;
    const { limit, what } = beyond;
    throw new OpenClawError('overloaded', { details: { limit, what, setting: 'the time between requests' }, retryAfterMs });
  }
}
