/** The lists of the overview: checks of health, early warnings, the targets that are asked most. */
import type { TargetRow, Warning } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Empty, Loaded, Waiting } from '../../components/feedback.tsx';
import { Badge, StatusDot } from '../../components/status.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatAgo, formatCount, formatDuration, formatPercent } from '../../format.ts';
import { toneOfHealth } from '../../live/health-watch.ts';
import type { Live } from '../../live/use-live.ts';
import { BreakerBadge } from '../models/breaker-badge.tsx';

export function Warnings({ live }: { readonly live: Live<readonly Warning[]> }) {
  return (
    <Loaded live={live} lines={2}>
      {(warnings) =>
        warnings.length === 0 ? (
          <p class="note">Nothing is heading for trouble. Targets that become slow or fail more than usual show here.</p>
        ) : (
          <ul class="warnings">
            {warnings.map((warning) => (
              <li key={`${warning.code} ${warning.target} ${warning.key}`}>
                <Badge tone={warning.code === 'failing' ? 'bad' : 'warn'}>{warning.code}</Badge>
                <div>
                  <p>
                    <strong>{warning.target}</strong> <span class="note">since {formatAgo(warning.since, now())}</span>
                  </p>
                  <p class="note">{warning.message}</p>
                </div>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

export function HealthChecks() {
  const { health } = useApp();
  const summary = health.summary.value;
  if (summary === undefined) return <Waiting lines={4} />;
  return (
    <ul class="checks">
      {Object.entries(summary.checks ?? {}).map(([name, { state, detail }]) => (
        <li key={name}>
          <StatusDot tone={toneOfHealth[state]} label={state} />
          <div>
            <p>{wordsOf(name)}</p>
            {detail !== undefined && <p class="note">{detail}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** `eventLoop` is read as "Event loop". */
function wordsOf(name: string): string {
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const columns: readonly Column<TargetRow>[] = [
  { id: 'target', title: 'Target', cell: ({ target }) => <a href="#/models">{target}</a> },
  { id: 'breaker', title: 'Breaker', cell: (row) => <BreakerBadge row={row} /> },
  { id: 'requests', title: 'Tries', align: 'end', cell: ({ requests }) => formatCount(requests) },
  {
    id: 'success',
    title: 'Completed',
    align: 'end',
    cell: ({ successPercent }) => formatPercent(successPercent === null ? null : successPercent / 100),
  },
  { id: 'p50', title: 'p50', align: 'end', wideOnly: true, cell: ({ total }) => formatDuration(total?.p50Ms) },
  { id: 'p95', title: 'p95', align: 'end', cell: ({ total }) => formatDuration(total?.p95Ms) },
  { id: 'busy', title: 'Busy', align: 'end', wideOnly: true, cell: ({ underWay, limit }) => `${underWay} / ${limit ?? '–'}` },
];

const shownTargets = 6;

export function BusyTargets({ live }: { readonly live: Live<readonly TargetRow[]> }) {
  return (
    <Loaded live={live}>
      {(targets) => {
        const busiest = targets.filter(({ requests }) => requests > 0).toSorted((one, other) => other.requests - one.requests);
        return (
          <Table
            label="The targets that are asked most"
            columns={columns}
            rows={busiest.slice(0, shownTargets)}
            rowKey={({ target, key }) => `${target} ${key}`}
            empty={
              <Empty title="No requests in the last five minutes">
                Point a client at <code>{`${new URL('./', location.href.replace(/#.*/, '')).href}v1`}</code>; what it asks shows here at
                once.
              </Empty>
            }
          />
        );
      }}
    </Loaded>
  );
}
