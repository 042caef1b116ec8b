/** Each target with its breaker, its figures, and the switch that holds the breaker open. */
import type { StatisticsWindow, TargetRow } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Confirm } from '../../components/dialog.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatCount, formatDuration, formatNanoUsd, formatPercent } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { BreakerBadge } from './breaker-badge.tsx';

const everyMs = 5000;

export function TargetsTable({ window }: { readonly window: StatisticsWindow }) {
  const { admin, toasts } = useApp();
  const [holding, setHolding] = useState<TargetRow>();
  const live = useLive(
    async (signal) => (await admin.json<{ targets: TargetRow[] }>(`/admin/v1/targets?window=${window}`, { signal })).targets,
    {
      everyMs,
      key: window,
    },
  );
  const turn = async (row: TargetRow, action: 'open' | 'reset'): Promise<void> => {
    try {
      await admin.json('/admin/v1/targets/breaker', { method: 'POST', body: { target: row.target, action } });
      toasts.ok(action === 'open' ? `${row.target} is held open` : `${row.target} is judged by itself again`);
      live.refresh();
    } catch (error) {
      toasts.failed(`${row.target} was not changed`, error);
    }
  };
  const columns = [...figureColumns, actionColumn({ onHold: setHolding, onReset: (row) => void turn(row, 'reset') })];
  return (
    <Card title="Targets" note="a provider, one of its keys and a model; tries are counted, retries among them" flush>
      <Loaded live={live} lines={5}>
        {(targets) => (
          <Table
            label="Targets"
            columns={columns}
            rows={targets}
            rowKey={({ target, key }) => `${target} ${key}`}
            sortedBy="requests"
            descending
            rowClass={({ requests }) => (requests === 0 ? 'row-faded' : undefined)}
            empty={
              <Empty title="No targets yet">
                Targets come with providers: name them in the <a href="#/configuration">configuration</a>, or give the gateway a key such as{' '}
                <code>OPENAI_API_KEY</code>.
              </Empty>
            }
          />
        )}
      </Loaded>
      {holding && (
        <Confirm
          title={`Hold ${holding.target} open?`}
          action="Hold open"
          isDangerous
          onClose={() => setHolding(undefined)}
          onConfirm={() => void turn(holding, 'open')}
        >
          It is not asked, with any of its keys, until you close it again or the gateway restarts. Routes go on with their other targets;
          who asks for it alone is refused.
        </Confirm>
      )}
    </Card>
  );
}

const figureColumns: readonly Column<TargetRow>[] = [
  {
    id: 'target',
    title: 'Target',
    sortBy: ({ target }) => target,
    cell: ({ target, key, reason }) => (
      <>
        <span class="target-name">{target}</span>
        <span class="note"> key {key}</span>
        {reason !== null && <p class="note">{reason}</p>}
      </>
    ),
  },
  { id: 'breaker', title: 'Breaker', sortBy: ({ breaker }) => breaker, cell: (row) => <BreakerBadge row={row} /> },
  {
    ...{ id: 'busy', title: 'Busy', align: 'end', hint: 'Under way, of how many it may have; and how many wait', wideOnly: true },
    sortBy: ({ underWay }) => underWay,
    cell: ({ underWay, limit, waiting }) => `${underWay} / ${limit ?? '–'}${waiting > 0 ? ` +${waiting}` : ''}`,
  },
  { id: 'requests', title: 'Tries', align: 'end', sortBy: ({ requests }) => requests, cell: ({ requests }) => formatCount(requests) },
  {
    ...{ id: 'success', title: 'Completed', align: 'end', hint: 'Of those that completed or failed' },
    sortBy: ({ successPercent }) => successPercent,
    cell: ({ successPercent, errors }) => (
      <span class={successPercent !== null && successPercent < 95 ? 'tone-bad' : ''} title={errorsText(errors)}>
        {formatPercent(successPercent === null ? null : successPercent / 100)}
      </span>
    ),
  },
  ...(['p50Ms', 'p95Ms', 'p99Ms'] as const).map((name): Column<TargetRow> => ({
    ...{ id: name, title: name.slice(0, 3), align: 'end', hint: 'Time to the end of the answer', wideOnly: name !== 'p95Ms' },
    sortBy: ({ total }) => total?.[name] ?? null,
    cell: ({ total }) => formatDuration(total?.[name]),
  })),
  {
    ...{ id: 'first', title: 'First output', align: 'end', hint: 'p50 of the time to the first output', roomyOnly: true },
    sortBy: ({ firstOutput }) => firstOutput?.p50Ms ?? null,
    cell: ({ firstOutput }) => formatDuration(firstOutput?.p50Ms),
  },
  {
    ...{ id: 'tokens', title: 'Tokens', align: 'end', hint: 'Input and output', roomyOnly: true },
    sortBy: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
    cell: ({ inputTokens, outputTokens }) => `${formatCount(inputTokens)} + ${formatCount(outputTokens)}`,
  },
  {
    ...{ id: 'cost', title: 'Cost', align: 'end', hint: 'Where the price is known' },
    sortBy: ({ costNanoUsd }) => costNanoUsd,
    cell: ({ costNanoUsd }) => formatNanoUsd(costNanoUsd),
  },
];

interface ActionOptions {
  readonly onHold: (row: TargetRow) => void;
  readonly onReset: (row: TargetRow) => void;
}

function actionColumn({ onHold, onReset }: ActionOptions): Column<TargetRow> {
  return {
    ...{ id: 'action', title: '', align: 'end' },
    cell: (row) =>
      row.heldOpen || row.breaker !== 'closed' ? (
        <button type="button" class="button button-small" aria-label={`Close ${row.target}`} onClick={() => onReset(row)}>
          Close
        </button>
      ) : (
        // One that was never asked has no breaker yet.
        row.limit !== null && (
          <button type="button" class="button button-small" aria-label={`Hold open ${row.target}`} onClick={() => onHold(row)}>
            Hold open
          </button>
        )
      ),
  };
}

function errorsText(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors)
    .map(([code, count]) => `${code}: ${count}`)
    .join(', ');
}
