/**
 * Prints the score against the 72 cases that gateways get wrong: case × cell (dialect of the client, dialect of the provider,
 * streaming or not). A case holds only if every cell in which it can occur does; without a test it is listed as not done.
 *
 *     npm run conformance              the matrix; exit status 1 if a cell fails
 *     npm run conformance -- --write   the same, and docs/conformance.md
 *
 * It only counts: a test belongs to a case by its title, `case 17 [openai-completions → anthropic-messages, stream]: …`.
 */
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import {
  cases,
  cells,
  clientCellsOf,
  linksOf,
  nameOf,
  providerCellsOf,
  type AnyCell,
  type ConformanceCase,
} from '../packages/server/test/conformance/cases.ts';

const root = join(import.meta.dirname, '..');
const report = join(root, 'docs/conformance.md');

type Mark = 'holds' | 'fails' | 'untested';
/** By case and then by the name of the cell. */
type Results = ReadonlyMap<number, ReadonlyMap<string, boolean>>;

async function runTests(): Promise<{ results: Results; broken: number }> {
  let broken = 0;
  const results = new Map<number, Map<string, boolean>>();
  const files = globSync('packages/server/test/**/*.test.ts', { cwd: root }).map((file) => join(root, file));
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

/** A title may name one streaming for both (`openai-completions → anthropic-messages`): it then speaks for the two cells. */
function markOf(number: number, cell: AnyCell, results: Results): Mark {
  const byCell = results.get(number);
  const passed = byCell?.get(nameOf(cell)) ?? byCell?.get(`${cell.in} → ${cell.out}`);
  if (passed === undefined) return 'untested';
  return passed ? 'holds' : 'fails';
}

interface Row {
  readonly case: ConformanceCase;
  /** `undefined` where the case cannot occur. */
  readonly marks: readonly (Mark | undefined)[];
  readonly verdict: 'holds' | 'fails' | 'incomplete' | 'not done' | 'not applicable';
}

function rowOf(one: ConformanceCase, results: Results): Row {
  const own = [...providerCellsOf(one.number), ...clientCellsOf(one.number)].map((cell) => markOf(one.number, cell, results));
  const crossed = cells.map((cell) => (one.applies?.(cell) ? markOf(one.number, cell, results) : undefined));
  const marks = own.length === 0 || one.applies ? [...crossed, ...own] : own;
  return { case: one, marks, verdict: verdictOf(one, marks) };
}

function verdictOf(one: ConformanceCase, marks: readonly (Mark | undefined)[]): Row['verdict'] {
  if (one.waitsFor !== undefined) return 'not applicable';
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
    `${count('not done')} are not done, ${count('not applicable')} wait for a dialect that does not exist yet`
  );
}

function printMatrix(rows: readonly Row[]): void {
  process.stdout.write(cells.map((cell, index) => `  ${index + 1}  ${nameOf(cell)}\n`).join(''));
  process.stdout.write(
    `\n  +  holds   F  fails   ?  no test   .  cannot occur\n\n case  ${cells.map((_, index) => index + 1).join(' ')}\n`,
  );
  for (const { case: one, marks, verdict } of rows) {
    const shown = marks
      .map((mark) => (mark ? signs[mark] : '.'))
      .join(' ')
      .padEnd(2 * cells.length - 1);
    process.stdout.write(`  ${String(one.number).padStart(3)}  ${shown}  ${verdict.padEnd(14)} ${one.title.slice(0, 90)}\n`);
  }
  process.stdout.write(`\n${scoreOf(rows)}.\n`);
}

function markdown(rows: readonly Row[]): string {
  const lines = [
    '# Conformance',
    '',
    'Seventy-two things that gateways between clients and models get wrong, each with the public threads about it, and whether OpenClaw',
    'gets them right. A case holds only if it holds in every cell in which it can occur: dialect of the client, dialect of the provider,',
    'streaming or not. Each cell is a test that asserts on bytes. A case without a test is listed as not done.',
    '',
    'This page is written by `npm run conformance -- --write`.',
    '',
    `**${scoreOf(rows)}.**`,
    '',
    'The cells, in order:',
    '',
    ...cells.map((cell, index) => `${index + 1}. ${nameOf(cell)}`),
    '',
    '`+` holds, `F` fails, `?` no test, `·` cannot occur there. A case that names a provider is about that wire format: its cells, after those',
    'of the list if it has any there, are each client with such a provider, `stream` and `whole`. A case that names a client is about clients of',
    'that format: its cells are such a client with a provider of each format that clients speak.',
    '',
    '| case | what | cells | verdict | threads |',
    '|--:|---|---|---|---|',
    ...rows.map(markdownRow),
  ];
  return `${lines.join('\n')}\n`;
}

function markdownRow({ case: one, marks, verdict }: Row): string {
  const at = one.provider === undefined ? (one.client === undefined ? '' : ` for \`${one.client}\``) : ` at \`${one.provider}\``;
  const shown = one.applies || one.provider || one.client ? `\`${marks.map((mark) => (mark ? signs[mark] : '·')).join('')}\`${at}` : '';
  const why = one.waitsFor === undefined ? verdict : `${verdict}: waits for ${one.waitsFor}`;
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
