/**
 * Kills the process of durable runs a thousand times, and at least thirty times in each phase, and writes down where the kills hit.
 *
 *     npm run crash-test -- [--kills 1000] [--each 30] [--write] [--anew]
 *
 * Each run has twenty-one steps with tools of every effect, and is killed with SIGKILL at random moments until it has ended; then the journal is held
 * against what a server counted, what a file has and what somebody who followed saw. One that was interrupted goes on with what it had, unless the
 * sources have changed since. `npm test` does the same with a few kills.
 */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../../../../bench/report.ts';
import { checkCarried } from './crash-checks.ts';
import { carryThrough, phases, startOutside, type Phase } from './crash-loop.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    each: { type: 'string', default: '30' },
    write: { type: 'boolean', default: false },
    anew: { type: 'boolean', default: false },
  },
});
const wanted = { kills: Number(values.kills), each: Number(values.each) };
const root = join(import.meta.dirname, '../../../..');
const page = join(root, 'docs/crash-test.md');
const kept = join(root, 'node_modules/.cache/openclaw/crash-test.json');

interface Tally {
  /** Of the sources: what was found of others says nothing of these. */
  readonly sources: string;
  readonly hits: Record<Phase, number>;
  runs: number;
  kills: number;
  /** How often somebody had to say what came of a call. */
  asked: number;
  seconds: number;
}

function sourcesDigest(): string {
  const files = globSync(['packages/server/src/{core,runs,storage}/**/*.ts', 'packages/server/test/runs/crash-*.ts'], { cwd: root }).sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function readTally(): Tally {
  const sources = sourcesDigest();
  const hits = Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;
  const fresh: Tally = { sources, hits, runs: 0, kills: 0, asked: 0, seconds: 0 };
  if (values.anew) return fresh;
  try {
    const found = JSON.parse(readFileSync(kept, 'utf8')) as Tally;
    return found.sources === sources ? found : fresh;
  } catch {
    // There is none, or it was cut: then it begins anew.
    return fresh;
  }
}

function isEnough({ kills, hits }: Tally): boolean {
  return kills >= wanted.kills && phases.every((phase) => hits[phase] >= wanted.each);
}

async function killOneRun(tally: Tally): Promise<void> {
  const startedMs = performance.now();
  // A server of its own for each, so that nothing is counted for a run before it.
  await using outside = await startOutside();
  const aims = phases.filter((phase) => tally.hits[phase] < wanted.each);
  const carried = await carryThrough({ outside, kills: 8, compactions: tally.runs % 3 === 0 ? 1 : 0, aims, random: Math.random });
  checkCarried(carried, outside);
  tally.runs += 1;
  tally.kills += carried.kills.length;
  tally.asked += carried.unknown.size;
  for (const phase of carried.kills) tally.hits[phase] += 1;
  tally.seconds += (performance.now() - startedMs) / 1000;
}

function reportOf({ hits, runs, kills, asked, seconds }: Tally): string {
  return [
    `${kills} kills in ${runs} runs in ${Math.round(seconds)} s, ${new Date().toISOString().slice(0, 10)}, on ${machine()}.`,
    '',
    '| where the kill hit | times |',
    '|---|---|',
    ...phases.map((phase) => `| ${phase} | ${hits[phase]} |`),
    '',
    `No step was lost, no call of effect \`once\` was repeated without somebody being asked (${asked} times somebody was), no answer was half kept, and every stream was whole and in order.`,
    '',
  ].join('\n');
}

function writeReport(report: string): void {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = ['<!-- crash-test: begin -->', '<!-- crash-test: end -->'];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/crash-test.md has lost its markers');
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${report}\n${text.slice(to)}`);
}

const tally = readTally();
if (tally.kills > 0) console.log(`goes on after ${tally.kills} kills in ${tally.runs} runs`);
mkdirSync(dirname(kept), { recursive: true });
while (!isEnough(tally)) {
  await killOneRun(tally);
  writeFileSync(kept, JSON.stringify(tally));
  if (tally.runs % 10 === 0)
    console.log(`${tally.kills} kills in ${tally.runs} runs, ${Math.round(tally.seconds)} s: ${JSON.stringify(tally.hits)}`);
}
const report = reportOf(tally);
console.log(`\n${report}`);
if (values.write) writeReport(report);
rmSync(kept);
