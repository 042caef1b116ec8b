/**
 * The published form of memory events: what people find in the log, in `clw logs` and in `clw describe`, and search for. Pure functions of one
 * occurrence; when something occurred is for the callers.
 */
import { formatMemory } from '@openclaw/protocol';

export const memoryEventNames = [
  'clw-memory-pressure',
  'clw-memory-oom',
  'clw-container-kill',
  'clw-resource-limit',
  'clw-heap-limit',
] as const;
export type MemoryEventName = (typeof memoryEventNames)[number];

export interface MemoryOccurrence {
  readonly workload: string;
  readonly container: string;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface HeapOccurrence {
  readonly workload: string;
  readonly container: string;
  /** What the heap held at the end; undefined: nobody said. */
  readonly heapBytes: number | undefined;
  /** Of the whole container, when it was last measured. */
  readonly usedBytes: number | undefined;
  readonly limitBytes: number | undefined;
}

export interface KillOccurrence {
  readonly container: string;
  readonly reason: string;
  readonly exitCode: number;
  readonly signal?: string;
}

/** One line of the runtime. */
export interface RuntimeLine {
  readonly level: 'ERROR' | 'WARNING' | 'INFO';
  readonly text: string;
}

/** What one event says, as lines and in one sentence. */
export interface Told {
  readonly lines: readonly RuntimeLine[];
  readonly message: string;
}

export function pressureLines({ workload, usedBytes, limitBytes }: MemoryOccurrence): Told {
  const percent = Math.floor((usedBytes / limitBytes) * 100);
  const share = `Memory usage at ${percent}% of limit`;
  return {
    lines: [
      bracketed('WARNING', `clw-memory-pressure: ${share}`),
      bracketed('WARNING', `Workload: ${workload}, Usage: ${formatMemory(usedBytes)} / ${formatMemory(limitBytes)}`),
    ],
    message: `${share} (${formatMemory(usedBytes)} / ${formatMemory(limitBytes)})`,
  };
}

/** Tasks wait for memory although the limit is not near. */
export function stallLines({ workload, usedBytes, limitBytes }: MemoryOccurrence, waitingPercent: number): Told {
  const share = `${Math.round(waitingPercent)}% of the last ten seconds were spent waiting for memory`;
  return {
    lines: [
      bracketed('WARNING', `clw-memory-pressure: ${share}`),
      bracketed('WARNING', `Workload: ${workload}, Usage: ${formatMemory(usedBytes)} / ${formatMemory(limitBytes)}`),
    ],
    message: share,
  };
}

export function outOfMemoryLines({ container, usedBytes, limitBytes }: MemoryOccurrence): Told {
  return {
    lines: [
      bracketed('ERROR', `clw-memory-oom: Container ${container} exceeded memory limit`),
      bracketed('ERROR', `Current usage: ${formatMemory(usedBytes)}, Limit: ${formatMemory(limitBytes)}`),
      bracketed('ERROR', 'Memory allocation request rejected'),
    ],
    message: `Container ${container} exceeded memory limit (usage ${formatMemory(usedBytes)}, limit ${formatMemory(limitBytes)})`,
  };
}

export function resourceLimitLines({ workload, usedBytes, limitBytes }: MemoryOccurrence): Told {
  return {
    lines: [
      bracketed('ERROR', 'clw-resource-limit: Resource limit exceeded'),
      bracketed('ERROR', `Resource: memory, Workload: ${workload}`),
      bracketed('ERROR', `Limit: ${formatMemory(limitBytes)}, Usage: ${formatMemory(usedBytes)}`),
    ],
    message: `Resource limit exceeded: memory, limit ${formatMemory(limitBytes)}, usage ${formatMemory(usedBytes)}`,
  };
}

export function killLines({ container, reason, exitCode, signal }: KillOccurrence): Told {
  const lines = [
    bracketed('ERROR', `clw-container-kill: Container ${container} was killed`),
    bracketed('ERROR', `Reason: ${reason} (Exit code ${exitCode})`),
    ...(signal === undefined ? [] : [bracketed('ERROR', `Signal: ${signal} received`)]),
  ];
  return {
    lines,
    message: `Container ${container} was killed: ${reason} (exit code ${exitCode}${signal === undefined ? '' : `, ${signal}`})`,
  };
}

/** Not in the article: its programs were not of Node. */
export function heapLimitLines({ workload, container, heapBytes, usedBytes, limitBytes }: HeapOccurrence): Told {
  const what = `The JavaScript heap of container ${container} reached its own limit${heapBytes === undefined ? '' : ` at ${formatMemory(heapBytes)}`}`;
  const limit = limitBytes === undefined ? 'none' : formatMemory(limitBytes);
  const usage = usedBytes === undefined ? 'not measured' : formatMemory(usedBytes);
  const remedy = `${heapRemedy({ heapBytes, limitBytes })}, if it is no leak (clw analyze workload ${workload})`;
  return {
    lines: [
      bracketed('ERROR', `clw-heap-limit: ${what}`),
      bracketed('ERROR', `Container usage: ${usage}, Limit: ${limit}`),
      bracketed('INFO', remedy),
    ],
    message: `${what}, not that of the container (usage ${usage}, limit ${limit}). ${remedy}`,
  };
}

/** The part of the limit that a heap may have: the rest is for what lies outside of it. */
const heapShare = 0.75;

/** Which of the two limits is in the way. */
function heapRemedy({ heapBytes = 0, limitBytes }: Pick<HeapOccurrence, 'heapBytes' | 'limitBytes'>): string {
  if (limitBytes === undefined) return 'Raise it with NODE_OPTIONS=--max-old-space-size=MEBIBYTES';
  const fitting = Math.floor((limitBytes * heapShare) / 2 ** 20);
  return heapBytes < fitting * 2 ** 20
    ? `The limit of the container leaves room: raise the heap's with NODE_OPTIONS=--max-old-space-size=${fitting}`
    : "The limit of the container leaves no room for a larger heap: raise that one first, then the heap's to three quarters of it (NODE_OPTIONS=--max-old-space-size=MEBIBYTES)";
}

/** The runtime's own account of it, each line with its moment. */
export const account = {
  detected: (name: MemoryEventName, { workload, usedBytes, limitBytes }: MemoryOccurrence): readonly RuntimeLine[] => [
    { level: 'ERROR', text: `${name} detected` },
    { level: 'ERROR', text: `Workload: ${workload}` },
    { level: 'ERROR', text: `Memory stats: used=${usedBytes} bytes, limit=${limitBytes} bytes` },
  ],
  termination: (graceMs: number): RuntimeLine => ({
    level: 'INFO',
    text: `Initiating graceful termination (timeout: ${Math.round(graceMs / 1000)}s)`,
  }),
  terminated: (signal: string | undefined, exitCode: number): RuntimeLine => ({
    level: 'INFO',
    text: signal === undefined ? `Container terminated with exit code ${exitCode}` : `Container terminated with signal ${signal}`,
  }),
} as const;

/** `2024-01-15T10:23:45.123Z ERROR [runtime] clw-memory-oom detected` */
export function accountText(line: RuntimeLine, atMs: number): string {
  return `${new Date(atMs).toISOString()} ${line.level} [runtime] ${line.text}`;
}

/** Which work was under way, where that is known. */
export function activeRunsText(runs: readonly { readonly runId: string; readonly tool?: string }[]): string | undefined {
  if (runs.length === 0) return undefined;
  const named = runs.slice(0, 10).map(({ runId, tool }) => (tool === undefined ? runId : `${runId} (${tool})`));
  const more = runs.length > named.length ? ` and ${runs.length - named.length} more` : '';
  return `Active runs: ${named.join(', ')}${more}`;
}

function bracketed(level: RuntimeLine['level'], text: string): RuntimeLine {
  return { level, text: `[${level}] ${text}` };
}
