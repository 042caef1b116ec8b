/** What the last weeks cost: by day as columns, by model as a table. */
import type { UsageRow } from '@openclaw/protocol';
import { now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatCount, formatNanoUsd, formatPercent } from '../../format.ts';
import type { Live } from '../../live/use-live.ts';

export interface UsageCardsProps {
  readonly byDay: Live<readonly UsageRow[]>;
  readonly byModel: Live<readonly UsageRow[]>;
  readonly days: number;
}

export function UsageCards({ byDay, byModel, days }: UsageCardsProps) {
  const total = byDay.value?.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);
  return (
    <div class="grid grid-2">
      <Card title="Cost by day" note={total === undefined ? '' : `${formatNanoUsd(total)} in ${days} days, of all callers`}>
        <Loaded live={byDay} lines={4}>
          {(rows) => <DayColumns rows={rows} days={days} />}
        </Loaded>
      </Card>
      <Card title="Cost by model" note={`${days} days`} flush>
        <Loaded live={byModel} lines={4}>
          {(rows) => (
            <Table
              label="Cost by model"
              columns={modelColumns}
              rows={rows}
              rowKey={({ name }) => name}
              sortedBy="cost"
              descending
              empty={<Empty title="Nothing was used yet" />}
            />
          )}
        </Loaded>
      </Card>
    </div>
  );
}

const modelColumns: readonly Column<UsageRow>[] = [
  { id: 'name', title: 'Model', sortBy: ({ name }) => name, cell: ({ name }) => name },
  { id: 'requests', title: 'Requests', align: 'end', sortBy: ({ requests }) => requests, cell: ({ requests }) => formatCount(requests) },
  {
    ...{ id: 'failed', title: 'Failed', align: 'end', wideOnly: true },
    sortBy: ({ failed }) => failed,
    cell: ({ failed, requests }) => formatPercent(requests === 0 ? null : failed / requests),
  },
  {
    ...{ id: 'tokens', title: 'Tokens', align: 'end', hint: 'Input and output', roomyOnly: true },
    sortBy: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
    cell: ({ inputTokens, outputTokens }) => `${formatCount(inputTokens)} + ${formatCount(outputTokens)}`,
  },
  {
    ...{ id: 'cost', title: 'Cost', align: 'end' },
    sortBy: ({ costNanoUsd }) => costNanoUsd,
    cell: ({ costNanoUsd, unpriced }) => (
      <span title={unpriced > 0 ? `${formatCount(unpriced)} requests at an unknown price are not in it` : undefined}>
        {formatNanoUsd(costNanoUsd)}
        {unpriced > 0 && '+'}
      </span>
    ),
  },
];

const dayMs = 86_400_000;

/** One column a day, the days without usage among them. */
function DayColumns({ rows, days }: { readonly rows: readonly UsageRow[]; readonly days: number }) {
  const today = Math.floor(now() / dayMs);
  const known = new Map(rows.map((row) => [row.name, row]));
  const columns = Array.from({ length: days }, (_, index) => new Date((today - days + 1 + index) * dayMs).toISOString().slice(0, 10));
  const highest = Math.max(1, ...rows.map(({ costNanoUsd }) => costNanoUsd));
  if (rows.length === 0) return <Empty title="Nothing was used yet" />;
  return (
    <ol class="day-columns" aria-label="Cost by day">
      {columns.map((day) => {
        const row = known.get(day);
        const words = `${day}: ${formatNanoUsd(row?.costNanoUsd ?? 0)}, ${formatCount(row?.requests ?? 0)} requests`;
        return (
          <li key={day} title={words}>
            <span class="day-column" style={{ height: `${(100 * (row?.costNanoUsd ?? 0)) / highest}%` }} />
            <span class="sr-only">{words}</span>
          </li>
        );
      })}
    </ol>
  );
}
