/** A hundred agents that try again at once, before a provider that allows twenty requests a second. */
import { asPercent, verdict } from '../../bench.ts';
import { type AgentResult, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { scenario } from '../scenario.ts';
import type { Counts } from '../tally.ts';

const agents = 100;

interface Figures {
  readonly results: readonly AgentResult[];
  readonly counts: Counts;
}

const answeredOf = ({ results }: Figures): number => results.reduce((sum, { answered }) => sum + answered, 0);
const failedOf = ({ results }: Figures): number => results.reduce((sum, { failed }) => sum + failed, 0);
const goodput = (figures: Figures): number => answeredOf(figures) / figures.counts.allowed;

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
    const counted = new Promise<Counts>((resolve, reject) => {
      setTimeout(() => void upstream.counts().then(resolve, reject), stage.quick ? 8000 : 20_000);
    });
    const results = await runAgents({
      agents,
      durationMs: stage.quick ? 8000 : 20_000,
      persistence: { tries: 5, pauseMs: 100 },
      addressOf: () => front.address,
      question: () => ({ prompt: 'What next?' }),
    });
    return { results, counts: await counted };
  },
  rows: (figures) => [
    ['steps answered', String(answeredOf(figures))],
    ['steps given up by agents', String(failedOf(figures))],
    ['failures that agents saw', failureMix(figures.results.flatMap(({ outcomes }) => outcomes))],
    ['the provider allowed', figures.counts.allowed.toFixed(0)],
    ['the provider was asked', String(figures.counts.requests)],
    ['of that, refused with 429', String(figures.counts.answered['429'] ?? 0)],
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
