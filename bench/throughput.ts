/** Requests a second over 32 connections, and the processor time that each request costs. */
import { asCount, asMs, asPercent, asTimes, type Bench, interleave, type Running, type Section, verdict, type Verdict } from './bench.ts';
import type { ContenderName } from './contenders.ts';
import type { LoopResult } from './load.ts';
import { median } from './percentile.ts';

const connections = 32;

interface Sample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly processorUs: number;
  readonly mainThreadUs: number;
  readonly failed: number;
}

export async function measureThroughput(bench: Bench, delayMs: number): Promise<Section> {
  await bench.warmUp();
  const wanted = { delayMs, durationMs: bench.scale.throughputMs };
  const results = await interleave(bench, bench.scale.rounds, (running) => sample(bench, running, wanted));
  const upstream = delayMs === 0 ? 'instant upstream' : `${delayMs} ms upstream`;
  const bare = results.get('bare relay') ?? [];
  return {
    title: `Requests a second, ${upstream}`,
    method:
      `${connections} connections, ${bench.scale.throughputMs} ms a round, medians of ${bench.scale.rounds} interleaved rounds; ratios round by round. ` +
      'Processor time is that of the process alone, and the steadier figure on a shared machine; × bare of the main thread, which requests queue for.',
    columns: ['', 'requests/s', '× bare', 'p50', 'p99', 'processor µs/request', 'of it main thread', '× bare', 'failed'],
    rows: [...results].map(([name, own]) => [
      name,
      asCount(middle(own, 'perSecond')),
      ratio(own, bare, 'perSecond').toFixed(2),
      asMs(middle(own, 'p50Ms')),
      asMs(middle(own, 'p99Ms')),
      asCount(middle(own, 'processorUs')),
      asCount(middle(own, 'mainThreadUs')),
      ratio(own, bare, 'mainThreadUs').toFixed(2),
      String(own.reduce((sum, { failed }) => sum + failed, 0)),
    ]),
    // The bars are for the instant upstream: with a slow one, 32 connections measure the upstream.
    verdicts: delayMs === 0 ? verdicts(results) : [],
  };
}

async function sample(bench: Bench, { contender, process }: Running, wanted: { delayMs: number; durationMs: number }): Promise<Sample> {
  const target = contender.targetAt(process.port);
  const beforeMs = process.processorMs();
  const mainBeforeMs = process.mainThreadMs();
  const result = await bench.load<LoopResult>({ kind: 'closed-loop', target, connections, ...wanted });
  if (result.failed > 0) console.error(`${contender.name}: ${result.failed} requests failed; the first: ${result.firstFailure}`);
  const processorUs = ((process.processorMs() - beforeMs) * 1000) / result.answered;
  const mainThreadUs = ((process.mainThreadMs() - mainBeforeMs) * 1000) / result.answered;
  const { p50Ms, p99Ms, failed } = result;
  return { perSecond: result.answered / result.seconds, p50Ms, p99Ms, processorUs, mainThreadUs, failed };
}

function middle(samples: readonly Sample[], figure: keyof Sample): number {
  return median(samples.map((each) => each[figure]));
}

function ratio(own: readonly Sample[], base: readonly Sample[], figure: keyof Sample): number {
  return median(own.map((each, round) => each[figure] / (base[round]?.[figure] ?? Number.NaN)));
}

function verdicts(results: Map<ContenderName, Sample[]>): Verdict[] {
  const own = results.get('OpenClaw') ?? [];
  const toBare = ratio(own, results.get('bare relay') ?? [], 'perSecond');
  const toDocumented = ratio(own, results.get('documented relay') ?? [], 'perSecond');
  const toPortkey = ratio(own, results.get('Portkey') ?? [], 'perSecond');
  const toOff = ratio(own, results.get('everything off') ?? [], 'perSecond');
  return [
    verdict('requests/s at least 80 % of the bare relay', toBare, { limit: 0.8, atLeast: true, format: asPercent }),
    verdict('requests/s at least 80 % of the documented relay', toDocumented, { limit: 0.8, atLeast: true, format: asPercent }),
    verdict('requests/s at least 5 × Portkey', toPortkey, { limit: 5, atLeast: true, format: asTimes }),
    verdict('everything on costs at most 25 % of the requests/s with everything off', 1 - toOff, { limit: 0.25, format: asPercent }),
  ];
}
