/** `openclaw channels list|status|deliveries|redeliver`: the ways by which others speak to agents, and what those were told. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ChannelView, DeliveryState, DeliveryView } from '@openclaw/protocol';
import { type Column, formatTable, widthOf } from '../table.ts';
import { addOutput, type OutputFlags, visible } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

/** How the gateway is asked is the business of whoever passes it in. */
export interface ChannelsClient {
  /** @throws OpenClawError `gateway_unreachable`, in all of them: only a running gateway knows */
  list(): Promise<readonly ChannelView[]>;
  /** The latest first. */
  deliveries(question: {
    readonly channelId: string;
    readonly state?: DeliveryState;
    readonly limit: number;
  }): Promise<readonly DeliveryView[]>;
  redeliver(id: string): Promise<DeliveryView>;
}

export interface ChannelsCommandContext {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly channels: ChannelsClient;
}

interface DeliveriesFlags extends OutputFlags {
  readonly dead?: true;
  readonly limit: number;
}

export function registerChannelsCommands(program: Command, context: ChannelsCommandContext): void {
  const group = program.command('channels').description('ways by which others speak to agents: webhooks');
  addOutput(group.command('list'), 'table')
    .description('list channels: where each receives, whom it asks, whom it tells')
    .addHelpText('after', '\nExamples:\n  openclaw channels list\n  openclaw channels list -o json\n')
    .action((flags: OutputFlags) => list(listColumns, listCells, { flags, context }));
  addOutput(group.command('status'), 'table')
    .description('show how each is: what came and went last, what waits, what was given up, what is wrong')
    .addHelpText('after', '\nExamples:\n  openclaw channels status\n  openclaw channels status -o json\n')
    .action((flags: OutputFlags) => list(statusColumns, statusCells, { flags, context }));
  addOutput(group.command('deliveries'), 'table')
    .description('show what a channel sends, the latest first')
    .argument('<channel>', 'its name')
    .option('--dead', 'only those that were given up')
    .option('-n, --limit <count>', 'how many', parseLimit, 20)
    .addHelpText('after', '\nExamples:\n  openclaw channels deliveries ci\n  openclaw channels deliveries ci --dead -o json\n')
    .action((channelId: string, flags: DeliveriesFlags) => deliveries(channelId, flags, context));
  addOutput(group.command('redeliver'))
    .description('send one again, whatever became of it before; its receiver knows it by its id')
    .argument('<delivery>', 'its id')
    .addHelpText('after', '\nExample:\n  openclaw channels redeliver dlv_01J…\n')
    .action((id: string, flags: OutputFlags) => redeliver(id, flags, context));
}

interface Listing {
  readonly flags: OutputFlags;
  readonly context: ChannelsCommandContext;
}

async function list(columns: readonly Column[], cells: (channel: ChannelView) => string[], { flags, context }: Listing): Promise<void> {
  const { io, channels } = context;
  const found = await channels.list();
  if (flags.output === 'json') io.stdout.write(`${JSON.stringify({ channels: found }, null, 2)}\n`);
  else if (found.length === 0) io.stderr.write('No channels: they are written in channels.webhook of the configuration.\n');
  else io.stdout.write(formatTable(columns, found.map(cells), { width: widthOf(io.stdout) }));
}

async function deliveries(channelId: string, { dead, limit, output }: DeliveriesFlags, context: ChannelsCommandContext): Promise<void> {
  const { io, channels } = context;
  const found = await channels.deliveries({ channelId, limit, ...(dead ? { state: 'dead' } : {}) });
  if (output === 'json') io.stdout.write(`${JSON.stringify({ deliveries: found }, null, 2)}\n`);
  else if (found.length === 0) io.stderr.write(dead ? 'None was given up.\n' : 'No deliveries.\n');
  else io.stdout.write(formatTable(deliveryColumns, found.map(deliveryCells), { width: widthOf(io.stdout) }));
}

async function redeliver(id: string, { output }: OutputFlags, { io, channels }: ChannelsCommandContext): Promise<void> {
  const delivery = await channels.redeliver(id);
  const words = `${visible(delivery.id)} is sent again; openclaw channels deliveries ${visible(delivery.channelId)} shows what becomes of it.`;
  io.stdout.write(output === 'json' ? `${JSON.stringify(delivery, null, 2)}\n` : `${words}\n`);
}

const whole = (heading: string): Column => ({ heading, cut: 'never' });
const right = (heading: string): Column => ({ heading, align: 'right' });

const listColumns: readonly Column[] = [whole('CHANNEL'), whole('KIND'), whole('RECEIVES AT'), { heading: 'AGENT' }, { heading: 'TELLS' }];
const statusColumns: readonly Column[] = [
  ...[whole('CHANNEL'), whole('STATE'), whole('LAST IN'), whole('LAST OUT')],
  ...[right('WAITING'), right('DEAD'), { heading: 'PROBLEM' }],
];
const deliveryColumns: readonly Column[] = [
  ...[whole('DELIVERY'), whole('TELLS'), whole('STATE'), right('ATTEMPTS')],
  ...[whole('SINCE'), whole('NEXT'), { heading: 'FAILURE' }],
];

function listCells({ id, kind, receivesAt, agentId, sendsTo }: ChannelView): string[] {
  return [id, kind, receivesAt ?? '-', agentId, sendsTo ?? '-'].map(visible);
}

function statusCells({ id, state, lastReceivedAtMs, lastDeliveredAtMs, deliveries: { waiting, dead }, problem }: ChannelView): string[] {
  const times = [moment(lastReceivedAtMs), moment(lastDeliveredAtMs)];
  return [visible(id), state, ...times, String(waiting), String(dead), visible(problem ?? '')];
}

function deliveryCells({ id, type, state, attempts, createdAtMs, nextAttemptAtMs, failure }: DeliveryView): string[] {
  return [visible(id), type, state, String(attempts), moment(createdAtMs), moment(nextAttemptAtMs), visible(failure ?? '')];
}

function moment(timeMs: number | null): string {
  return timeMs === null ? '-' : `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}
