/**
 * All channels: begins, changes and ends them as the configuration says, hands each what comes to its door, and tells how they are.
 *
 * What a channel is: `contract.ts`. How arrivals become runs: `intake.ts`. How deliveries are sent: `outbox.ts`.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ChannelView, DeliveryState, DeliveryView, RunEvent, RunView } from '@openclaw/protocol';
import type { ChannelsSettings } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Database, Statement } from '../storage/index.ts';
import type { Channel, ChannelRuns, HookAnswer, HookChannel, HookRequest, Outlet } from './contract.ts';
import { DeliveryStore, insertion, type StoredDelivery } from './delivery-store.ts';
import { createChannelFigures, type ChannelFigures } from './figures.ts';
import { HookRefused } from './hook-refused.ts';
import { ArrivalDesk } from './intake.ts';
import { channelLimits, type ChannelLimits } from './limits.ts';
import { noticesOf } from './notices.ts';
import { channelOf } from './origins.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';
import { createWebhook } from './webhook/webhook.ts';

export interface ChannelsOptions {
  readonly database: Database;
  readonly runs: ChannelRuns;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly life: OutboxOptions['life'];
  /** The same after a restart on the same state; no other process has it. */
  readonly owner: string;
  /**
   * A wrong signature came from there. @returns what to answer whoever has tried too often; undefined: as everybody
   */
  readonly noteGuess: (request: Pick<HookRequest, 'headers' | 'address'>) => OpenClawError | undefined;
  /** @default `Math.random` */
  readonly random?: () => number;
  /** @default `channelLimits` */
  readonly limits?: Partial<ChannelLimits>;
}

export interface DeliveryPageQuestion {
  readonly channelId: string;
  /** @default all */
  readonly state?: DeliveryState;
  readonly limit: number;
}

export interface Channels {
  /** What stands here holds once this resolves; those that have changed begin anew, the others go on. */
  configure(settings: ChannelsSettings): Promise<void>;
  /** Sends what waits, from now on. */
  start(): Promise<void>;
  /** What has to be kept of these events, in their own commit. */
  alongside(events: readonly RunEvent[], view: RunView): readonly Statement[];
  /** @throws OpenClawError `hook_refused`, `too_many_failures`, and what keeps it from becoming a run */
  receive(channelId: string, request: HookRequest): Promise<HookAnswer>;
  /** By their names. */
  list(): readonly ChannelView[];
  /** One entry for each that is not well, in words. */
  troubles(): readonly string[];
  /** The latest first. @throws OpenClawError `channel_not_found` where it neither is there nor has any */
  deliveries(question: DeliveryPageQuestion): Promise<readonly DeliveryView[]>;
  /** Sends it again, whatever became of it before. @throws OpenClawError `delivery_not_found`, `channel_sends_nothing` */
  redeliver(id: string): Promise<DeliveryView>;
  /** Takes nothing more, and stops what is being sent where it is. */
  close(): Promise<void>;
}

export function createChannels(options: ChannelsOptions): Channels {
  return new ChannelRegistry(options);
}

interface Held {
  readonly settings: unknown;
  readonly channel: Channel;
  readonly ending: AbortController;
  /** Why it could not begin. */
  readonly failure: string | undefined;
}

/** In a row: a receiver that is away for a moment is no news. */
const manyFailures = 5;
/** What was given up so long ago is still in the list, and no news any more. */
const newsMs = 86_400_000;
/** One line about refused requests to a channel within this time: strangers must not fill the log. */
const refusalLogMs = 60_000;
const shownIdCharacters = 64;

class ChannelRegistry implements Channels {
  readonly #options: ChannelsOptions;
  readonly #limits: ChannelLimits;
  readonly #store: DeliveryStore;
  readonly #outbox: Outbox;
  readonly #desk: ArrivalDesk;
  readonly #figures: ChannelFigures;
  readonly #held = new Map<string, Held>();
  readonly #unobserve: () => void;
  /** What is asked of a channel that there is not goes the same way, by a secret that nobody has. */
  readonly #nobody: HookChannel;
  readonly #refusalLoggedMs = new Map<string, number>();

