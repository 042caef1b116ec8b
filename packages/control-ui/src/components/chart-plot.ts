/** The part of a chart that is drawn: uPlot on a canvas. Loaded when the first chart is shown, since it is half of what the page weighs. */
import uPlot from 'uplot';
import { now } from '../clock.ts';
import { formatClock } from '../format.ts';
import type { ChartMark, ChartProps } from './chart.tsx';

export interface Drawing {
  setData(data: DrawnData): void;
  destroy(): void;
}

export type DrawnData = Pick<ChartProps, 'times' | 'lines' | 'marks' | 'spanMs'>;

export interface DrawnOn {
  readonly element: HTMLElement;
  readonly heightPx: number;
  /** Told the time that is pointed at. */
  readonly onPoint: (timeMs: number | undefined) => void;
}

const font = '11px system-ui, sans-serif';

/** Follows the width of the element until it is destroyed. */
export function draw(props: ChartProps, on: DrawnOn): Drawing {
  let { marks } = props;
  const drawMarks = (shown: uPlot): void => strokeMarks(shown, marks ?? [], on.element);
  const plot = new uPlot(optionsOf(props, on, drawMarks), dataOf(props), on.element);
  const resizing = new ResizeObserver(() => plot.setSize({ width: on.element.clientWidth, height: on.heightPx }));
  resizing.observe(on.element);
  return {
    setData(data) {
      ({ marks } = data);
      plot.setData(dataOf(data));
    },
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

function optionsOf(
  { lines, format, steps = 'decimal', leastTop = 1 }: ChartProps,
  { element, heightPx, onPoint }: DrawnOn,
  drawMarks: (plot: uPlot) => void,
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
    hooks: { setCursor: [onCursor], draw: [drawMarks] },
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
      ...lines.map(({ label, color, filled, dashed }) => {
        const stroke = colorOf(element, color);
        const fill = filled ? { fill: withAlpha(stroke) } : {};
        return {
          ...{ label, stroke, width: 1.75, points: { show: false }, spanGaps: false },
          ...fill,
          ...(dashed ? { dash: [5, 4] } : {}),
        };
      }),
    ],
  };
}

function strokeMarks({ ctx, bbox, valToPos, scales }: uPlot, marks: readonly ChartMark[], element: HTMLElement): void {
  const [from = 0, to = 0] = [scales['x']?.min, scales['x']?.max];
  ctx.save();
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  for (const [index, { atMs, label, color }] of marks.entries()) {
    if (atMs / 1000 < from || atMs / 1000 > to) continue;
    const x = Math.round(valToPos(atMs / 1000, 'x', true)) + 0.5;
    ctx.strokeStyle = ctx.fillStyle = colorOf(element, color);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // In turns a line lower, since what happens together stands close together.
    ctx.fillText(label, x + 3, bbox.top + 10 + (index % 3) * 12);
  }
  ctx.restore();
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
