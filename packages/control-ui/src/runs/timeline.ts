/** A run as it is shown: its steps in the order in which they came up, and what happened between them. Made from its events. Pure. */
import { isRecord } from './values.ts';
import type { Effect, RunEvent, RunFailure, StepKind, StoredResult, TokenUse, ToolCallRequest } from '@openclaw/protocol';
import type { Tone } from '../components/status.tsx';
import { markOf } from './marks.ts';

/** `asking`: somebody has to allow it. `unknown`: it was begun, and nobody knows whether it was done. `stopped`: the run ended before it did. */
export type StepState = 'asking' | 'running' | 'done' | 'failed' | 'unknown' | 'stopped';

export interface StepAttempt {
  readonly attempt: number;
  readonly startedAtMs: number;
  /** Null: it is under way, or it was cut. */
  readonly endedAtMs: number | null;
  readonly error: RunFailure | null;
}

export interface StepApproval {
  readonly approvalId: string;
  readonly why: string;
  /** Null: nobody has said anything yet. */
  readonly verdict: { readonly approved: boolean; readonly by: string; readonly note: string | null } | null;
}

export interface TimelineStep {
  readonly type: 'step';
  readonly seq: number;
  readonly atMs: number;
  readonly step: number;
  readonly stepKind: StepKind;
  readonly name: string;
  readonly effect: Effect | null;
  readonly call: ToolCallRequest | null;
  readonly state: StepState;
  readonly attempts: readonly StepAttempt[];
  /** What the attempt that counts has said so far. */
  readonly text: string;
  readonly result: unknown;
  /** Where the result is too large for the journal. */
  readonly file: StoredResult | null;
  readonly use: TokenUse | null;
  /** It was not done now: somebody looked, or said, that it had been. */
  readonly isReconciled: boolean;
  readonly approval: StepApproval | null;
  /** The run of another agent that does it. */
  readonly childRunId: string | null;
  /** What is known of a call with unknown outcome. */
  readonly evidence: string | null;
  /** The event that ended it; a fork from it begins there. */
  readonly endSeq: number | null;
}

/** Something that happened between the steps. */
export interface TimelineMark {
  readonly type: 'mark';
  readonly seq: number;
  readonly atMs: number;
  readonly tone: Tone;
  readonly title: string;
  readonly note: string;
}

export type TimelineEntry = TimelineStep | TimelineMark;

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  readonly lastSeq: number;
  readonly hasEnded: boolean;
}

export const emptyTimeline: Timeline = { entries: [], lastSeq: 0, hasEnded: false };

export const stepsOf = ({ entries }: Timeline): readonly TimelineStep[] => entries.filter((entry) => entry.type === 'step');

/** Those that were there already are passed over. */
export function nextTimeline(timeline: Timeline, events: readonly RunEvent[]): Timeline {
  let { lastSeq, hasEnded } = timeline;
  const entries = [...timeline.entries];
  const places = new Map(entries.flatMap((entry, index) => (entry.type === 'step' ? [[entry.step, index] as const] : [])));
  for (const event of events) {
    if (event.seq <= lastSeq) continue;
    lastSeq = event.seq;
    hasEnded = isEnd(event) || (hasEnded && event.kind !== 'run.resumed');
    const mark = markOf(event);
    // A run that is tried again is taken up twice: by whoever says so, and by whoever does it.
    const before = entries.at(-1);
    if (mark && !(before?.type === 'mark' && before.title === mark.title)) {
      entries.push({ type: 'mark', seq: event.seq, atMs: event.atMs, ...mark });
    }
    if (isEnd(event)) entries.splice(0, entries.length, ...entries.map(stopped));
    const number = stepNumberOf(event, entries);
    if (number === undefined) continue;
    const place = places.get(number);
    const known = place === undefined ? undefined : entries[place];
    const next = nextStep(known?.type === 'step' ? known : newStep(event, number), event);
    if (place === undefined) places.set(number, entries.push(next) - 1);
    else entries[place] = next;
  }
  return { entries, lastSeq, hasEnded };
}

const isEnd = ({ kind }: RunEvent): boolean => kind === 'run.finished' || kind === 'run.failed' || kind === 'run.cancelled';

function stepNumberOf(event: RunEvent, entries: readonly TimelineEntry[]): number | undefined {
  if (event.kind === 'context.compacted') return undefined;
  if ('step' in event) return event.step;
  if (event.kind !== 'approval.resolved') return undefined;
  const asked = entries.find((entry) => entry.type === 'step' && entry.approval?.approvalId === event.approvalId);
  return asked?.type === 'step' ? asked.step : undefined;
}

/** Of which nothing is known but that it is there. */
export function newStep({ seq, atMs }: Pick<RunEvent, 'seq' | 'atMs'>, step: number): TimelineStep {
  return {
    ...{ type: 'step', seq, atMs, step, stepKind: 'tool', name: '', effect: null, call: null, state: 'running', attempts: [], text: '' },
    ...{ result: undefined, file: null, use: null, isReconciled: false, approval: null, childRunId: null, evidence: null, endSeq: null },
  };
}

function nextStep(step: TimelineStep, event: RunEvent): TimelineStep {
  switch (event.kind) {
    case 'step.started': {
      const { stepKind, name, effect, attempt, atMs, call = step.call } = event;
      const attempts = [...step.attempts, { attempt, startedAtMs: atMs, endedAtMs: null, error: null }];
      return { ...step, stepKind, name, effect, call, attempts, state: 'running', text: '', result: undefined, endSeq: null };
    }
    case 'step.delta':
      return { ...step, text: step.text.slice(0, event.offset) + event.text };
    case 'step.finished': {
      const { result, file = null, use, seq, reconciled = false } = event;
      const state = isRecord(result) && result['isError'] === true ? 'failed' : 'done';
      return { ...step, state, result, file, use, isReconciled: reconciled, endSeq: seq, attempts: ended(step.attempts, event, null) };
    }
    case 'step.failed':
      return { ...step, state: 'failed', endSeq: event.seq, attempts: ended(step.attempts, event, event.error) };
    case 'child.created':
      return { ...step, childRunId: event.childRunId };
    case 'approval.requested': {
      const { approvalId, why, call } = event;
      return { ...step, state: 'asking', name: call.name, call, approval: { approvalId, why, verdict: null } };
    }
    case 'approval.resolved': {
      const { approved, by, note } = event;
      return { ...step, state: 'running', approval: step.approval && { ...step.approval, verdict: { approved, by, note } } };
    }
    case 'outcome.unknown':
      return { ...step, state: 'unknown', call: event.call ?? step.call, name: event.call?.name ?? step.name, evidence: event.evidence };
    case 'outcome.resolved':
      return { ...step, state: 'running' };
    default:
      return step;
  }
}

function ended(attempts: readonly StepAttempt[], { atMs }: RunEvent, error: RunFailure | null): readonly StepAttempt[] {
  return attempts.map((each, index) => (index === attempts.length - 1 ? { ...each, endedAtMs: atMs, error } : each));
}

/** As it is when its run has ended. */
function stopped(entry: TimelineEntry): TimelineEntry {
  const isOpen = entry.type === 'step' && (entry.state === 'running' || entry.state === 'asking' || entry.state === 'unknown');
  return isOpen ? { ...entry, state: 'stopped' } : entry;
}
