/** Paced streams held at once: every frame must arrive, in order, unaltered, without a stall. */
import { asMs, type Bench, interleave, type Running, type Section, type Verdict } from './bench.ts';
import type { StreamsResult } from './load.ts';
import { median } from './percentile.ts';

const deltas = 64;
const paceMs = 20;
/** Long enough that opening connections is not what is measured, short enough that all streams overlap. */
const rampMs = 640;
const barStreams = 512;

export async function measureStreams(bench: Bench): Promise<Section> {
  const runs = bench.scale.streamRuns;
  await bench.warmUp();
  const rows: string[][] = [];
  const verdicts: Verdict[] = [];
  for (const streams of bench.scale.streamCounts) {
    const results = await interleave(bench, runs, (running) => hold(bench, running, streams));
    for (const [name, own] of results) rows.push([String(streams), ...rowOf(name, own)]);
    if (streams !== barStreams) continue;
    verdicts.push(verdictOf(results.get('OpenClaw') ?? [], `${barStreams} paced streams with no lost frame`));
    const translated = await holdTranslated(bench, streams, runs);
    rows.push([String(streams), ...rowOf('OpenClaw, translating', translated)]);
    verdicts.push(verdictOf(translated, `${barStreams} paced streams with no lost frame, through translation`));
  }
  return {
    title: 'Paced streams held',
    method:
      `Streams of ${deltas} deltas at ${paceMs} ms, opened over ${rampMs} ms, each on its own connection; held: every frame in order with its own text, no gap over ` +
      `${10 * paceMs} ms. ${runs} interleaved runs: median of held and of the worst gap, sum of broken. The direct row shows what this machine itself lost; the translating one has an upstream that speaks Anthropic's format.`,
    columns: ['streams', '', 'held', 'stalled', 'broken', 'worst gap'],
    rows,
    verdicts,
  };
}

async function holdTranslated(bench: Bench, streams: number, runs: number): Promise<StreamsResult[]> {
  const results: StreamsResult[] = [];
  for (const running of bench.running) {
    const { translatedAt } = running.contender;
    if (!translatedAt) continue;
    const contender = { ...running.contender, targetAt: translatedAt };
    for (let run = 0; run < runs; run += 1) results.push(await hold(bench, { ...running, contender }, streams));
  }
  return results;
}

async function hold(bench: Bench, { contender, process }: Running, streams: number): Promise<StreamsResult> {
  const target = contender.targetAt(process.port);
  const result = await bench.load<StreamsResult>({ kind: 'hold-streams', target, streams, deltas, paceMs, rampMs });
  if (result.broken > 0)
    console.error(`${contender.name}: ${result.broken} of ${streams} streams broken; the first: ${result.firstFailure}`);
  return result;
}

function rowOf(name: string, own: readonly StreamsResult[]): string[] {
  return [
    name,
    String(median(own.map(({ held }) => held))),
    String(median(own.map(({ stalled }) => stalled))),
    String(brokenIn(own)),
    asMs(median(own.map(({ worstGapMs }) => worstGapMs))),
  ];
}

function brokenIn(own: readonly StreamsResult[]): number {
  return own.reduce((sum, { broken }) => sum + broken, 0);
}

function verdictOf(own: readonly StreamsResult[], bar: string): Verdict {
  if (own.length === 0) return { bar, found: 'not measured', holds: undefined };
  const held = median(own.map((result) => result.held));
  const broken = brokenIn(own);
  return { bar, found: `${held} held, ${broken} broken`, holds: broken === 0 && held === barStreams };
}
