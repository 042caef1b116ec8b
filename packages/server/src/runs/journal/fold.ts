/**
 * What the events of a run add up to. Pure: the same events give the same state, on every machine, with or without the deltas that
 * compaction dropped.
 */
import type { RunEvent, RunEventBody, RunLimits, RunOrigin, RunStatus, RunView, TokenUse, WaitsFor } from '@openclaw/protocol';

/** Of runs that were begun before runs could begin others. */
const earlierLimits: Pick<RunLimits, 'children' | 'depth'> = { children: 0, depth: 0 };

export const noUse: TokenUse = { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 };

/** @throws TypeError where the first event is not the one that begins every run */
export function foldRun(events: Iterable<RunEvent>): RunView {
  let view: RunView | undefined;
  for (const event of events) view = view === undefined ? begin(event) : applyEvent(view, event);
  if (view === undefined) throw new TypeError('a run without events has no state');
  return view;
}

function begin({ runId, seq, atMs, ...body }: RunEvent): RunView {
  if (body.kind !== 'run.created') throw new TypeError(`a run begins with run.created, not with ${body.kind}`);
  const { kind: _kind, ...created } = body;
  return {
    ...{ id: runId, ...created, limits: { ...earlierLimits, ...created.limits } },
    ...{ createdAtMs: atMs, updatedAtMs: atMs, endedAtMs: null, lastSeq: seq },
    ...{ workedMs: 0, workingSinceMs: null },
    ...{ steps: 0, use: noUse, knownCostNanoUsd: 0, output: null, error: null, ...ready(created.origin, 'queued') },
  };
}

/** What is done here goes on by itself; of a run of a program the next step is the program's to do. */
function ready({ kind }: RunOrigin, status: 'queued' | 'running'): Pick<RunView, 'status' | 'waitsFor'> {
  return kind === 'program' ? { status: 'parked', waitsFor: { kind: 'program' } } : { status, waitsFor: null };
}

export function applyEvent(view: RunView, event: RunEvent): RunView {
  // Streamed text leaves no trace in the state but its number: compaction drops it.
  if (event.kind === 'step.delta') return { ...view, lastSeq: event.seq };
  return { ...view, ...timeAtWork(view, event), ...changeOf(view, event), updatedAtMs: event.atMs, lastSeq: event.seq };
}

/** A process that died worked up to the last event that it wrote. */
function timeAtWork(view: RunView, event: RunEvent): Partial<RunView> {
  const { kind, atMs } = event;
  const { workingSinceMs, workedMs, updatedAtMs } = view;
  if (kind === 'step.finished') return event.child ? { workedMs: workedMs + event.child.workedMs } : {};
  if (kind === 'run.resumed') {
    return { workingSinceMs: atMs, workedMs: workedMs + (workingSinceMs === null ? 0 : updatedAtMs - workingSinceMs) };
  }
  if (workingSinceMs === null || !(kind === 'run.parked' || isEnd({ kind }))) return {};
  return { workingSinceMs: null, workedMs: workedMs + atMs - workingSinceMs };
}

function changeOf(view: RunView, event: RunEvent): Partial<RunView> {
  switch (event.kind) {
    case 'run.resumed':
      // A run that failed and is tried again has not ended any more.
      return { ...ready(view.origin, 'running'), endedAtMs: null, error: null };
    case 'run.parked':
      return { status: 'parked', waitsFor: event.waitsFor };
    case 'step.started':
      return event.attempt === 1 ? { steps: view.steps + 1 } : {};
    case 'step.finished':
      if (event.use === null) return {};
      return {
        use: addUse(view.use, event.use),
        knownCostNanoUsd: view.knownCostNanoUsd + (event.child?.knownCostNanoUsd ?? event.use.costNanoUsd ?? 0),
      };
    case 'approval.resolved':
      return view.waitsFor?.kind === 'approval' && view.waitsFor.approvalId === event.approvalId ? ready(view.origin, 'queued') : {};
    case 'outcome.resolved':
      return view.waitsFor?.kind === 'outcome' && view.waitsFor.step === event.step ? ready(view.origin, 'queued') : {};
    case 'signal.received':
      return view.waitsFor?.kind === 'signal' && view.waitsFor.name === event.name ? ready(view.origin, 'queued') : {};
    case 'child.changed':
      return afterChild(view, event);
    case 'cancel.requested':
      // Whoever owns it ends it; one that waits is taken up for that.
      return view.status === 'parked' ? { status: 'queued', waitsFor: null } : {};
    case 'run.finished':
      return { status: 'finished', waitsFor: null, output: event.output, endedAtMs: event.atMs };
    case 'run.failed':
      return { status: 'failed', waitsFor: null, error: event.error, endedAtMs: event.atMs };
    case 'run.cancelled':
      return { status: 'cancelled', waitsFor: null, endedAtMs: event.atMs };
    default:
      return {};
  }
}

/** Only the run that it waits for concerns it; one that is tried again after its end does not. */
function afterChild({ waitsFor, origin }: RunView, event: Extract<RunEvent, { readonly kind: 'child.changed' }>): Partial<RunView> {
  if (waitsFor?.kind !== 'child' || waitsFor.runId !== event.childRunId) return {};
  return isOver(event.status) ? ready(origin, 'queued') : { waitsFor: childWait(event.childRunId, event.waitsFor) };
}

/** What a run waits for that waits for another one. */
export function childWait(runId: string, waitsFor: WaitsFor | null): WaitsFor {
  return waitsFor === null ? { kind: 'child', runId } : { kind: 'child', runId, waitsFor };
}

export function isOver(status: RunStatus): boolean {
  return status === 'finished' || status === 'failed' || status === 'cancelled';
}

/** A price that is not known for a part is not known for the whole. */
function addUse(one: TokenUse, other: TokenUse): TokenUse {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costNanoUsd: one.costNanoUsd === null || other.costNanoUsd === null ? null : one.costNanoUsd + other.costNanoUsd,
  };
}

/** After these nothing is appended but what begins it anew. */
export function isEnd({ kind }: Pick<RunEventBody, 'kind'>): boolean {
  return kind === 'run.finished' || kind === 'run.failed' || kind === 'run.cancelled';
}
