/**
 * Compares ways of building a relay, for `docs/design/decisions/0020-http-server.md`: each variant of `relay-variants.ts` in
 * turn, several rounds, against the first.
 *
 *     node bench/http-server.ts [--rounds 5] [--round-ms 700] [--warm-ms 3000] [NAME ...]
 *
 * Processor time per request is the figure to trust on a shared machine; requests a second depend on what else runs.
 */
import { parseArgs } from 'node:util';
import type { Job, LoopResult } from './load.ts';
import { median } from './percentile.ts';
import { type OwnedProcess, startScript } from './processes.ts';
import { variantNames } from './relay-variants.ts';

interface Sample {
  readonly perSecond: number;
  readonly processorUs: number;
  readonly failed: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, 'round-ms': { type: 'string', default: '700' }, 'warm-ms': { type: 'string', default: '3000' } },
});
const baseline = 'dispatch';
const names = [baseline, ...(positionals.length > 0 ? positionals : variantNames).filter((name) => name !== baseline)];
const roundMs = Number(values['round-ms']);

const mock = await startScript('mock-upstream.ts');
const load = await startScript('load.ts');
const relays = new Map<string, OwnedProcess>();
for (const name of names) relays.set(name, await startScript('relay-variants.ts', [String(mock.port), name]));

async function sample(name: string, durationMs: number): Promise<Sample> {
  const relay = relays.get(name) as OwnedProcess;
  const target = { name, port: relay.port, path: '/v1/chat/completions', headers: {}, model: 'mock-model' };
  const beforeMs = relay.processorMs();
  const { result } = await load.ask<{ result: LoopResult }>({ kind: 'closed-loop', target, connections: 32, durationMs } satisfies Job);
  const processorUs = ((relay.processorMs() - beforeMs) * 1000) / result.answered;
  if (result.failed > 0) console.error(`${name}: ${result.failed} failed, ${result.firstFailure}`);
  return { perSecond: result.answered / result.seconds, processorUs, failed: result.failed };
}

interface Pair {
  readonly own: Sample;
  readonly base: Sample;
}

/** The baseline is measured right before or after each variant, so that a slow moment of the machine hits both alike. */
async function samplePair(name: string, baselineFirst: boolean): Promise<Pair> {
  if (baselineFirst) {
    const base = await sample(baseline, roundMs);
    return { base, own: await sample(name, roundMs) };
  }
  const own = await sample(name, roundMs);
  return { own, base: await sample(baseline, roundMs) };
}

const pairs = new Map<string, Pair[]>(names.map((name) => [name, []]));
// The compiler goes on improving a relay for some 30,000 requests; before that, the one that ran most would win.
for (const name of names) await sample(name, Number(values['warm-ms']));
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const name of names) pairs.get(name)?.push(await samplePair(name, round % 2 === 0));
}

console.log(`Baseline: ${baseline}, measured beside each variant. Its own row shows the noise. Medians of ${values.rounds} rounds.\n`);
console.log('| variant | requests/s | × | processor µs/request | × |\n|---|--:|--:|--:|--:|');
for (const [name, own] of pairs) {
  const figures = [
    median(own.map((pair) => pair.own.perSecond)).toFixed(0),
    median(own.map((pair) => pair.own.perSecond / pair.base.perSecond)).toFixed(2),
    median(own.map((pair) => pair.own.processorUs)).toFixed(0),
    median(own.map((pair) => pair.own.processorUs / pair.base.processorUs)).toFixed(2),
  ];
  console.log(`| ${name} | ${figures.join(' | ')} |`);
}
process.exit(0);
