/** Lines over time, drawn by uPlot. Colours are those of the page and change with it; the last values stand above the lines as text. */
import uPlot from 'uplot';
import { useEffect, useRef } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import { formatClock, unknown } from '../format.ts';
import { theme } from '../theme.ts';

export interface ChartLine {
  readonly label: string;
  /** A custom property of the page. */
  readonly color: '--accent' | '--ok' | '--warn' | '--bad' | '--info' | '--muted';
  /** Null is a gap. */
  readonly values: readonly (number | null)[];
  /** Coloured down to zero. */
  readonly filled?: boolean;
}

export interface ChartProps {
  /** What is drawn, for those who do not see it. */
  readonly label: string;
  /** Milliseconds since 1970, rising. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly format: (value: number | null) => string;
  /** @default 150 */
  readonly heightPx?: number;
  /** How far back the chart reaches, also where less is known. */
  readonly spanMs: number;
}

const font = '11px system-ui, sans-serif';

export function Chart(props: ChartProps) {
  const { label, times, lines, format, spanMs, heightPx = 150 } = props;
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const chosen = theme.value;
  const shape = lines.map((line) => `${line.label}${line.color}`).join();

  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const create = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf({ ...props, heightPx }, element), dataOf(times, lines, spanMs), element);
    };
    create();
    const resizing = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }));
    resizing.observe(element);
    const systemTheme = matchMedia('(prefers-color-scheme: dark)');
    systemTheme.addEventListener('change', create);
    return () => {
      systemTheme.removeEventListener('change', create);
      resizing.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape, heightPx, chosen]);

  useEffect(() => {
    plot.current?.setData(dataOf(times, lines, spanMs));
  }, [times, lines, spanMs]);

  const now = lines.map((line) => `${line.label} ${format(line.values.at(-1) ?? null)}`).join(', ');
  return <div ref={container} class="chart" role="img" aria-label={`${label}. Now: ${now}`} style={{ minHeight: `${heightPx + 22}px` }} />;
}

/** Begins where the span begins, so that the line grows in from the right and nothing is stretched. */
function dataOf(times: readonly number[], lines: readonly ChartLine[], spanMs: number): uPlot.AlignedData {
  const last = times.at(-1);
  if (last === undefined) return [[], ...lines.map(() => [])];
  const lead = (times[0] ?? last) > last - spanMs ? [last - spanMs] : [];
  return [[...lead, ...times].map((time) => time / 1000), ...lines.map(({ values }) => [...lead.map(() => null), ...values])];
}

function optionsOf({ lines, format, heightPx = 150 }: ChartProps, element: HTMLElement): uPlot.Options {
  const [muted, grid] = [colorOf(element, '--muted'), colorOf(element, '--line')];
  const axis = { stroke: muted, font, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [8, 8, 0, 0],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: 'openclaw' } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (_, _low, high) => [0, niceTop(high)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 80,
        values: (_, times) => times.map((time) => formatClock(time * 1000).slice(0, 5)),
      },
      { ...axis, grid: { stroke: grid, width: 1 }, size: 56, space: 34, values: (_, values) => values.map((value) => format(value)) },
    ],
    series: [
      { label: 'Time', value: (_, time) => (typeof time === 'number' ? formatClock(time * 1000) : '') },
      ...lines.map(({ label, color, filled }) => {
        const stroke = colorOf(element, color);
        return {
          ...{ label, stroke, width: 1.75, points: { show: false }, spanGaps: false },
          ...(filled ? { fill: withAlpha(stroke) } : {}),
          value: (_: uPlot, value: number | null) => (value === null ? unknown : format(value)),
        };
      }),
    ],
  };
}

/** A little above the highest value, and never a scale of nothing. */
function niceTop(high: number | null): number {
  return high === null || high <= 0 ? 1 : high * 1.15;
}

/** Canvas knows no custom properties, nor light-dark(): the browser is asked what they come to. */
function colorOf(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}

function withAlpha(color: string): string {
  const numbers = color.match(/[\d.]+/g) ?? [];
  return color.startsWith('rgb') ? `rgb(${numbers.slice(0, 3).join(' ')} / 0.13)` : color;
}
