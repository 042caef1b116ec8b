/** One run: how it stands, what it asks, and its timeline, live while it runs. */
import type { RunView } from '@openclaw/protocol';
import { Card, Stat } from '../../components/card.tsx';
import { CopyText } from '../../components/copy.tsx';
import { Empty, ErrorNote, Notice, Waiting } from '../../components/feedback.tsx';
import { Icon } from '../../components/icon.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { StatusDot } from '../../components/status.tsx';
import { formatAgo, formatClock, formatCount, formatDuration, formatNanoUsd, formatTime } from '../../format.ts';
import { routeHash } from '../../routing.ts';
import { waitWords } from '../../runs/marks.ts';
import { StepCard, Text } from '../../runs/step-card.tsx';
import { stepsOf, type Timeline, type TimelineMark, type TimelineStep } from '../../runs/timeline.ts';
import { useNow, useRun } from '../../runs/use-run.ts';
import { firstWords } from '../../runs/values.ts';
import { OpenQuestions } from '../../runs/verdicts.tsx';
import { ForkButton, RunActions } from './run-actions.tsx';
import { RunStatusBadge } from './status-badge.tsx';

export function RunDetail({ runId }: { readonly runId: string }) {
  const desk = useRun(runId);
  const view = desk?.view.value;
  const timeline = desk?.timeline.value;
  const problem = desk?.problem.value;
  const nowMs = useNow(view !== undefined && view.endedAtMs === null);
  return (
    <>
      <p class="run-back">
        <a href={routeHash(['runs'])}>
          <Icon name="chevron" size={14} /> Runs
        </a>
      </p>
      <PageHead title={firstWords(view?.input.trim().split('\n')[0] ?? '', 70) || 'Run'}>
        {view && <RunActions view={view} onGoesOn={() => void desk?.load()} />}
      </PageHead>
      {problem && <ErrorNote error={problem} onRetry={() => void desk?.load()} />}
      {view && timeline ? <Shown {...{ view, timeline, nowMs }} /> : !problem && <Waiting lines={8} />}
    </>
  );
}

interface ShownProps {
  readonly view: RunView;
  readonly timeline: Timeline;
  readonly nowMs: number;
}

function Shown({ view, timeline, nowMs }: ShownProps) {
  const { error, input, output } = view;
  const said = typeof output === 'string' ? output : output === null ? '' : JSON.stringify(output, undefined, 2);
  return (
    <div class="stack">
      <Figures view={view} nowMs={nowMs} />
      <WaitNotice view={view} />
      <OpenQuestions runId={view.id} steps={stepsOf(timeline)} />
      {error && <ErrorNote error={Object.assign(new Error(error.message), { code: error.code, hint: error.hint })} />}
      <Card title="Timeline">
        {timeline.entries.length === 0 ? (
          <Empty title="Nothing done yet">Steps show here as they begin.</Empty>
        ) : (
          <ol class="timeline" aria-label="Timeline">
            {timeline.entries.map((entry) => (
              <li key={entry.seq}>{entry.type === 'mark' ? <Mark mark={entry} /> : <Step {...{ view, step: entry, nowMs }} />}</li>
            ))}
          </ol>
        )}
      </Card>
      <div class="grid grid-2">
        <Card title="Asked">
          <Text title="Input" text={input} />
        </Card>
        {said !== '' && (
          <Card title="Answered">
            <Text title="Output" text={said} />
          </Card>
        )}
      </div>
      <About view={view} />
    </div>
  );
}

function Figures({ view, nowMs }: Pick<ShownProps, 'view' | 'nowMs'>) {
  const { steps, use, limits, workedMs, workingSinceMs, createdAtMs, endedAtMs } = view;
  const worked = workedMs + (workingSinceMs === null ? 0 : Math.max(0, nowMs - workingSinceMs));
  return (
    <dl class="stats">
      <div class="stat">
        <dt>Status</dt>
        <dd>
          <span class="run-status">
            <RunStatusBadge run={view} />
          </span>
          <span class="note">{endedAtMs === null ? 'live' : `ended ${formatAgo(endedAtMs, nowMs)}`}</span>
        </dd>
      </div>
      <Stat label="Steps" value={formatCount(steps)} note={`of at most ${formatCount(limits.steps)}`} />
      <Stat
        label="Tokens"
        value={formatCount(use.inputTokens + use.outputTokens)}
        note={`${formatCount(use.inputTokens)} in, ${formatCount(use.outputTokens)} out`}
      />
      <Stat label="Cost" value={formatNanoUsd(use.costNanoUsd)} note={use.costNanoUsd === null ? 'no price is known' : 'of its models'} />
      <Stat label="At work" value={formatDuration(Math.round(worked))} note={`begun ${formatAgo(createdAtMs, nowMs)}`} />
    </dl>
  );
}

/** Approvals and outcomes are asked in frames of their own. */
function WaitNotice({ view: { waitsFor, status } }: Pick<ShownProps, 'view'>) {
  if (status !== 'parked' || waitsFor === null || waitsFor.kind === 'approval' || waitsFor.kind === 'outcome') return null;
  return (
    <Notice tone="info" {...(waitsFor.kind === 'child' ? { actions: <a href={routeHash(['runs', waitsFor.runId])}>Show it</a> } : {})}>
      It waits for {waitWords(waitsFor)}.
    </Notice>
  );
}

function Step({ view, step, nowMs }: { readonly view: RunView; readonly step: TimelineStep; readonly nowMs: number }) {
  return (
    <StepCard step={step} nowMs={nowMs}>
      {step.endSeq !== null && view.origin.kind !== 'program' && <ForkButton runId={view.id} step={step.step} fromSeq={step.endSeq} />}
    </StepCard>
  );
}

function Mark({ mark: { tone, title, note, atMs } }: { readonly mark: TimelineMark }) {
  return (
    <p class="timeline-mark">
      <StatusDot tone={tone} />
      <strong>{title}</strong>
      <span class="note">{note}</span>
      <time class="note" dateTime={new Date(atMs).toISOString()} title={formatTime(atMs)}>
        {formatClock(atMs)}
      </time>
    </p>
  );
}

function About({ view }: Pick<ShownProps, 'view'>) {
  const { id, agentId, sessionKey, model, origin, parentRunId, forkedFrom, createdAtMs } = view;
  return (
    <Card title="About">
      <dl class="facts">
        <dt>Id</dt>
        <dd>
          <CopyText text={id} label="the id" />
        </dd>
        <dt>Agent</dt>
        <dd>{agentId}</dd>
        <dt>Session</dt>
        <dd>
          <a class="mono" href={routeHash(['runs'], { session: sessionKey })}>
            {sessionKey}
          </a>
          {origin.kind !== 'program' && (
            <>
              {' '}
              <a href={routeHash(['chat', sessionKey])}>open in the chat</a>
            </>
          )}
        </dd>
        <dt>Model</dt>
        <dd>{model ?? 'of its agent or session'}</dd>
        <dt>Begun by</dt>
        <dd>
          {origin.by} <span class="note">({origin.kind})</span>, {formatTime(createdAtMs)}
        </dd>
        {parentRunId !== null && <OtherRun title="Part of" runId={parentRunId} />}
        {forkedFrom !== null && <OtherRun title="Forked from" runId={forkedFrom.runId} />}
      </dl>
    </Card>
  );
}

function OtherRun({ title, runId }: { readonly title: string; readonly runId: string }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <a class="mono" href={routeHash(['runs', runId])}>
          {runId}
        </a>
      </dd>
    </>
  );
}
