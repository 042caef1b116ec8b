/** Lines over time. Colours are those of the page and change with it; the values stand above the lines as text. */
import { useEffect, useRef, useState } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import { formatClock } from '../format.ts';
import { theme } from '../theme.ts';
import type { Drawing } from './chart-plot.ts';

export interface ChartLine {
  readonly label: string;
  /** A custom property of the page. */
  readonly color: '--accent' | '--ok' | '--warn' | '--bad' | '--info' | '--muted';
  /** Null is a gap. */
  readonly values: readonly (number | null)[];
  /** Coloured down to zero. */
  readonly filled?: boolean;
  /** What is not measured but set, or expected. */
  readonly dashed?: boolean;
}

/** Something that happened at a moment: a line from top to bottom. */
export interface ChartMark {
  readonly atMs: number;
  readonly label: string;
  readonly color: ChartLine['color'];
}

export interface ChartProps {
  /** What is drawn, for those who do not see it. */
  readonly label: string;
  /** Milliseconds since 1970, rising. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly marks?: readonly ChartMark[];
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

const defaultHeightPx = 140;
const none: readonly ChartMark[] = [];

export function Chart(props: ChartProps) {
  const { label, times, lines, marks = none, format, spanMs, heightPx = defaultHeightPx } = props;
  const container = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [pointed, setPointed] = useState<number>();
  const isDark = useSystemDark();
  const shape = `${theme.value} ${isDark} ${heightPx} ${lines.map((line) => `${line.label}${line.color}`).join()}`;

  useEffect(() => {
    let isGone = false;
    const create = async (): Promise<void> => {
      const { draw } = await import('./chart-plot.ts');
      const element = container.current;
      if (element && !isGone) drawing.current = draw(latest.current, { element, heightPx, onPoint: setPointed });
    };
    // A gateway of another version has no such file any more: the values above the lines are there all the same.
    create().catch(() => undefined);
    return () => {
      isGone = true;
      drawing.current?.destroy();
      drawing.current = undefined;
    };
  }, [shape]);

  useEffect(() => drawing.current?.setData({ times, lines, marks, spanMs }), [times, lines, marks, spanMs]);

  const now = lines.map((line) => `${line.label} ${format(line.values.at(-1) ?? null)}`).join(', ');
  return (
    <figure class="chart" role="img" aria-label={`${label}. Now: ${now}`}>
      <Legend {...props} pointed={pointed} />
      <div ref={container} style={{ minHeight: `${heightPx}px` }} />
    </figure>
  );
}

function useSystemDark(): boolean {
  const query = useRef(matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setDark] = useState(query.current.matches);
  useEffect(() => {
    const leaving = new AbortController();
    query.current.addEventListener('change', ({ matches }) => setDark(matches), { signal: leaving.signal });
    return () => leaving.abort();
  }, []);
  return isDark;
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
