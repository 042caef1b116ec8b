/** The process itself: its memory and its event loop now and lately, and what happened to it. */
import { useMemo } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card, Stat } from '../../components/card.tsx';
import { Chart } from '../../components/chart.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatBytes, formatDuration, formatPercent, formatTime, plural } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { describeEvidence, words } from './advice.ts';

interface StabilityEvent {
  readonly seq: number;
  readonly ts: number;
  readonly type: string;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

interface StabilityReport {
  readonly capacity: number;
  readonly count: number;
  readonly dropped: number;
  readonly events: readonly StabilityEvent[];
}

interface Status {
  readonly pid: number;
  readonly eventLoop: {
    readonly delayP99Ms: number;
    readonly delayMaxMs: number;
    readonly utilization: number;
    readonly cpuCoreRatio: number;
  };
  readonly processMemory: {
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
    readonly heapTotalBytes: number;
    readonly externalBytes: number;
  };
}

interface SystemInfo {
  readonly hostname: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpus: number;
  readonly nodeVersion: string;
  readonly version: string;
}

const everyMs = 5000;
const shownEvents = 200;
const spanMs = 10 * 60_000;

export function ProcessPart() {
  const { connection, load } = useApp();
  const again = String(connection.epoch.value);
  const status = useLive((signal) => connection.request<Status>('status', {}, { signal }), { everyMs, again });
  const system = useLive((signal) => connection.request<SystemInfo>('system.info', {}, { signal }), { again });
  const stability = useLive((signal) => connection.request<StabilityReport>('diagnostics.stability', { limit: shownEvents }, { signal }), {
    everyMs,
    again,
  });
  const samples = load.samples.value;
  const times = useMemo(() => samples.map(({ atMs }) => atMs), [samples]);
  return (
    <div class="grid">
      <Loaded live={status} lines={3}>
        {(now) => <Figures status={now} system={system.value} />}
      </Loaded>
      <div class="grid grid-2">
        <Card title="Memory">
          <Chart
            label="Memory that the gateway holds"
            {...{ times, spanMs, steps: 'binary', leastTop: 2 ** 26, format: formatBytes }}
            lines={[{ label: 'In use', color: '--info', filled: true, values: samples.map((each) => each.memoryBytes) }]}
          />
        </Card>
        <Card title="Event loop delay">
          <Chart
            label="How late the event loop is, the worst of a hundred turns"
            {...{ times, spanMs, leastTop: 20, format: formatDuration }}
            lines={[{ label: 'p99', color: '--warn', filled: true, values: samples.map((each) => each.loopDelayMs) }]}
          />
        </Card>
      </div>
      <Card title="What happened" note={stability.value && noteOf(stability.value)} flush>
        <Loaded live={stability} lines={4}>
          {({ events }) => (
            <Table
              label="What happened to the process"
              columns={columns}
              rows={events}
              rowKey={({ seq }) => String(seq)}
              sortedBy="time"
              descending
              empty={
                <Empty title="Nothing worth telling">
                  Long collections of memory, a busy event loop and changes of the configuration show here.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Card>
    </div>
  );
}

const noteOf = ({ count, dropped, capacity }: StabilityReport): string =>
  dropped === 0 ? plural(count, 'event') : `the latest ${capacity}; ${plural(dropped, 'earlier one')} gave way`;

function Figures({ status, system }: { readonly status: Status; readonly system: SystemInfo | undefined }) {
  const { eventLoop, processMemory } = status;
  return (
    <dl class="stats">
      <Stat
        label="Resident memory"
        value={formatBytes(processMemory.rssBytes)}
        note={`${formatBytes(processMemory.externalBytes)} outside of the heap`}
      />
      <Stat label="Heap" value={formatBytes(processMemory.heapUsedBytes)} note={`of ${formatBytes(processMemory.heapTotalBytes)}`} />
      <Stat
        label="Event loop p99"
        value={formatDuration(eventLoop.delayP99Ms)}
        note={`longest ${formatDuration(eventLoop.delayMaxMs)}`}
        {...(eventLoop.delayP99Ms >= 200 ? { tone: 'warn' as const } : {})}
      />
      <Stat
        label="Processor"
        value={formatPercent(eventLoop.cpuCoreRatio)}
        note={`of a core; loop busy ${formatPercent(eventLoop.utilization)}`}
      />
      <Stat
        label="Version"
        value={system?.version ?? '–'}
        note={system && `Node ${system.nodeVersion.replace(/^v/, '')}, ${system.platform} ${system.arch}, ${plural(system.cpus, 'core')}`}
      />
      <Stat label="Process" value={String(status.pid)} note={system?.hostname} />
    </dl>
  );
}

const tones: Readonly<Record<string, Tone>> = { memory: 'info', event_loop: 'warn', client: 'warn', config: 'ok' };

const columns: readonly Column<StabilityEvent>[] = [
  { id: 'time', title: 'When', sortBy: ({ seq }) => seq, cell: ({ ts }) => <span class="nowrap">{formatTime(ts)}</span> },
  {
    id: 'type',
    title: 'What',
    sortBy: ({ type }) => type,
    cell: ({ type }) => <Badge tone={tones[type.split('.')[0] ?? ''] ?? 'idle'}>{words(type)}</Badge>,
  },
  { id: 'details', title: 'Details', cell: ({ details }) => <span class="note">{describeEvidence(details)}</span> },
];
