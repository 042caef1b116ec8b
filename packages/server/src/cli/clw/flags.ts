/** The flags of every command of `clw`, before or behind it: which gateway, which namespace, how long. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { parseUnit } from '@openclaw/protocol';
import { InvalidArgumentError } from 'commander';
import { colourWishes, type ColourWish } from './colours.ts';

export interface PlaceFlags {
  readonly context?: string;
  readonly server?: string;
  readonly token?: string;
  readonly namespace?: string;
  /** How long the gateway may take to answer. */
  readonly requestTimeout: number;
  readonly color: ColourWish;
}

/** Those that take a value, so that the command can be found behind them. */
export const valuedPlaceFlags: ReadonlySet<string> = new Set([
  '--context',
  '--server',
  '--token',
  '-n',
  '--namespace',
  '--request-timeout',
  '--color',
]);

export function addPlaceFlags(command: Command): Command {
  return command
    .option('--context <name>', 'which of the gateways of `clw config` (default: its current one, else the gateway of this machine)')
    .option('--server <url>', 'the address of the gateway')
    .option('--token <token>', "its token, or a key that may use workloads (default: the context's, else the configuration's)")
    .option('-n, --namespace <namespace>', "the namespace (default: the context's, else the one that has the name)")
    .addOption(
      new Option('--request-timeout <time>', 'how long the gateway may take to answer').argParser(parseTime).default(30_000, '30s'),
    )
    .addOption(new Option('--color <when>', 'colours of states in tables').choices(colourWishes).default('auto'));
}

/** `5m`, `90s`, `1h30m`, `2d`. */
export function parseTime(text: string): number {
  const parts = text.match(/\d+(?:\.\d+)?(?:ms|s|min|m|h|d)/g) ?? [];
  const times = parts.map((part) => parseUnit(part, 'ms'));
  if (text === '' || parts.join('') !== text || times.includes(undefined))
    throw new InvalidArgumentError('Write a time such as 90s, 5m or 1h.');
  const timeMs = times.reduce<number>((sum, time) => sum + (time ?? 0), 0);
  if (timeMs <= 0) throw new InvalidArgumentError('It has to be more than nothing: 90s, 5m or 1h.');
  return timeMs;
}

export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  if (count === undefined) throw new InvalidArgumentError('Write a whole number.');
  return count;
}
