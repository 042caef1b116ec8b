/** `clw analyze memory-trace FILE`: judges a file of readings on this machine; no gateway is asked. The judgement is `workloads/analysis/`. */
import { createReadStream } from 'node:fs';
import { formatMemory, type Estimate, type MemoryAnalysis, type MemoryTrace } from '@openclaw/protocol';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { analyseMemory, readMemoryTrace } from '../../workloads/analysis/index.ts';
import { formatTable, widthOf, type Column } from '../table.ts';
import { formatSpan } from './ages.ts';
import type { ClwContext } from './session.ts';

export interface TraceFlags {
  readonly leakDetection?: boolean;
  readonly output: 'text' | 'json';
}

export async function analyzeTrace(file: string, { output }: TraceFlags, { terminal, stdin }: ClwContext): Promise<void> {
  const { stdout } = terminal;
  const trace = await readTrace(file, stdin);
  const analysis = analyseMemory(trace);
  stdout.write(output === 'json' ? `${JSON.stringify(analysis, null, 2)}\n` : formatAnalysis(analysis, trace, widthOf(stdout)));
}

async function readTrace(file: string, stdin: AsyncIterable<Uint8Array>): Promise<MemoryTrace> {
  try {
    return await readMemoryTrace(file === '-' ? stdin : createReadStream(file));
  } catch (thrown) {
    if (thrown instanceof OpenClawError) throw thrown;
    throw new OpenClawError('usage_error', {
      details: {
        reason: `${file} cannot be read: ${reasonOf(thrown)}`,
        suggestion: '`clw debug export --type memory --output FILE` writes one.',
      },
      cause: thrown,
    });
  }
}

function formatAnalysis(analysis: MemoryAnalysis, trace: MemoryTrace, width: number | undefined): string {
  const {
    verdict,
    summary,
    confidence,
    bytesPerHour,
    bytesPerThousandRequests: perThousand,
    window,
    signal,
    hoursToLimit: reached,
  } = analysis;
  const rows: (readonly [string, string])[] = [
    ['Workload', `${trace.namespace}/${trace.workload} (${trace.instance})`],
    ['Verdict', summary],
    ...(verdict === 'too-short' ? [] : [['Confidence', confidence] as const]),
    ['Rests on', `${window.samples} samples over ${formatSpan(window.to - window.from)}${signal === 'nothing' ? '' : `, ${signal}`}`],
    ...(bytesPerHour ? [['Slope', `${slope(bytesPerHour, memoryPerHour)}`] as const] : []),
    ...(perThousand === undefined ? [] : [['Per 1000 requests', signedMemory(perThousand)] as const]),
    ['Limit', trace.limitBytes === undefined ? 'none' : formatMemory(trace.limitBytes)],
    ...(reached ? [['Limit reached in', hoursBetween(reached)] as const] : []),
  ];
  return [
    `${rows.map(([label, value]) => `${`${label}:`.padEnd(19)}${value}\n`).join('')}`,
    places(analysis, width),
    sites(analysis, width),
    reasons(analysis),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function places({ grows }: MemoryAnalysis, width: number | undefined): string {
  if (grows.length === 0) return '';
  const rows = grows.map(({ name, unit, perHour }) => [name, slope(perHour, unit === 'bytes' ? memoryPerHour : countPerHour)]);
  return formatTable([{ heading: 'Grows' }, { heading: 'Slope (95 % interval)' }], rows, { width });
}

const siteColumns: readonly Column[] = [
  { heading: 'Allocated at', cut: 'start' },
  { heading: 'Function' },
  { heading: 'Held', align: 'right' },
  { heading: 'Growth', align: 'right' },
];

function sites({ sites: found }: MemoryAnalysis, width: number | undefined): string {
  if (found.length === 0) return '';
  const rows = found.map(({ file, line, function: name = '', bytes, growthBytes }) => [
    `${file}:${line}`,
    name,
    formatMemory(bytes),
    signedMemory(growthBytes),
  ]);
  return formatTable(siteColumns, rows, { width });
}

function reasons({ scenarios, evidence }: MemoryAnalysis): string {
  const causes = scenarios.map(({ name, evidence: why }) => `- ${name}: ${why}\n`);
  return `${causes.length === 0 ? '' : `Looks like:\n${causes.join('')}\n`}Why:\n${evidence.map((sentence) => `- ${sentence}\n`).join('')}`;
}

function slope({ low, value, high }: Estimate, format: (value: number) => string): string {
  return `${format(value)} (${format(low)} to ${format(high)})`;
}

function memoryPerHour(bytes: number): string {
  return `${signedMemory(bytes)}/h`;
}

function countPerHour(count: number): string {
  return `${count < 0 ? '' : '+'}${Number(count.toPrecision(2))}/h`;
}

function signedMemory(bytes: number): string {
  return `${bytes < 0 ? '-' : '+'}${formatMemory(Math.abs(bytes))}`;
}

function hoursBetween({ earliest, likely, latest }: NonNullable<MemoryAnalysis['hoursToLimit']>): string {
  const hour = 3_600_000;
  const range =
    latest === undefined ? `${formatSpan(earliest * hour)} or later` : `${formatSpan(earliest * hour)} to ${formatSpan(latest * hour)}`;
  return `${range}, most likely ${formatSpan(likely * hour)}`;
}
