/** Keys for programs, and how much each may use and does. */
import type { CreatedKey, KeyRecord, UsageRow } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { CopyText } from '../../components/copy.tsx';
import { Confirm, Dialog } from '../../components/dialog.tsx';
import { Empty, Loaded, Notice } from '../../components/feedback.tsx';
import { CheckField } from '../../components/fields.tsx';
import { Icon } from '../../components/icon.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Table } from '../../components/table.tsx';
import { plural } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import type { Page } from '../page.ts';
import { KeyForm } from './key-form.tsx';
import { keyColumns } from './key-columns.tsx';
import { UsageCards } from './usage-cards.tsx';
import './keys.css';

export const keysPage: Page = { id: 'keys', title: 'Keys and budgets', icon: 'keys', group: 'Manage', shortcut: 'k', View: KeysPage };

const everyMs = 10_000;
const usageDays = 30;

/** What lies above the page. */
type Open =
  | { readonly kind: 'create' }
  | { readonly kind: 'edit'; readonly key: KeyRecord }
  | { readonly kind: 'revoke'; readonly key: KeyRecord }
  | { readonly kind: 'created'; readonly key: CreatedKey };

function KeysPage() {
  const { admin } = useApp();
  const [open, setOpen] = useState<Open>();
  const [showsRevoked, setShowsRevoked] = useState(false);
  const keys = useLive(async (signal) => (await admin.json<{ keys: KeyRecord[] }>('/admin/v1/keys', { signal })).keys, { everyMs });
  const usage = useUsage('key');
  const costs = new Map(usage.value?.map((row) => [row.name, row]));
  const columns = keyColumns({
    costOf: ({ id }) => costs.get(id),
    onEdit: (key) => setOpen({ kind: 'edit', key }),
    onRevoke: (key) => setOpen({ kind: 'revoke', key }),
  });
  const inactive = keys.value?.filter(({ state }) => state !== 'active').length ?? 0;
  return (
    <>
      <PageHead title="Keys and budgets">
        <button type="button" class="button button-primary" onClick={() => setOpen({ kind: 'create' })}>
          <Icon name="plus" size={16} /> New key
        </button>
      </PageHead>
      <div class="grid">
        <Card
          title="Keys"
          note="the gateway’s own token may do everything and stands beside them"
          flush
          actions={
            inactive > 0 && <CheckField label={`Show ${plural(inactive, 'ended one')}`} checked={showsRevoked} onChange={setShowsRevoked} />
          }
        >
          <Loaded live={keys} lines={4}>
            {(all) => (
              <Table
                label="Keys"
                columns={columns}
                rows={all.filter(({ state }) => showsRevoked || state === 'active')}
                rowKey={({ id }) => id}
                rowClass={({ state }) => (state === 'active' ? undefined : 'row-faded')}
                empty={
                  <Empty title="No keys yet">
                    Give each program a key of its own: then it can be told apart in the accounts, limited, and revoked without the others
                    noticing.
                  </Empty>
                }
              />
            )}
          </Loaded>
        </Card>
        <UsageCards byDay={useUsage('day')} byModel={useUsage('model')} days={usageDays} />
      </div>
      {open && <Above open={open} setOpen={setOpen} refresh={keys.refresh} />}
    </>
  );
}

function useUsage(by: 'key' | 'day' | 'model') {
  const { admin } = useApp();
  return useLive(
    async (signal) => {
      const since = (Math.floor(now() / 86_400_000) - usageDays + 1) * 86_400_000;
      return (await admin.json<{ rows: UsageRow[] }>(`/admin/v1/usage?since=${since}&by=${by}`, { signal })).rows;
    },
    { everyMs: 30_000, key: by },
  );
}

interface AboveProps {
  readonly open: Open;
  readonly setOpen: (open: Open | undefined) => void;
  readonly refresh: () => void;
}

function Above({ open, setOpen, refresh }: AboveProps) {
  const { admin, toasts } = useApp();
  const close = (): void => setOpen(undefined);
  const revoke = async (key: KeyRecord): Promise<void> => {
    try {
      await admin.json(`/admin/v1/keys/${key.id}`, { method: 'DELETE' });
      toasts.ok(`${key.name} is revoked`);
      refresh();
    } catch (error) {
      toasts.failed(`${key.name} was not revoked`, error);
    }
  };
  switch (open.kind) {
    case 'create':
      return (
        <KeyForm
          onClose={close}
          onDone={(created) => {
            setOpen(created && { kind: 'created', key: created });
            refresh();
          }}
        />
      );
    case 'edit':
      return (
        <KeyForm
          edited={open.key}
          onClose={close}
          onDone={() => {
            close();
            refresh();
          }}
        />
      );
    case 'revoke':
      return (
        <Confirm title={`Revoke ${open.key.name}?`} action="Revoke" isDangerous onClose={close} onConfirm={() => void revoke(open.key)}>
          What uses <code>{open.key.prefix}…</code> is refused from the next request on. This cannot be taken back; its usage stays in the
          accounts.
        </Confirm>
      );
    case 'created':
      return <CreatedDialog created={open.key} onClose={close} />;
  }
}

function CreatedDialog({ created, onClose }: { readonly created: CreatedKey; readonly onClose: () => void }) {
  return (
    <Dialog title={`The key of ${created.name}`} onClose={onClose} closesOutside={false}>
      <div class="stack">
        <Notice tone="warn">
          <p>Copy it now: it is shown this once, because only its hash is kept.</p>
        </Notice>
        <CopyText text={created.key} label="the key" />
        <p class="note">
          Clients send it as <code>Authorization: Bearer …</code> or <code>x-api-key: …</code>
        </p>
        <div class="dialog-buttons">
          <button type="button" class="button button-primary" onClick={onClose}>
            I have it
          </button>
        </div>
      </div>
    </Dialog>
  );
}
