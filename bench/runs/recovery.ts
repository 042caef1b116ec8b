/**
 * How soon a gateway serves again that has many runs on record: fills a state directory with runs that ended and runs that wait for their turn, and
 * then measures, in a process of its own, opening the state, the engine's start, and taking up every open run. Run as
 * `node recovery.ts fill|open STATE-DIRECTORY ENDED OPEN`; `open` prints JSON.
 */
import { systemClock } from '../../packages/server/src/core/clock.ts';
import { createIds } from '../../packages/server/src/core/ids.ts';
import { createLog } from '../../packages/server/src/core/log.ts';
import type { Agent } from '../../packages/server/src/runs/engine/contract.ts';
import { createRunEngine } from '../../packages/server/src/runs/engine/engine.ts';
import { createJournal } from '../../packages/server/src/runs/journal/journal.ts';
import { openState } from '../../packages/server/src/storage/index.ts';

const startedMs = performance.now();
const [, , what, directory = '', ...counts] = process.argv;
const [ended = 0, open = 0] = counts.map(Number);
const limits = { steps: 100, tokens: 1e9, usd: 1e9, timeMs: 1e9, children: 0, depth: 0 };
const agent: Agent = { id: 'main', model: 'none', instructions: '', limits };
const state = await openState(directory, { clock: systemClock });
const openedMs = performance.now();
const journal = createJournal({ database: state.database, clock: systemClock });
const ids = createIds();

async function fill(): Promise<void> {
  const text = 'x'.repeat(1024);
  await inGroups(ended + open, async (index) => {
    const runId = ids.run();
    const created = {
      ...({
        kind: 'run.created',
        agentId: 'main',
        sessionKey: `s${index}`,
        input: text,
        origin: { kind: 'api', by: 'bench' },
        limits,
      } as const),
      ...{ model: null, parentRunId: null, forkedFrom: null },
    };
    await journal.create({ id: runId, idempotencyKey: undefined, requestHash: 'h', created });
    const lease = await journal.acquire(runId, 'gateway', 30_000);
    if (!lease) throw new Error('somebody else has the run');
    const started = {
      kind: 'step.started',
      step: 1,
      stepKind: 'model',
      name: 'none',
      attempt: 1,
      effect: 'idempotent',
      inputHash: 'h',
      idempotencyKey: 'k',
    } as const;
    await journal.append(lease, [{ kind: 'run.resumed', epoch: lease.epoch, reason: 'started' }, started]);
    if (index >= ended) return;
    const result = { text, toolCalls: [], finishReason: 'stop' };
    await journal.append(lease, [
      { kind: 'step.finished', step: 1, attempt: 1, result, use: null },
      { kind: 'run.finished', output: { text } },
    ]);
  });
}

async function inGroups(count: number, action: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 200) {
    await Promise.all(Array.from({ length: Math.min(200, count - from) }, (_, offset) => action(from + offset)));
  }
}

async function takeUp(): Promise<void> {
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const engine = createRunEngine({
    ...{ journal, clock: systemClock, ids, owner: 'gateway' },
    log: createLog({ clock: systemClock, destinations: [], level: 'silent' }),
    async *callModel() {
      asked += 1;
      if (asked === open) resolve();
      yield { kind: 'end', finishReason: 'stop', use: null };
    },
    agents: { get: () => agent, list: () => [agent] },
    toolbox: { list: async () => [], policy: () => 'allow', close: async () => {} },
    window: { fit: (messages) => ({ kind: 'fits', messages, tokens: 0 }) },
    windowOf: () => ({ contextTokens: 1e9, answerTokens: 0 }),
    defaultModel: () => 'none',
    history: async () => [],
    workspaceOf: async () => directory,
    isContextOverflow: () => false,
  });
  await engine.start();
  const servingMs = performance.now();
  if (open > 0) await all;
  const doneMs = performance.now();
  console.log(JSON.stringify({ openMs: openedMs - startedMs, servingMs: servingMs - startedMs, takenUpMs: doneMs - startedMs, asked }));
  await engine.close();
}

if (what === 'fill') await fill();
else await takeUp();
// Killed, as a crash does it: nothing is closed in order.
if (what === 'fill') process.kill(process.pid, 'SIGKILL');
await state.close();
