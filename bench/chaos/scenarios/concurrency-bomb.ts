/** A thousand requests in the same moment, more than half of them from one caller. */
import { asMegabytes, asMs, asPercent, asTimes, verdict } from '../../bench.ts';
import { percentile } from '../../percentile.ts';
import { ask, type Outcome } from '../client.ts';
import { failureMix } from '../failures.ts';
import { scenario } from '../scenario.ts';
import type { Counts } from '../tally.ts';

const small = 9;
const perSmall = 50;
const greedy = 550;

interface Figures {
  readonly ofGreedy: readonly Outcome[];
  readonly ofSmall: readonly (readonly Outcome[])[];
  readonly counts: Counts;
  readonly idleBytes: number;
  readonly mostBytes: number;
  readonly ended: string | undefined;
  readonly answersAfterwards: boolean;
}

const all = ({ ofGreedy, ofSmall }: Figures): Outcome[] => [...ofGreedy, ...ofSmall.flat()];
const times = (outcomes: readonly Outcome[]): number[] => outcomes.filter(({ ok }) => ok).map(({ ms }) => ms);
const answered = (outcomes: readonly Outcome[]): number => outcomes.filter(({ ok }) => ok).length;

/** Neither answered nor told politely when to come back. */
const rude = (figures: Figures): Outcome[] =>
  all(figures).filter((each) => !each.ok && !(each.status === 429 && each.retryAfter !== undefined));

/** How long the slowest of the small callers waited for nearly all of its answers, beside the greedy one's median; NaN where none got any. */
function smallBesideGreedy({ ofGreedy, ofSmall }: Figures): number {
  const slowest = Math.max(...ofSmall.map((outcomes) => percentile(times(outcomes), 0.95)));
  return slowest / percentile(times(ofGreedy), 0.5);
}

export const concurrencyBomb = scenario<Figures>({
  name: 'concurrency-bomb',
  shows: 'Everything works with one agent; then a thousand come at once.',
  method:
    `1,000 requests are sent in one moment on connections of their own: ${greedy} with one key, ${perSmall} with each of ${small} others. The provider takes 50 at once, answers in ` +
    '100 ms (p95 200, p99 300) and refuses the rest with 429 and no Retry-After. Nobody tries again. The gateway has a queue of 1,000 (30 s), one caller may hold no more of it ' +
    'than its settings allow, and is told nothing of the 50. Fair: the nine small callers get 95 % of their answers before the greedy one has half of its own.',
  relay: 'bare relay',
  async measure(stage) {
    const upstream = await stage.upstream({
      latency: { p50Ms: 100, p95Ms: 200, p99Ms: 300 },
      concurrency: { atMost: 50, refusal: 429, retryAfter: 'none', awayMs: 0 },
    });
    const front = await stage.front([upstream], { models: { queue: { maxWaiting: 1000, maxWaitMs: 30_000 } } });
    const [greedyAddress, ...smallAddresses] = await front.addresses(Array.from({ length: small + 1 }, (_, at) => `caller-${at}`));
    if (greedyAddress === undefined) throw new Error('there is no address for the greedy caller');
    await ask(front.address, { prompt: 'Are you there?' });
    const idleBytes = front.residentBytes();
    let mostBytes = idleBytes;
    const watch = setInterval(() => (mostBytes = Math.max(mostBytes, front.residentBytes())), 50);
    const question = { prompt: 'What next?', patienceMs: 60_000 };
    // Interleaved, so that no caller stands first in a line.
    const ofGreedy: Promise<Outcome>[] = [];
    const ofSmall: Promise<Outcome>[][] = smallAddresses.map(() => []);
    for (let round = 0; round < greedy; round += 1) {
      ofGreedy.push(ask(greedyAddress, question));
      for (const [at, address] of smallAddresses.entries()) if (round < perSmall) ofSmall[at]?.push(ask(address, question));
    }
    const greedyOutcomes = await Promise.all(ofGreedy);
    const smallOutcomes = await Promise.all(ofSmall.map((outcomes) => Promise.all(outcomes)));
    clearInterval(watch);
    const counts = await upstream.counts();
    await upstream.behave({ concurrency: null });
    const afterwards = await ask(front.address, { prompt: 'Are you still there?', patienceMs: 30_000 });
    return {
      ofGreedy: greedyOutcomes,
      ofSmall: smallOutcomes,
      counts,
      idleBytes,
      mostBytes,
      ended: front.ended(),
      answersAfterwards: afterwards.ok,
    };
  },
  rows: (figures) => [
    ['answered, greedy caller', `${answered(figures.ofGreedy)} of ${greedy}`],
    ['answered, nine small callers', `${answered(figures.ofSmall.flat())} of ${small * perSmall}`],
    ['failures that clients saw', failureMix(all(figures))],
    ['the provider was asked', String(figures.counts.requests)],
    ['of that, refused with 429', String(figures.counts.answered['429'] ?? 0)],
    ['most requests at once at the provider', String(figures.counts.mostUnderWay)],
    ['time to an answer, greedy, p50', asMs(percentile(times(figures.ofGreedy), 0.5))],
    ['time to an answer, small, p95', asMs(percentile(times(figures.ofSmall.flat()), 0.95))],
    ['memory idle', asMegabytes(figures.idleBytes)],
    ['most memory', asMegabytes(figures.mostBytes)],
  ],
  judge: (figures) => [
    {
      bar: 'no crash, and it answers afterwards',
      found: figures.ended ?? (figures.answersAfterwards ? 'alive' : 'does not answer'),
      holds: figures.ended === undefined && figures.answersAfterwards,
    },
    verdict('memory at most 150 MB above idle', figures.mostBytes - figures.idleBytes, { limit: 150e6, format: asMegabytes }),
    verdict('at least 95 % are answered', answered(all(figures)) / all(figures).length, { limit: 0.95, atLeast: true, format: asPercent }),
    verdict('what is shed gets 429 with Retry-After', rude(figures).length, { limit: 0, format: (count) => `${count} did not` }),
    verdict('small callers’ p95 at most the greedy one’s p50', smallBesideGreedy(figures), { limit: 1, format: asTimes }),
  ],
});
