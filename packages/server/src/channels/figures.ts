/** What of channels is counted. The documentation of each is in `docs/metrics.md`. */
import type { Metrics } from '../core/metrics.ts';

export interface ChannelFigures {
  /** @param channelId of one that there is; what is sent to others counts together */
  arrived(channelId: string | undefined, outcome: 'accepted' | 'known' | 'refused' | 'failed'): void;
  attempted(channelId: string, outcome: 'delivered' | 'failed' | 'dead'): void;
}

/** @param counts how many deliveries wait and are dead, by channel */
export function createChannelFigures(
  metrics: Metrics,
  counts: () => Iterable<{ readonly channelId: string; readonly waiting: number; readonly dead: number }>,
): ChannelFigures {
  const arrivals = metrics.counter({
    name: 'openclaw_channel_arrivals_total',
    help: 'What has come in by channels, by what became of it; refused: it is not known who sent it.',
    labelNames: ['channel', 'outcome'],
  });
  const attempts = metrics.counter({
    name: 'openclaw_channel_attempts_total',
    help: 'Attempts to deliver something, by what became of them; dead: it was the last one.',
    labelNames: ['channel', 'outcome'],
  });
  metrics.callback({
    name: 'openclaw_channel_deliveries',
    type: 'gauge',
    help: 'Deliveries that wait or were given up.',
    labelNames: ['channel', 'state'],
    read: () =>
      [...counts()].flatMap(({ channelId, waiting, dead }) => [
        { labels: [channelId, 'waiting'], value: waiting },
        { labels: [channelId, 'dead'], value: dead },
      ]),
  });
  return {
    arrived: (channelId, outcome) => arrivals.labels(channelId ?? 'unknown', outcome).increment(),
    attempted: (channelId, outcome) => attempts.labels(channelId, outcome).increment(),
  };
}
