/**
 * Prints the score against the 72 cases that gateways get wrong: case × cell (dialect of the client, dialect of the provider,
 * streaming or not). A case holds only if every cell in which it can occur does; without a test it is listed as not done.
 *
 *     npm run conformance              the matrix; exit status 1 if a cell fails
 *     npm run conformance -- --write   the same, and docs/conformance.md
 *
 * It only counts: a test belongs to a case by its title, `case 17 [openai-completions → anthropic-messages, stream]: …`.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { linksOf, type ConformanceCase } from '../packages/server/test/conformance/case.ts';
import { cases } from '../packages/server/test/conformance/cases.ts';
import { cells, clients, nameOf, providers, type Cell } from '../packages/server/test/conformance/cells.ts';

const root = join(import.meta.dirname, '..');
const report = join(root, 'docs/conformance.md');

type Mark = 'holds' | 'fails' | 'untested';
/** By case and then by the name of the cell. */
type Results = ReadonlyMap<number, ReadonlyMap<string, boolean>>;

async function runTests(): Promise<{ results: Results; broken: number }> {
  let broken = 0;
  const results = new Map<number, Map<string, boolean>>();
  const all = globSync('packages/server/test/**/*.test.ts', { cwd: root }).map((file) => join(root, file));
  // Each costs a process, and most have none.
  const files = all.filter((file) => readFileSync(file, 'utf8').includes('testCase('));
  const stream = run({ files, concurrency: 2, testNamePatterns: [/^case \d+ \[/] });
  const note = (title: string, passed: boolean): void => {
    const match = /^case (\d+) \[([^\]]+)\]/.exec(title);
    if (!match) return;
    const number = Number(match[1]);
    const byCell = results.get(number) ?? new Map<string, boolean>();
    results.set(number, byCell);
    const cell = match[2] ?? '';
    byCell.set(cell, (byCell.get(cell) ?? true) && passed);
  };
  stream.on('test:pass', ({ name, skip, todo }) => void (skip === undefined && todo === undefined && note(name, true)));
  stream.on('test:fail', ({ name, details }) => {
    note(name, false);
    // A file that cannot even be loaded would otherwise look like one without tests.
    broken += 1;
    process.stderr.write(`failed: ${name}\n  ${String(details.error.cause ?? details.error)}\n`);
  });
  for await (const event of stream) void event;
  return { results, broken };
}

function markOf(number: number, cell: Cell, results: Results): Mark {
  const passed = results.get(number)?.get(nameOf(cell));
  if (passed === undefined) return 'untested';
  return passed ? 'holds' : 'fails';
}

interface Row {
  readonly case: ConformanceCase;
  /** By cell; `undefined` where the case cannot occur. */
  readonly marks: readonly (Mark | undefined)[];
  readonly verdict: 'holds' | 'fails' | 'incomplete' | 'not done' | 'not applicable';
}

function rowOf(one: ConformanceCase, results: Results): Row {
  const marks = cells.map((cell) => (one.applies?.(cell) ? markOf(one.number, cell, results) : undefined));
  return { case: one, marks, verdict: verdictOf(one, marks) };
}

function verdictOf(one: ConformanceCase, marks: readonly (Mark | undefined)[]): Row['verdict'] {
  if (one.notApplicable !== undefined) return 'not applicable';
  const counted = marks.filter((mark) => mark !== undefined);
  if (counted.includes('fails')) return 'fails';
  if (counted.every((mark) => mark === 'untested')) return 'not done';
  return counted.includes('untested') ? 'incomplete' : 'holds';
}

const signs: Readonly<Record<Mark, string>> = { holds: '+', fails: 'F', untested: '?' };

function scoreOf(rows: readonly Row[]): string {
  const count = (verdict: Row['verdict']): number => rows.filter((row) => row.verdict === verdict).length;
  const tested = rows.flatMap(({ marks }) => marks).filter((mark) => mark === 'holds').length;
  return (
    `${count('holds')} of ${rows.length} cases hold (${tested} cells); ${count('fails')} fail, ${count('incomplete')} are tested in part, ` +
    `${count('not done')} are not done, ${count('not applicable')} cannot occur here`
  );
}

