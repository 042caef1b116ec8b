/** `clw top workloads|pods`: what uses memory now, the largest first. */
import { workloadKind } from '@openclaw/client/workloads';
import { formatMemory, formatMilli, parseBytes, parseMilli, type Workload } from '@openclaw/protocol';
import { Argument, type Command } from 'commander';
import { formatTable, widthOf, type Column } from '../table.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { defaultNamespace, withSession, type ClwContext, type Session } from './session.ts';

interface Flags extends PlaceFlags {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly output: 'table' | 'json';
}

const nouns = ['workloads', 'workload', 'wl', 'pods', 'pod', 'po'];

export function registerTopCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('top'))
    .description('what uses memory now, the largest first')
    .addArgument(new Argument('[what]', 'workloads, or pods: each instance').choices(nouns).default('workloads'))
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-l, --selector <labels>', 'only those with these labels (workloads)')
    .option('-o, --output <format>', 'how to print: table, json', 'table')
    .addHelpText('after', '\nExamples:\n  clw top workloads -A\n  clw top pods -n production\n')
    .action((what: string, flags: Flags) =>
      withSession(context, flags, (session) =>
        what.startsWith('po') ? topPods(flags, session, context) : topWorkloads(flags, session, context),
      ),
    );
}

async function topWorkloads(flags: Flags, session: Session, { terminal }: ClwContext): Promise<void> {
  const { items } = await session.api.list({ kind: workloadKind, namespace: namespaceOf(flags, session), labelSelector: flags.selector });
  const used = (items as readonly Workload[])
    .map((workload) => ({ workload, ...sumOf(workload) }))
    .toSorted((one, other) => other.currentBytes - one.currentBytes);
  const headings = ['NAMESPACE', 'NAME', 'READY', 'MEMORY', 'PEAK', 'LIMIT', 'USED'];
  const rows = used.map(({ workload: { metadata, status }, currentBytes, peakBytes, limitBytes }) => [
    ...[metadata.namespace ?? '', metadata.name, `${status?.readyReplicas ?? 0}/${status?.replicas ?? 0}`],
    ...[formatMemory(currentBytes), formatMemory(peakBytes), limitBytes === 0 ? '-' : formatMemory(limitBytes)],
    limitBytes === 0 ? '-' : `${Math.floor((currentBytes / limitBytes) * 100)}%`,
  ]);
  const json = used.map(({ workload: { metadata }, ...sums }) => ({ namespace: metadata.namespace, name: metadata.name, ...sums }));
  print({ headings, rows, json }, flags, terminal);
}

interface MemorySum {
  readonly currentBytes: number;
  /** Of the largest instance. */
  readonly peakBytes: number;
  readonly limitBytes: number;
}

function sumOf({ status }: Workload): MemorySum {
  const memories = (status?.instances ?? []).flatMap(({ memory }) => memory ?? []);
  return {
    currentBytes: memories.reduce((sum, { current }) => sum + current, 0),
    peakBytes: memories.reduce((most, { peak }) => Math.max(most, peak), 0),
    limitBytes: memories.reduce((sum, { limit = 0 }) => sum + limit, 0),
  };
}

async function topPods(flags: Flags, session: Session, { terminal }: ClwContext): Promise<void> {
  const { items } = await session.api.podMetrics(namespaceOf(flags, session));
  const used = items
    .map(({ metadata, containers }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      cpuMilli: containers.reduce((sum, { usage }) => sum + (parseMilli(usage.cpu) ?? 0), 0),
      memoryBytes: containers.reduce((sum, { usage }) => sum + (parseBytes(usage.memory) ?? 0), 0),
    }))
    .toSorted((one, other) => other.memoryBytes - one.memoryBytes);
  const rows = used.map(({ namespace, name, cpuMilli, memoryBytes }) => [
    namespace,
    name,
    formatMilli(cpuMilli),
    formatMemory(memoryBytes),
  ]);
  print({ headings: ['NAMESPACE', 'NAME', 'CPU(cores)', 'MEMORY(bytes)'], rows, json: used }, flags, terminal);
}

interface Found {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly json: readonly unknown[];
}

function print({ headings, rows, json }: Found, { output, allNamespaces }: Flags, { stdout, stderr }: ClwContext['terminal']): void {
  if (output === 'json') stdout.write(`${JSON.stringify({ items: json }, null, 2)}\n`);
  else if (rows.length === 0) stderr.write('Nothing runs here; -A looks into all namespaces.\n');
  else {
    const from = allNamespaces === true ? 0 : 1;
    const columns: readonly Column[] = headings
      .slice(from)
      .map((heading, index) => ({ heading, ...(index >= 2 - from ? { align: 'right' as const } : {}) }));
    stdout.write(
      formatTable(
        columns,
        rows.map((row) => row.slice(from)),
        { width: widthOf(stdout) },
      ),
    );
  }
}

function namespaceOf({ allNamespaces }: Flags, { namespace }: Session): string | undefined {
  return allNamespaces === true ? undefined : (namespace ?? defaultNamespace);
}
