/** What a run writes and when: few commits, nothing that was done lost, and the order of the journal whatever comes from outside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/protocol';
import { systemClock } from '../../core/clock.ts';
import { createJournal } from '../journal/journal.ts';
import { progressOf } from './progress.ts';
import { countingTool, createWorld, type Script, type World } from './world.fixture.ts';

const origin = { kind: 'api', by: 'gateway' } as const;
const never = new AbortController().signal;
const look = countingTool('look', 'read');
const twoCalls: Script = (answers) => (answers < 2 ? { calls: [['look', { answers }]] } : {});

async function first(world: World, runId: string, isWanted: (event: RunEvent) => boolean): Promise<RunEvent> {
  for await (const event of world.engine.events(runId, 0, never)) if (isWanted(event)) return event;
  return assert.fail('the run ended without it');
}

const endOfStep =
  (step: number) =>
  (event: RunEvent): boolean =>
    event.kind === 'step.finished' && event.step === step;

test('how a step ended and how the next one begins are one commit', async () => {
  await using world = await createWorld({ script: twoCalls, tools: [look] });
  const journal = createJournal({ database: world.setup.database, clock: systemClock });
  const commits: string[] = [];
  journal.observe((events) => commits.push(events.map(({ kind }) => kind).join(' ')));
  await world.engine.close();
  await world.restart({ journal });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await world.settled(run.id)).steps, 5);
  const next = 'step.finished step.started';
  assert.deepEqual(commits, ['run.created', 'run.resumed', 'step.started', next, next, next, next, 'step.finished run.finished']);
});

test('what was done is in the journal also where what comes next takes its time', async () => {
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
  await using world = await createWorld({
    ...{ script: twoCalls, tools: [look] },
    async history() {
      // Asked before each call of the model.
      if (world.asked.length === 1) await mayGoOn;
      return [];
    },
  });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await first(world, run.id, endOfStep(2));
  goOn();
  assert.equal((await world.settled(run.id)).status, 'finished');
});

test('what comes from outside while a step ends has its place in the journal, and the model is told in that order', async () => {
  await using world = await createWorld({
    ...{ script: twoCalls },
    tools: [
      countingTool('look', 'read', {
        async run({ runId }) {
          // Committed before the result of this call can be.
          await world.engine.signal(runId, { name: 'before', payload: 1 }, 'me');
          return { isError: false, text: 'seen' };
        },
      }),
    ],
    async history({ id }) {
      if (world.asked.length === 2) await world.engine.signal(id, { name: 'after', payload: 2 }, 'me');
      return [];
    },
  });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await world.settled(run.id)).status, 'finished');
  const { messages } = progressOf(await world.events(run.id));
  assert.equal(messages.filter(({ role }) => role === 'user').length, 3);
  const told = world.asked.at(-1)?.messages ?? [];
  assert.deepEqual(told.slice(2), messages.slice(0, told.length - 2));
});

test('a process that stops between two steps has written down the one that was done', async () => {
  let closing: Promise<void> | undefined;
  await using world = await createWorld({
    ...{ script: twoCalls, tools: [look] },
    async history() {
      if (world.asked.length === 1) closing ??= world.engine.close();
      return [];
    },
  });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await first(world, run.id, endOfStep(1));
  for (;;) {
    if (closing) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closing;
  const events = await world.events(run.id);
  assert.deepEqual([events.at(-1)?.kind, endOfStep(2)(events.at(-1)!)], ['step.finished', true]);
  await world.restart();
  assert.equal((await world.settled(run.id)).status, 'finished');
});
