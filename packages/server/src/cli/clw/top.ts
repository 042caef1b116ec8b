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

interface Use {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

interface PodUse extends Use {
  readonly namespace: string;
  readonly name: string;
}

async function podUse(flags: Flags, session: Session): Promise<readonly PodUse[]> {
  const { items } = await session.api.podMetrics(namespaceOf(flags, session));
  return items.map(({ metadata, containers }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    cpuMilli: containers.reduce((sum, { usage }) => sum + (parseMilli(usage.cpu) ?? 0), 0),
    memoryBytes: containers.reduce((sum, { usage }) => sum + (parseBytes(usage.memory) ?? 0), 0),
  }));
}

async function topWorkloads(flags: Flags, session: Session, { terminal }: ClwContext): Promise<void> {
  const [{ items }, pods] = await Promise.all([
    session.api.list({ kind: workloadKind, namespace: namespaceOf(flags, session), labelSelector: flags.selector }),
    podUse(flags, session),
  ]);
  const used = (items as readonly Workload[])
    .map((workload) => sumOf(workload, pods))
    .toSorted((one, other) => other.memoryBytes - one.memoryBytes);
  const headings = ['NAMESPACE', 'NAME', 'READY', 'CPU(cores)', 'MEMORY(bytes)', 'LIMIT', 'USED'];
  const rows = used.map(({ namespace, name, ready, cpuMilli, memoryBytes, limitBytes }) => [
    ...[namespace, name, ready, formatMilli(cpuMilli), formatMemory(memoryBytes)],
    ...(limitBytes === 0 ? ['-', '-'] : [formatMemory(limitBytes), `${Math.floor((memoryBytes / limitBytes) * 100)}%`]),
  ]);
  print({ headings, rows, json: used }, flags, terminal);
}

interface WorkloadUse extends PodUse {
  readonly ready: string;
  /** Of all its instances; 0 where one of its containers has none. */
  readonly limitBytes: number;
}

function sumOf({ metadata, spec, status }: Workload, pods: readonly PodUse[]): WorkloadUse {
  const { name, namespace = '' } = metadata;
  const instances = new Set((status?.instances ?? []).map(({ id }) => id));
  const own = pods.filter((pod) => pod.namespace === namespace && instances.has(pod.name));
  const limits = (spec?.containers ?? []).map(({ resources }) => parseBytes(resources?.limits?.memory ?? '') ?? 0);
  return {
    ...{ namespace, name, ready: `${status?.readyReplicas ?? 0}/${status?.replicas ?? 0}` },
    cpuMilli: own.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0),
    memoryBytes: own.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    limitBytes: limits.includes(0) ? 0 : instances.size * limits.reduce((sum, limit) => sum + limit, 0),
  };
}

async function topPods(flags: Flags, session: Session, { terminal }: ClwContext): Promise<void> {
  const used = (await podUse(flags, session)).toSorted((one, other) => other.memoryBytes - one.memoryBytes);
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
