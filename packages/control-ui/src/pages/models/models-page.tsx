/** The model path: who is asked and how they do, what names stand for, and what became of single requests. */
import { statisticsWindows, type StatisticsWindow } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { Choice } from '../../components/fields.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { routeHash } from '../../routing.ts';
import type { Page, PageProps } from '../page.ts';
import { NameDrawer } from './name-drawer.tsx';
import { NamesTable } from './names-table.tsx';
import { RequestDrawer } from './request-drawer.tsx';
import { RequestsTable } from './requests-table.tsx';
import { TargetsTable } from './targets-table.tsx';
import './models.css';

export const modelsPage: Page = { id: 'models', title: 'Models', icon: 'models', group: 'Watch', shortcut: 'm', View: ModelsPage };

const parts = [
  { id: 'targets', label: 'Targets' },
  { id: 'names', label: 'Routes and models' },
  { id: 'requests', label: 'Requests' },
] as const;

const windows = statisticsWindows.map((value) => ({ value, label: value }));

function ModelsPage({ route }: PageProps) {
  const { go } = useApp();
  const [part = 'targets', chosen] = route.rest;
  const window = statisticsWindows.find((each) => each === route.query['window']) ?? '5m';
  const choose = (value: StatisticsWindow): void => go(['models', 'targets'], { window: value });
  return (
    <>
      <PageHead title="Models">
        {part === 'targets' && <Choice label="How far back" value={window} options={windows} onChange={choose} />}
      </PageHead>
      <Tabs
        label="Parts of this page"
        tabs={parts.map(({ id, label }) => ({ href: routeHash(['models', id]), label, isCurrent: id === part }))}
      />
      {part === 'targets' && <TargetsTable window={window} />}
      {part === 'names' && <NamesTable />}
      {part === 'requests' && <RequestsTable />}
      {part === 'names' && chosen !== undefined && <NameDrawer name={chosen} onClose={() => go(['models', 'names'])} />}
      {part === 'requests' && chosen !== undefined && <RequestDrawer id={chosen} onClose={() => go(['models', 'requests'])} />}
    </>
  );
}
