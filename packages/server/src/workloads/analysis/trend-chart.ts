/** Draws memory over time with characters: a column for each stretch of time, a line for the limit, letters where something happened. */
import { formatMemory, type MemoryMarkKind, type MemoryTrace } from '@openclaw/protocol';

import { duration } from './wording.ts';

export interface ChartOptions {
  /** Characters of a line, the labels of the axis included. @default 72 */
  readonly width?: number;
  /** Lines between the top and the axis. @default 10 */
  readonly height?: number;
}

export interface ChartPoint {
  readonly at: number;
  readonly value: number;
}

export const chartDefaults = { width: 72, height: 10 } as const;

const letters: Readonly<Record<MemoryMarkKind, string>> = { restart: 'R', deployment: 'D', oom: 'K', pressure: 'P' };
const letterWords: Readonly<Record<string, string>> = { R: 'restart', D: 'deployment', K: 'killed for memory', P: 'pressure' };
/** Eighths of a character, from the bottom. */
const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

export function drawMemoryTrend({ samples, limitBytes, marks = [] }: MemoryTrace, options: ChartOptions = {}): string {
  const points = samples.map(({ at, workingSetBytes, rssBytes }) => ({ at, value: workingSetBytes || rssBytes }));
  return drawTrend(points, { ...options, ...(limitBytes === undefined ? {} : { limit: limitBytes }), marks });
}

export interface TrendOptions extends ChartOptions {
  readonly limit?: number;
  readonly marks?: readonly { readonly at: number; readonly kind: MemoryMarkKind }[];
}

/** Bytes over time; empty where there is nothing to draw. */
export function drawTrend(points: readonly ChartPoint[], options: TrendOptions = {}): string {
  const { width, height } = { ...chartDefaults, ...options };
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return '';
  const top = Math.max(options.limit ?? 0, ...columnsOf(points, 1)) || 1;
  const labels = [formatMemory(top), formatMemory(top / 2), '0'];
  const margin = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(1, width - margin - 2);
  const heights = columnsOf(points, columns).map((value) => (value / top) * height);
  const limitRow = options.limit === undefined ? -1 : Math.min(height - 1, Math.ceil((options.limit / top) * height) - 1);
  const rows = Array.from({ length: height }, (_, index) => {
    const row = height - 1 - index;
    const label = row === height - 1 ? labels[0] : row === Math.floor((height - 1) / 2) ? labels[1] : '';
    const cells = heights.map((full) => blockAt(full - row, row === limitRow)).join('');
    return `${(label ?? '').padStart(margin)} ┤${cells}`.trimEnd();
  });
  const place = (at: number): number => Math.min(columns - 1, Math.floor(((at - first.at) / (last.at - first.at || 1)) * columns));
  return `${[...rows, `${(labels[2] ?? '').padStart(margin)} └${'─'.repeat(columns)}`, ...legend(options, { margin, columns, place, ms: last.at - first.at })].join('\n')}\n`;
}

/** The highest of each stretch; a stretch without samples is as the one before. */
function columnsOf(points: readonly ChartPoint[], columns: number): number[] {
  const first = points[0]?.at ?? 0;
  const span = (points.at(-1)?.at ?? 0) - first || 1;
  const highest = Array.from<number | undefined>({ length: columns });
  for (const { at, value } of points) {
    const column = Math.min(columns - 1, Math.floor(((at - first) / span) * columns));
    highest[column] = Math.max(highest[column] ?? 0, value);
  }
  let before = 0;
  return highest.map((value) => (before = value ?? before));
}

function blockAt(eighthsOfRow: number, isLimit: boolean): string {
  const block = blocks[Math.max(0, Math.min(8, Math.round(eighthsOfRow * 8)))] ?? ' ';
  return isLimit && block === ' ' ? '·' : block;
}

interface Frame {
  readonly margin: number;
  readonly columns: number;
  readonly ms: number;
  readonly place: (at: number) => number;
}

function legend({ limit, marks = [] }: TrendOptions, { margin, columns, place, ms }: Frame): string[] {
  const line = Array.from<string>({ length: columns }).fill(' ');
  for (const { at, kind } of marks) line[place(at)] = letters[kind];
  const used = [...new Set(line)].filter((letter) => letter in letterWords).map((letter) => `${letter} ${letterWords[letter]}`);
  const words = [...used, ...(limit === undefined ? [] : [`· limit ${formatMemory(limit)}`])].join(', ');
  const span = `${duration(ms)} up to the last sample`;
  const indent = ' '.repeat(margin + 2);
  return [...(used.length > 0 ? [`${indent}${line.join('')}`.trimEnd()] : []), `${indent}${span}${words === '' ? '' : `; ${words}`}`];
}
