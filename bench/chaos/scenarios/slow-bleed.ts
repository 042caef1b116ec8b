/** A provider that forgets requests, and so loses places one by one; everything works for the first steps. */
import { asMegabytes, asPercent, verdict } from '../../bench.ts';
import { type Outcome, rest, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { scenario } from '../scenario.ts';

const agents = 20;
const places = 30;

interface Figures {
  /** In four quarters of the steps. */
  readonly quarters: readonly (readonly Outcome[])[];
  readonly heldByProvider: number;
  readonly mostConnections: number;
  readonly idleFiles: number;
  readonly filesAfterwards: number;
  readonly idleBytes: number;
  readonly bytesAfterwards: number;
}

const success = (outcomes: readonly Outcome[]): number => outcomes.filter(({ ok }) => ok).length / outcomes.length;

export const slowBleed = scenario<Figures>({
  name: 'slow-bleed',
  shows: 'Requests that are never answered pile up, step by step, until nothing is left for the others.',
  method:
    `${agents} agents take their steps one after another and try each once. The provider has ${places} places; it forgets 4 % of the requests and keeps their place until their connection ends, ` +
    'gets 0.2 ms slower with every request (20 ms at first), and answers 503 when all places are taken. Every fifth step the agent leaves after 150 ms, otherwise it waits 5 s. The gateway gives up a silent provider ' +
    'after 1 s (`firstByteWholeMs`) and asks again. Afterwards: 3 s after the last step.',
  relay: 'documented relay',
  async measure(stage) {
    const upstream = await stage.upstream({
      latency: { p50Ms: 20, p95Ms: 30, p99Ms: 40 },
      slowerByMs: 0.2,
      faults: [{ kind: 'stall', at: 'accept', share: 0.04 }],
      concurrency: { atMost: places, refusal: 503, retryAfter: 'none', awayMs: 0 },
    });
    const front = await stage.front([upstream], { provider: { timeouts: { firstByteMs: 1000, firstByteWholeMs: 1000 } } });
    const steps = stage.quick ? 40 : 100;
    const idleBytes = front.residentBytes();
    const idleFiles = front.openFiles();
    const quarters: Outcome[][] = [[], [], [], []];
    await runAgents({
      agents,
      steps,
      persistence: { tries: 1, pauseMs: 0 },
      addressOf: () => front.address,
      question: (_agent, step) => ({ prompt: 'What next?', patienceMs: step % 5 === 4 ? 150 : 5000 }),
      onOutcome(outcome, step) {
        if (step % 5 !== 4) quarters[Math.floor((step * 4) / steps)]?.push(outcome);
      },
    });
    await rest(3000);
    const counts = await upstream.counts();
    return {
      quarters,
      heldByProvider: counts.underWay,
      mostConnections: counts.mostOpenConnections,
      idleFiles,
      filesAfterwards: front.openFiles(),
      idleBytes,
      bytesAfterwards: front.residentBytes(),
    };
  },
  rows: (figures) => [
    ...figures.quarters.map((outcomes, at) => [`answered of patient steps, quarter ${at + 1}`, asPercent(success(outcomes))] as const),
    ['failures that patient agents saw', failureMix(figures.quarters.flat())],
    ['requests that the provider still holds afterwards', String(figures.heldByProvider)],
    ['most connections to the provider', String(figures.mostConnections)],
    ['open files and sockets, idle and afterwards', `${figures.idleFiles}, ${figures.filesAfterwards}`],
    ['memory, idle and afterwards', `${asMegabytes(figures.idleBytes)}, ${asMegabytes(figures.bytesAfterwards)}`],
  ],
  judge: (figures) => [
    verdict('answers go on: at least 95 % in the last quarter', success(figures.quarters.at(-1) ?? []), {
      limit: 0.95,
      atLeast: true,
      format: asPercent,
    }),
    verdict('dead ones are dropped: none held afterwards', figures.heldByProvider, { limit: 0, format: String }),
    verdict(`sockets bounded: at most ${places + agents} to the provider`, figures.mostConnections, {
      limit: places + agents,
      format: String,
    }),
    verdict('memory at most 100 MB above idle', figures.bytesAfterwards - figures.idleBytes, { limit: 100e6, format: asMegabytes }),
  ],
});
