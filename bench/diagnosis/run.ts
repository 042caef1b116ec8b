/**
 * How well the rules of `openclaw doctor container` and `pod` tell causes apart: all of them over all cases, recorded and constructed.
 *
 *     npm run diagnose-score -- [--write] [--case NAME]
 *
 * `--write` puts the tables into docs/diagnosis-score.md; `--case` shows what is said of one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allCases, examine, type Examined } from './examine.ts';
import { renderCauses, renderMistakes, renderSummary } from './tables.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'diagnosis-score.md');
const [begin, end] = ['<!-- score: begin -->', '<!-- score: end -->'];

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false }, case: { type: 'string' } } });

function render(all: readonly Examined[]): string {
  const day = new Date().toISOString().slice(0, 10);
  return [
    `Counted ${day} by \`npm run diagnose-score\`: ${all.length} cases, ${all.filter(({ one }) => one.form === 'recorded').length} of them recorded.`,
    renderSummary(all),
    '## Cases kept for the report',
    renderCauses(all, 'report'),
    '### Told wrong',
    renderMistakes(all, 'report'),
    '## Cases that the rules were made with',
    renderCauses(all, 'design'),
    '### Told wrong',
    renderMistakes(all, 'design'),
  ].join('\n\n');
}

function write(text: string): void {
  const before = readFileSync(page, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers '${begin}' and '${end}'`);
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
}

function describe({ one, diagnosis, spoke, first }: Examined): string {
  const { broken, summary, causes } = diagnosis;
  return `${JSON.stringify({ case: one.name, causes: one.causes, from: one.from, first, broken, summary, spoke, shown: causes, lives: diagnosis.evidence.lives }, null, 2)}\n`;
}

const cases = allCases().filter(({ name }) => values.case === undefined || name === values.case);
const all = await Promise.all(cases.map(examine));
if (values.case !== undefined) process.stdout.write(all.map(describe).join(''));
else process.stdout.write(`${render(all)}\n`);
if (values.write) write(render(all));
