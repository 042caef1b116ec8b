/** A hundred agents that try again at once, before a provider that allows twenty requests a second. */
import { asPercent, verdict } from '../../bench.ts';
import { type AgentResult, rest, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { scenario } from '../scenario.ts';
import type { Counts } from '../tally.ts';

const agents = 100;

interface Figures {
  readonly results: readonly AgentResult[];
  /** Answers that agents had when the counts were taken. */
  readonly answeredByThen: number;
  readonly counts: Counts;
}

const failedOf = ({ results }: Figures): number => results.reduce((sum, { failed }) => sum + failed, 0);
/** What the provider had let through and was still working on counts too. */
const goodput = ({ answeredByThen, counts }: Figures): number => (answeredByThen + counts.underWay) / counts.allowed;

/** Jain's index of the steps that each agent got answered: 1 when all got the same, 1/n when one got everything. */
function fairness({ results }: Figures): number {
  const shares = results.map(({ answered }) => answered);
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 0 : (sum * sum) / (shares.length * squares);
}

export const rateLimitCascade = scenario<Figures>({
  name: 'rate-limit-cascade',
  shows: 'A 429 that every agent answers with another request at once, until nobody gets through.',
  method:
    `${agents} agents in closed loop; each tries a step up to 5 times, 100 ms after a failure, whatever Retry-After says. The provider allows 20 requests a second ` +
    '(a bucket of 20 tokens; a refused request takes one too, as providers document it), answers in 150 ms (p95 300, p99 500) and refuses with `Retry-After` in seconds. ' +
    'Goodput is what agents got answered of what the bucket let through in that time. Early: requests that the provider received before its own Retry-After had passed, ' +
    'those within 50 ms of the refusal apart, which may have been under way.',
  relay: 'bare relay',
  async measure(stage) {
    const upstream = await stage.upstream({
      latency: { p50Ms: 150, p95Ms: 300, p99Ms: 500 },
      rate: { kind: 'bucket', perSecond: 20, burst: 20, refusedCost: 1, retryAfter: 'seconds' },
    });
    const front = await stage.front([upstream], { models: { queue: { maxWaiting: 1000, maxWaitMs: 30_000 } } });
    await upstream.restartCounts();
    const durationMs = stage.quick ? 15_000 : 60_000;
    let answered = 0;
    const counted = rest(durationMs).then(async () => ({ answeredByThen: answered, counts: await upstream.counts() }));
    const results = await runAgents({
      agents,
      durationMs,
      persistence: { tries: 5, pauseMs: 100 },
      addressOf: () => front.address,
      question: () => ({ prompt: 'What next?' }),
      onOutcome: ({ ok }) => ok && (answered += 1),
    });
    return { results, ...(await counted) };
  },
  rows: (figures) => [
    ['steps answered in the time', String(figures.answeredByThen)],
    ['steps given up by agents', String(failedOf(figures))],
    ['failures that agents saw', failureMix(figures.results.flatMap(({ outcomes }) => outcomes))],
    ['the provider allowed', figures.counts.allowed.toFixed(0)],
    ['the provider was asked', String(figures.counts.requests)],
    ['of that, refused with 429', String(figures.counts.answered['429'] ?? 0)],
    ['asked in each second', secondsOf(figures.counts)],
    ['early, all', String(figures.counts.early)],
    ['most requests at once at the provider', String(figures.counts.mostUnderWay)],
  ],
  judge: (figures) => [
    verdict('goodput at least 95 % of what the provider allows', goodput(figures), { limit: 0.95, atLeast: true, format: asPercent }),
    verdict('never asked before its Retry-After, those under way apart', figures.counts.earlyBeyondGrace, { limit: 0, format: String }),
    verdict('fair between agents: Jain index at least 0.9', fairness(figures), {
      limit: 0.9,
      atLeast: true,
      format: (index) => index.toFixed(2),
    }),
  ],
});

function secondsOf({ perKey }: Counts): string {
  const seconds: number[] = [];
  for (const counts of Object.values(perKey)) for (const [at, count] of counts.entries()) seconds[at] = (seconds[at] ?? 0) + count;
  return seconds.length > 16 ? `${seconds.slice(0, 16).join(' ')} …` : seconds.join(' ');
}
