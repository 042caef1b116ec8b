/** A plot as SVG, by hand: axes with round numbers, a line for each series. No library is worth its weight here. */

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlotSeries {
  readonly name: string;
  readonly color: string;
  readonly points: readonly Point[];
}

export interface PlotOptions {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
}

const width = 800;
const height = 360;
const left = 70;
const right = 130;
const top = 40;
const bottom = 50;
const wantedTicks = 6;

export function plot(series: readonly PlotSeries[], { title, xName, yName }: PlotOptions): string {
  const points = series.flatMap((one) => one.points);
  const xTicks = ticksUpTo(Math.max(...points.map(({ x }) => x)));
  const yTicks = ticksUpTo(Math.max(...points.map(({ y }) => y)));
  const xOf = (x: number): number => left + (x / (xTicks.at(-1) ?? 1)) * (width - left - right);
  const yOf = (y: number): number => height - bottom - (y / (yTicks.at(-1) ?? 1)) * (height - top - bottom);
  const axes = [
    ...yTicks.flatMap((y) => [
      line({ x: left, y: yOf(y) }, { x: width - right, y: yOf(y) }, y === 0 ? '#444' : '#ddd'),
      label({ x: left - 8, y: yOf(y) + 4 }, y.toLocaleString('en'), 'text-anchor="end"'),
    ]),
    ...xTicks.flatMap((x) => [
      line({ x: xOf(x), y: height - bottom }, { x: xOf(x), y: height - bottom + 5 }, '#444'),
      label({ x: xOf(x), y: height - bottom + 20 }, x.toLocaleString('en'), 'text-anchor="middle"'),
    ]),
    label({ x: (left + width - right) / 2, y: height - 10 }, xName, 'text-anchor="middle"'),
    label({ x: left, y: top - 22 }, title, 'font-weight="bold"'),
    label({ x: left, y: top - 6 }, yName),
  ];
  const lines = series.flatMap(({ name, color, points: own }) => {
    const last = own.at(-1);
    const path = own.map(({ x, y }) => `${round(xOf(x))},${round(yOf(y))}`).join(' ');
    return [
      `<polyline fill="none" stroke="${color}" stroke-width="2" points="${path}"/>`,
      ...(last ? [label({ x: xOf(last.x) + 8, y: yOf(last.y) + 4 }, name, `fill="${color}"`)] : []),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...axes,
    ...lines,
    '</svg>\n',
  ].join('\n');
}

function label({ x, y }: Point, words: string, how = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${how}>${escape(words)}</text>`;
}

function line(from: Point, to: Point, color: string): string {
  return `<line x1="${round(from.x)}" y1="${round(from.y)}" x2="${round(to.x)}" y2="${round(to.y)}" stroke="${color}"/>`;
}

/** From 0 in steps of 1, 2 or 5 times a power of ten, up to the first that is not below `most`. */
export function ticksUpTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wantedTicks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
