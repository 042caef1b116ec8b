/**
 * Compares ways of building a relay, for `docs/design/decisions/0020-http-server.md`: the variants of `relay-variants.ts` take
 * turns in many short rounds, and each gets the same traffic, for the compiler favours what ran most.
 *
 *     node bench/http-server.ts [--rounds 24] [--round-ms 250] [NAME ...]
 *
 * Processor time per request is the figure to trust on a shared machine; requests a second depend on what else runs.
 */
import { parseArgs } from 'node:util';
import type { Job, LoopResult } from './load.ts';
import { type OwnedProcess, startScript } from './processes.ts';
import { variantNames } from './relay-variants.ts';

interface Subject {
  readonly name: string;
  readonly relay: OwnedProcess;
  requests: number;
  seconds: number;
  processorMs: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '24' }, 'round-ms': { type: 'string', default: '250' } },
});
const baseline = 'dispatch';
/** The baseline twice: how far its twin is from it shows what the noise is worth. */
const names = [baseline, 'dispatch-twin', ...(positionals.length > 0 ? positionals : variantNames).filter((name) => name !== baseline)];
/** Some 20,000 requests each; before that the compiler is still at work. */
const warmUpMs = 1500;

const mock = await startScript('mock-upstream.ts');
const load = await startScript('load.ts');

async function start(name: string): Promise<Subject> {
  const relay = await startScript('relay-variants.ts', [String(mock.port), name]);
  return { name, relay, requests: 0, seconds: 0, processorMs: 0 };
}

async function drive({ name, relay }: Subject, durationMs: number): Promise<LoopResult> {
  const target = { name, port: relay.port, path: '/v1/chat/completions', headers: {}, model: 'mock-model' };
  const { result } = await load.ask<{ result: LoopResult }>({ kind: 'closed-loop', target, connections: 32, durationMs } satisfies Job);
  if (result.failed > 0) throw new Error(`${name}: ${result.failed} failed, ${result.firstFailure}`);
  return result;
}

async function measure(subject: Subject): Promise<void> {
  const beforeMs = subject.relay.processorMs();
  const result = await drive(subject, Number(values['round-ms']));
  subject.processorMs += subject.relay.processorMs() - beforeMs;
  subject.requests += result.answered;
  subject.seconds += result.seconds;
}

const subjects: Subject[] = [];
for (const name of names) subjects.push(await start(name));
for (const subject of subjects) await drive(subject, warmUpMs);
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) await measure(subject);
}

const figures = subjects.map(({ name, requests, seconds, processorMs }) => ({
  name,
  perSecond: requests / seconds,
  processorUs: (processorMs * 1000) / requests,
}));
const base = figures[0] as (typeof figures)[number];
console.log('| variant | requests/s | × | processor µs/request | × |\n|---|--:|--:|--:|--:|');
for (const { name, perSecond, processorUs } of figures) {
  const ratios = [perSecond / base.perSecond, processorUs / base.processorUs].map((ratio) => ratio.toFixed(2));
  console.log(`| ${name} | ${perSecond.toFixed(0)} | ${ratios[0]} | ${processorUs.toFixed(1)} | ${ratios[1]} |`);
}
process.exit(0);