  constructor(options: ChannelsOptions) {
    const { clock, log, metrics, life, owner, random = Math.random, database, runs } = options;
    this.#options = options;
    this.#limits = { ...channelLimits, ...options.limits };
    this.#store = new DeliveryStore(database);
    this.#figures = createChannelFigures(metrics, () => this.list().map(({ id, deliveries }) => ({ channelId: id, ...deliveries })));
    const shared = { clock, figures: this.#figures, limits: this.#limits };
    this.#outbox = new Outbox({ ...shared, store: this.#store, log, life, owner, random, outlets: () => this.#outlets() });
    this.#desk = new ArrivalDesk({ ...shared, runs, waiting: (channelId) => this.#outbox.of(channelId).waiting });
    this.#unobserve = runs.observe((events, view) => this.#observe(events, view));
    this.#nobody = createNobody(clock);
  }

  async configure({ webhook }: ChannelsSettings): Promise<void> {
    const { clock } = this.#options;
    const wanted = new Map(Object.entries(webhook.entries));
    for (const [id, settings] of wanted) {
      const before = this.#held.get(id);
      if (before && isDeepStrictEqual(before.settings, settings)) continue;
      // It stays in its place until the next one is there: what its runs have to tell meanwhile is kept.
      if (before) await end(before);
      this.#held.set(id, await this.#begin(createWebhook({ id, settings, clock }), settings));
    }
    for (const [id, held] of this.#held) {
      if (wanted.has(id)) continue;
      await end(held);
      this.#held.delete(id);
    }
    this.#outbox.wake();
  }

  async start(): Promise<void> {
    await this.#outbox.start();
  }

  alongside(events: readonly RunEvent[], view: RunView): readonly Statement[] {
    const channelId = channelOf(view.origin);
    if (channelId === undefined || this.#held.get(channelId)?.channel.outlet === undefined) return [];
    return noticesOf(events, view, this.#limits.textCharacters).map((notice) => insertion(channelId, notice));
  }

  async receive(channelId: string, request: HookRequest): Promise<HookAnswer> {
    const channel = this.#held.get(channelId)?.channel;
    const door = channel && hasDoor(channel) ? channel : this.#nobody;
    try {
      return await door.receive(request);
    } catch (thrown) {
      throw thrown instanceof HookRefused ? this.#refuse(thrown, { channelId, isKnown: channel !== undefined, request }) : thrown;
    }
  }

  list(): readonly ChannelView[] {
    return [...this.#held].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([id, held]) => this.#view(id, held));
  }

  troubles(): readonly string[] {
    const nowMs = this.#options.clock.now();
    return [...this.#held].flatMap(([id, { failure, channel }]) => {
      const { dead, lastDeadAtMs, failures, failure: lastFailure } = this.#outbox.of(id);
      const problem = failure ?? channel.status().problem;
      const isNews = lastDeadAtMs !== null && nowMs - lastDeadAtMs < newsMs;
      return [
        ...(problem === null ? [] : [`${id}: ${problem}`]),
        ...(failures < manyFailures ? [] : [`${id}: the last ${failures} attempts to deliver failed, ${lastFailure ?? ''}`]),
        ...(isNews ? [`${id}: ${dead} deliveries were given up; openclaw channels deliveries ${id} --dead`] : []),
      ];
    });
  }

  async deliveries({ channelId, state, limit }: DeliveryPageQuestion): Promise<readonly DeliveryView[]> {
    const found = await this.#store.list({ channelId, limit, ...(state === undefined ? {} : { state }) });
    if (found.length === 0 && !this.#held.has(channelId)) throw channelNotFound(channelId);
    return found.map(viewOf);
  }

  async redeliver(id: string): Promise<DeliveryView> {
    const before = await this.#store.find(id);
    if (!before) throw deliveryNotFound(id);
    const { channelId } = before;
    if (!this.#outlets().has(channelId)) throw new OpenClawError('channel_sends_nothing', { details: { channel: channelId } });
    await this.#store.requeue(id, this.#options.clock.now());
    await this.#outbox.count();
    this.#outbox.wake();
    const after = await this.#store.find(id);
    if (!after) throw deliveryNotFound(id);
    return viewOf(after);
  }

  async close(): Promise<void> {
    this.#unobserve();
    await Promise.all([...this.#held.values()].map(end));
    await this.#outbox.close();
  }

  async #begin(channel: Channel, settings: unknown): Promise<Held> {
    const ending = new AbortController();
    try {
      await channel.start({ accept: (arrival) => this.#desk.accept(channel, arrival) }, ending.signal);
      return { settings, channel, ending, failure: undefined };
    } catch (thrown) {
      const failure = reasonOf(thrown);
      this.#options.log.error('a channel could not begin', { channel: channel.id, reason: failure });
      return { settings, channel, ending, failure };
    }
  }

  #observe(events: readonly RunEvent[], view: RunView): void {
    this.#desk.observe(events, view);
    if (this.alongside(events, view).length > 0) this.#outbox.wake();
  }

  #outlets(): ReadonlyMap<string, Outlet> {
    return new Map([...this.#held].flatMap(([id, { channel }]) => (channel.outlet ? [[id, channel.outlet] as const] : [])));
  }

  #refuse({ message, isGuess }: HookRefused, { channelId, isKnown, request }: RefusedRequest): OpenClawError {
    const { clock, log, noteGuess } = this.#options;
    this.#figures.arrived(isKnown ? channelId : undefined, 'refused');
    const shown = channelId.slice(0, shownIdCharacters);
    const about = isKnown ? channelId : '';
    const nowMs = clock.monotonicMs();
    const loggedMs = this.#refusalLoggedMs.get(about);
    if (loggedMs === undefined || nowMs - loggedMs >= refusalLogMs) {
      this.#refusalLoggedMs.set(about, nowMs);
      const reason = isKnown ? message : 'there is no such channel';
      log.warn('a request to a channel was refused', { channel: shown, from: request.address, reason });
    }
    const slowed = isGuess ? noteGuess(request) : undefined;
    return slowed ?? new OpenClawError('hook_refused', { details: { channel: shown } });
  }

  #view(id: string, { channel, failure }: Held): ChannelView {
    const { kind, agentId, outlet } = channel;
    const { waiting, dead, lastDeliveredAtMs, failure: sendFailure } = this.#outbox.of(id);
    const { state, problem } = channel.status();
    return {
      ...{ id, kind, agentId, state: failure === undefined ? state : 'failed' },
      receivesAt: channel.receive ? `/hooks/${id}` : null,
      sendsTo: outlet?.to ?? null,
      lastReceivedAtMs: this.#desk.lastReceivedAtMs(id),
      lastDeliveredAtMs,
      problem: failure ?? problem ?? sendFailure,
      deliveries: { waiting, dead },
    };
  }
}

interface RefusedRequest {
  readonly channelId: string;
  readonly isKnown: boolean;
  readonly request: HookRequest;
}

function hasDoor(channel: Channel): channel is HookChannel {
  return channel.receive !== undefined;
}

async function end({ channel, ending }: Held): Promise<void> {
  ending.abort(new OpenClawError('not_ready', { details: { reason: 'the channel is being changed' }, retryAfterMs: 1000 }));
  await channel.stop();
}

function createNobody(clock: Clock): HookChannel {
  const settings = { secrets: [randomBytes(32).toString('hex')], signature: 'standard', toleranceMs: 300_000, agent: '' } as const;
  const nobody = createWebhook({ id: '', settings, clock });
  void nobody.start({ accept: () => Promise.reject(new TypeError('nobody sends anything')) }, new AbortController().signal);
  return nobody;
}

function viewOf({ notice: _notice, queuedAtMs: _queuedAtMs, ...view }: StoredDelivery): DeliveryView {
  return view;
}

function channelNotFound(channelId: string): OpenClawError {
  return new OpenClawError('channel_not_found', { details: { channel: channelId.slice(0, shownIdCharacters) } });
}

function deliveryNotFound(id: string): OpenClawError {
  return new OpenClawError('delivery_not_found', { details: { deliveryId: id.slice(0, shownIdCharacters) } });
}
