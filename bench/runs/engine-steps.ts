/**
 * What a durable step costs: the run engine on a real state directory, with a model that answers at once and a tool that does nothing.
 * Run as `node engine-steps.ts RUNS STEPS-PER-RUN STATE-DIRECTORY`; prints JSON.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../packages/server/src/core/clock.ts';
import { createIds } from '../../packages/server/src/core/ids.ts';
import { createLog } from '../../packages/server/src/core/log.ts';
import { createRunEngine } from '../../packages/server/src/runs/engine/engine.ts';
import type { Agent, ModelCaller } from '../../packages/server/src/runs/engine/contract.ts';
import { createJournal } from '../../packages/server/src/runs/journal/journal.ts';
import type { Tool } from '../../packages/server/src/runs/tools/contract.ts';
import { openState } from '../../packages/server/src/storage/index.ts';

const [, , runsText, stepsText, directory = ''] = process.argv;
const [runs, stepsPerRun] = [Number(runsText), Number(stepsText)];
/** Of each result, as in the figures of others. */
const payload = 'x'.repeat(2048);
const limits = { steps: 1e6, tokens: 1e12, usd: 1e9, timeMs: 1e9, children: 0, depth: 0 };
const agent: Agent = { id: 'main', model: 'none', instructions: '', limits };

/** Half of the steps are answers with a call, the other half its results. */
const callModel: ModelCaller = async function* answer({ messages }) {
  const answers = messages.filter(({ role }) => role === 'assistant').length;
  if (answers * 2 < stepsPerRun - 1)
    yield { kind: 'toolCall', call: { callId: `c${answers}`, name: 'note', argumentsText: `{"n":${answers}}` } };
  yield { kind: 'end', finishReason: 'stop', use: null };
};
let results = 0;
const note: Tool = {
  ...{ name: 'note', description: 'notes', parameters: { type: 'object' }, effect: 'once' },
  run: async () => ({ isError: false, text: `${(results += 1)} ${payload}` }),
};

const state = await openState(directory, { clock: systemClock });
const log = createLog({ clock: systemClock, destinations: [], level: 'silent' });
const engine = createRunEngine({
  journal: createJournal({ database: state.database, clock: systemClock }),
  ...{ clock: systemClock, ids: createIds(), log, owner: 'bench', callModel },
  agents: { get: () => agent, list: () => [agent] },
  toolbox: { list: async () => [note], policy: () => 'allow', close: async () => {} },
  window: { fit: (messages) => ({ kind: 'fits', messages, tokens: 0 }) },
  windowOf: () => ({ contextTokens: 1e9, answerTokens: 0 }),
  defaultModel: () => 'none',
  history: async () => [],
  workspaceOf: async () => directory,
  isContextOverflow: () => false,
  limits: { underWay: runs, waiting: runs * 2 },
});
await engine.start();
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const startedMs = performance.now();
const ids = await Promise.all(
  Array.from({ length: runs }, async () => (await engine.create({ input: 'go' }, { kind: 'api', by: 'bench' })).run.id),
);
const never = new AbortController().signal;
const ends = await Promise.all(
  ids.map(async (id) => {
    for await (const event of engine.events(id, 0, never)) if (event.kind === 'run.finished') return true;
    return false;
  }),
);
const seconds = (performance.now() - startedMs) / 1000;
const steps = (await Promise.all(ids.map(async (id) => (await engine.get(id)).steps))).reduce((sum, one) => sum + one, 0);
console.log(
  JSON.stringify({
    runs,
    steps,
    seconds,
    stepsPerSecond: steps / seconds,
    msPerStep: (seconds * 1000) / (steps / runs),
    loopP99Ms: delay.percentile(99) / 1e6 - 5,
    ended: ends.every(Boolean),
  }),
);
delay.disable();
await engine.close();
await state.close();
