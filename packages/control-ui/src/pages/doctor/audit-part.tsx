/** Who changed what of keys, devices, the configuration and the state. Nobody changes it here or anywhere. */
import type { AuditEntry } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { Choice } from '../../components/fields.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatTime } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { describeEvidence } from './advice.ts';

const subjects = [
  { value: '', label: 'All' },
  { value: 'key.', label: 'Keys' },
  { value: 'device.', label: 'Devices' },
  { value: 'config.', label: 'Configuration' },
] as const;

const pageSize = 100;

export function AuditPart() {
  const { admin, toasts } = useApp();
  const [prefix, setPrefix] = useState<(typeof subjects)[number]['value']>('');
  const [older, setOlder] = useState<readonly AuditEntry[]>([]);
  const read = async (before?: number, signal?: AbortSignal): Promise<readonly AuditEntry[]> => {
    const query = new URLSearchParams({ limit: String(pageSize), ...(prefix === '' ? {} : { action: prefix }) });
    if (before !== undefined) query.set('before', String(before));
    return (await admin.json<{ entries: AuditEntry[] }>(`/admin/v1/audit?${query.toString()}`, { signal })).entries;
  };
  const live = useLive((signal) => read(undefined, signal), { key: prefix, everyMs: 15_000 });
  const entries = [...(live.value ?? []), ...older.filter(({ position }) => position < (live.value?.at(-1)?.position ?? 0))];
  const more = async (): Promise<void> => {
    try {
      const next = await read(entries.at(-1)?.position);
      setOlder([...older, ...next]);
      if (next.length === 0) toasts.ok('There is nothing older');
    } catch (error) {
      toasts.failed('Older entries were not read', error);
    }
  };
  return (
    <Card
      title="Audit"
      note="the latest first; no secrets"
      flush
      actions={
        <Choice
          label="About what"
          value={prefix}
          options={subjects}
          onChange={(value) => {
            setOlder([]);
            setPrefix(value);
          }}
        />
      }
    >
      <Loaded live={live} lines={6}>
        {() => (
          <Table
            label="Audit log"
            columns={columns}
            rows={entries}
            rowKey={({ position }) => String(position)}
            empty={<Empty title="Nothing yet">Changes of keys, devices and the configuration show here, with who made them.</Empty>}
          />
        )}
      </Loaded>
      {entries.length >= pageSize && (
        <p class="audit-more">
          <button type="button" class="button button-small" onClick={() => void more()}>
            Show older ones
          </button>
        </p>
      )}
    </Card>
  );
}

const columns: readonly Column<AuditEntry>[] = [
  { id: 'at', title: 'When', cell: ({ at }) => <span class="nowrap">{formatTime(at)}</span> },
  { id: 'action', title: 'What', cell: ({ action }) => <code class="nowrap">{action}</code> },
  { id: 'actor', title: 'Who', cell: ({ actor }) => <Short text={actor} /> },
  { id: 'subject', title: 'To what', cell: ({ subject }) => <Short text={subject} /> },
  { id: 'detail', title: 'Details', wideOnly: true, cell: ({ detail }) => <span class="note">{describeEvidence(detail)}</span> },
];

/** Ids of devices are 64 characters, of which the first tell them apart. */
function Short({ text }: { readonly text: string }) {
  return (
    <span class="mono nowrap" title={text}>
      {text.replace(/([0-9a-f]{12})[0-9a-f]{52}/, '$1…')}
    </span>
  );
}
