/**
 * How well leaks are told from what only looks like them: the analysis and the rules of others on 42 classes of synthetic programs.
 *
 *     npm run leak-score -- [--seeds 20] [--weeks 3] [--part design|report|unseen] [--write]
 *
 * `--write` puts the tables into docs/memory-analysis.md. What was examined is kept by the code that examined it, so a run that was broken off goes
 * on where it was; other code begins anew. Seeds are 1 up to their number.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../report.ts';
import { type Part, parts } from './classes/class.ts';
import { classes } from './classes/index.ts';
import { examine, type Examined } from './examine.ts';
import { readRecorded } from './recorded.ts';
import {
  assumedPrevalence,
  renderComparison,
  renderConfidence,
  renderConfusion,
  renderForecasts,
  renderRecorded,
  renderTimes,
} from './tables.ts';

const root = join(import.meta.dirname, '..', '..');
const page = join(root, 'docs', 'memory-analysis.md');

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    weeks: { type: 'string', default: '3' },
    part: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

/** Another method or another generator must not be mixed with what was found before. */
function keptAt(): string {
  const sources = globSync(['packages/server/src/workloads/analysis/**/*.ts', 'bench/leaks/**/*.ts'], { cwd: root }).toSorted();
  const hash = createHash('sha256');
  for (const source of sources.filter(
    (name) => !/test|fixture|tables|run\.ts|programs|record|report\.ts|trend-chart|right-size|evidence|scenarios|wording/.test(name),
  ))
    hash.update(readFileSync(join(root, source)));
  return join(tmpdir(), `openclaw-leak-score-${hash.digest('hex').slice(0, 16)}.jsonl`);
}

function examineAll(): Examined[] {
  const file = keptAt();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const known = new Map(
    lines.map((line) => JSON.parse(line) as Examined & { withWeek: boolean }).map((one) => [keyOf(one.name, one.seed, one.withWeek), one]),
  );
  const found: Examined[] = [];
  for (const one of classes.filter(({ part }) => values.part === undefined || part === values.part)) {
    for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
      const withWeek = seed <= Number(values.weeks);
      let examined = known.get(keyOf(one.name, seed, withWeek));
      if (!examined) {
        examined = { ...examine(one, seed, { withWeek }), withWeek };
        appendFileSync(file, `${JSON.stringify(examined)}\n`);
      }
      found.push(examined);
    }
    process.stderr.write(`${one.part}: ${one.name}\n`);
  }
  return found;
}

function keyOf(name: string, seed: number, withWeek: boolean): string {
  return `${name} ${seed} ${withWeek}`;
}

function renderPart(all: readonly Examined[], part: Part): string {
  return [
    `${titles[part]}`,
    `#### Precision and recall\n\n${renderComparison(all, part)}`,
    `#### Time to detect, and false alarms\n\n${renderTimes(all, part)}`,
    `#### Forecast of the kill\n\n${renderForecasts(all, part)}`,
    `#### What each class was called\n\n${renderConfusion(all, part)}`,
  ].join('\n\n');
}

const titles: Readonly<Record<Part, string>> = {
  unseen: '### Classes written when the method was finished',
  report: '### Classes kept for the report',
  design: '### Classes that the method was made with',
};

async function main(): Promise<void> {
  const startedAt = performance.now();
  const all = examineAll();
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const shown = parts.toReversed().filter((part) => values.part === undefined || part === values.part);
  const head = `Measured ${new Date().toISOString().slice(0, 10)} by \`npm run leak-score\` in ${seconds} s, on ${machine()}: ${values.seeds} seeds of each class, a week of ${values.weeks} seeds of each clean one; in the last column of the first tables ${assumedPrevalence * 100} % of workloads leak.`;
  const sure = `### How sure\n\nOver all classes, views and lengths:\n\n${renderConfidence(all)}`;
  const text = [head, ...shown.map((part) => renderPart(all, part)), sure].join('\n\n').replaceAll(/\n{3,}/g, '\n\n');
  const real = renderRecorded(await readRecorded());
  process.stdout.write(`${text}\n${real}`);
  if (!values.write) return;
  replaceBetween('leak-score', text);
  replaceBetween('real', real);
}

/** Between `<!-- NAME: begin -->` and `<!-- NAME: end -->` of the page. */
function replaceBetween(name: string, text: string): void {
  const before = readFileSync(page, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has lost its markers '${begin}' and '${end}'`);
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n\n${text.trimEnd()}\n\n${before.slice(to)}`);
}

await main();
