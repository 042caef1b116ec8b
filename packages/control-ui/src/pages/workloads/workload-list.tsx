/** All workloads as they are, with their memory against its limit. */
import type { Workload } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card, Meter, Stat } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { SelectField } from '../../components/fields.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatAgo, formatBytes, formatCount, formatTime } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { routeHash, type Route } from '../../routing.ts';
import { memoryOf } from './memory-of.ts';
import { isTroubled, PhaseBadge } from './phase-badge.tsx';
import { createWorkloadApi } from './workload-api.ts';

const everyMs = 3000;

export function WorkloadList({ query: { namespace } }: { readonly query: Route['query'] }) {
  const { admin, connection, go } = useApp();
  const live = useLive((signal) => createWorkloadApi(admin).list(signal), { everyMs, again: String(connection.epoch.value) });
  const namespaces = [...new Set(live.value?.map(({ metadata }) => metadata.namespace ?? '') ?? [])].toSorted();
  return (
    <>
      <PageHead title="Workloads" note="programs under limits, kept running and watched" />
      <Loaded live={live} lines={6}>
        {(workloads) => {
          const shown = workloads.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
          return (
            <div class="stack">
              {workloads.length > 0 && <Figures workloads={shown} />}
              {namespaces.length > 1 && (
                <div class="workload-filters">
                  <SelectField
                    label="Namespace"
                    value={namespace ?? ''}
                    options={[{ value: '', label: 'all' }, ...namespaces.map((value) => ({ value, label: value }))]}
                    onChange={(value) => go(['workloads'], { namespace: value })}
                  />
                </div>
              )}
              <Card title="All" flush>
                <Table
                  label="Workloads"
                  columns={columns}
                  rows={shown}
                  rowKey={({ metadata }) => metadata.uid}
                  onRow={({ metadata }) => go(['workloads', metadata.namespace ?? 'default', metadata.name])}
                  empty={
                    <Empty title="No workloads">
                      <code>clw apply -f workload.yaml</code> makes one.
                    </Empty>
                  }
                />
              </Card>
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

function Figures({ workloads }: { readonly workloads: readonly Workload[] }) {
  const troubled = workloads.filter(({ status }) => isTroubled(status?.phase)).length;
  const replicas = workloads.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0);
  const wanted = workloads.reduce((sum, { spec }) => sum + (spec?.replicas ?? 0), 0);
  const memory = workloads.reduce((sum, workload) => sum + memoryOf(workload).current, 0);
  return (
    <dl class="stats">
      <Stat label="Workloads" value={formatCount(workloads.length)} />
      <Stat label="In trouble" value={formatCount(troubled)} {...(troubled > 0 ? { tone: 'bad' as const } : {})} />
      <Stat label="Ready" value={`${replicas} of ${wanted}`} note="replicas" />
      <Stat label="Memory" value={formatBytes(memory)} note="of all of them" />
    </dl>
  );
}

const columns: readonly Column<Workload>[] = [
  {
    ...{ id: 'name', title: 'Name' },
    sortBy: ({ metadata }) => metadata.name,
    cell: ({ metadata: { namespace = 'default', name } }) => (
      <>
        <a href={routeHash(['workloads', namespace, name])}>{name}</a> <span class="note">{namespace}</span>
      </>
    ),
  },
  {
    ...{ id: 'phase', title: 'Phase' },
    sortBy: ({ status }) => status?.phase ?? '',
    cell: ({ status }) => <PhaseBadge phase={status?.phase} title={status?.message ?? status?.reason} />,
  },
  {
    ...{ id: 'ready', title: 'Ready', align: 'end' },
    sortBy: ({ status }) => status?.readyReplicas ?? 0,
    cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  },
  {
    ...{ id: 'memory', title: 'Memory', hint: 'Of the instance that is nearest to its limit' },
    sortBy: (workload) => memoryOf(workload).share ?? memoryOf(workload).current / 2 ** 50,
    cell: (workload) => <MemoryCell workload={workload} />,
  },
  {
    ...{ id: 'restarts', title: 'Restarts', align: 'end' },
    sortBy: ({ status }) => status?.restarts ?? 0,
    cell: ({ status }) => formatCount(status?.restarts ?? 0),
  },
  {
    id: 'driver',
    title: 'Driver',
    wideOnly: true,
    sortBy: ({ status }) => status?.driver ?? '',
    cell: ({ status }) => status?.driver ?? '–',
  },
  {
    ...{ id: 'age', title: 'Age', align: 'end', wideOnly: true },
    sortBy: ({ metadata }) => Date.parse(metadata.creationTimestamp),
    cell: ({ metadata }) => (
      <span title={formatTime(metadata.creationTimestamp)}>{formatAgo(Date.parse(metadata.creationTimestamp), now())}</span>
    ),
  },
];

function MemoryCell({ workload }: { readonly workload: Workload }) {
  const { nearest, share } = memoryOf(workload);
  if (nearest === undefined) return <span class="note">–</span>;
  return (
    <span class="workload-memory">
      <span>
        {formatBytes(nearest.current)}
        {nearest.limit !== undefined && <span class="note"> of {formatBytes(nearest.limit)}</span>}
      </span>
      {share !== undefined && <Meter share={share} label={`Memory of ${workload.metadata.name} against its limit`} />}
    </span>
  );
}
