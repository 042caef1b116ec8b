/** The last minutes of the gateway as lines. */
import { useMemo } from 'preact/hooks';
import { Card } from '../../components/card.tsx';
import { Chart, type ChartLine } from '../../components/chart.tsx';
import { formatBytes, formatDuration, formatRate } from '../../format.ts';
import type { LoadSample } from '../../live/load.ts';

const spanMs = 15 * 60_000;

export function LoadCharts({ samples }: { readonly samples: readonly LoadSample[] }) {
  const view = useMemo(() => {
    const since = (samples.at(-1)?.atMs ?? 0) - spanMs;
    const seen = samples.filter(({ atMs }) => atMs >= since);
    return { times: seen.map(({ atMs }) => atMs), ...linesOf(seen) };
  }, [samples]);
  const { times } = view;
  return (
    <>
      <Card title="Requests a second">
        <Chart label="Requests a second to models" times={times} lines={view.requests} format={formatRate} spanMs={spanMs} />
      </Card>
      <Card title="Answer time">
        <Chart label="Time to the end of an answer" times={times} lines={view.durations} format={formatDuration} spanMs={spanMs} />
      </Card>
      <Card title="Under way and waiting">
        <Chart label="Requests under way and waiting for a place" times={times} lines={view.places} format={formatRate} spanMs={spanMs} />
      </Card>
      <Card title="Memory">
        <Chart label="Memory that the gateway holds" times={times} lines={view.memory} format={formatBytes} spanMs={spanMs} />
      </Card>
    </>
  );
}

function linesOf(seen: readonly LoadSample[]): Readonly<Record<'requests' | 'durations' | 'places' | 'memory', readonly ChartLine[]>> {
  return {
    requests: [
      { label: 'All', color: '--accent', filled: true, values: seen.map((each) => each.requestsPerSecond) },
      { label: 'Failed', color: '--bad', values: seen.map((each) => each.failedPerSecond) },
    ],
    durations: [
      { label: 'p95', color: '--warn', values: seen.map((each) => each.p95Ms) },
      { label: 'p50', color: '--accent', values: seen.map((each) => each.p50Ms) },
    ],
    places: [
      { label: 'Under way', color: '--accent', filled: true, values: seen.map((each) => each.underWay) },
      { label: 'Waiting', color: '--warn', values: seen.map((each) => each.waiting) },
    ],
    memory: [{ label: 'In use', color: '--info', filled: true, values: seen.map((each) => each.memoryBytes) }],
  };
}
