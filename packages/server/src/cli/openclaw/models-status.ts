/** `openclaw models status` and `openclaw models breaker`: how the targets of the running gateway are, and how they did. */
import { Argument, type Command, Option } from 'commander';
import { statisticsWindows, type StatisticsWindow, type TargetRow } from '@openclaw/protocol';
import { type Column, formatTable, widthOf } from '../table.ts';
import { formatMs } from '../durations.ts';
import { formatUsd } from './money.ts';
import type { SightCommandContext } from './sight-client.ts';

export interface ModelsStatusContext extends SightCommandContext {
  /** Between two looks of `--watch`; rejects to end it. */
  readonly wait: (ms: number) => Promise<void>;
}

interface StatusFlags {
  readonly window: StatisticsWindow;
  readonly output: 'table' | 'wide' | 'json';
  readonly watch?: true;
}

const watchEveryMs = 2000;
/** Home, and clear to the end: without a flicker. */
const redraw = '\u001B[H\u001B[J';

/** Adds to the group `models`, which is made if nobody has. */
export function registerModelsStatusCommands(program: Command, context: ModelsStatusContext): void {
  const group =
    program.commands.find((command) => command.name() === 'models') ?? program.command('models').description('models and targets');
  group
    .command('status')
    .description('show each target: breaker, limit, load, success and durations')
    .addOption(new Option('--window <window>', 'how far back the figures go').choices(statisticsWindows).default('5m'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'wide', 'json']).default('table'))
    .option('--watch', 'again every two seconds, until interrupted')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw models status\n  openclaw models status -o wide --window 1h\n  openclaw models status --watch\n',
    )
    .action((flags: StatusFlags) => status(flags, context));
  group
    .command('breaker')
    .description('open the breaker of a target by hand, or give it back to its own judgement')
    .addArgument(new Argument('<action>', 'what to do').choices(['open', 'reset']))
    .argument('<target>', 'provider/model, with all of its keys; or a provider, with all of its models')
    .addHelpText('after', '\nExamples:\n  openclaw models breaker open acme/large\n  openclaw models breaker reset acme/large\n')
    .action((action: 'open' | 'reset', target: string) => breaker(action, target, context));
}

async function status(flags: StatusFlags, { io, sight, wait }: ModelsStatusContext): Promise<void> {
  for (;;) {
    const rows = (await sight.targets(flags.window)).toSorted(byName);
    if (flags.watch && io.stdout.isTTY === true) io.stdout.write(redraw);
    print(rows, flags, io);
    if (!flags.watch) return;
    await wait(watchEveryMs);
  }
}

/** The keys of a target stand together, wherever each was first asked. */
function byName(one: TargetRow, other: TargetRow): number {
  return one.target.localeCompare(other.target) || one.key.localeCompare(other.key, undefined, { numeric: true });
}

function print(rows: readonly TargetRow[], { output, window }: StatusFlags, io: SightCommandContext['io']): void {
  if (output === 'json') io.stdout.write(`${JSON.stringify({ window, targets: rows }, null, 2)}\n`);
  else if (rows.length === 0) io.stderr.write('No target has been asked since the gateway started.\n');
  else if (output === 'wide')
    io.stdout.write(
      formatTable(
        [...columns, ...wideColumns],
        rows.map((row) => [...cells(row), ...wideCells(row)]),
      ),
    );
  else io.stdout.write(formatTable(columns, rows.map(cells), { width: widthOf(io.stdout) }));
}

const right = (heading: string): Column => ({ heading, align: 'right' });
const columns: readonly Column[] = [
  ...[{ heading: 'TARGET', cut: 'never' as const }, { heading: 'KEY' }, { heading: 'BREAKER' }],
  ...['LIMIT', 'BUSY', 'WAITING', 'PAUSE', 'REQUESTS', 'OK', 'P50', 'P95', 'P99'].map(right),
];
const wideColumns: readonly Column[] = [
  ...['FIRST P50', 'FIRST P95', 'INPUT', 'OUTPUT', 'COST'].map(right),
  ...[{ heading: 'ERRORS' }, { heading: 'REASON' }],
];

function cells(row: TargetRow): string[] {
  const { total } = row;
  return [
    ...[row.target, row.key, row.heldOpen ? `${row.breaker} (held)` : row.breaker],
    ...[row.limit === null ? '-' : String(row.limit), String(row.underWay), String(row.waiting)],
    ...[row.pausedMs > 0 ? formatMs(row.pausedMs) : '-', String(row.requests), formatPercent(row.successPercent)],
    ...[total?.p50Ms, total?.p95Ms, total?.p99Ms].map(formatOrDash),
  ];
}

function wideCells(row: TargetRow): string[] {
  const { firstOutput, inputTokens, outputTokens, costNanoUsd, errors, reason } = row;
  const counted = Object.entries(errors).toSorted(([, one], [, other]) => other - one);
  return [
    ...[firstOutput?.p50Ms, firstOutput?.p95Ms].map(formatOrDash),
    ...[String(inputTokens), String(outputTokens), formatUsd(costNanoUsd / 1e9)],
    ...[counted.map(([code, count]) => `${count} ${code}`).join(', ') || '-', reason ?? '-'],
  ];
}

function formatOrDash(ms: number | undefined): string {
  return ms === undefined ? '-' : formatMs(ms);
}

/** 99.96 % is not 100 %. */
function formatPercent(percent: number | null): string {
  if (percent === null) return '-';
  return `${percent === 100 ? '100' : (Math.floor(percent * 10) / 10).toFixed(1)} %`;
}

async function breaker(action: 'open' | 'reset', target: string, { io, sight }: ModelsStatusContext): Promise<void> {
  const concerned = await sight.overrideBreaker(target, action);
  const what = action === 'open' ? 'is open until it is reset' : 'judges for itself again';
  io.stdout.write(`The breaker of ${target} ${what}${concerned === 1 ? '' : `, with each of its ${concerned} keys`}.\n`);
}