/** The marks of a case, a group for each client. */
function shownMarks(marks: Row['marks'], nowhere: string): string {
  const width = cells.length / clients.length;
  const all = marks.map((mark) => (mark ? signs[mark] : nowhere));
  return clients.map((_, group) => all.slice(group * width, (group + 1) * width).join('')).join(' ');
}

const groups = [
  `for each client (${clients.join(', ')}) a group;`,
  `in a group each provider (${providers.join(', ')}), streaming and whole`,
];

function printMatrix(rows: readonly Row[]): void {
  process.stdout.write(`  Cells: ${groups.join('\n  ')}\n\n  +  holds   F  fails   ?  no test   .  cannot occur\n\n`);
  for (const { case: one, marks, verdict } of rows) {
    const line = `  ${String(one.number).padStart(3)}  ${shownMarks(marks, '.')}  ${verdict.padEnd(14)} ${one.title.slice(0, 80)}`;
    process.stdout.write(`${line}\n`);
  }
  process.stdout.write(`\n${scoreOf(rows)}.\n`);
}

function markdown(rows: readonly Row[]): string {
  const lines = [
    '# Conformance',
    '',
    'Seventy-two things that gateways between clients and models get wrong, each with the public threads about it, and whether OpenClaw',
    'gets them right.',
    '',
    'This page is written by `npm run conformance -- --write`.',
    '',
    `**${scoreOf(rows)}.**`,
    '',
    '## How it is counted',
    '',
    `A cell is the dialect of the client, the dialect of the provider, and streaming or not: ${clients.length} × ${providers.length} × 2 =`,
    `${cells.length} cells. A case holds only if it holds in every cell in which it can occur. Each cell is a test over the real model`,
    'path that asserts on the bytes that the client gets, or that the provider is asked; a test belongs to a case by its title. A case',
    'that has no test is listed as not done, with the reason. Where a provider has no word for what a client asks, refusing the request',
    'by name holds, and dropping it in silence does not.',
    '',
    'The answers of providers are constructed after what each provider documents; they are not recorded from accounts. The score is',
    'about dialects and quirks: a vendor is tested as far as its dialect and the quirks in its row are, and none of them has a test',
    'against its own servers here. The limits and keys of vendors, and departures from their dialect that nobody has written down in',
    'their row, are untested.',
    '',
    '## The cells',
    '',
    'A group for each client, in this order:',
    '',
    ...clients.map((client) => `- ${client}`),
    '',
    'and in each group, for each provider, streaming and then whole:',
    '',
    ...providers.map((provider) => `- ${provider}`),
    '',
    '`+` holds, `F` fails, `?` no test, `·` cannot occur there.',
    '',
    '| case | what | cells | verdict | threads |',
    '|--:|---|---|---|---|',
    ...rows.map(markdownRow),
  ];
  return `${lines.join('\n')}\n`;
}

function markdownRow({ case: one, marks, verdict }: Row): string {
  const shown = one.applies ? `\`${shownMarks(marks, '·')}\`` : '';
  const why = [verdict, one.notApplicable ?? one.reason].filter((part) => part !== undefined).join(': ');
  const links = linksOf(one)
    .map((link, index) => `[${index + 1}](${link})`)
    .join(' ');
  const title = one.title.replaceAll('|', '\\|');
  return `| ${one.number} | ${title}${one.note === undefined ? '' : ` *${one.note}*`} | ${shown} | ${why} | ${links} |`;
}

const { results, broken } = await runTests();
const rows = cases.map((one) => rowOf(one, results));
printMatrix(rows);
if (process.argv.includes('--write')) {
  writeFileSync(report, markdown(rows));
  process.stdout.write(`Wrote ${report}.\n`);
}
process.exitCode = broken > 0 ? 1 : 0;
