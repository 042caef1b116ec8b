/** A task of many steps, one of which thinks for longer than anything on the way has patience. */
import { verdict } from '../../bench.ts';
import { promptFor } from '../behaviour.ts';
import { type Outcome, runAgents } from '../client.ts';
import { failureMix } from '../failures.ts';
import { startIdleCutter } from '../idle-cutter.ts';
import { scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const steps = 15;

interface Plan {
  /** The proxy cuts what is silent for so long. */
  readonly cutMs: number;
  /** How long the provider says nothing in the silent step. */
  readonly silenceMs: number;
  /** A stream of the other steps lasts this long. */
  readonly stepMs: number;
}

interface Figures {
  readonly outcomes: readonly Outcome[];
  readonly cut: number;
  readonly plan: Plan;
  readonly minutes: number;
}

async function measure(stage: Stage, plan: Plan): Promise<Figures> {
  const deltas = 10;
  const upstream = await stage.upstream({ deltas, paceMs: plan.stepMs / deltas });
  const patient = '20m';
  const timeouts = { firstByteMs: patient, idleMs: patient };
  const front = await stage.front([upstream], { provider: { timeouts } });
  await using cutter = await startIdleCutter(front.address.port, plan.cutMs);
  const silent = promptFor({ faults: [{ kind: 'silence', at: 'accept', ms: plan.silenceMs }] });
  const pausing = promptFor({ faults: [{ kind: 'silence', at: 'stream', after: deltas / 2, ms: plan.silenceMs }] });
  const startedMs = performance.now();
  // Two agents at once: one meets the silence before the first token, the other in the middle of a stream.
  const results = await runAgents({
    agents: 2,
    steps,
    persistence: { tries: 1, pauseMs: 0 },
    addressOf: () => ({ ...front.address, port: cutter.port }),
    question: (agent, step) => ({ prompt: step === 7 ? (agent === 0 ? silent : pausing) : 'What next?', stream: true }),
  });
  const minutes = (performance.now() - startedMs) / 60_000;
  return { outcomes: results.flatMap(({ outcomes }) => outcomes), cut: cutter.cut, plan, minutes };
}

const shape = {
  relay: 'bare relay',
  rows: ({ outcomes, cut, plan, minutes }: Figures) =>
    [
      ['steps answered', `${outcomes.filter(({ ok }) => ok).length} of ${2 * steps}`],
      ['failures that agents saw', failureMix(outcomes)],
      ['connections cut by the proxy', String(cut)],
      ['signs of life in the silent steps', String(outcomes.reduce((sum, { heartbeats }) => sum + heartbeats, 0))],
      ['silence, and the proxy’s patience', `${plan.silenceMs / 1000} s, ${plan.cutMs / 1000} s`],
      ['duration', `${minutes.toFixed(1)} min`],
    ] as const,
  judge: ({ outcomes }: Figures) => [
    verdict('no connection drops', outcomes.filter(({ ok }) => !ok).length, { limit: 0, format: (count) => `${count} dropped` }),
  ],
} as const;

const what =
  `Two agents take ${steps} streamed steps each, tried once, through a proxy that cuts connections on which nothing has passed for a while. In the eighth step the provider is silent: for one agent ` +
  'before its first byte, for the other in the middle of its stream. The gateway’s own patience with the provider is set to 20 minutes (`firstByteMs` is one minute and `idleMs` two by default, and would end such a step).';

export const longRunningTimeout = scenario<Figures>({
  ...shape,
  name: 'long-running-timeout',
  shows: 'A step that takes so long that something between cuts the connection. The short form.',
  method: `${what} The proxy’s patience is 20 s, the silence 50 s, the gateway’s heartbeat its real 15 s.`,
  measure: (stage) => measure(stage, { cutMs: 20_000, silenceMs: 50_000, stepMs: stage.quick ? 500 : 2000 }),
});

export const longRunningTimeoutReal = scenario<Figures>({
  ...shape,
  name: 'long-running-timeout-real',
  shows: 'The same in its true times: half an hour, six silent minutes, a proxy that waits for one.',
  method: `${what} The proxy’s patience is 60 s, the silence six minutes, the other steps last 100 s each (1 s with \`--quick\`).`,
  byHand: true,
  measure: (stage) => measure(stage, { cutMs: 60_000, silenceMs: 360_000, stepMs: stage.quick ? 1000 : 100_000 }),
});
