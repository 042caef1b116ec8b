/** The calls of the answer under way as they happen, and of those that ended while the page was open, with their times. */
import { useRef } from 'preact/hooks';
import { stepsOf, type TimelineStep } from '../../runs/timeline.ts';
import { useNow, useRun } from '../../runs/use-run.ts';

/** Of how many answers; for those before there is what the history says. */
const keptAnswers = 20;

export interface Calls {
  readonly nowMs: number;
  /** Undefined: nothing but the history knows of them. */
  of(runId: string | undefined): readonly TimelineStep[] | undefined;
}

export function useCalls(turnRunId: string | undefined): Calls {
  const kept = useRef(new Map<string, readonly TimelineStep[]>());
  // The answer may be here before the end of its last call is.
  const latest = useRef(turnRunId);
  if (turnRunId !== undefined) latest.current = turnRunId;
  const desk = useRun(latest.current);
  const timeline = desk?.timeline.value;
  const nowMs = useNow(turnRunId !== undefined);
  if (desk !== undefined && timeline !== undefined && timeline.lastSeq > 0) {
    kept.current.set(
      desk.runId,
      stepsOf(timeline).filter(({ stepKind }) => stepKind === 'tool'),
    );
    const [oldest] = kept.current.keys();
    if (kept.current.size > keptAnswers && oldest !== undefined) kept.current.delete(oldest);
  }
  return { nowMs, of: (runId) => (runId === undefined ? undefined : kept.current.get(runId)) };
}
