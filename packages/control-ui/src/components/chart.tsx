/** Lines over time, drawn by uPlot. Colours are those of the page and change with it; the values stand above the lines as text. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { now } from '../clock.ts';
import { formatClock } from '../format.ts';
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
  /** Steps between the lines of the grid: powers of two for sizes, whole numbers for what is counted. @default decimal ones */
  readonly steps?: 'decimal' | 'binary' | 'whole';
  /** What the scale reaches at least. @default 1 */
  readonly leastTop?: number;
  /** @default 140 */
  readonly heightPx?: number;
  /** How far back the chart reaches, also where less is known. */
  readonly spanMs: number;
}

const font = '11px system-ui, sans-serif';
const defaultHeightPx = 140;

export function Chart(props: ChartProps) {
  const { label, times, lines, format, spanMs, heightPx = defaultHeightPx } = props;
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, setPointed] = useState<number>();
  const shape = `${theme.value} ${heightPx} ${lines.map((line) => `${line.label}${line.color}`).join()}`;

  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const create = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(props, { element, onPoint: setPointed }), dataOf(times, lines, spanMs), element);
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
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(dataOf(times, lines, spanMs));
  }, [times, lines, spanMs]);

  const latest = lines.map((line) => `${line.label} ${format(line.values.at(-1) ?? null)}`).join(', ');
  return (
    <figure class="chart" role="img" aria-label={`${label}. Now: ${latest}`}>
      <Legend {...props} pointed={pointed} />
      <div ref={container} style={{ minHeight: `${heightPx}px` }} />
    </figure>
  );
}

/** The values where the pointer is, else the last ones. */
function Legend({ lines, times, format, pointed }: ChartProps & { readonly pointed: number | undefined }) {
  const index =
    pointed === undefined
      ? times.length - 1
      : Math.max(
          0,
          times.findIndex((time) => time >= pointed),
        );
  return (
    <p class="chart-legend" aria-hidden="true">
      {lines.map(({ label, color, values }) => (
        <span key={label}>
          <span class="chart-mark" style={{ background: `var(${color})` }} />
          {label} <strong>{format(values[index] ?? null)}</strong>
        </span>
      ))}
      {pointed !== undefined && <span class="chart-time">{formatClock(times[index] ?? pointed)}</span>}
    </p>
  );
}

/** Begins where the span begins, so that the line grows in from the right and nothing is stretched. */
function dataOf(times: readonly number[], lines: readonly ChartLine[], spanMs: number): uPlot.AlignedData {
  const last = times.at(-1) ?? now();
  const first = times[0];
  const lead = first === undefined ? [last - spanMs, last] : first > last - spanMs ? [last - spanMs] : [];
  return [[...lead, ...times].map((time) => time / 1000), ...lines.map(({ values }) => [...lead.map(() => null), ...values])];
}

const increments = {
  binary: Array.from({ length: 40 }, (_, power) => 2 ** power),
  whole: Array.from({ length: 9 }, (_, power) => [10 ** power, 2 * 10 ** power, 5 * 10 ** power]).flat(),
};

interface Drawn {
  readonly element: HTMLElement;
  readonly onPoint: (timeMs: number | undefined) => void;
}

function optionsOf(
  { lines, format, steps = 'decimal', leastTop = 1, heightPx = defaultHeightPx }: ChartProps,
  { element, onPoint }: Drawn,
): uPlot.Options {
  const axis = { stroke: colorOf(element, '--muted'), font, ticks: { show: false } };
  const onCursor = ({ cursor, data }: uPlot): void => {
    const time = typeof cursor.idx === 'number' ? data[0][cursor.idx] : undefined;
    onPoint(time === undefined ? undefined : time * 1000);
  };
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [6, 6, 0, 0],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: 'openclaw' } },
    legend: { show: false },
    hooks: { setCursor: [onCursor] },
    scales: { x: { time: true }, y: { range: (_, _low, high) => [0, Math.max(leastTop, (high ?? 0) * 1.15)] } },
    axes: [
      {
        ...{ ...axis, grid: { show: false }, size: 20, space: 70 },
        values: (_, times) => times.map((time) => formatClock(time * 1000).slice(0, 5)),
      },
      {
        ...{ ...axis, grid: { stroke: colorOf(element, '--line'), width: 1 }, size: 54, space: 30 },
        ...(steps === 'decimal' ? {} : { incrs: increments[steps] }),
        values: (_, values) => values.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, color, filled }) => {
        const stroke = colorOf(element, color);
        const fill = filled ? { fill: withAlpha(stroke) } : {};
        return { ...{ label, stroke, width: 1.75, points: { show: false }, spanGaps: false }, ...fill };
      }),
    ],
  };
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
