/** One workload: how it stands, its memory over time with what is made of it, its instances, events, output and revisions. */
import type { InstanceStatus, Workload } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card, Meter, Stat } from '../../components/card.tsx';
import { Empty, Loaded, Notice } from '../../components/feedback.tsx';
import { Icon } from '../../components/icon.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatAgo, formatBytes, formatCount, formatPercent, formatTime } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { routeHash, type Route } from '../../routing.ts';
import { EventsCard, LogCard } from './history-cards.tsx';
import { MemoryCards } from './memory-cards.tsx';
import { memoryOf } from './memory-of.ts';
import { PhaseBadge } from './phase-badge.tsx';
import { RevisionsCard } from './revisions-card.tsx';
import { createWorkloadApi, type WorkloadPlace } from './workload-api.ts';
import { WorkloadActions } from './workload-actions.tsx';

const everyMs = 3000;

interface WorkloadDetailProps {
  readonly place: WorkloadPlace;
  readonly query: Route['query'];
}

export function WorkloadDetail({ place, query }: WorkloadDetailProps) {
  const { admin, connection } = useApp();
  const live = useLive((signal) => createWorkloadApi(admin).get(place, signal), { everyMs, again: String(connection.epoch.value) });
  return (
    <>
      <p class="workload-back">
        <a href={routeHash(['workloads'])}>
          <Icon name="chevron" size={14} /> Workloads
        </a>
      </p>
      <PageHead title={place.name} note={place.namespace}>
        {live.value && <WorkloadActions workload={live.value} place={place} onChanged={live.refresh} />}
      </PageHead>
      <Loaded live={live} lines={8}>
        {(workload) => (
          <div class="stack">
            <Figures workload={workload} />
            <Trouble workload={workload} />
            <MemoryCards place={place} query={query} />
            <Card title="Instances" flush>
              <Table
                label="Instances"
                columns={columns}
                rows={workload.status?.instances ?? []}
                rowKey={({ id }) => id}
                empty={
                  <Empty title="None runs">
                    {workload.spec?.replicas === 0 ? 'It is scaled to none.' : 'They show here as they start.'}
                  </Empty>
                }
              />
            </Card>
            <div class="grid grid-2">
              <EventsCard place={place} />
              <RevisionsCard place={place} workload={workload} onChanged={live.refresh} />
            </div>
            <LogCard place={place} />
          </div>
        )}
      </Loaded>
    </>
  );
}

function Figures({ workload }: { readonly workload: Workload }) {
  const { spec, status, metadata } = workload;
  const { nearest, share } = memoryOf(workload);
  return (
    <dl class="stats">
      <div class="stat">
        <dt>Phase</dt>
        <dd>
          <span class="workload-phase">
            <PhaseBadge phase={status?.phase} />
          </span>
          <span class="note">made {formatAgo(Date.parse(metadata.creationTimestamp), now())}</span>
        </dd>
      </div>
      <Stat
        label="Ready"
        value={`${status?.readyReplicas ?? 0} of ${spec?.replicas ?? 0}`}
        note={`${status?.updatedReplicas ?? 0} of this revision`}
      />
      <Stat
        label="Memory"
        value={formatBytes(nearest?.current)}
        note={nearest?.limit === undefined ? 'without a limit' : `${formatPercent(share)} of ${formatBytes(nearest.limit)}`}
      >
        {share !== undefined && <Meter share={share} label="Memory against its limit" />}
      </Stat>
      <Stat label="Restarts" value={formatCount(status?.restarts ?? 0)} note={`driver ${status?.driver ?? 'not chosen yet'}`} />
      <Stat
        label="Revision"
        value={String(status?.revision ?? '–')}
        note={(status?.endpoints ?? []).map(({ address }) => address).join(', ') || 'no port'}
      />
    </dl>
  );
}

/** Conditions that are not as they should be, in their own words. */
function Trouble({ workload: { status } }: { readonly workload: Workload }) {
  const said = status?.message ?? status?.reason;
  if (said === undefined || status?.phase === 'Running' || status?.phase === 'Succeeded') return null;
  return (
    <Notice tone={status?.phase === 'Pending' || status?.phase === 'Starting' ? 'info' : 'warn'}>
      {status?.reason !== undefined && status.reason !== said && <strong>{status.reason}: </strong>}
      {said}
    </Notice>
  );
}

const columns: readonly Column<InstanceStatus>[] = [
  { id: 'id', title: 'Instance', cell: ({ id }) => <span class="mono">{id}</span> },
  { id: 'phase', title: 'Phase', cell: ({ phase, containers }) => <PhaseBadge phase={phase} title={waitingOf(containers)} /> },
  {
    ...{ id: 'memory', title: 'Memory', align: 'end' },
    sortBy: ({ memory }) => memory?.current ?? null,
    cell: ({ memory }) =>
      memory === undefined ? '–' : <span title={`at most ${formatBytes(memory.peak)} so far`}>{formatBytes(memory.current)}</span>,
  },
  { id: 'restarts', title: 'Restarts', align: 'end', sortBy: ({ restarts }) => restarts, cell: ({ restarts }) => formatCount(restarts) },
  { id: 'last', title: 'Last end', wideOnly: true, cell: ({ containers }) => lastEnd(containers) },
  { id: 'revision', title: 'Revision', align: 'end', wideOnly: true, cell: ({ revision }) => revision },
  {
    ...{ id: 'started', title: 'Started', align: 'end' },
    cell: ({ startedAt }) =>
      startedAt === undefined ? '–' : <span title={formatTime(startedAt)}>{formatAgo(Date.parse(startedAt), now())}</span>,
  },
];

function waitingOf(containers: InstanceStatus['containers']): string | undefined {
  const waiting = containers.find(({ state }) => state.waiting)?.state.waiting;
  return waiting && `${waiting.reason}${waiting.message === undefined ? '' : `: ${waiting.message}`}`;
}

function lastEnd(containers: InstanceStatus['containers']): string {
  const ends = containers.flatMap(({ lastState, state }) => state.terminated ?? lastState?.terminated ?? []);
  const [last] = ends.toSorted((one, other) => Date.parse(other.finishedAt) - Date.parse(one.finishedAt));
  return last === undefined ? '–' : `${last.reason} (${last.signal ?? last.exitCode}), ${formatAgo(Date.parse(last.finishedAt), now())}`;
}
