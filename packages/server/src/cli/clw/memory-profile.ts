/**
 * `clw debug workload NAME --memory-profile`: lets the gateway record the memory of a workload, shows how far it is, and says what grew.
 *
 * The recording is the gateway's: it goes on where this program is ended, and `clw debug export` finds it.
 */
import { memoryTraceKind, OpenClawError as ClientError, type WorkloadPlace } from '@openclaw/client/workloads';
import {
  formatMemory,
  workloadsApiVersion,
  type ApiObject,
  type MemoryTrace,
  type MemoryTraceSpec,
  type MemoryTraceStatus,
} from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { widthOf } from '../table.ts';
import { formatSpan } from './ages.ts';
import type { ProfileFlags } from './debug.ts';
import { formatGrowth } from './memory-growth.ts';
import type { ClwContext, Session } from './session.ts';

interface Asked {
  readonly session: Session;
  readonly context: ClwContext;
}

type TraceObject = ApiObject<MemoryTraceSpec, MemoryTraceStatus>;

const lookEveryMs = 1000;
/** Beyond the duration itself: samples are written. */
const patienceMs = 60_000;
/** A gateway that starts again is waited for. */
const mostFailures = 30;
/** Where no terminal shows one line that changes. */
const linesApartMs = 30_000;

export async function profileMemory(place: WorkloadPlace, flags: ProfileFlags, { session, context }: Asked): Promise<void> {
  const { terminal, clock } = context;
  const spec: MemoryTraceSpec = {
    workload: place.name,
    durationSeconds: Math.ceil(flags.duration / 1000),
    intervalSeconds: Math.max(1, Math.round(flags.interval / 1000)),
  };
  const name = `${place.name.slice(0, 200)}-${stampOf(clock.now())}`;
  const labels = { 'openclaw.io/workload': place.name };
  const manifest = {
    apiVersion: workloadsApiVersion,
    kind: memoryTraceKind.kind,
    metadata: { name, namespace: place.namespace, labels },
    spec,
  };
  await session.api.create({ kind: memoryTraceKind, namespace: place.namespace, manifest });
  terminal.stderr.write(`Recording ${place.name} for ${formatSpan(flags.duration)} as memorytrace/${name}.\n`);
  const done = await untilComplete({ ...place, name }, flags.duration, { session, context });
  if (done.status?.phase === 'Failed') {
    throw new OpenClawError('command_refused', {
      details: {
        reason: `The recording ${name} failed: ${(done.status.message ?? 'it does not say why').replace(/\.$/, '')}`,
        suggestion: `\`clw describe workload ${place.name}\` shows whether it runs.`,
      },
    });
  }
  const trace = await session.api.recordedTrace({ ...place, name });
  print(trace, name, { flags, terminal });
}

function print(
  trace: MemoryTrace,
  name: string,
  { flags, terminal }: { readonly flags: ProfileFlags; readonly terminal: ClwContext['terminal'] },
): void {
  const { stdout, stderr } = terminal;
  if (flags.output === 'json') {
    stdout.write(`${JSON.stringify(trace, null, 2)}\n`);
    return;
  }
  stdout.write(formatGrowth(trace, widthOf(stdout)));
  const kills = (trace.marks ?? []).filter(({ kind }) => kind === 'oom').length;
  if (kills > 0) stderr.write(`It was killed for its memory meanwhile (${kills}×).\n`);
  stderr.write(`${trace.samples.length} samples of ${trace.instance}. A few minutes show what grows, not whether it is a leak:\n`);
  stderr.write(
    `  clw debug export --type memory --trace ${name} --output memory-trace.json\n  clw analyze memory-trace memory-trace.json --leak-detection\n`,
  );
}

/** `20240115t102345z`, so that names sort by time. */
function stampOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
}

async function untilComplete(place: WorkloadPlace, durationMs: number, { session, context }: Asked): Promise<TraceObject> {
  const { clock, wait, terminal } = context;
  const startedMs = clock.monotonicMs();
  const progress = createProgress(terminal, durationMs);
  let failures = 0;
  for (;;) {
    await wait(lookEveryMs);
    const elapsedMs = clock.monotonicMs() - startedMs;
    try {
      const trace = (await session.api.get({ ...place, kind: memoryTraceKind })) as TraceObject;
      failures = 0;
      progress.show(trace, elapsedMs);
      if (trace.status?.phase === 'Complete' || trace.status?.phase === 'Failed') {
        progress.end();
        return trace;
      }
    } catch (thrown) {
      failures += 1;
      if (failures > mostFailures || !(thrown instanceof ClientError) || thrown.status !== 0) throw thrown;
    }
    if (elapsedMs > durationMs + patienceMs) {
      throw new OpenClawError('workload_wait_expired', {
        details: {
          what: `The recording ${place.name}`,
          timeout: formatSpan(durationMs + patienceMs),
          state: 'it is still not complete',
          suggestion: `Look at it later: clw get memorytrace ${place.name}; then clw debug export --type memory --trace ${place.name} --output FILE.`,
        },
      });
    }
  }
}

/** On a terminal one line that changes; elsewhere a line now and then. */
function createProgress(
  { stderr }: ClwContext['terminal'],
  durationMs: number,
): { show(trace: TraceObject, elapsedMs: number): void; end(): void } {
  const isTerminal = stderr.isTTY === true;
  let nextLineMs = 0;
  return {
    show({ status }, elapsedMs) {
      const instances = status?.instances ?? [];
      const samples = instances.reduce((sum, one) => sum + one.samples, 0);
      const usageBytes = instances.reduce((sum, { latest }) => sum + (latest?.usageBytes ?? 0), 0);
      const text = `${formatSpan(Math.min(elapsedMs, durationMs))} of ${formatSpan(durationMs)}: ${samples} samples${usageBytes > 0 ? `, ${formatMemory(usageBytes)} in use` : ''}`;
      if (isTerminal) stderr.write(`\r${text}\u001B[K`);
      else if (elapsedMs >= nextLineMs) {
        stderr.write(`${text}\n`);
        nextLineMs = elapsedMs + linesApartMs;
      }
    },
    end() {
      if (isTerminal) stderr.write('\n');
    },
  };
}
