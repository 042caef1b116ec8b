/** What became of one request: each try on a line of time, and what was decided on the way. */
import type { RequestTrail, TrailAttempt } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Loaded } from '../../components/feedback.tsx';
import { formatCount, formatDuration, formatNanoUsd, formatTime, plural, unknown } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { OutcomeBadge } from './outcome-badge.tsx';

export function RequestDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { admin } = useApp();
  const live = useLive((signal) => admin.json<RequestTrail>(`/admin/v1/requests/${encodeURIComponent(id)}`, { signal }), { key: id });
  return (
    <Dialog kind="drawer" title="Request" onClose={onClose}>
      <Loaded live={live} lines={8}>
        {(trail) => <Trail trail={trail} />}
      </Loaded>
    </Dialog>
  );
}

function Trail({ trail }: { readonly trail: RequestTrail }) {
  return (
    <div class="stack">
      <p class="row">
        <OutcomeBadge outcome={trail.outcome} cached={trail.cached} />
        <strong>{trail.requestedModel}</strong>
        <span class="note">status {trail.status}</span>
      </p>
      <dl class="facts">
        <dt>Id</dt>
        <dd class="mono">{trail.id}</dd>
        <dt>Ended</dt>
        <dd>{formatTime(trail.at)}</dd>
        <dt>Caller</dt>
        <dd class="mono">{trail.caller}</dd>
        <dt>Asked in</dt>
        <dd>
          {trail.dialect}
          {trail.stream ? ', streaming' : ''}
        </dd>
        <dt>Answered by</dt>
        <dd>{trail.target ?? 'nobody'}</dd>
        <dt>Took</dt>
        <dd>
          {formatDuration(trail.totalMs)}{' '}
          <span class="note">
            first output {formatDuration(trail.firstOutputMs)}, waited {formatDuration(trail.queueMs)}
          </span>
        </dd>
        <dt>Tokens</dt>
        <dd>
          {formatCount(trail.inputTokens)} in, {formatCount(trail.outputTokens)} out
        </dd>
        <dt>Cost</dt>
        <dd>{trail.costNanoUsd === null ? `${unknown} price unknown` : formatNanoUsd(trail.costNanoUsd)}</dd>
      </dl>
      <Attempts trail={trail} />
      {trail.decisions.length > 0 && (
        <section class="stack">
          <h3>What was decided</h3>
          <ol class="decisions">
            {trail.decisions.map((decision, index) => (
              <li key={index}>{decision}</li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

function Attempts({ trail: { attempts, attemptCount, totalMs } }: { readonly trail: RequestTrail }) {
  return (
    <section class="stack">
      <h3>{plural(attemptCount, 'try', 'tries')}</h3>
      {attempts.length === 0 ? (
        <p class="note">
          {attemptCount === 0 ? 'Nobody was asked.' : 'Not kept: of older requests that went well at once only the sums are.'}
        </p>
      ) : (
        <ol class="attempts">
          {attempts.map((attempt, index) => (
            <Attempt key={index} attempt={attempt} totalMs={totalMs} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Attempt({ attempt, totalMs }: { readonly attempt: TrailAttempt; readonly totalMs: number }) {
  const { target, key, startedMs, waitedMs, durationMs, firstOutputMs, outcome, reason, retryAfterMs, hedge } = attempt;
  return (
    <li>
      <p class="row">
        <strong>{target}</strong> <span class="note">key {key}</span> <OutcomeBadge outcome={outcome} />
        {hedge && <span class="note">beside a slow one</span>}
        <span class="attempt-time">{formatDuration(durationMs)}</span>
      </p>
      <TimeLine startedMs={startedMs} waitedMs={waitedMs} durationMs={durationMs} totalMs={totalMs} />
      <p class="note">
        began after {formatDuration(startedMs)}
        {waitedMs > 0 && `, waited ${formatDuration(waitedMs)}`}
        {firstOutputMs !== null && `, first output after ${formatDuration(firstOutputMs)}`}
        {retryAfterMs !== null && `, asked to wait ${formatDuration(retryAfterMs)}`}
      </p>
      {reason !== null && <p class="attempt-reason">{reason}</p>}
    </li>
  );
}

interface TimeLineProps {
  readonly startedMs: number;
  readonly waitedMs: number;
  readonly durationMs: number;
  readonly totalMs: number;
}

/** Where in the time of the request the try lies: a pale part for its wait, a full one for itself. The words below say the same. */
function TimeLine({ startedMs, waitedMs, durationMs, totalMs }: TimeLineProps) {
  const whole = Math.max(totalMs, startedMs + durationMs, 1);
  const share = (ms: number): string => `${(100 * Math.max(0, ms)) / whole}%`;
  return (
    <span class="time-line" aria-hidden="true">
      <span class="time-line-waited" style={{ marginLeft: share(startedMs - waitedMs), width: share(waitedMs) }} />
      <span class="time-line-self" style={{ width: share(durationMs) }} />
    </span>
  );
}
