/** How the gateway is, on one screen: its checks, what it carries, what is heading for trouble, what it costs. */
import type { UsageRow, Warning, TargetRow } from '@openclaw/protocol';
import { useApp } from '../../app-context.ts';
import { now } from '../../clock.ts';
import { Card, Meter, Stat } from '../../components/card.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { formatBytes, formatCount, formatDuration, formatNanoUsd, formatPercent, formatRate } from '../../format.ts';
import type { LoadSample } from '../../live/load.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import type { Page } from '../page.ts';
import { LoadCharts } from './load-charts.tsx';
import { BusyTargets, HealthChecks, Warnings } from './overview-lists.tsx';
import './overview.css';

export const overviewPage: Page = {
  id: 'overview',
  title: 'Overview',
  icon: 'overview',
  group: 'Watch',
  shortcut: 'o',
  View: OverviewPage,
};

const slowlyMs = 15_000;

/** Budgets count days of UTC, and so does this. */
function startOfDayMs(): number {
  return Math.floor(now() / 86_400_000) * 86_400_000;
}

function OverviewPage() {
  const { admin, load } = useApp();
  const cost = useLive(
    async (signal) => (await admin.json<{ rows: UsageRow[] }>(`/admin/v1/usage?since=${startOfDayMs()}&by=day`, { signal })).rows,
    { everyMs: slowlyMs },
  );
  const warnings = useLive(async (signal) => (await admin.json<{ warnings: Warning[] }>('/admin/v1/warnings', { signal })).warnings, {
    everyMs: slowlyMs,
  });
  const targets = useLive(
    async (signal) => (await admin.json<{ targets: TargetRow[] }>('/admin/v1/targets?window=5m', { signal })).targets,
    { everyMs: slowlyMs },
  );
  const samples = load.samples.value;
  return (
    <>
      <PageHead title="Overview" />
      <div class="grid">
        <Figures latest={samples.at(-1)} cost={cost} />
        <div class="grid overview-main">
          <div class="grid overview-charts">
            <LoadCharts samples={samples} />
          </div>
          <div class="grid overview-side">
            <Card title="Early warnings">
              <Warnings live={warnings} />
            </Card>
            <Card title="Health">
              <HealthChecks />
            </Card>
          </div>
        </div>
        <Card title="Busiest targets" note="last 5 minutes" flush actions={<a href="#/models">All of them</a>}>
          <BusyTargets live={targets} />
        </Card>
      </div>
    </>
  );
}

function Figures({ latest, cost }: { readonly latest: LoadSample | undefined; readonly cost: Live<readonly UsageRow[]> }) {
  const { requestsPerSecond: rate = null, failedPerSecond: failed = null } = latest ?? {};
  const failing = rate === null || failed === null ? null : rate === 0 ? 0 : failed / rate;
  const memoryShare = latest?.memoryBytes && latest.memoryLimitBytes ? latest.memoryBytes / latest.memoryLimitBytes : undefined;
  const today = cost.value && sum(cost.value);
  return (
    <dl class="stats">
      <Stat label="Requests a second" value={formatRate(rate)} note="to models, last 5 s" />
      <Stat
        label="Failing"
        value={formatPercent(failing)}
        {...(failing !== null && failing > 0.05 ? { tone: 'bad' as const } : {})}
        note={`${formatRate(failed)} a second`}
      />
      <Stat label="Answer time p95" value={formatDuration(latest?.p95Ms)} note={`p50 ${formatDuration(latest?.p50Ms)}`} />
      <Stat label="Under way" value={formatCount(latest?.underWay)} note={`${formatCount(latest?.waiting)} waiting`} />
      <Stat
        label="Memory"
        value={formatBytes(latest?.memoryBytes)}
        note={latest?.memoryLimitBytes ? `of ${formatBytes(latest.memoryLimitBytes)}` : 'no limit known'}
      >
        {memoryShare !== undefined && <Meter share={memoryShare} label="Memory in use, of its limit" />}
      </Stat>
      <Stat
        label="Cost today"
        value={formatNanoUsd(today?.costNanoUsd)}
        note={
          today
            ? `${formatCount(today.requests)} requests${today.unpriced > 0 ? `, ${formatCount(today.unpriced)} unpriced` : ''}`
            : undefined
        }
      />
    </dl>
  );
}

function sum(rows: readonly UsageRow[]): Pick<UsageRow, 'costNanoUsd' | 'requests' | 'unpriced'> {
  const total = { costNanoUsd: 0, requests: 0, unpriced: 0 };
  for (const row of rows) {
    total.costNanoUsd += row.costNanoUsd;
    total.requests += row.requests;
    total.unpriced += row.unpriced;
  }
  return total;
}
