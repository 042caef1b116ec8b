/** The last requests, the youngest first; a click shows what became of one. */
import type { RequestTrail, RequestTrails } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { Choice } from '../../components/fields.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatAgo, formatClock, formatCount, formatDuration, formatNanoUsd, formatTime } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { routeHash } from '../../routing.ts';
import { OutcomeBadge } from './outcome-badge.tsx';

const everyMs = 4000;
const limit = 100;

const choices = [
  { value: 'all', label: 'All' },
  { value: 'troubled', label: 'With trouble' },
] as const;

/** Failed, or went well after something went wrong. */
const isTroubled = ({ outcome, attemptCount }: RequestTrail): boolean => outcome !== 'completed' || attemptCount > 1;

export function RequestsTable() {
  const { admin, go } = useApp();
  const [shown, setShown] = useState<(typeof choices)[number]['value']>('all');
  const live = useLive((signal) => admin.json<RequestTrails>(`/admin/v1/requests?limit=${limit}`, { signal }), { everyMs });
  return (
    <Card
      title="Recent requests"
      note={`the last ${limit}`}
      flush
      actions={<Choice label="Which requests" value={shown} options={choices} onChange={setShown} />}
    >
      <Loaded live={live} lines={6}>
        {({ requests }) => (
          <Table
            label="Recent requests"
            columns={columns}
            rows={shown === 'all' ? requests : requests.filter(isTroubled)}
            rowKey={({ id }) => id}
            onRow={({ id }) => go(['models', 'requests', id])}
            empty={
              shown === 'all' ? (
                <Empty title="No requests yet">What clients ask shows here with every try that was made for it.</Empty>
              ) : (
                <Empty title="No trouble">Each of the last requests went well at the first try.</Empty>
              )
            }
          />
        )}
      </Loaded>
    </Card>
  );
}

const columns: readonly Column<RequestTrail>[] = [
  {
    id: 'at',
    title: 'When',
    cell: ({ id, at }) => (
      <a href={routeHash(['models', 'requests', id])} title={`${formatTime(at)} (${formatAgo(at, now())})`}>
        {formatClock(at)}
      </a>
    ),
  },
  {
    id: 'model',
    title: 'Model',
    cell: ({ requestedModel, target }) => (
      <>
        {requestedModel}
        {target !== null && target !== requestedModel && <span class="note"> → {target}</span>}
      </>
    ),
  },
  { id: 'caller', title: 'Caller', wideOnly: true, cell: ({ caller }) => <span class="mono">{caller}</span> },
  { id: 'outcome', title: 'Outcome', cell: ({ outcome, cached }) => <OutcomeBadge outcome={outcome} cached={cached} /> },
  {
    ...{ id: 'attempts', title: 'Tries', align: 'end' },
    sortBy: ({ attemptCount }) => attemptCount,
    cell: ({ attemptCount }) => <span class={attemptCount > 1 ? 'tone-warn' : ''}>{attemptCount}</span>,
  },
  {
    ...{ id: 'first', title: 'First output', align: 'end', wideOnly: true },
    sortBy: ({ firstOutputMs }) => firstOutputMs,
    cell: ({ firstOutputMs }) => formatDuration(firstOutputMs),
  },
  { id: 'total', title: 'Total', align: 'end', sortBy: ({ totalMs }) => totalMs, cell: ({ totalMs }) => formatDuration(totalMs) },
  {
    ...{ id: 'tokens', title: 'Tokens', align: 'end', hint: 'Input and output', wideOnly: true },
    sortBy: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
    cell: ({ inputTokens, outputTokens }) => `${formatCount(inputTokens)} + ${formatCount(outputTokens)}`,
  },
  {
    ...{ id: 'cost', title: 'Cost', align: 'end', wideOnly: true },
    sortBy: ({ costNanoUsd }) => costNanoUsd,
    cell: ({ costNanoUsd }) => formatNanoUsd(costNanoUsd),
  },
];
