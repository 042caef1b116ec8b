/** What is looked at all the time: the checks of health with what mends them, and what the traffic shows. */
import type { TrafficFinding, TrafficReport } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { CopyText } from '../../components/copy.tsx';
import { Loaded, Waiting, Words } from '../../components/feedback.tsx';
import { Badge, StatusDot } from '../../components/status.tsx';
import { formatAgo } from '../../format.ts';
import { toneOfHealth, type HealthCheck } from '../../live/health-watch.ts';
import { useLive } from '../../live/use-live.ts';
import { adviceFor, describeEvidence, toneOfSeverity, words, worstFirst } from './advice.ts';

const everyMs = 10_000;

export function ChecksPart() {
  const { admin, health } = useApp();
  const summary = health.summary.value;
  const traffic = useLive((signal) => admin.json<TrafficReport>('/admin/v1/traffic', { signal }), { everyMs });
  return (
    <div class="grid grid-2">
      <Card title="Health" {...(summary ? { note: summary.status } : {})}>
        {summary === undefined ? <Waiting lines={6} /> : <HealthList checks={summary.checks ?? {}} />}
      </Card>
      <Card title="Traffic" note="of the last minutes">
        <Loaded live={traffic} lines={6}>
          {(report) => (
            <ul class="findings">
              {report.warnings.map(({ code, target, key, message, since, evidence }) => (
                <li key={`${code} ${target} ${key}`}>
                  <StatusDot tone="warn" label="warning" />
                  <div>
                    <p>
                      <strong>{target}</strong> <Badge tone="warn">{code}</Badge> <span class="note">since {formatAgo(since, now())}</span>
                    </p>
                    <p>{message}</p>
                    <p class="note">{describeEvidence(evidence)}</p>
                  </div>
                </li>
              ))}
              {worstFirst(report.findings, ({ severity }) => severity).map((finding) => (
                <Finding key={`${finding.code} ${finding.subject}`} finding={finding} />
              ))}
            </ul>
          )}
        </Loaded>
      </Card>
      <Card title="What only the machine itself can tell" class="doctor-machine">
        <p class="doctor-command">
          Whether the state directory survives a redeploy, where the token comes from, what the service manager does: run{' '}
          <CopyText text="openclaw doctor" label="the command" /> where the gateway runs.
        </p>
      </Card>
    </div>
  );
}

function HealthList({ checks }: { readonly checks: Readonly<Record<string, HealthCheck>> }) {
  return (
    <ul class="findings">
      {worstFirst(Object.entries(checks), ([, { state }]) => state).map(([name, { state, detail }]) => {
        const { title, about, remedy, page } = adviceFor(name);
        return (
          <li key={name}>
            <StatusDot tone={toneOfHealth[state]} label={state} />
            <div>
              <p>
                <strong>{title}</strong> {state !== 'ok' && <Badge tone={toneOfHealth[state]}>{state}</Badge>}
              </p>
              {detail !== undefined && <p>{detail}</p>}
              {state === 'ok' ? (
                <p class="note">{about}</p>
              ) : (
                <p class="remedy">
                  <Words text={remedy} /> <span class="note">More: {page}</span>
                </p>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function Finding({ finding: { check, severity, subject, message, evidence, remedy } }: { readonly finding: TrafficFinding }) {
  return (
    <li>
      <StatusDot tone={toneOfSeverity[severity]} label={severity} />
      <div>
        <p>
          <strong>{words(check)}</strong> {subject !== 'gateway' && <code>{subject}</code>}
        </p>
        <p class={severity === 'ok' ? 'note' : ''}>{message}</p>
        {severity !== 'ok' && <p class="note">{describeEvidence(evidence)}</p>}
        {remedy !== '' && (
          <p class="remedy">
            <Words text={remedy} />
          </p>
        )}
      </div>
    </li>
  );
}
