/** `clw metrics`: the memory of a workload now and over a window, against its limit. */
import { formatMemory, type InstanceMetrics, type WorkloadMetrics } from '@openclaw/protocol';
import type { Command } from 'commander';
import { formatTable, widthOf } from '../table.ts';
import { formatSpan } from './ages.ts';
import { painted, wantsColours } from './colours.ts';
import { addPlaceFlags, parseTime, type PlaceFlags } from './flags.ts';
import { readWorkloadName } from './names.ts';
import { withSession, type ClwContext } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

interface Flags extends PlaceFlags {
  readonly window: number;
  readonly output: 'table' | 'json';
}

export function registerMetricsCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('metrics'))
    .description('the memory of a workload against its limit')
    .argument('<workload...>', 'workload NAME')
    .option('--window <time>', 'how far back', parseTime, 3_600_000)
    .option('-o, --output <format>', 'how to print: table, json', 'table')
    .addHelpText(
      'after',
      '\nThe status is OK, PRESSURE from 85 % of the limit, OVER beyond it.\n' +
        '\nExamples:\n  clw metrics workload payment-processor --window 1h\n  clw metrics payment-processor --window 7d -o json\n',
    )
    .action((words: string[], flags: Flags) =>
      withSession(context, flags, async (session) => {
        const place = await placeOfWorkload(await readWorkloadName(words, session), session, context.terminal);
        print(await session.api.metrics(place, Math.ceil(flags.window / 1000)), flags, context);
      }),
    );
}

function print(metrics: WorkloadMetrics, { output, window, color }: Flags, { terminal }: ClwContext): void {
  const colours = wantsColours({ color }, terminal);
  const { stdout, stderr } = terminal;
  if (output === 'json') {
    stdout.write(`${JSON.stringify(metrics, null, 2)}\n`);
    return;
  }
  const measured = metrics.instances.filter(({ samples, latest }) => latest !== undefined || samples.length > 0);
  if (measured.length === 0) {
    stderr.write(
      `Nothing was measured in the last ${formatSpan(window)}: \`clw describe workload ${metrics.name}\` shows whether it runs.\n`,
    );
    return;
  }
  const isOne = measured.length === 1;
  const columns = [...(isOne ? [] : ['INSTANCE']), 'METRIC', 'VALUE', 'LIMIT', 'STATUS'].map((heading) => ({
    heading,
    ...painted(heading, colours),
  }));
  const rows = measured.flatMap((one) => rowsOf(one).map((row) => (isOne ? row : [one.instance, ...row])));
  stdout.write(formatTable(columns, rows, { width: widthOf(stdout) }));
  for (const one of measured) stderr.write(`${isOne ? '' : `${one.instance}: `}${windowOf(one, metrics)}\n`);
}

/** In the order of the article: what counts against the limit, then what the processes hold, then what the window saw. */
function rowsOf({ latest: now, samples, limitBytes, peakBytes }: InstanceMetrics): string[][] {
  const latest = now ?? samples.at(-1);
  if (!latest) return [];
  const against = (name: string, bytes: number): string[] => [
    name,
    String(bytes),
    limitBytes === undefined ? '-' : String(limitBytes),
    statusOf(bytes, limitBytes),
  ];
  const usages = samples.map(({ usageBytes }) => usageBytes).toSorted((one, other) => one - other);
  const p95 = usages[Math.max(0, Math.ceil(usages.length * 0.95) - 1)];
  return [
    against('memory.usage.bytes', latest.usageBytes),
    against('memory.working_set.bytes', latest.workingSetBytes),
    ['memory.rss.bytes', String(latest.rssBytes), '-', '-'],
    ...(p95 === undefined ? [] : [against('memory.usage.p95.bytes', p95)]),
    against('memory.usage.peak.bytes', peakBytes),
  ];
}

/** From where the runtime warns. */
const pressurePercent = 85;

function statusOf(bytes: number, limitBytes: number | undefined): string {
  if (limitBytes === undefined || limitBytes === 0) return '-';
  const percent = (bytes / limitBytes) * 100;
  return `${percent > 100 ? 'OVER' : percent >= pressurePercent ? 'PRESSURE' : 'OK'} (${Math.floor(percent)}%)`;
}

function windowOf({ samples, marks, limits, limitBytes }: InstanceMetrics, { from, to }: WorkloadMetrics): string {
  const kills = marks.filter(({ kind }) => kind === 'oom').length;
  const weak = limits === 'watchdog' && limitBytes !== undefined ? '; the limit is held by a watchdog, not by the kernel' : '';
  const usages = samples.map(({ usageBytes }) => usageBytes);
  const range = usages.length === 0 ? '' : `, from ${formatMemory(least(usages))} to ${formatMemory(most(usages))}`;
  const killed = kills === 0 ? '' : `; killed for its memory ${kills === 1 ? 'once' : `${kills} times`}`;
  return `${samples.length} ${samples.length === 1 ? 'sample' : 'samples'} over ${formatSpan(to - from)}${range}${killed}${weak}.`;
}

/** A window may hold more samples than a call takes arguments. */
function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), 0);
}
