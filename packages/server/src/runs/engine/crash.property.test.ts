/**
 * The promise of durable runs: a call that is finished is never repeated, one whose outcome is unknown is never repeated blindly, and nobody who
 * follows misses anything or sees it twice. Processes die at random writes here; `npm run crash-test` kills real ones.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '@openclaw/protocol';
import { foldRun } from '../journal/fold.ts';
import { progressOf, type ModelResult } from './progress.ts';
import { countingTool, createWorld, type Script, type World } from './world.fixture.ts';

const death = fc.record({ write: fc.integer({ min: 1, max: 30 }), moment: fc.constantFrom<Death['moment']>('before', 'after') });
const origin = { kind: 'api', by: 'gateway' } as const;
const names = ['look', 'put', 'send'] as const;
const turns = 10;
/** Twenty steps and one: ten answers with a call each, and the last answer. */
const script: Script = (answers) =>
  answers < turns ? { text: `thinking about step ${answers}`, calls: [[names[answers % 3]!, { answers }]] } : { text: 'it is done' };

interface Death {
  readonly write: number;
  readonly moment: 'before' | 'after';
}

/** Follows across deaths, going on after the last number that it saw. */
async function followAll(world: World, runId: string, deaths: readonly Death[]): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  for (const death of [...deaths, undefined]) {
    if (death) world.killAtWrite(death.write, death.moment);
    for await (const event of whileAlive(world, world.engine.events(runId, seen.at(-1)?.seq ?? 0, new AbortController().signal))) {
      seen.push(event);
      if (event.kind === 'run.parked') await decide(world, event);
    }
    if (!world.isDead) break;
    await world.restart();
    const last = seen.at(-1);
    if (last?.kind === 'run.parked') await decide(world, last);
  }
  return seen;
}

async function* whileAlive(world: World, events: AsyncIterable<RunEvent>): AsyncGenerator<RunEvent, undefined> {
  const iterator = events[Symbol.asyncIterator]();
  const { died } = world;
  for (;;) {
    const next = await Promise.race([iterator.next(), died]);
    if (!next || next.done === true) return undefined;
    yield next.value;
  }
}

/** As an operator does who looks whether it happened. */
async function decide(world: World, { runId, waitsFor }: Extract<RunEvent, { readonly kind: 'run.parked' }>): Promise<void> {
  // A child ends by itself.
  if (waitsFor.kind === 'child') return;
  assert.equal(waitsFor.kind, 'outcome');
  const step = waitsFor.kind === 'outcome' ? waitsFor.step : 0;
  const decision = sendKeys.has(`${runId}/${step}`) ? ({ kind: 'done', result: 'send done' } as const) : ({ kind: 'repeat' } as const);
  await Promise.race([world.engine.resolveOutcome({ runId, step }, decision, 'me').catch(isDecided), world.died]);
}

/** The decision got into the journal before the process died, and its run is on its way again. */
function isDecided(thrown: unknown): void {
  assert.equal((thrown as { readonly code?: string }).code, 'outcome_not_open');
}

/** What the outside world has counted. */
const sendKeys = new Map<string, number>();

test('property: whatever dies and when, no step is lost, no call of effect once is repeated, and every stream is complete', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(death, { maxLength: 5 }), async (deaths) => {
      sendKeys.clear();
      const put = new Map<string, number>();
      const count =
        (counts: Map<string, number>) =>
        async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
          counts.set(idempotencyKey, (counts.get(idempotencyKey) ?? 0) + 1);
          return { isError: false, text: 'done' };
        };
      const tools = [
        countingTool('look', 'read'),
        countingTool('put', 'idempotent', { run: count(put) }),
        countingTool('send', 'once', { run: count(sendKeys) }),
      ];
      await using world = await createWorld({ script, tools });
      const { run } = await world.engine.create({ input: 'go', session: 'agent:main:s' }, origin);
      const seen = await followAll(world, run.id, deaths);

      const events = await world.events(run.id);
      const view = await world.setup.again().view(run.id);
      assert.equal(view.status, 'finished');
      assert.deepEqual(seen, events, 'whoever followed saw every event once and in order');
      assert.deepEqual(foldRun(events), view);
      assert.equal(JSON.stringify(view.output).includes('it is done'), true);
      for (const [key, times] of sendKeys) assert.equal(times, 1, `${key} of effect once was made ${times} times`);
      assert.equal(sendKeys.size, 3);
      // Each of the twenty steps has one result, and what was shown of its last attempt is that result.
      const results = events.filter((event) => event.kind === 'step.finished');
      assert.deepEqual(
        results.map(({ step }) => step),
        Array.from({ length: 21 }, (_, index) => index + 1),
      );
      for (const { step, attempt, result } of results.filter((event) => event.step % 2 === 1)) {
        const shown = events
          .map((event) => (event.kind === 'step.delta' && event.step === step && event.attempt === attempt ? event.text : ''))
          .join('');
        assert.equal(shown, (result as ModelResult).text);
      }
      assert.equal(progressOf(events).openStep, undefined);
    }),
    { numRuns: 60 },
  );
});

/** The run hands on three tasks, the first of them to one that hands on another. */
const handingOn: Script = (answers, { model, messages }) => {
  const ask = (agent: string, task: string) => ({ text: `asking ${agent}`, calls: [['agent', { agent, task }]] as const });
  if (model === 'deep') return answers === 0 ? ask('helper', 'from the deep') : { text: 'the deep is done' };
  if (model === 'helper') return answers === 0 ? { calls: [['put', {}]] } : { text: `helped with ${JSON.stringify(messages[1])}` };
  return answers < 3 ? ask(answers === 0 ? 'deep' : 'helper', `task ${answers}`) : { text: 'it is done' };
};

test('property: whatever dies and when, each task is done by one run, once, and its parent has the answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(death, { maxLength: 5 }), async (deaths) => {
      const put = countingTool('put', 'idempotent');
      await using world = await createWorld({ script: handingOn, tools: [put], helpers: [{ id: 'deep' }, { id: 'helper' }] });
      const { run } = await world.engine.create({ input: 'go' }, origin);
      const seen = await followAll(world, run.id, deaths);

      const journal = world.setup.again();
      const events = await world.events(run.id);
      assert.deepEqual(seen, events, 'whoever followed saw every event once and in order');
      const view = await journal.view(run.id);
      assert.equal(view.status, 'finished');
      assert.deepEqual(foldRun(events), view);
      const all = await journal.list({ limit: 100 });
      assert.deepEqual(
        all.map(({ input, status }) => `${input}: ${status}`).toSorted(),
        ['from the deep', 'go', 'task 0', 'task 1', 'task 2'].map((input) => `${input}: finished`),
      );
      assert.equal(new Set(put.calls).size, 3, 'an attempt that was cut is made again with the same key');
      const answers = events.flatMap((event) => (event.kind === 'step.finished' && event.child ? [JSON.stringify(event.result)] : []));
      assert.equal(answers.length, 3);
      for (const [index, words] of ['the deep is done', 'task 1', 'task 2'].entries()) assert.ok(answers[index]?.includes(words));
      // Four answers of its own, two of the one in the middle, two of each of three helpers.
      assert.equal(view.use.inputTokens, 10 * (4 + 2 + 3 * 2), 'what children used counts once');
    }),
    { numRuns: 30 },
  );
});
