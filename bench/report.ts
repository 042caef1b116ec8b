/** Turns measured sections into text: for the terminal, for `docs/performance.md`, for a JSON file. It measures nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { asMegabytes, type Section, type Verdict } from './bench.ts';

export interface Report {
  readonly command: string;
  readonly startedAt: string;
  readonly seconds: number;
  /** What could not be measured, and why. */
  readonly notes: readonly string[];
  readonly sections: readonly Section[];
}

const page = join(import.meta.dirname, '..', 'docs', 'performance.md');
const begin = '<!-- bench: begin -->';
const end = '<!-- bench: end -->';

export function renderSection(section: Section): string {
  const verdicts = section.verdicts.map((verdict) => `- ${renderVerdict(verdict)}\n`).join('');
  return `### ${section.title}\n\n${section.method}\n\n${renderTable(section)}${verdicts === '' ? '' : `\n${verdicts}`}`;
}

/** When, where and by what command; then every bar in a line. */
export function renderSummary(report: Report): string {
  const verdicts = report.sections.flatMap((section) => section.verdicts);
  const table = renderTable({ columns: ['', '', ''], rows: verdicts.map(({ bar, found, holds }) => [bar, found, word(holds)]) });
  return [
    `Measured ${report.startedAt.slice(0, 10)} by \`${report.command}\` in ${Math.round(report.seconds)} s, on ${machine()}.\n`,
    ...report.notes.map((note) => `Note: ${note}.\n`),
    table,
  ].join('\n');
}

/** Replaces what stands between the markers of `docs/performance.md`. */
export function writePage(report: Report): void {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers '${begin}' and '${end}'`);
  writeFileSync(
    page,
    `${text.slice(0, from + begin.length)}\n\n${[renderSummary(report), ...report.sections.map(renderSection)].join('\n').trimEnd()}\n\n${text.slice(to)}`,
  );
}

export function writeJson(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify({ machine: machine(), ...report }, null, 2)}\n`);
}

function renderVerdict({ bar, found, holds }: Verdict): string {
  return `${bar}: ${found}, ${word(holds)}`;
}

function word(holds: boolean | undefined): string {
  if (holds === undefined) return 'not judged';
  return holds ? 'holds' : 'missed';
}

export function renderTable({ columns, rows }: Pick<Section, 'columns' | 'rows'>): string {
  const widths = columns.map((column, at) => Math.max(column.length, 3, ...rows.map((row) => row[at]?.length ?? 0)));
  // Names to the left, numbers to the right.
  const isName = (at: number): boolean => columns[at] === '';
  const pad = (cell: string, at: number): string => (isName(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0));
  const line = (cells: readonly string[]): string => `| ${cells.map(pad).join(' | ')} |\n`;
  const rule = widths.map((width, at) => (isName(at) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return line(columns) + line(rule) + rows.map(line).join('');
}

export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const busy = (loadavg()[0] ?? 0).toFixed(1);
  return `${cpus().length} cores (${model}), ${asMegabytes(totalmem())}, Node ${process.version}, load average ${busy} at the end`;
}
