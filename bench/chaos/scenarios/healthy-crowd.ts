/** The other side of every limit: a hundred agents before a provider that is well and takes them all. */
import { asCount, asMs, asPercent, verdict } from '../../bench.ts';
import { percentile } from '../../percentile.ts';
import { type Outcome, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { sampleLatencyMs } from '../random.ts';
import { scenario } from '../scenario.ts';
import type { Counts } from '../tally.ts';

const agents = 100;
const latency = { p50Ms: 400, p95Ms: 800, p99Ms: 1200 };

interface Figures {
  readonly outcomes: readonly Outcome[];
  readonly counts: Counts;
  readonly seconds: number;
}

/** Of every percentile alike. */
const meanMs = Array.from({ length: 1000 }, (_, at) => sampleLatencyMs(latency, (at + 0.5) / 1000)).reduce((sum, ms) => sum + ms / 1000, 0);
const possible = ({ seconds }: Figures): number => (agents * seconds * 1000) / meanMs;
const answered = ({ outcomes }: Figures): number => outcomes.filter(({ ok }) => ok).length;

export const healthyCrowd = scenario<Figures>({
  name: 'healthy-crowd',
  shows: 'What protection costs where none is needed: limits that are learnt must find out soon that there is none.',
  method:
    `${agents} agents in closed loop before a provider that answers in ${latency.p50Ms} ms (p95 ${latency.p95Ms}, p99 ${latency.p99Ms}), refuses nothing and gets no slower with load. The gateway is told nothing about it ` +
    'and has just started. Possible is what the agents would get with nothing between.',
  relay: 'bare relay',
  async measure(stage) {
    const upstream = await stage.upstream({ latency });
    const front = await stage.front([upstream]);
    await upstream.restartCounts();
    const seconds = stage.quick ? 10 : 20;
    const results = await runAgents({
      agents,
      durationMs: seconds * 1000,
      persistence: { tries: 1, pauseMs: 0 },
      addressOf: () => front.address,
      question: () => ({ prompt: 'What next?' }),
    });
    return { outcomes: results.flatMap(({ outcomes }) => outcomes), counts: await upstream.counts(), seconds };
  },
  rows: (figures) => [
    ['possible', asCount(possible(figures))],
    ['answered', asCount(answered(figures))],
    ['asked in each second', Object.values(figures.counts.perKey).at(0)?.join(' ') ?? ''],
    ['most requests at once at the provider', String(figures.counts.mostUnderWay)],
    [
      'time to an answer, p50',
      asMs(
        percentile(
          figures.outcomes.map(({ ms }) => ms),
          0.5,
        ),
      ),
    ],
    ['failures that agents saw', failureMix(figures.outcomes)],
  ],
  judge: (figures) => [
    verdict('at least 80 % of what is possible', answered(figures) / possible(figures), { limit: 0.8, atLeast: true, format: asPercent }),
    verdict('nobody is refused', figures.outcomes.length - answered(figures), { limit: 0, format: (count) => `${count} were` }),
  ],
});
