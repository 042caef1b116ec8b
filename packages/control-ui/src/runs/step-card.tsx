/** One step of a run: what it is and how it went on one line, which opens to what went in and what came out. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { CopyButton } from '../components/copy.tsx';
import { Icon } from '../components/icon.tsx';
import { Badge, type Tone } from '../components/status.tsx';
import { formatClock, formatCount, formatDuration, formatNanoUsd, plural } from '../format.ts';
import { routeHash } from '../routing.ts';
import type { StepAttempt, StepState, TimelineStep } from './timeline.ts';
import { firstWords, showArguments, showResult } from './values.ts';
import './runs.css';

export interface StepCardProps {
  readonly step: TimelineStep;
  readonly nowMs: number;
  /** What can be done with it. */
  readonly children?: ComponentChildren;
}

const states: Readonly<Record<StepState, { readonly tone: Tone; readonly label: string }>> = {
  asking: { tone: 'warn', label: 'waits for approval' },
  running: { tone: 'info', label: 'running' },
  done: { tone: 'ok', label: 'done' },
  failed: { tone: 'bad', label: 'failed' },
  unknown: { tone: 'bad', label: 'outcome unknown' },
  stopped: { tone: 'idle', label: 'stopped' },
};

const kinds = { model: 'model', tool: 'tool', compaction: 'summary', program: 'step' } as const;

export function StepCard({ step, nowMs, children }: StepCardProps) {
  const { stepKind, name, state, attempts, call, isReconciled } = step;
  const { tone, label } = states[state];
  const output = showResult(step);
  return (
    <details class={`step step-${state}`} data-step={step.step}>
      <summary>
        <Icon name="chevron" size={16} />
        <span class="step-kind">{kinds[stepKind]}</span> <span class="step-name">{name}</span>{' '}
        <span class="step-preview">{firstWords(call?.argumentsText ?? output)}</span>{' '}
        <span class="step-marks">
          {attempts.length > 1 && <Badge tone="warn">attempt {attempts.at(-1)?.attempt}</Badge>}
          {isReconciled && <Badge tone="warn">found done</Badge>}
          <Badge tone={tone}>{label}</Badge>
        </span>{' '}
        <Figures step={step} nowMs={nowMs} />
      </summary>
      <div class="step-body">
        {call !== null && <Text title="Arguments" text={showArguments(call.argumentsText)} />}
        {output !== '' && <Text title={stepKind === 'model' ? 'Text' : 'Result'} text={output} isBad={state === 'failed'} />}
        <ErrorOf attempt={attempts.at(-1)} />
        <Facts step={step} />
        {children}
      </div>
    </details>
  );
}

function Figures({ step: { use, attempts, state }, nowMs }: { readonly step: TimelineStep; readonly nowMs: number }) {
  const startedAtMs = attempts[0]?.startedAtMs;
  const endedAtMs = attempts.at(-1)?.endedAtMs ?? (state === 'running' ? nowMs : null);
  return (
    <span class="step-figures">
      {use !== null && (
        <span class="wide-only">
          {formatCount(use.inputTokens)} + {plural(use.outputTokens, 'token')}, {formatNanoUsd(use.costNanoUsd)}
        </span>
      )}
      {startedAtMs !== undefined && endedAtMs !== null && <span>{formatDuration(Math.max(0, endedAtMs - startedAtMs))}</span>}
    </span>
  );
}

interface TextProps {
  readonly title: string;
  readonly text: string;
  readonly isBad?: boolean;
}

/** Text that may be long: it scrolls in its own frame. */
export function Text({ title, text, isBad = false }: TextProps) {
  const id = useId();
  return (
    <section class="step-text" aria-labelledby={id}>
      <header>
        <h4 id={id}>{title}</h4>
        <CopyButton text={text} label={title.toLowerCase()} />
      </header>
      <pre class={isBad ? 'step-bad' : ''} tabIndex={0} role="region" aria-labelledby={id}>
        {text}
      </pre>
    </section>
  );
}

function ErrorOf({ attempt }: { readonly attempt: StepAttempt | undefined }) {
  if (!attempt?.error) return null;
  const { message, hint, code } = attempt.error;
  return (
    <p class="step-error">
      {message} <span class="note">{hint}</span> <span class="mono">{code}</span>
    </p>
  );
}

function Facts({ step: { step, stepKind, effect, atMs, attempts, use, approval, childRunId, evidence } }: { readonly step: TimelineStep }) {
  return (
    <dl class="facts step-facts">
      <dt>Step</dt>
      <dd>
        {step}
        {atMs > 0 && `, at ${formatClock(atMs)}`}
        {effect !== null && stepKind !== 'model' && `, effect ${effect}`}
      </dd>
      {use !== null && (
        <>
          <dt>Tokens</dt>
          <dd>
            {formatCount(use.inputTokens)} in, {formatCount(use.outputTokens)} out, {formatNanoUsd(use.costNanoUsd)}
          </dd>
        </>
      )}
      {attempts.length > 1 && (
        <>
          <dt>Attempts</dt>
          <dd>
            <ol>
              {attempts.map((each) => (
                <li key={each.attempt}>{attemptWords(each)}</li>
              ))}
            </ol>
          </dd>
        </>
      )}
      {approval?.verdict && (
        <>
          <dt>{approval.verdict.approved ? 'Approved' : 'Rejected'}</dt>
          <dd>
            by {approval.verdict.by}
            {approval.verdict.note !== null && `: ${approval.verdict.note}`}
          </dd>
        </>
      )}
      {childRunId !== null && (
        <>
          <dt>Done by</dt>
          <dd>
            <a class="mono" href={routeHash(['runs', childRunId])}>
              {childRunId}
            </a>
          </dd>
        </>
      )}
      {evidence !== null && (
        <>
          <dt>What is known</dt>
          <dd>{evidence}</dd>
        </>
      )}
    </dl>
  );
}

function attemptWords({ attempt, startedAtMs, endedAtMs, error }: StepAttempt): string {
  const how = error !== null ? `failed: ${error.message}` : endedAtMs === null ? 'cut, or under way' : 'ended';
  const took = endedAtMs === null ? '' : ` after ${formatDuration(endedAtMs - startedAtMs)}`;
  return `${attempt} at ${formatClock(startedAtMs)}, ${how}${took}`;
}
