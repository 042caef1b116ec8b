/** Agents at work: all runs, or the one that the address names. */
import type { Page, PageProps } from '../page.ts';
import { RunDetail } from './run-detail.tsx';
import { RunList } from './run-list.tsx';
import './runs-page.css';

export const runsPage: Page = { id: 'runs', title: 'Runs', icon: 'runs', group: 'Watch', shortcut: 'r', View: RunsPage };

function RunsPage({ route: { rest, query } }: PageProps) {
  const [runId] = rest;
  return runId === undefined ? <RunList query={query} /> : <RunDetail key={runId} runId={runId} />;
}
