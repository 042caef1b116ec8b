/** The readings of one instance as lines of a chart: what was, where the limit is, and where it leads if it is a leak. Pure. */
import type { InstanceMetrics, LeakAnalysis, MemoryMark } from '@openclaw/protocol';
import type { ChartLine, ChartMark } from '../../components/chart.tsx';

export interface MemorySeries {
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly marks: readonly ChartMark[];
  readonly spanMs: number;
}

/** What is not known yet is not drawn as an empty field. */
const shortestSpanMs = 10 * 60_000;
/** Of the span: how far the forecast is drawn. */
const forecastShare = 0.25;

/** @param leak of the same workload; drawn where it is one and has a slope */
export function memorySeries(
  { samples, marks, limitBytes }: InstanceMetrics,
  windowMs: number,
  leak: LeakAnalysis | undefined,
): MemorySeries {
  const last = samples.at(-1);
  const spanMs = Math.min(windowMs, Math.max(shortestSpanMs, (last?.at ?? 0) - (samples[0]?.at ?? 0)));
  const ahead = last && leak?.isLeak ? forecast(last.at, last.workingSetBytes, { spanMs, limitBytes, leak }) : [];
  const times = [...samples.map(({ at }) => at), ...ahead.map(({ at }) => at)];
  const empty = ahead.map(() => null);
  const lines: ChartLine[] = [
    { label: 'Usage', color: '--muted', values: [...samples.map(({ usageBytes }) => usageBytes), ...empty] },
    { label: 'Working set', color: '--accent', filled: true, values: [...samples.map(({ workingSetBytes }) => workingSetBytes), ...empty] },
    { label: 'RSS', color: '--info', values: [...samples.map(({ rssBytes }) => rssBytes), ...empty] },
  ];
  if (limitBytes !== undefined) lines.push({ label: 'Limit', color: '--bad', dashed: true, values: times.map(() => limitBytes) });
  if (last && ahead.length > 0) {
    const before = samples.slice(0, -1).map(() => null);
    lines.push({
      ...{ label: 'Expected', color: '--warn', dashed: true },
      values: [...before, last.workingSetBytes, ...ahead.map(({ bytes }) => bytes)],
    });
  }
  return { times, lines, marks: marks.map(toChartMark), spanMs: spanMs * (ahead.length > 0 ? 1 + forecastShare : 1) };
}

interface ForecastOptions {
  readonly spanMs: number;
  readonly limitBytes: number | undefined;
  readonly leak: LeakAnalysis;
}

/** On the slope that was found, up to the limit. */
function forecast(fromMs: number, fromBytes: number, { spanMs, limitBytes = Infinity, leak }: ForecastOptions) {
  const bytesPerMs = (leak.slopeBytesPerHour?.estimate ?? 0) / 3_600_000;
  if (bytesPerMs <= 0) return [];
  const aheadMs = Math.min(spanMs * forecastShare, (limitBytes - fromBytes) / bytesPerMs);
  const steps = 10;
  return aheadMs <= 0
    ? []
    : Array.from({ length: steps }, (_, index) => {
        const afterMs = (aheadMs * (index + 1)) / steps;
        return { at: Math.round(fromMs + afterMs), bytes: fromBytes + bytesPerMs * afterMs };
      });
}

const markColors: Readonly<Record<MemoryMark['kind'], ChartLine['color']>> = {
  restart: '--muted',
  deployment: '--info',
  oom: '--bad',
  pressure: '--warn',
};

function toChartMark({ at, kind }: MemoryMark): ChartMark {
  return { atMs: at, label: kind === 'oom' ? 'OOM' : kind, color: markColors[kind] };
}

/** What its memory is made of, the largest first. Nothing is left out, so that it adds up. */
export function memoryParts(
  map: Readonly<Record<(typeof partNames)[number][0], number>>,
): readonly { readonly name: string; readonly bytes: number }[] {
  return partNames.map(([key, name]) => ({ name, bytes: map[key] })).filter(({ bytes }) => bytes > 0);
}

const partNames = [
  ['heapBytes', 'Heap'],
  ['stackBytes', 'Stack'],
  ['anonymousBytes', 'Anonymous'],
  ['sharedBytes', 'Shared'],
  ['fileBytes', 'Files mapped'],
  ['pageCacheBytes', 'Page cache'],
  ['kernelBytes', 'Kernel'],
] as const;
