/** The columns of the table of keys: each limit with what is used of it. */
import type { KeyRecord, UsageRow } from '@openclaw/protocol';
import { now } from '../../clock.ts';
import { Meter } from '../../components/card.tsx';
import { Icon } from '../../components/icon.tsx';
import { Badge } from '../../components/status.tsx';
import type { Column } from '../../components/table.tsx';
import { formatAgo, formatCount, formatNanoUsd, formatTime, formatUsd } from '../../format.ts';

export interface KeyColumnOptions {
  readonly costOf: (key: KeyRecord) => UsageRow | undefined;
  readonly onEdit: (key: KeyRecord) => void;
  readonly onRevoke: (key: KeyRecord) => void;
}

export function keyColumns({ costOf, onEdit, onRevoke }: KeyColumnOptions): readonly Column<KeyRecord>[] {
  return [
    ...describingColumns,
    limitColumn({
      id: 'rpm',
      title: 'Req/min',
      used: ({ used }) => used?.requests,
      limit: ({ limits }) => limits.rpm,
      format: formatCount,
    }),
    limitColumn({
      id: 'tpm',
      title: 'Tokens/min',
      used: ({ used }) => used?.tokens,
      limit: ({ limits }) => limits.tpm,
      format: formatCount,
    }),
    limitColumn({
      id: 'day',
      title: 'US$ today',
      used: ({ used }) => used?.usdToday,
      limit: ({ limits }) => limits.usdPerDay,
      format: formatUsd,
    }),
    limitColumn({
      ...{ id: 'month', title: 'US$ month' },
      used: ({ used }) => used?.usdThisMonth,
      limit: ({ limits }) => limits.usdPerMonth,
      format: formatUsd,
    }),
    {
      ...{ id: 'spent', title: '30 days', align: 'end', hint: 'Requests and cost of the last 30 days' },
      sortBy: (key) => costOf(key)?.costNanoUsd ?? 0,
      cell: (key) => {
        const row = costOf(key);
        return (
          <>
            {formatNanoUsd(row?.costNanoUsd ?? 0)}
            <p class="note">{formatCount(row?.requests ?? 0)} req</p>
          </>
        );
      },
    },
    {
      ...{ id: 'actions', title: '', align: 'end' },
      cell: (key) =>
        key.state === 'active' && (
          <span class="row-actions">
            <button type="button" class="icon-button" aria-label={`Change ${key.name}`} title="Change" onClick={() => onEdit(key)}>
              <Icon name="edit" size={16} />
            </button>
            <button type="button" class="icon-button" aria-label={`Revoke ${key.name}`} title="Revoke" onClick={() => onRevoke(key)}>
              <Icon name="trash" size={16} />
            </button>
          </span>
        ),
    },
  ];
}

const describingColumns: readonly Column<KeyRecord>[] = [
  {
    id: 'name',
    title: 'Name',
    sortBy: ({ name }) => name,
    cell: ({ name, prefix, scopes, state, expiresAt }) => (
      <>
        <strong>{name}</strong> {scopes.includes('admin') && <Badge tone="warn">admin</Badge>}{' '}
        {state !== 'active' && <Badge tone="idle">{state}</Badge>}
        <p class="note">
          <span class="mono">{prefix}…</span>
          {state === 'active' && expiresAt !== null && <span title={formatTime(expiresAt)}> · ends {formatAgo(expiresAt, now())}</span>}
        </p>
      </>
    ),
  },
  {
    id: 'models',
    title: 'Models',
    wideOnly: true,
    cell: ({ models }) => (models === null ? <span class="note">all</span> : <span class="mono">{models.join(', ')}</span>),
  },
  {
    ...{ id: 'created', title: 'Created', roomyOnly: true },
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <span title={formatTime(createdAt)}>{formatAgo(createdAt, now())}</span>,
  },
];

interface LimitColumnOptions {
  readonly id: string;
  readonly title: string;
  readonly used: (key: KeyRecord) => number | null | undefined;
  readonly limit: (key: KeyRecord) => number | null;
  readonly format: (value: number) => string;
}

function limitColumn({ id, title, used, limit, format }: LimitColumnOptions): Column<KeyRecord> {
  return {
    ...{ id, title, align: 'end', wideOnly: id === 'rpm' || id === 'tpm' },
    sortBy: (key) => used(key) ?? null,
    cell: (key) => {
      const [now, most] = [used(key) ?? 0, limit(key)];
      if (most === null) return <span class="note">any</span>;
      return (
        <span class="limit">
          <span>
            {format(now)} <span class="note">of {format(most)}</span>
          </span>
          <Meter share={most === 0 ? 1 : now / most} label={`${title} of ${key.name}`} />
        </span>
      );
    },
  };
}
