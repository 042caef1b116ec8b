/** Turns measured scenarios into before/after tables, for the terminal and for `docs/scenarios.md`. It measures and judges nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../bench.ts';
import { machine, renderTable } from '../report.ts';
import type { Scenario } from './scenario.ts';
import type { Side } from './stage.ts';

export interface Measured {
  readonly scenario: Scenario;
  /** What was measured on each side; a side that was left out is absent. */
  readonly sides: { -readonly [Name in Side]?: unknown };
  readonly command: string;
  readonly seconds: number;
}

const page = join(import.meta.dirname, '..', '..', 'docs', 'scenarios.md');

export function renderScenario(measured: Measured): string {
  const { scenario, command, seconds } = measured;
  return [
    `### ${scenario.name}\n`,
    `${scenario.shows}\n`,
    `${scenario.method}\n`,
    renderTable({ columns: ['', `plain relay (${scenario.relay})`, 'OpenClaw'], rows: rowsOf(measured) }),
    `Measured ${new Date().toISOString().slice(0, 10)} by \`${command}\` in ${Math.round(seconds)} s, on ${machine()}.\n`,
  ].join('\n');
}

/** Figures first, then a row for each bar. */
function rowsOf({ scenario, sides }: Measured): string[][] {
  const relay = sides.relay === undefined ? [] : scenario.rows(sides.relay);
  const gateway = sides.gateway === undefined ? [] : scenario.rows(sides.gateway);
  const labels = [...new Set([...relay, ...gateway].map(([label]) => label))];
  const cell = (rows: readonly (readonly [string, string])[], label: string): string => rows.find(([own]) => own === label)?.[1] ?? '–';
  const bars = verdictsOf(scenario, sides.relay ?? sides.gateway).map(({ bar }) => bar);
  const judged = (figures: unknown, bar: string): string => {
    const found = verdictsOf(scenario, figures).find((each) => each.bar === bar);
    return found === undefined ? '–' : `${found.found}, **${word(found)}**`;
  };
  return [
    ...labels.map((label) => [label, cell(relay, label), cell(gateway, label)]),
    ...bars.map((bar) => [`**${bar}**`, judged(sides.relay, bar), judged(sides.gateway, bar)]),
  ];
}

function verdictsOf(scenario: Scenario, figures: unknown): readonly Verdict[] {
  return figures === undefined ? [] : scenario.judge(figures);
}

/** Every bar of the gateway in a line. */
export function renderSummary(all: readonly Measured[]): string {
  const rows = all.flatMap(({ scenario, sides }) =>
    verdictsOf(scenario, sides.gateway).map((verdict) => [scenario.name, verdict.bar, verdict.found, word(verdict)]),
  );
  return renderTable({ columns: ['', '', '', ''], rows });
}

function word({ holds }: Verdict): string {
  if (holds === undefined) return 'not judged';
  return holds ? 'holds' : 'missed';
}

/** Replaces what stands between the scenario's markers in `docs/scenarios.md`; the others stay as they are. */
export function writeScenario(measured: Measured): void {
  const text = readFileSync(page, 'utf8');
  const { name } = measured.scenario;
  const [begin, end] = [`<!-- scenario ${name}: begin -->`, `<!-- scenario ${name}: end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers '${begin}' and '${end}'`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${renderScenario(measured).trimEnd()}\n\n${text.slice(to)}`);
}
