/** The memory of a workload: over time, what is made of it, what it is made of, and what would fit. */
import type { InstanceMemoryMap, SizingAnalysis, WorkloadAnalysis } from '@openclaw/protocol';
import { useMemo } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Chart } from '../../components/chart.tsx';
import { Empty, Loaded, Notice } from '../../components/feedback.tsx';
import { Choice, SelectField } from '../../components/fields.tsx';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../../format.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import type { Route } from '../../routing.ts';
import { memoryParts, memorySeries } from './memory-series.ts';
import { createWorkloadApi, type WorkloadPlace } from './workload-api.ts';

const windows = { '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;
type Window = keyof typeof windows;
const isWindow = (text: string | undefined): text is Window => text !== undefined && Object.hasOwn(windows, text);
const [readingsMs, judgementMs] = [5000, 30_000];

interface MemoryCardsProps {
  readonly place: WorkloadPlace;
  readonly query: Route['query'];
}

export function MemoryCards({ place, query }: MemoryCardsProps) {
  const { admin, connection, go } = useApp();
  const api = createWorkloadApi(admin);
  const again = String(connection.epoch.value);
  const window: Window = isWindow(query['window']) ? query['window'] : '1h';
  const metrics = useLive((signal) => api.metrics(place, windows[window], signal), { everyMs: readingsMs, key: window, again });
  const analysis = useLive((signal) => api.analysis(place, signal), { everyMs: judgementMs, again });
  const map = useLive((signal) => api.memoryMap(place, signal), { everyMs: judgementMs, again });
  const instances = metrics.value?.instances ?? [];
  const shown = instances.find(({ instance }) => instance === query['instance']) ?? instances.find(({ latest }) => latest) ?? instances[0];
  const change = (changed: Record<string, string>): void =>
    go(['workloads', place.namespace, place.name], { window, instance: query['instance'], ...changed });
  const series = useMemo(() => shown && memorySeries(shown, windows[window], analysis.value?.leak), [shown, window, analysis.value]);
  return (
    <>
      <Card
        title="Memory"
        {...(shown === undefined ? {} : { note: shown.instance })}
        actions={
          <Choice
            label="Time"
            value={window}
            options={Object.keys(windows).map((value) => ({ value: value as Window, label: value }))}
            onChange={(value) => change({ window: value })}
          />
        }
      >
        {instances.length > 1 && (
          <SelectField
            label="Instance"
            value={shown?.instance ?? ''}
            options={instances.map(({ instance }) => ({ value: instance, label: instance }))}
            onChange={(value) => change({ instance: value })}
          />
        )}
        <Loaded live={metrics} lines={5}>
          {() =>
            series === undefined || series.times.length === 0 ? (
              <Empty title="No readings yet">The first comes some seconds after the start.</Empty>
            ) : (
              <Chart label="Memory" {...series} format={formatBytes} steps="binary" leastTop={2 ** 20} heightPx={220} />
            )
          }
        </Loaded>
      </Card>
      <div class="grid grid-2">
        <JudgementCard live={analysis} />
        <MadeOfCard live={map} instance={shown?.instance} />
      </div>
    </>
  );
}

function JudgementCard({ live }: { readonly live: Live<WorkloadAnalysis> }) {
  return (
    <Card title="What is made of it">
      <Loaded live={live}>
        {({ leak, sizing, samples }) => (
          <div class="stack">
            <Notice tone={leak.isLeak ? 'bad' : /growing|short/.test(leak.verdict) ? 'info' : 'ok'}>
              <strong>{leak.verdict}</strong>
              {leak.grows !== undefined && <p>It grows in {leak.grows}.</p>}
              {leak.limitReachedInMs && (
                <p>
                  The limit is reached in {formatDuration(leak.limitReachedInMs.low)}
                  {leak.limitReachedInMs.high === undefined ? ' or later' : ` to ${formatDuration(leak.limitReachedInMs.high)}`}.
                </p>
              )}
              <p class="note">
                {leak.confidence > 0 && `${formatPercent(leak.confidence)} sure, `}from {formatCount(samples)} readings
              </p>
            </Notice>
            <ul class="workload-evidence">
              {leak.looksLike?.map(({ name, evidence }) => (
                <li key={name}>
                  Looks like <strong>{name}</strong>: {evidence}
                </li>
              ))}
              {leak.evidence.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
            {sizing.map((each) => (
              <Sizing key={each.container} sizing={each} />
            ))}
          </div>
        )}
      </Loaded>
    </Card>
  );
}

function Sizing({
  sizing: { container, p95Bytes, limit, request, refused, nodeOptions, notes = [] },
}: {
  readonly sizing: SizingAnalysis;
}) {
  return (
    <dl class="facts">
      <dt>{container}</dt>
      <dd>P95 {formatBytes(p95Bytes)}</dd>
      {refused === undefined ? (
        <>
          <dt>Limit that fits</dt>
          <dd>{limit}</dd>
          <dt>Request that fits</dt>
          <dd>{request}</dd>
        </>
      ) : (
        <>
          <dt>No advice</dt>
          <dd>{refused}</dd>
        </>
      )}
      {nodeOptions !== undefined && (
        <>
          <dt>For Node</dt>
          <dd class="mono">{nodeOptions}</dd>
        </>
      )}
      {notes.map((note) => (
        <dd key={note} class="note">
          {note}
        </dd>
      ))}
    </dl>
  );
}

interface MadeOfCardProps {
  readonly live: Live<{ readonly instances: readonly InstanceMemoryMap[] }>;
  readonly instance: string | undefined;
}

function MadeOfCard({ live, instance }: MadeOfCardProps) {
  return (
    <Card title="What it is made of">
      <Loaded live={live}>
        {({ instances }) => {
          const map = instances.find((each) => each.instance === instance) ?? instances[0];
          return map === undefined ? <Empty title="Nothing runs" /> : <MadeOf map={map} />;
        }}
      </Loaded>
    </Card>
  );
}

/** As one bar, and in figures: of one whole, so that they add up. */
function MadeOf({ map }: { readonly map: InstanceMemoryMap }) {
  const parts = memoryParts(map);
  return (
    <div class="stack">
      <div class="made-of" role="img" aria-label={parts.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(', ')}>
        {parts.map(({ name, bytes }, index) => (
          <span key={name} class={`made-of-${index}`} style={{ flexGrow: bytes }} title={`${name}: ${formatBytes(bytes)}`} />
        ))}
      </div>
      <dl class="made-of-parts">
        {parts.map(({ name, bytes }, index) => (
          <div key={name}>
            <dt>
              <span class={`made-of-mark made-of-${index}`} aria-hidden="true" /> {name}
            </dt>
            <dd>{formatBytes(bytes)}</dd>
          </div>
        ))}
        <div class="made-of-total">
          <dt>Total</dt>
          <dd>{formatBytes(map.totalBytes)}</dd>
        </div>
      </dl>
      <p class="note">
        {formatCount(map.processes.length)} processes, {formatCount(map.threads)} threads, {formatCount(map.sharedRegions)} shared regions
      </p>
    </div>
  );
}
