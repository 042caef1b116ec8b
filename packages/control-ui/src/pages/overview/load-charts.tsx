/** The last minutes of the gateway as lines. */
import { useMemo } from 'preact/hooks';
import { Card } from '../../components/card.tsx';
import { Chart, type ChartLine } from '../../components/chart.tsx';
import { formatBytes, formatCount, formatDuration, formatRate } from '../../format.ts';
import type { LoadSample } from '../../live/load.ts';

/** What is not known yet is not drawn as an empty field for long. */
const [shortestSpanMs, longestSpanMs] = [2 * 60_000, 30 * 60_000];

export function LoadCharts({ samples }: { readonly samples: readonly LoadSample[] }) {
  const view = useMemo(() => {
    const times = samples.map(({ atMs }) => atMs);
    const knownMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    return { times, spanMs: Math.min(longestSpanMs, Math.max(shortestSpanMs, knownMs)), ...linesOf(samples) };
  }, [samples]);
  const { times, spanMs } = view;
  return (
    <>
      <Card title="Requests a second">
        <Chart label="Requests a second to models" times={times} lines={view.requests} format={formatRate} spanMs={spanMs} />
      </Card>
      <Card title="Answer time">
        <Chart
          label="Time to the end of an answer"
          times={times}
          lines={view.durations}
          format={formatDuration}
          leastTop={100}
          spanMs={spanMs}
        />
      </Card>
      <Card title="Under way and waiting">
        <Chart
          label="Requests under way and waiting for a place"
          times={times}
          lines={view.places}
          format={formatCount}
          steps="whole"
          leastTop={4}
          spanMs={spanMs}
        />
      </Card>
      <Card title="Memory">
        <Chart
          label="Memory that the gateway holds"
          times={times}
          lines={view.memory}
          format={formatBytes}
          steps="binary"
          leastTop={2 ** 26}
          spanMs={spanMs}
        />
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
    memory: [{ label: 'In RAM', color: '--info', filled: true, values: seen.map((each) => each.residentBytes) }],
  };
}
