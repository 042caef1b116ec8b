/** Agents whose prompts grow to 100,000 tokens, and then a burst of such prompts, before a process that may take 512 MiB. */
import { asMegabytes, asPercent, verdict } from '../../bench.ts';
import { ask, type Outcome, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { memoryGroupsMissing } from '../memory-group.ts';
import { scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const agents = 10;
const steps = 20;
const limitMiB = 512;
const burst = 1000;
/** Four bytes a token, as everybody estimates English. */
const largestBytes = 400_000;

interface Figures {
  readonly grown: readonly Outcome[];
  readonly burst: readonly Outcome[];
  readonly mostBytes: number;
  readonly ended: string | undefined;
  readonly answersAfterwards: boolean;
}

const answered = (outcomes: readonly Outcome[]): number => outcomes.filter(({ ok }) => ok).length;

const rude = (figures: Figures): number =>
  figures.burst.filter(({ ok, status, retryAfter }) => !ok && !((status === 429 || status === 503) && retryAfter !== undefined)).length;

async function measure(stage: Stage, { warm, answerMs }: { readonly warm: boolean; readonly answerMs: number }): Promise<Figures> {
  const missing = memoryGroupsMissing();
  if (missing !== '') throw new Error(`this scenario needs a control group: ${missing}`);
  const upstream = await stage.upstream({ latency: { p50Ms: 50, p95Ms: 80, p99Ms: 100 } });
  const front = await stage.front([upstream], {
    memoryLimitMiB: limitMiB,
    provider: { concurrency: { initial: 32, max: 32 } },
    models: { queue: { maxWaiting: 1000, maxWaitMs: 30_000 } },
  });
  const grown = await runAgents({
    agents: warm ? agents : 0,
    steps,
    persistence: { tries: 1, pauseMs: 0 },
    addressOf: () => front.address,
    question: (agent, step) => ({ prompt: promptOf(agent, ((step + 1) * largestBytes) / steps), patienceMs: 30_000 }),
  });
  await upstream.behave({ latency: { p50Ms: answerMs, p95Ms: answerMs * 1.1, p99Ms: answerMs * 1.2 } });
  const requests = Array.from({ length: burst }, (_, at) => ask(front.address, { prompt: promptOf(at, largestBytes), patienceMs: 60_000 }));
  const outcomes = await Promise.all(requests);
  await upstream.behave({ latency: { p50Ms: 0, p95Ms: 0, p99Ms: 0 } });
  const afterwards = await ask(front.address, { prompt: 'Are you still there?', patienceMs: 10_000 });
  return {
    grown: grown.flatMap((result) => result.outcomes),
    burst: outcomes,
    mostBytes: front.mostMemoryBytes(),
    ended: front.ended(),
    answersAfterwards: afterwards.ok,
  };
}

const shape = {
  relay: 'bare relay',
  rows: (figures: Figures) => [
    ...(figures.grown.length === 0 ? [] : [['growing prompts answered', `${answered(figures.grown)} of ${agents * steps}`] as const]),
    ['burst answered', `${answered(figures.burst)} of ${burst}`] as const,
    ['failures in the burst', failureMix(figures.burst)] as const,
    ['most memory', asMegabytes(figures.mostBytes)] as const,
    ['the process', figures.ended === undefined ? 'lives' : `ended with ${figures.ended}`] as const,
  ],
  judge: (figures: Figures) => [
    {
      bar: 'not killed, and it answers afterwards',
      found: figures.ended ?? (figures.answersAfterwards ? 'alive' : 'does not answer'),
      holds: figures.ended === undefined && figures.answersAfterwards,
    },
    ...(figures.grown.length === 0
      ? []
      : [
          verdict('every growing prompt is answered', answered(figures.grown) / figures.grown.length, {
            limit: 1,
            atLeast: true,
            format: asPercent,
          }),
        ]),
    verdict('what it sheds gets 429 or 503 with Retry-After', rude(figures), { limit: 0, format: (count) => `${count} did not` }),
  ],
} as const;

const confined =
  `The process runs in a control group of ${limitMiB} MiB, beyond which the system kills it (the gateway from its birth; the relay joins when it has started, which spares it some 40 MB). ` +
  'The gateway’s provider is limited to 32 requests at once (`concurrency.max`) with a queue of 1,000 (30 s). Memory is what the group was charged with at most, caches of files included.';

export const gatewayIn512MiB = scenario<Figures>({
  ...shape,
  name: 'gateway-in-512-mib',
  shows: 'Contexts that swell until the system kills the process without a word.',
  method:
    `${confined} ${agents} agents take ${steps} steps each, at once; prompts grow evenly to ${largestBytes / 1000} KB, about 100,000 tokens, tried once. Then ${burst} requests of ` +
    `${largestBytes / 1000} KB come in one moment, 400 MB in all, and the provider takes 2 s to answer.`,
  measure: (stage) => measure(stage, { warm: true, answerMs: 2000 }),
});

export const coldGatewayIn512MiB = scenario<Figures>({
  ...shape,
  name: 'gateway-in-512-mib-cold',
  shows: 'The same burst before a gateway that has just started and knows nothing of its provider, which is slow.',
  method: `${confined} ${burst} requests of ${largestBytes / 1000} KB come in one moment, 400 MB in all, and the provider takes 8 s to answer.`,
  measure: (stage) => measure(stage, { warm: false, answerMs: 8000 }),
});

/** Text that differs from request to request, so that nothing is shared in memory. */
function promptOf(seed: number, bytes: number): string {
  const line = `Line of agent ${seed}: the quick brown fox jumps over the lazy dog. `;
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}
