/** Every version that was in force: when, by whom, what changed; two of them side by side; an earlier one put in force again. */
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Confirm, Dialog } from '../../components/dialog.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { SelectField } from '../../components/fields.tsx';
import { Badge } from '../../components/status.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatTime, plural } from '../../format.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import { DiffView } from '../../components/diff-view.tsx';
import { describeWritten } from './use-configuration.ts';
import type { History, Version, Written } from './wire.ts';

export interface HistoryPartProps {
  readonly history: Live<History>;
  /** Its text as it stands now. */
  readonly fileText: string;
  readonly isReadOnly: boolean;
  /** The versions in the address. */
  readonly opened: number | undefined;
  readonly against: string | undefined;
  readonly refresh: () => void;
}

export function HistoryPart({ history, fileText, isReadOnly, opened, against, refresh }: HistoryPartProps) {
  const { connection, toasts, go } = useApp();
  const [rolledBack, setRolledBack] = useState<number>();
  const rollback = async (version: number): Promise<void> => {
    try {
      const written = await connection.request<Written>('config.rollback', { version });
      toasts.ok(`Version ${version} again: ${describeWritten(written).toLowerCase()}`);
    } catch (error) {
      toasts.failed(`Version ${version} was not put in force`, error);
    }
    refresh();
  };
  return (
    <Card title="Versions that were in force" note="secrets are never kept in them" flush>
      <Loaded live={history} lines={5}>
        {({ versions, current }) => (
          <>
            <Table
              label="Versions of the configuration"
              columns={columns({
                current,
                onOpen: (version) => go(['configuration', 'history', String(version)]),
                onRollback: !isReadOnly && connection.may('operator.admin') ? setRolledBack : undefined,
              })}
              rows={versions}
              rowKey={({ version }) => String(version)}
              onRow={({ version }) => go(['configuration', 'history', String(version)])}
              empty={
                <Empty title="No versions yet">The first one is kept when the gateway starts with a configuration that is good.</Empty>
              }
            />
            {opened !== undefined && <VersionDrawer {...{ opened, against, versions, fileText }} />}
          </>
        )}
      </Loaded>
      {rolledBack !== undefined && (
        <Confirm
          title={`Put version ${rolledBack} in force again?`}
          action="Roll back"
          onClose={() => setRolledBack(undefined)}
          onConfirm={() => void rollback(rolledBack)}
        >
          The file is written as it was then, with the secrets that stand in it now, and is in force at once. What is there now stays in the
          history.
        </Confirm>
      )}
    </Card>
  );
}

interface ColumnsOptions {
  readonly current: number | null;
  readonly onOpen: (version: number) => void;
  readonly onRollback: ((version: number) => void) | undefined;
}

const shownPaths = 4;

function columns({ current, onOpen, onRollback }: ColumnsOptions): readonly Column<Version>[] {
  return [
    {
      id: 'version',
      title: 'Version',
      cell: ({ version }) => (
        <span class="row">
          <button type="button" class="link" onClick={() => onOpen(version)}>
            Version {version}
          </button>
          {version === current && <Badge tone="ok">in force</Badge>}
        </span>
      ),
    },
    { id: 'at', title: 'When', cell: ({ at }) => formatTime(at) },
    { id: 'by', title: 'Who', wideOnly: true, cell: ({ by }) => <span title={by}>{by.replace(/([0-9a-f]{12})[0-9a-f]{52}/, '$1…')}</span> },
    {
      id: 'changed',
      title: 'What changed',
      cell: ({ changed }) =>
        changed.length === 0 ? (
          <span class="note">no setting</span>
        ) : (
          <span class="mono" title={changed.join('\n')}>
            {changed.slice(0, shownPaths).join(', ')}
            {changed.length > shownPaths && ` and ${plural(changed.length - shownPaths, 'more', 'more')}`}
          </span>
        ),
    },
    {
      id: 'actions',
      title: '',
      align: 'end',
      cell: ({ version }) =>
        version !== current &&
        onRollback && (
          <button
            type="button"
            class="button button-small"
            aria-label={`Roll back to version ${version}`}
            onClick={() => onRollback(version)}
          >
            Roll back
          </button>
        ),
    },
  ];
}

interface VersionDrawerProps {
  readonly opened: number;
  readonly against: string | undefined;
  readonly versions: readonly Version[];
  readonly fileText: string;
}

/** By default against the one before it: what did this version bring? */
function VersionDrawer({ opened, against, versions, fileText }: VersionDrawerProps) {
  const { connection, go } = useApp();
  const before = versions.find(({ version }) => version < opened)?.version;
  const other = against ?? (before === undefined ? 'nothing' : String(before));
  const texts = useLive(
    async (signal) => {
      const read = async (version: number): Promise<string> =>
        (await connection.request<{ raw: string }>('config.version', { version }, { signal })).raw;
      const beside = other === 'file' ? fileText : other === 'nothing' ? '' : read(Number(other));
      return Promise.all([read(opened), beside]);
    },
    { key: `${opened} ${other} ${fileText}` },
  );
  const options = [
    { value: 'file', label: 'the file as it is now' },
    ...versions
      .filter(({ version }) => version !== opened)
      .map(({ version, at }) => ({ value: String(version), label: `version ${version}, ${formatTime(at)}` })),
    ...(before === undefined ? [{ value: 'nothing', label: 'nothing: it is the first one that is kept' }] : []),
  ];
  // The older one stands on the left side of a comparison.
  const isLater = other === 'file' || (other !== 'nothing' && Number(other) > opened);
  return (
    <Dialog kind="drawer" title={`Version ${opened}`} onClose={() => go(['configuration', 'history'])}>
      <div class="stack">
        <SelectField
          label="Compared with"
          value={other}
          options={options}
          onChange={(value) => go(['configuration', 'history', String(opened)], { against: value })}
        />
        <Loaded live={texts} lines={8}>
          {([own, beside]) => (
            <DiffView
              label={`Version ${opened} and ${other}`}
              before={(isLater ? own : beside) ?? ''}
              after={(isLater ? beside : own) ?? ''}
            />
          )}
        </Loaded>
      </div>
    </Dialog>
  );
}
