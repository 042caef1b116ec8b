/**
 * `clw debug export --type memory`: the readings of a workload as a file. Without a name it is the workload of the last memory profile: the recording
 * itself, second by second, and before and behind it what the gateway keeps of the same instance.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ApiRefusal, memoryTraceKind, workloadKind, type WorkloadPlace } from '@openclaw/client/workloads';
import type { ApiObject, MemoryTrace, MemoryTraceSpec, MemoryTraceStatus } from '@openclaw/protocol';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { ExportFlags } from './debug.ts';
import { defaultNamespace, placeOf, type ClwContext, type Session } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

type TraceObject = ApiObject<MemoryTraceSpec, MemoryTraceStatus>;

export async function exportTrace(flags: ExportFlags, session: Session, { terminal }: ClwContext): Promise<void> {
  const recording = await findRecording(flags, session, terminal);
  const trace = recording
    ? await recordedWithHistory(recording, flags, session)
    : await historyOf(await soleWorkload(flags, session, terminal), flags, session);
  const text = `${JSON.stringify(trace)}\n`;
  if (flags.output === '-') terminal.stdout.write(text);
  else writeTo(resolve(flags.output), text);
  const source = recording ? `recording ${recording.name} and the stored history` : 'the stored history';
  terminal.stderr.write(`${trace.samples.length} samples of ${trace.workload} (${trace.instance}), from ${source}.\n`);
  if (flags.output !== '-') terminal.stderr.write(`  clw analyze memory-trace ${flags.output} --leak-detection\n`);
}

interface Recording extends WorkloadPlace {
  readonly workload: string;
}

/** The one that is named, else the last of the workload that is named, else the last. */
async function findRecording(flags: ExportFlags, session: Session, terminal: ClwContext['terminal']): Promise<Recording | undefined> {
  if (flags.trace !== undefined) {
    const namespace = (await placeOf({ kind: memoryTraceKind, name: flags.trace }, session, terminal)) ?? defaultNamespace;
    const { spec } = (await session.api.get({ kind: memoryTraceKind, namespace, name: flags.trace })) as TraceObject;
    return { namespace, name: flags.trace, workload: spec?.workload ?? '' };
  }
  const { items } = await session.api.list({ kind: memoryTraceKind, namespace: session.namespace });
  const candidates = (items as readonly TraceObject[]).filter(
    ({ spec }) => flags.workload === undefined || spec?.workload === flags.workload,
  );
  const [last] = candidates
    .filter(({ status }) => status?.phase === 'Complete')
    .toSorted((one, other) => other.metadata.creationTimestamp.localeCompare(one.metadata.creationTimestamp));
  if (last)
    return { namespace: last.metadata.namespace ?? defaultNamespace, name: last.metadata.name, workload: last.spec?.workload ?? '' };
  const running = candidates.find(({ status }) => status?.phase === 'Recording');
  if (running && flags.workload === undefined)
    terminal.stderr.write(`Note: memorytrace/${running.metadata.name} is still being recorded, and left out.\n`);
  return undefined;
}

/** Without a recording: the workload that is named, or the only one that there is. */
async function soleWorkload(flags: ExportFlags, session: Session, terminal: ClwContext['terminal']): Promise<WorkloadPlace> {
  if (flags.workload !== undefined) return placeOfWorkload(flags.workload, session, terminal);
  const { items } = await session.api.list({ kind: workloadKind, namespace: session.namespace });
  const [only, second] = items;
  if (only && !second) return { namespace: only.metadata.namespace ?? defaultNamespace, name: only.metadata.name };
  throw new OpenClawError('usage_error', {
    details: {
      reason: 'No memory profile was taken yet, and there is not just one workload',
      suggestion: 'Name one with --workload, or record one: clw debug workload NAME --memory-profile.',
    },
  });
}

function historyOf(place: WorkloadPlace, { window, instance }: ExportFlags, { api }: Session): Promise<MemoryTrace> {
  return api.trace(place, { windowSeconds: Math.ceil(window / 1000), ...(instance === undefined ? {} : { instance }) });
}

async function recordedWithHistory(recording: Recording, flags: ExportFlags, session: Session): Promise<MemoryTrace> {
  const recorded = await session.api.recordedTrace(recording, flags.instance);
  const place = { namespace: recording.namespace, name: recording.workload };
  const history = await historyOf(place, { ...flags, instance: recorded.instance }, session).catch((thrown: unknown) => {
    // The workload, or this instance of it, may be gone since.
    if (thrown instanceof ApiRefusal && thrown.status === 404) return undefined;
    throw thrown;
  });
  return history ? joinTraces(recorded, history) : recorded;
}

/** The recording, with what the history has before and behind it. */
export function joinTraces(recorded: MemoryTrace, history: MemoryTrace): MemoryTrace {
  const from = recorded.samples[0]?.at;
  const to = recorded.samples.at(-1)?.at;
  if (from === undefined || to === undefined) return history;
  const before = history.samples.filter(({ at }) => at < from);
  const behind = history.samples.filter(({ at }) => at > to);
  const marks = new Map([...(history.marks ?? []), ...(recorded.marks ?? [])].map((mark) => [`${mark.at} ${mark.kind}`, mark]));
  return {
    ...history,
    ...recorded,
    intervalMs: before.length + behind.length > 0 ? history.intervalMs : recorded.intervalMs,
    samples: [...before, ...recorded.samples, ...behind],
    ...(marks.size > 0 ? { marks: [...marks.values()].toSorted((one, other) => one.at - other.at) } : {}),
  };
}

/** A new file in the place of an old one: a link that lies there is replaced, not followed. */
function writeTo(file: string, text: string): void {
  const spare = `${file}.${process.pid}.new`;
  try {
    writeFileSync(spare, text, { mode: 0o600, flag: 'wx' });
    renameSync(spare, file);
  } catch (thrown) {
    rmSync(spare, { force: true });
    throw new OpenClawError('usage_error', {
      details: { reason: `${file} cannot be written: ${reasonOf(thrown)}`, suggestion: 'Name another file with --output.' },
      cause: thrown,
    });
  }
}
