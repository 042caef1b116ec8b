/**
 * `channels.status`, and what `health` and `status` say of channels, in the shapes that clients know: by kind, and below it one account for each
 * channel that is configured.
 */
import type { ChannelKind, ChannelView } from '@openclaw/protocol';
import type { Clock } from '../../../core/clock.ts';
import type { MethodTable } from '../contract.ts';
import { Params } from './params.ts';

export interface ChannelMethodsOptions {
  readonly clock: Clock;
  /** Those that are configured, by their names. */
  readonly channels: () => readonly ChannelView[];
}

const labels: Readonly<Record<ChannelKind, string>> = { webhook: 'Webhook' };
const detailLabels: Readonly<Record<ChannelKind, string>> = { webhook: 'Signed requests' };

export function createChannelMethods({ clock, channels }: ChannelMethodsOptions): MethodTable {
  return {
    'channels.status': {
      scope: 'operator.read',
      run({ params }) {
        const read = new Params(params);
        // No channel is asked anything for this: what is told is what its work has shown.
        read.passOver('probe', 'timeoutMs');
        const wanted = read.optionalText('channel');
        read.end();
        const isWanted = ({ id, kind }: ChannelView): boolean => wanted === undefined || kind === wanted || id === wanted;
        return statusShape(channels().filter(isWanted), clock.now());
      },
    },
  };
}

/** What `health` says of them. */
export function channelShapes(channels: readonly ChannelView[]): object {
  const kinds = kindsOf(channels);
  return {
    channels: Object.fromEntries(kinds.map((kind) => [kind, summaryOf(channels.filter((one) => one.kind === kind))])),
    channelOrder: kinds,
    channelLabels: Object.fromEntries(kinds.map((kind) => [kind, labels[kind]])),
  };
}

/** What `status` says of them: a line each. */
export function channelSummary(channels: readonly ChannelView[]): string[] {
  return channels.map(({ id, kind, state, problem }) => `${labels[kind]} ${id}: ${problem ?? state}`);
}

function statusShape(channels: readonly ChannelView[], ts: number): object {
  const kinds = kindsOf(channels);
  const each = <T>(shape: (kind: ChannelKind) => T): Record<string, T> => Object.fromEntries(kinds.map((kind) => [kind, shape(kind)]));
  return {
    ...{ ts, ...channelShapes(channels), channelDetailLabels: each((kind) => detailLabels[kind]), channelSystemImages: {} },
    channelMeta: kinds.map((kind) => ({ id: kind, label: labels[kind], detailLabel: detailLabels[kind] })),
    channelAccounts: each((kind) => channels.filter((one) => one.kind === kind).map(accountShape)),
    channelDefaultAccountId: each((kind) => channels.find((one) => one.kind === kind)?.id),
    statusIssues: channels.flatMap(({ id, kind, state, problem }) =>
      problem === null ? [] : [{ channel: kind, accountId: id, kind: state === 'failed' ? 'config' : 'runtime', message: problem }],
    ),
  };
}

function accountShape(channel: ChannelView): object {
  const { id, agentId, state, receivesAt, sendsTo, lastReceivedAtMs, lastDeliveredAtMs, problem, deliveries } = channel;
  return {
    ...{ accountId: id, name: id, enabled: true, configured: true, running: state === 'running', agentId },
    ...(receivesAt === null ? {} : { webhookPath: receivesAt }),
    ...(sendsTo === null ? {} : { baseUrl: sendsTo }),
    ...(lastReceivedAtMs === null ? {} : { lastInboundAt: lastReceivedAtMs }),
    ...(lastDeliveredAtMs === null ? {} : { lastOutboundAt: lastDeliveredAtMs }),
    ...(problem === null ? {} : { lastError: problem }),
    deliveries,
  };
}

function summaryOf(channels: readonly ChannelView[]): object {
  const problem = channels.find((one) => one.problem !== null)?.problem;
  return {
    ...{ configured: true, running: channels.some(({ state }) => state === 'running') },
    ...(problem === undefined || problem === null ? {} : { lastError: problem }),
  };
}

function kindsOf(channels: readonly ChannelView[]): ChannelKind[] {
  return [...new Set(channels.map(({ kind }) => kind))];
}
