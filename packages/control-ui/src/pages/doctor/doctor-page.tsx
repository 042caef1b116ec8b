/** What is wrong, why, and what mends it; how the process does; who changed what. */
import { useApp } from '../../app-context.ts';
import { PageHead } from '../../components/page-head.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { routeHash } from '../../routing.ts';
import type { Page, PageProps } from '../page.ts';
import { AuditPart } from './audit-part.tsx';
import { ChecksPart } from './checks-part.tsx';
import { ProcessPart } from './process-part.tsx';
import './doctor.css';

export const doctorPage: Page = { id: 'doctor', title: 'Doctor', icon: 'doctor', group: 'Watch', shortcut: 'h', View: DoctorPage };

const parts = [
  { id: 'checks', label: 'Checks' },
  { id: 'process', label: 'Process' },
  { id: 'audit', label: 'Audit' },
] as const;

function DoctorPage({ route }: PageProps) {
  const { connection } = useApp();
  const [part = 'checks'] = route.rest;
  const shown = parts.filter(({ id }) => id !== 'audit' || connection.may('operator.admin'));
  return (
    <>
      <PageHead title="Doctor" />
      <Tabs
        label="Parts of this page"
        tabs={shown.map(({ id, label }) => ({ href: routeHash(['doctor', id]), label, isCurrent: id === part }))}
      />
      {part === 'checks' && <ChecksPart />}
      {part === 'process' && <ProcessPart />}
      {part === 'audit' && <AuditPart />}
    </>
  );
}
