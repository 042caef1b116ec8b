/** A provider that is down for a while and comes back, not at its full strength at once. */
import { asCount, asPercent, verdict } from '../../bench.ts';
import { type Outcome, rest, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { scenario } from '../scenario.ts';

const agents = 20;
const openMs = 3000;

interface Figures {
  readonly outcomes: readonly Outcome[];
  readonly perSecondBefore: number;
  readonly whileDown: number;
  readonly downSeconds: number;
  /** From the return of the provider to the first answer, and to four fifths of the rate before. */
  readonly firstMs: number;
  readonly fullMs: number;
  /** Most requests in a tenth of a second, of the first second after the first answer; and of the time before the outage. */
  readonly rush: number;
  readonly steady: number;
}

export const recovery = scenario<Figures>({
  name: 'recovery',
  shows: 'A provider that refuses everything for a while; how it is left alone meanwhile, and how traffic returns.',
  method:
    `${agents} agents in closed loop, 50 ms after an answer and 250 ms after a failure, each step tried up to 5 times. The provider answers in 50 ms, then with 503 to everything, ` +
    `then well again. \`models.breaker.openMs\` is ${openMs} here and 60,000 by default, so that the run is short; the gateway tries a request at most 2 times. Rush: the most requests ` +
    'that came in a tenth of a second within 300 ms of the first one that was answered again, beside the same before the outage.',
  relay: 'bare relay',
  async measure(stage) {
    const healthy = { latency: { p50Ms: 50, p95Ms: 60, p99Ms: 70 } };
    const upstream = await stage.upstream(healthy);
    const retry = { attempts: 2, baseDelayMs: 100 };
    const front = await stage.front([upstream], { models: { retry, breaker: { openMs } } });
    const downMs = stage.quick ? 4000 : 8000;
    const upMs = stage.quick ? 2000 : 4000;
    const answeredAtMs: number[] = [];
    const load = runAgents({
      agents,
      durationMs: 2 * upMs + downMs + 2 * openMs,
      persistence: { tries: 5, pauseMs: 250 },
      thinkMs: 50,
      addressOf: () => front.address,
      question: () => ({ prompt: 'What next?', patienceMs: 20_000 }),
      onOutcome: ({ ok }) => ok && answeredAtMs.push(Date.now()),
    });
    await rest(1000);
    await upstream.restartCounts();
    await rest(upMs - 1000);
    const before = await upstream.counts();
    await upstream.behave({ faults: [{ kind: 'status', status: 503 }] });
    await upstream.restartCounts();
    await rest(downMs);
    const down = await upstream.counts();
    await upstream.behave({ faults: [] });
    await upstream.restartCounts();
    const backMs = Date.now();
    const results = await load;
    const after = await upstream.counts();
    const perSecondBefore = (before.answered['200'] ?? 0) / ((upMs - 1000) / 1000);
    const firstTenth = after.perTenth.findIndex((count) => count > 0);
    return {
      outcomes: results.flatMap(({ outcomes }) => outcomes),
      perSecondBefore,
      whileDown: down.requests,
      downSeconds: downMs / 1000,
      firstMs: (answeredAtMs.find((ms) => ms > backMs) ?? Number.NaN) - backMs,
      fullMs: fullAgain(
        answeredAtMs.filter((ms) => ms > backMs),
        { perSecond: 0.8 * perSecondBefore, backMs },
      ),
      rush: Math.max(...after.perTenth.slice(firstTenth, firstTenth + 3)),
      steady: Math.max(...before.perTenth),
    };
  },
  rows: (figures) => [
    ['answers a second before', asCount(figures.perSecondBefore)],
    ['requests a second to the provider while it was down', (figures.whileDown / figures.downSeconds).toFixed(1)],
    ['failures that agents saw', failureMix(figures.outcomes)],
    ['back: first answer after', `${figures.firstMs.toFixed(0)} ms`],
    ['back: four fifths of the rate after', `${figures.fullMs.toFixed(0)} ms`],
    ['rush', `${figures.rush} in 0.1 s, ${figures.steady} before`],
  ],
  judge: (figures) => [
    verdict('traffic back within one breaker period (and half a second)', figures.firstMs, {
      limit: openMs + 500,
      format: (ms) => `${ms.toFixed(0)} ms of ${openMs}`,
    }),
    verdict('at four fifths of its rate within two', figures.fullMs, { limit: 2 * openMs, format: (ms) => `${ms.toFixed(0)} ms` }),
    verdict('gradually: the rush is at most the steady rate', figures.rush / figures.steady, { limit: 1, format: asPercent }),
    verdict('left alone while down: at most 10 % of the rate before', figures.whileDown / figures.downSeconds / figures.perSecondBefore, {
      limit: 0.1,
      format: asPercent,
    }),
  ],
});

/** When the answers of half a second first reach the rate; NaN when they never do. */
function fullAgain(atMs: readonly number[], { perSecond, backMs }: { perSecond: number; backMs: number }): number {
  const needed = Math.ceil(perSecond / 2);
  const index = atMs.findIndex((ms, at) => ms - (atMs[at - needed + 1] ?? Number.NEGATIVE_INFINITY) <= 500 && at >= needed - 1);
  return (atMs[index] ?? Number.NaN) - backMs;
}
