/**
 * Channels over the runs that there are. Where none is configured nothing of them is loaded: then nobody is known to send anything, and
 * nothing waits to be told.
 */
import type { RunEvent, RunView } from '@openclaw/protocol';
import type { Authenticator } from '../access/index.ts';
import type { Channels } from '../channels/index.ts';
import type { ChannelsSettings } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ChannelAdministration, HookDoor } from '../gateway/index.ts';
import type { Audit, Watchdog } from '../operations/index.ts';
import type { Database, Statement } from '../storage/index.ts';
import type { RunsSide } from './runs.ts';

export interface ChannelsSide extends HookDoor, ChannelAdministration {
  /** What channels keep of these events, in their own commit. */
  alongside(events: readonly RunEvent[], view: RunView): readonly Statement[];
  /** What stands here holds once this resolves. */
  configure(settings: ChannelsSettings): Promise<void>;
  /** Sends what waits, from now on. */
  start(): Promise<void>;
  /** One entry for each that is not well, in words. */
  troubles(): readonly string[];
  close(): Promise<void>;
}

export interface BuildChannelsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly watchdog: Watchdog;
  readonly audit: Audit;
  readonly authenticator: Pick<Authenticator, 'noteWrongSignature'>;
  /** Built later than channels, and there before anything comes in. */
  readonly runs: () => Pick<RunsSide, 'journal' | 'conversations'>;
}

/** One process has the state; what it was sending before its restart it sends again at once. */
const owner = 'gateway';
/** Four times the time between two looks. */
const silenceMs = 120_000;

export function createChannelsSide(options: BuildChannelsOptions): ChannelsSide {
  let part: Channels | undefined;
  let loading: Promise<Channels> | undefined;
  let isStarted = false;

  const load = async (): Promise<Channels> => {
    part = await loadPart(options);
    if (isStarted) await part.start();
    return part;
  };
  /** Configured or not: somebody may ask what was sent by one that is gone. */
  const loaded = (): Promise<Channels> => (loading ??= load());

  return {
    alongside: (events, view) => part?.alongside(events, view) ?? [],
    async configure(settings) {
      if (!part && Object.keys(settings.webhook.entries).length === 0) return;
      await (await loaded()).configure(settings);
    },
    async start() {
      isStarted = true;
      await part?.start();
    },
    async receive(channelId, request) {
      if (part) return part.receive(channelId, request);
      throw new OpenClawError('hook_refused', { details: { channel: channelId } });
    },
    list: () => part?.list() ?? [],
    troubles: () => part?.troubles() ?? [],
    deliveries: async (question) => (await loaded()).deliveries(question),
    async redeliver(id, actor) {
      const delivery = await (await loaded()).redeliver(id);
      void options.audit.record({ actor, action: 'delivery.redelivered', subject: id, detail: { channel: delivery.channelId } });
      return delivery;
    },
    async close() {
      await part?.close();
    },
  };
}

async function loadPart({ runs, watchdog, authenticator, ...rest }: BuildChannelsOptions): Promise<Channels> {
  const { createChannels } = await import('../channels/index.ts');
  const { database, clock, log, metrics } = rest;
  return createChannels({
    ...{ database, clock, log, metrics, owner },
    runs: {
      // So that a run in a session becomes part of it.
      create: (request, origin) => runs().conversations.create(request, origin),
      find: (key) => runs().journal.find(key),
      observe: (listener) => runs().journal.observe(listener),
    },
    life: watchdog.watch('deliveries of channels', { silenceMs }),
    noteGuess: ({ headers, address }) => authenticator.noteWrongSignature(headers, address),
  });
}
