/** The part of a chart that is drawn: uPlot on a canvas. Loaded when the first chart is shown, since it is half of what the page weighs. */
import uPlot from 'uplot';
import { now } from '../clock.ts';
import { formatClock } from '../format.ts';
import type { ChartProps } from './chart.tsx';

export interface Drawing {
  setData(data: DrawnData): void;
  destroy(): void;
}

export type DrawnData = Pick<ChartProps, 'times' | 'lines' | 'spanMs'>;

export interface DrawnOn {
  readonly element: HTMLElement;
  readonly heightPx: number;
  /** Told the time that is pointed at. */
  readonly onPoint: (timeMs: number | undefined) => void;
}

const font = '11px system-ui, sans-serif';

/** Follows the width of the element until it is destroyed. */
export function draw(props: ChartProps, on: DrawnOn): Drawing {
  const plot = new uPlot(optionsOf(props, on), dataOf(props), on.element);
  const resizing = new ResizeObserver(() => plot.setSize({ width: on.element.clientWidth, height: on.heightPx }));
  resizing.observe(on.element);
  return {
    setData: (data) => plot.setData(dataOf(data)),
    destroy() {
      resizing.disconnect();
      plot.destroy();
    },
  };
}

/** Begins where the span begins, so that the line grows in from the right and nothing is stretched. */
function dataOf({ times, lines, spanMs }: DrawnData): uPlot.AlignedData {
  const last = times.at(-1) ?? now();
  const first = times[0];
  const lead = first === undefined ? [last - spanMs, last] : first > last - spanMs ? [last - spanMs] : [];
  return [[...lead, ...times].map((time) => time / 1000), ...lines.map(({ values }) => [...lead.map(() => null), ...values])];
}

const increments = {
  binary: Array.from({ length: 40 }, (_, power) => 2 ** power),
  whole: Array.from({ length: 9 }, (_, power) => [10 ** power, 2 * 10 ** power, 5 * 10 ** power]).flat(),
};

function optionsOf({ lines, format, steps = 'decimal', leastTop = 1 }: ChartProps, { element, heightPx, onPoint }: DrawnOn): uPlot.Options {
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
