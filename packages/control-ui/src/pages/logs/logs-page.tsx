/** What the gateway writes down, as it writes it. */
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Empty, ErrorNote, Waiting } from '../../components/feedback.tsx';
import { SelectField, TextField } from '../../components/fields.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { formatCount, plural } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import type { Page, PageProps } from '../page.ts';
import { LogList } from './log-list.tsx';
import { filterLines, levels, linesLimit, type Level } from './log-lines.ts';
import { useLog } from './use-log.ts';
import './logs.css';

export const logsPage: Page = { id: 'logs', title: 'Logs', icon: 'logs', group: 'Watch', shortcut: 'l', View: LogsPage };

const levelOptions = levels.map((level) => ({ value: level, label: level === 'trace' ? 'all' : `${level} and above` })).toReversed();

function LogsPage({ route }: PageProps) {
  const { go } = useApp();
  const [isPaused, setPaused] = useState(false);
  const { view, error, clear } = useLog(isPaused);
  const level: Level = levels.find((known) => known === route.query['level']) ?? 'trace';
  const words = route.query['find'] ?? '';
  const shown = filterLines(view.lines, { level, words });
  const filter = (changed: { readonly level?: string; readonly find?: string }): void => {
    const query = { level, find: words, ...changed };
    go(['logs'], { ...query, level: query.level === 'trace' ? undefined : query.level });
  };
  return (
    <>
      <PageHead title="Logs" note={view.file}>
        <button type="button" class="button" onClick={clear}>
          Clear
        </button>
        <button type="button" class="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </PageHead>
      <div class="log-tools">
        <TextField label="Find" type="search" value={words} placeholder="Words that a line has" onInput={(find) => filter({ find })} />
        <SelectField label="Show" value={level} options={levelOptions} onChange={(next) => filter({ level: next })} />
        <WrittenLevel />
      </div>
      {error && <ErrorNote error={error} />}
      {view.cursor === undefined && !error ? (
        <Waiting lines={8} />
      ) : shown.length === 0 ? (
        <div class="card">
          <Empty title={view.lines.length === 0 ? 'Nothing written yet' : 'No line fits'}>
            {view.lines.length === 0
              ? 'Lines show here as the gateway writes them.'
              : 'Others are hidden by the level and the words above.'}
          </Empty>
        </div>
      ) : (
        <LogList lines={shown} />
      )}
      <p class="note log-count" role="status">
        {isPaused ? 'Paused. ' : ''}
        {shown.length === view.lines.length
          ? plural(shown.length, 'line')
          : `${formatCount(shown.length)} of ${plural(view.lines.length, 'line')}`}
        {view.count > linesLimit && `; the latest ${formatCount(linesLimit)} are kept here`}
      </p>
    </>
  );
}

const writtenLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

interface ConfiguredLevel {
  readonly config?: { readonly logging?: { readonly level?: string } };
}

/** What the running gateway writes at all: changed at once, and until its next start. */
function WrittenLevel() {
  const { admin, connection, toasts } = useApp();
  const epoch = connection.epoch.value;
  const live = useLive(
    async (signal) => (await connection.request<ConfiguredLevel>('config.get', {}, { signal })).config?.logging?.level ?? 'info',
    { key: String(epoch) },
  );
  const [chosen, setChosen] = useState<{ readonly epoch: number; readonly level: string }>();
  const level = chosen?.epoch === epoch ? chosen.level : live.value;
  const change = async (next: string): Promise<void> => {
    try {
      await admin.json('/admin/v1/logging', { method: 'PUT', body: { level: next } });
      setChosen({ epoch, level: next });
      toasts.ok(`The gateway writes ${next === 'silent' ? 'nothing' : `${next} and above`} until its next start`);
    } catch (error) {
      toasts.failed('The level was not changed', error);
    }
  };
  return (
    <SelectField
      label="The gateway writes"
      value={level ?? 'info'}
      disabled={level === undefined || !connection.may('operator.admin')}
      options={writtenLevels.map((each) => ({
        value: each,
        label: each === 'silent' ? 'nothing' : each === 'trace' ? 'all' : `${each} and above`,
      }))}
      onChange={(next) => void change(next)}
    />
  );
}
