/** What an answer did on its way: each call of a tool, collapsed; what it asks of a person; the way to its run. */
import type { JSX } from 'preact';
import { Icon } from '../../components/icon.tsx';
import { routeHash } from '../../routing.ts';
import { StepCard } from '../../runs/step-card.tsx';
import type { TimelineStep } from '../../runs/timeline.ts';

export interface AnswerCallsProps {
  readonly calls: readonly TimelineStep[];
  readonly nowMs: number;
}

export function AnswerCalls({ calls, nowMs }: AnswerCallsProps): JSX.Element | null {
  if (calls.length === 0) return null;
  return (
    <ol class="calls" aria-label="Calls of tools">
      {calls.map((step) => (
        <li key={step.seq}>
          <StepCard step={step} nowMs={nowMs} />
        </li>
      ))}
    </ol>
  );
}

export function RunLink({ runId }: { readonly runId: string }) {
  return (
    <a class="run-of-answer note" href={routeHash(['runs', runId])}>
      <Icon name="runs" size={14} /> Run
    </a>
  );
}
