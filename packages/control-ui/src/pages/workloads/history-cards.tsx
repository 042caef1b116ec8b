/** What happened to a workload, and what it said. */
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { StatusDot } from '../../components/status.tsx';
import { formatAgo, formatTime } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { createWorkloadApi, type WorkloadPlace } from './workload-api.ts';

const [eventsMs, linesMs] = [5000, 3000];
const shownEvents = 30;

export function EventsCard({ place }: { readonly place: WorkloadPlace }) {
  const { admin } = useApp();
  const live = useLive((signal) => createWorkloadApi(admin).events(place, signal), { everyMs: eventsMs });
  return (
    <Card title="Events">
      <Loaded live={live}>
        {(events) =>
          events.length === 0 ? (
            <Empty title="Nothing happened yet" />
          ) : (
            <ol class="workload-events">
              {events
                .toSorted((one, other) => Date.parse(other.lastTimestamp) - Date.parse(one.lastTimestamp))
                .slice(0, shownEvents)
                .map(({ metadata, type, reason, message, count, lastTimestamp }) => (
                  <li key={metadata.uid}>
                    <StatusDot tone={type === 'Warning' ? 'warn' : 'ok'} label={type} />
                    <span>
                      <strong>{reason}</strong> {message}
                      {count > 1 && <span class="note"> × {count}</span>}
                    </span>
                    <time class="note" dateTime={lastTimestamp} title={formatTime(lastTimestamp)}>
                      {formatAgo(Date.parse(lastTimestamp), now())}
                    </time>
                  </li>
                ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

export function LogCard({ place }: { readonly place: WorkloadPlace }) {
  const { admin } = useApp();
  const live = useLive((signal) => createWorkloadApi(admin).log(place, signal), { everyMs: linesMs });
  return (
    <Card
      title="Output"
      note="the last lines of all instances and of the runtime"
      actions={<code>clw logs workload {place.name} --follow</code>}
    >
      <Loaded live={live}>
        {(text) =>
          text === '' ? (
            <Empty title="It has said nothing yet" />
          ) : (
            <pre class="workload-log" tabIndex={0} role="log" aria-label="Output" aria-live="off">
              {text}
            </pre>
          )
        }
      </Loaded>
    </Card>
  );
}
