/** One of two providers is killed in the middle of its work. */
import { asPercent, verdict } from '../../bench.ts';
import { type Outcome, rest, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { scenario } from '../scenario.ts';

const agents = 20;

interface Figures {
  readonly outcomes: readonly Outcome[];
  /** Requests of clients, and what was sent to providers for them. */
  readonly attempts: number;
  readonly afterDeath: number;
}

const beforeOutput = ({ outcomes }: Figures): Outcome[] => outcomes.filter(({ ok, sawOutput }) => !ok && !sawOutput);
const midStream = ({ outcomes }: Figures): Outcome[] => outcomes.filter(({ ok, sawOutput }) => !ok && sawOutput);

export const suddenDeath = scenario<Figures>({
  name: 'sudden-death',
  shows: 'A provider that dies without a word, with requests under way, and stays dead.',
  method:
    `${agents} agents in closed loop, every second request streamed (10 deltas at 10 ms), each step tried once. Two providers stand behind the gateway's route, the first is ` +
    'preferred; the relay knows the first. After a third of the time its process is killed (SIGKILL). Extra requests: attempts that the gateway says it made ' +
    '(`x-openclaw-attempts`), less one for each request, of all requests. A stream that had begun when the provider died cannot be saved by anybody and is counted apart.',
  relay: 'bare relay',
  async measure(stage) {
    const behaviour = { latency: { p50Ms: 40, p95Ms: 80, p99Ms: 120 }, deltas: 10, paceMs: 10 };
    const first = await stage.upstream(behaviour);
    const second = await stage.upstream({ ...behaviour, seed: 2 });
    const front = await stage.front([first, second]);
    const durationMs = stage.quick ? 6000 : 15_000;
    let diedMs = Number.POSITIVE_INFINITY;
    const death = rest(durationMs / 3).then(async () => {
      await first.kill();
      diedMs = performance.now();
    });
    let afterDeath = 0;
    const results = await runAgents({
      agents,
      durationMs,
      persistence: { tries: 1, pauseMs: 0 },
      addressOf: () => front.address,
      question(_agent, step) {
        if (performance.now() > diedMs) afterDeath += 1;
        return { prompt: 'What next?', stream: step % 2 === 0 };
      },
    });
    await death;
    const outcomes = results.flatMap((result) => result.outcomes);
    const attempts = outcomes.reduce((sum, outcome) => sum + (Number.isNaN(outcome.attempts) ? 1 : outcome.attempts), 0);
    return { outcomes, attempts, afterDeath };
  },
  rows: (figures) => [
    ['requests', String(figures.outcomes.length)],
    ['of that, after the death', String(figures.afterDeath)],
    ['answered', String(figures.outcomes.filter(({ ok }) => ok).length)],
    ['failed before the first token', String(beforeOutput(figures).length)],
    ['broken off in mid-stream', String(midStream(figures).length)],
    ['failures that clients saw', failureMix(figures.outcomes)],
  ],
  judge: (figures) => [
    verdict('no client sees it before the first token', beforeOutput(figures).length, { limit: 0, format: (count) => `${count} saw it` }),
    verdict('extra requests at most 10 %', figures.attempts / figures.outcomes.length - 1, { limit: 0.1, format: asPercent }),
  ],
});
