/** `openclaw usage`: what was asked of which model, and what it cost. It shows what was recorded and computes no prices. */
import { type Command, Option } from 'commander';
import { usageDimensions, type UsageDimension, type UsageRow } from '@openclaw/protocol';
import { type Column, formatTable, widthOf } from '../table.ts';
import type { AdminCommandContext } from './admin-client.ts';
import { parseMoment } from './moments.ts';
import { formatUsd } from './money.ts';

interface UsageFlags {
  readonly since: string;
  readonly by: UsageDimension;
  readonly output: 'table' | 'json';
}

export function registerUsageCommand(program: Command, context: AdminCommandContext): void {
  program
    .command('usage')
    .description('show requests, tokens and cost')
    .option('--since <when>', 'from when on: 24h, 7d, or a date', '24h')
    .addOption(new Option('--by <dimension>', 'what to add up by').choices(usageDimensions).default('model'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw usage\n  openclaw usage --since 7d --by day\n  openclaw usage --since 2026-11-01 --by key -o json\n',
    )
    .action((flags: UsageFlags) => usage(flags, context));
}

async function usage({ since, by, output }: UsageFlags, { io, admin, clock }: AdminCommandContext): Promise<void> {
  const sinceMs = parseMoment(since, { flag: '--since', nowMs: clock.now(), direction: 'past' });
  const from = new Date(sinceMs).toISOString();
  const rows = await admin.usage({ sinceMs, by });
  if (output === 'json') {
    io.stdout.write(`${JSON.stringify({ since: from, by, rows }, null, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    io.stderr.write(`There were no requests since ${from}.\n`);
    return;
  }
  const names = by === 'key' ? await keyNames(admin) : new Map<string, string>();
  const shown = rows.length > 1 ? [...rows, totalOf(rows)] : rows;
  const cells = shown.map((row) => usageRow({ ...row, name: names.get(row.name) ?? row.name }));
  io.stdout.write(formatTable(usageColumns(by), cells, { width: widthOf(io.stdout) }));
  const { unpriced } = totalOf(rows);
  if (unpriced > 0)
    io.stderr.write(
      `${unpriced} ${unpriced === 1 ? 'request' : 'requests'} used tokens at an unknown price: that cost is not in the sums.\n`,
    );
}

/** Ids with the names that people gave them. */
async function keyNames(admin: AdminCommandContext['admin']): Promise<Map<string, string>> {
  const keys = await admin.listKeys();
  return new Map(keys.map(({ id, name }) => [id, `${name} (${id})`]));
}

function usageColumns(by: UsageDimension): readonly Column[] {
  const numbers = ['REQUESTS', 'FAILED', 'INPUT', 'CACHED', 'OUTPUT', 'COST'];
  return [{ heading: by.toUpperCase() }, ...numbers.map((heading) => ({ heading, align: 'right' as const }))];
}

function usageRow(row: UsageRow): string[] {
  const counts = [row.requests, row.failed, row.inputTokens, row.cacheReadTokens, row.outputTokens];
  return [row.name, ...counts.map(String), formatCost(row)];
}

function totalOf(rows: readonly UsageRow[]): UsageRow {
  const sum = (field: Exclude<keyof UsageRow, 'name'>): number => rows.reduce((total, row) => total + row[field], 0);
  return {
    name: 'total',
    requests: sum('requests'),
    failed: sum('failed'),
    inputTokens: sum('inputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: sum('cacheWriteTokens'),
    outputTokens: sum('outputTokens'),
    costNanoUsd: sum('costNanoUsd'),
    unpriced: sum('unpriced'),
  };
}

/** A cost that is partly unknown is a lower bound, and one of which nothing is known is no 0. */
function formatCost({ costNanoUsd, unpriced }: UsageRow): string {
  if (unpriced > 0 && costNanoUsd === 0) return 'unknown';
  return unpriced > 0 ? `≥ ${formatUsd(costNanoUsd / 1e9)}` : formatUsd(costNanoUsd / 1e9);
}
