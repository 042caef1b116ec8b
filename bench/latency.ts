/** Added time: of whole answers, and to the first token of a stream, one request at a time. */
import { asMs, asTimes, type Bench, interleave, type Section, verdict, type Verdict } from './bench.ts';
import type { ContenderName } from './contenders.ts';
import type { Job, LoopResult, Target } from './load.ts';
import { median } from './percentile.ts';

interface Added {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

export async function measureLatency(bench: Bench): Promise<Section> {
  const requests = bench.scale.latencyRequests;
  const added = await measureAdded(bench, (target) => ({ kind: 'closed-loop', target, connections: 1, requests }));
  return {
    title: 'Added time per request',
    method: `One connection, instant upstream, ${requests} requests a round; the percentile minus the direct one of the same round, median of ${bench.scale.rounds} rounds.`,
    ...table(added),
    verdicts: [
      ...relative(added, 'p50Ms', { bar: 'added p50 at most 1.5 × the bare relay', limit: 1.5 }),
      ...relative(added, 'p99Ms', { bar: 'added p99 at most 1.5 × the bare relay', limit: 1.5 }),
    ],
  };
}

export async function measureFirstToken(bench: Bench): Promise<Section> {
  const requests = bench.scale.firstTokens;
  const added = await measureAdded(bench, (target) => ({ kind: 'first-token', target, requests }));
  return {
    title: 'Added time to first token',
    method: `One stream at a time, the mock sends its first token at once, ${requests} streams a round; otherwise as above.`,
    ...table(added),
    verdicts: relative(added, 'p50Ms', { bar: 'added time to first token (p50) at most 2 × the bare relay', limit: 2 }),
  };
}

async function measureAdded(bench: Bench, jobFor: (target: Target) => Job): Promise<Map<ContenderName, Added>> {
  const measure = ({ contender, process }: Bench['running'][number]): Promise<LoopResult> =>
    bench.load(jobFor(contender.targetAt(process.port)));
  await bench.warmUp();
  await interleave(bench, 1, measure); // the code of this kind of request, which the warm-up may not have run
  const results = await interleave(bench, bench.scale.rounds, measure);
  const direct = results.get('direct') ?? [];
  const addedOf = (own: LoopResult[]): Added => ({
    p50Ms: median(own.map((result, round) => result.p50Ms - (direct[round]?.p50Ms ?? Number.NaN))),
    p99Ms: median(own.map((result, round) => result.p99Ms - (direct[round]?.p99Ms ?? Number.NaN))),
    failed: own.reduce((sum, { failed }) => sum + failed, 0),
  });
  const added = new Map<ContenderName, Added>([...results].map(([name, own]) => [name, addedOf(own)]));
  // Direct is the zero line; its row shows the absolute figures.
  added.set('direct', { p50Ms: median(direct.map(({ p50Ms }) => p50Ms)), p99Ms: median(direct.map(({ p99Ms }) => p99Ms)), failed: 0 });
  return added;
}

function table(added: Map<ContenderName, Added>): Pick<Section, 'columns' | 'rows'> {
  const bare = added.get('bare relay');
  const rows = [...added].map(([name, own]) => {
    const isDirect = name === 'direct';
    const ratio = (value: number, base: number | undefined): string => (isDirect ? '' : asTimes(value / (base ?? Number.NaN)));
    return [
      isDirect ? 'direct (absolute)' : name,
      asMs(own.p50Ms),
      ratio(own.p50Ms, bare?.p50Ms),
      asMs(own.p99Ms),
      ratio(own.p99Ms, bare?.p99Ms),
      String(own.failed),
    ];
  });
  return { columns: ['', 'added p50', '× bare', 'added p99', '× bare', 'failed'], rows };
}

function relative(added: Map<ContenderName, Added>, figure: 'p50Ms' | 'p99Ms', rule: { bar: string; limit: number }): Verdict[] {
  const own = added.get('OpenClaw')?.[figure] ?? Number.NaN;
  const bare = added.get('bare relay')?.[figure] ?? Number.NaN;
  return [verdict(rule.bar, own / bare, { limit: rule.limit, format: asTimes })];
}
