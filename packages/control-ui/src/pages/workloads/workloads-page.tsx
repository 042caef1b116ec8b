/** Programs that OpenClaw keeps running: all of them, or the one that the address names. */
import type { Page, PageProps } from '../page.ts';
import { WorkloadDetail } from './workload-detail.tsx';
import { WorkloadList } from './workload-list.tsx';
import './workloads.css';

export const workloadsPage: Page = {
  ...{ id: 'workloads', title: 'Workloads', icon: 'workloads', group: 'Watch', shortcut: 'w' },
  View: WorkloadsPage,
};

function WorkloadsPage({ route: { rest, query } }: PageProps) {
  const [namespace, name] = rest;
  if (namespace === undefined || name === undefined) return <WorkloadList query={query} />;
  return <WorkloadDetail key={`${namespace}/${name}`} place={{ namespace, name }} query={query} />;
}
