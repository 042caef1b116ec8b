/**
 * Kills the process of durable runs a thousand times and writes down where the kills hit.
 *
 *     npm run crash-test -- [--kills 1000] [--write]
 *
 * Each run has twenty-one steps with tools of every effect, and is killed with SIGKILL at random moments until it has ended; then the journal is held
 * against what a server counted, what a file has and what somebody who followed saw. `npm test` does the same with a few kills.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machine } from '../../../../bench/report.ts';
import { checkCarried } from './crash-checks.ts';
import { carryThrough, phases, startOutside, type Phase } from './crash-loop.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '1000' }, write: { type: 'boolean', default: false } } });
const wanted = Number(values.kills);
const page = new URL('../../../../docs/crash-test.md', import.meta.url);
const startedMs = performance.now();
const hits = new Map<Phase, number>(phases.map((phase) => [phase, 0]));
let runs = 0;
let kills = 0;
let asked = 0;

while (kills < wanted) {
  // A server of its own for each, so that nothing is counted for a run before it.
  await using outside = await startOutside();
  const carried = await carryThrough({ outside, kills: 8, compactions: runs % 3 === 0 ? 1 : 0, random: Math.random });
  checkCarried(carried, outside);
  runs += 1;
  kills += carried.kills.length;
  asked += carried.unknown.size;
  for (const phase of carried.kills) hits.set(phase, (hits.get(phase) ?? 0) + 1);
  if (runs % 10 === 0) console.log(`${kills} kills in ${runs} runs, ${Math.round((performance.now() - startedMs) / 1000)} s`);
}

const seconds = Math.round((performance.now() - startedMs) / 1000);
const report = [
  `${kills} kills in ${runs} runs in ${seconds} s, ${new Date().toISOString().slice(0, 10)}, on ${machine()}.`,
  '',
  '| where the kill hit | times |',
  '|---|---|',
  ...[...hits].map(([phase, times]) => `| ${phase} | ${times} |`),
  '',
  `No step was lost, no call of effect \`once\` was repeated without somebody being asked (${asked} times somebody was), no answer was half kept, and every stream was whole and in order.`,
  '',
].join('\n');
console.log(`\n${report}`);
if (values.write) {
  const text = await readFile(page, 'utf8');
  const [begin, end] = ['<!-- crash-test: begin -->', '<!-- crash-test: end -->'];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/crash-test.md has lost its markers');
  await writeFile(page, `${text.slice(0, from + begin.length)}\n\n${report}\n${text.slice(to)}`);
}
