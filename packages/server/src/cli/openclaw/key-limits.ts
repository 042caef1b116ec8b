/** The limits of a key on a command line: the flags that set them, and how they are shown beside what is used. */
import { type Command, Option } from 'commander';
import type { KeyLimits, KeyRecord } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { formatUsd } from './money.ts';

/** A number sets the limit, `false` (the flag with `--no-`) takes it away. */
export type LimitFlags = { readonly [Limit in keyof KeyLimits]?: number | false };

interface LimitFlag {
  readonly limit: keyof KeyLimits;
  readonly flag: string;
  readonly amount: string;
  readonly description: string;
  readonly pattern: RegExp;
  readonly example: string;
}

const wholeNumber = /^\d{1,15}$/;
const money = /^\d{1,9}(\.\d{1,9})?$/;

const limitFlags: readonly LimitFlag[] = [
  { limit: 'rpm', flag: '--rpm', amount: 'requests', description: 'requests per minute', pattern: wholeNumber, example: '60' },
  { limit: 'tpm', flag: '--tpm', amount: 'tokens', description: 'tokens per minute', pattern: wholeNumber, example: '100000' },
  { limit: 'usdPerDay', flag: '--usd-per-day', amount: 'usd', description: 'US$ per day (UTC)', pattern: money, example: '5' },
  {
    limit: 'usdPerMonth',
    flag: '--usd-per-month',
    amount: 'usd',
    description: 'US$ per calendar month (UTC)',
    pattern: money,
    example: '50',
  },
];

/** The flags of a new key, which has no limit but those. */
export function addLimitFlags(command: Command): void {
  for (const limit of limitFlags) command.addOption(setting(limit, '; 0 for none (default: any)'));
}

/** The flags of a key that exists, whose limits may go too. */
export function addLimitChangeFlags(command: Command): void {
  for (const limit of limitFlags) {
    command.addOption(setting(limit, '; 0 for none'));
    command.option(limit.flag.replace('--', '--no-'), `any ${limit.description}`);
  }
}

function setting(limit: LimitFlag, more: string): Option {
  const option = new Option(`${limit.flag} <${limit.amount}>`, `at most so many ${limit.description}${more}`);
  return option.argParser((text) => readLimit(limit, text));
}

/** What the flags wish for; null where a limit is taken away. */
export function limitsOf(flags: LimitFlags): Partial<KeyLimits> {
  const limits: { -readonly [Limit in keyof KeyLimits]?: number | null } = {};
  for (const { limit } of limitFlags) {
    const value = flags[limit];
    if (value !== undefined) limits[limit] = value === false ? null : value;
  }
  return limits;
}

/** One line for each limit: `3 of 60`, `$0.42 of $5.00, $0.10 reserved`. */
export function limitRows(key: KeyRecord): (readonly [name: string, use: string])[] {
  const { used } = key;
  const reserved = used?.usdReserved ? `, ${formatUsd(used.usdReserved)} reserved` : '';
  return usesOf(key).map(({ name, use, limit, isMoney }) => [name, `${use} of ${limit}${isMoney ? reserved : ''}`]);
}

/** All limits in one cell: `3/60 rpm, $0.42/$5.00 day`. */
export function limitSummary(key: KeyRecord): string {
  return (
    usesOf(key)
      .map(({ unit, use, limit }) => `${use}/${limit} ${unit}`)
      .join(', ') || 'none'
  );
}

interface LimitUse {
  readonly name: string;
  readonly unit: string;
  readonly use: string;
  readonly limit: string;
  readonly isMoney: boolean;
}

function usesOf({ limits, used }: KeyRecord): LimitUse[] {
  const rows = [
    { name: 'requests/minute', unit: 'rpm', used: used?.requests, limit: limits.rpm, isMoney: false },
    { name: 'tokens/minute', unit: 'tpm', used: used?.tokens, limit: limits.tpm, isMoney: false },
    { name: 'US$ today', unit: 'day', used: used?.usdToday, limit: limits.usdPerDay, isMoney: true },
    { name: 'US$ this month', unit: 'month', used: used?.usdThisMonth, limit: limits.usdPerMonth, isMoney: true },
  ];
  return rows.flatMap(({ name, unit, used: use, limit, isMoney }) => {
    if (limit === null) return [];
    const format = isMoney ? formatUsd : String;
    return [{ name, unit, use: format(use ?? 0), limit: format(limit), isMoney }];
  });
}

/** A number that is written oddly (1e400, 0x10, 60.5 requests) is more likely a mistake than meant. */
function readLimit({ flag, pattern, example, description }: LimitFlag, text: string): number {
  if (pattern.test(text)) return Number(text);
  throw new OpenClawError('usage_error', {
    details: {
      reason: `${flag} ${text} is not an amount of ${description}`,
      suggestion: `Write it like ${flag} ${example}; 0 allows none.`,
    },
  });
}
