/** What comes from outside at the worst moment: between two writes of the owner, twice, or while it lets go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunEventBody } from '@openclaw/protocol';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Journal } from '../journal/contract.ts';
import { createJournal } from '../journal/journal.ts';
import { stepStarted } from '../journal/store.fixture.ts';
import type { ConversationMessage } from './contract.ts';
import { copyForFork } from './fork.ts';
import { progressOf } from './progress.ts';
import { countingTool, createWorld, type Script, type World } from './world.fixture.ts';

const origin = { kind: 'api', by: 'gateway' } as const;
const oneCall: Script = (answers) => (answers === 0 ? { calls: [['send', {}]] } : { text: 'done' });
const never = new AbortController().signal;

/** Resolves as soon as there is such an event. */
async function first(world: World, runId: string, kind: RunEvent['kind']): Promise<RunEvent> {
  for await (const event of world.engine.events(runId, 0, never)) if (event.kind === kind) return event;
  return assert.fail(`the run ended without ${kind}`);
}

const approvalIn = (event: RunEvent): string => ('approvalId' in event ? event.approvalId : '');

const journalOf = ({ setup: { database } }: World): Journal => createJournal({ database, clock: systemClock });

/** The same journal, with something else in the place of some of what it does. */
function changed(journal: Journal, changes: Partial<Journal>): Journal {
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (...given: readonly unknown[]): unknown => Reflect.apply(value, target, given) : value;
    },
  });
}

test('an approval that is answered before the run waits for it is heeded', async () => {
  const send = countingTool('send', 'once');
  await using world = await createWorld({ script: oneCall, tools: [send], policy: () => 'ask' });
  const journal = journalOf(world);
  const answered = Promise.withResolvers<void>();
  const slow = changed(journal, {
    async append(lease, bodies) {
      const events = await journal.append(lease, bodies);
      if (bodies.some(({ kind }) => kind === 'approval.requested')) await answered.promise;
      return events;
    },
  });
  const engine = await world.restart({ journal: slow });
  const { run } = await engine.create({ input: 'go' }, origin);
  const approvalId = approvalIn(await first(world, run.id, 'approval.requested'));
  await engine.resolveApproval({ runId: run.id, approvalId }, { approved: true, by: 'me' });
  answered.resolve();
  assert.equal((await ended(world, run.id)).status, 'finished');
  assert.equal(send.calls.length, 1);
});

test('a wish to cancel that comes while a run is about to wait ends it', async () => {
  let cancelled: Promise<unknown> | undefined;
  const send = countingTool('send', 'once');
  await using world = await createWorld({
    script: oneCall,
    tools: [send],
    // Asked between the look at the journal and the write that asks for the approval.
    policy: () => {
      if (world.asked.length === 1) cancelled ??= world.engine.cancel(world.asked[0]!.runId, 'me');
      return 'ask';
    },
  });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await ended(world, run.id);
  await cancelled;
  assert.deepEqual([view.status, send.calls.length], ['cancelled', 0]);
});

/** The run once it has ended; fails where it waits for somebody instead. */
async function ended(world: World, runId: string) {
  for (;;) {
    const view = await world.engine.get(runId);
    if (view.endedAtMs !== null) return view;
    if (view.status === 'parked' && world.engine.underWay === 0) assert.fail(`it waits for ${JSON.stringify(view.waitsFor)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('of two who answer the same approval at once, one is told that it has been answered', async () => {
  await using world = await createWorld({ script: oneCall, tools: [countingTool('send', 'once')], policy: () => 'ask' });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await world.settled(run.id);
  const answers = await Promise.allSettled(
    [true, false].map((approved) => world.engine.resolveApproval({ runId: run.id }, { approved, by: `${approved}` })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal((await ended(world, run.id)).status, 'finished');
  assert.equal((await world.events(run.id)).filter(({ kind }) => kind === 'approval.resolved').length, 1);
});

test('a run that is tried again by two at once is tried again once', async () => {
  let isBroken = true;
  const script: Script = () => {
    if (isBroken) throw new OpenClawError('internal_error', { details: { requestId: 'r' } });
    return { text: 'works' };
  };
  await using world = await createWorld({ script });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await ended(world, run.id)).status, 'failed');
  isBroken = false;
  const tries = await Promise.allSettled([world.engine.retry(run.id, 'a'), world.engine.retry(run.id, 'b')]);
  assert.deepEqual(
    tries.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal((await ended(world, run.id)).status, 'finished');
});

test('an answer that comes while the run is let go of does not wait for the next look around', async () => {
  await using world = await createWorld({ script: oneCall, tools: [countingTool('send', 'once')], policy: () => 'ask' });
  const journal = journalOf(world);
  const answered = Promise.withResolvers<void>();
  const slow = changed(journal, { release: (lease) => answered.promise.then(() => journal.release(lease)) });
  const engine = await world.restart({ journal: slow, limits: { lookMs: 10 * 60_000 } });
  const { run } = await engine.create({ input: 'go' }, origin);
  await first(world, run.id, 'run.parked');
  await engine.resolveApproval({ runId: run.id }, { approved: true, by: 'me' });
  answered.resolve();
  for await (const _event of engine.events(run.id, 0, AbortSignal.timeout(3000)));
  assert.equal((await engine.get(run.id)).status, 'finished');
});

test('a fork that a crash cuts has its whole history or is not there, and repeats no call', async () => {
  for (const write of [1, 2, 3]) {
    const send = countingTool('send', 'once');
    await using world = await createWorld({ script: oneCall, tools: [send] });
    const { run } = await world.engine.create({ input: 'go' }, origin);
    const { lastSeq } = await ended(world, run.id);
    world.killAtWrite(write, 'after');
    void world.engine.fork(run.id, lastSeq, origin);
    await world.died;
    const engine = await world.restart();
    for (const { id } of await engine.list({ limit: 10 })) await ended(world, id);
    assert.deepEqual([send.calls.length, (await engine.list({ limit: 10 })).length], [1, 2]);
  }
});

test('a fork has nothing of an attempt that was only begun, though the one before it failed', () => {
  const steps: readonly RunEventBody[] = [
    stepStarted(1),
    { kind: 'step.failed', step: 1, attempt: 1, error: { code: 'x', message: 'm', hint: 'h', retryable: true } },
    stepStarted(1, 2),
  ];
  const events = steps.map((body, index): RunEvent => ({ runId: 'run_1', seq: index + 1, atMs: 0, ...body }));
  assert.deepEqual(copyForFork(events), steps.slice(0, 2));
  assert.equal(progressOf(events.slice(0, 2)).openStep, undefined);
});

test('a fork of a run that was summarised keeps its own words, though it has none of the session before', async () => {
  const earlier = Array.from({ length: 4 }, (_, index): ConversationMessage => ({ role: 'user', text: `earlier ${index}` }));
  const isFork = (sessionKey: string): boolean => sessionKey !== 'agent:main:one';
  const tooLong = (messages: readonly ConversationMessage[]): boolean =>
    messages.some((message) => 'text' in message && message.text === 'earlier 0');
  await using world = await createWorld({
    script: (answers, { tools }) => (tools.length > 0 && answers === 0 ? { calls: [['look', {}]] } : { text: 'said' }),
    tools: [countingTool('look', 'read')],
    history: async ({ sessionKey }) => (isFork(sessionKey) ? [] : earlier),
    engine: {
      window: {
        // The system message and what was said in the session before are summarised.
        fit: (messages) =>
          tooLong(messages)
            ? { kind: 'tooLong', summarise: messages.slice(1, 5), keepFrom: 5, tokens: 10 }
            : { kind: 'fits', messages, tokens: 1 },
      },
    },
  });
  const { run } = await world.engine.create({ input: 'the question', session: 'agent:main:one' }, origin);
  await ended(world, run.id);
  const looked = (await world.events(run.id)).findLast((event) => event.kind === 'step.finished' && event.step === 3);
  const fork = await world.engine.fork(run.id, looked?.seq ?? 0, origin);
  await ended(world, fork.id);
  assert.deepEqual(
    world.asked
      .at(-1)
      ?.messages.slice(-3)
      .map(({ role }) => role),
    ['user', 'assistant', 'tool'],
  );
});

test('a call whose outcome is not known is not made again where the run fails first and is tried again', async () => {
  const send = countingTool('send', 'once', {
    async run({ idempotencyKey }) {
      send.calls.push(idempotencyKey);
      world.kill();
      return { isError: false, text: 'sent' };
    },
  });
  await using world = await createWorld({ script: oneCall, tools: [send] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await world.died;
  let isBroken = true;
  const workspaceOf = async (): Promise<string> => {
    if (isBroken) throw new OpenClawError('internal_error', { details: { requestId: 'r' } });
    return '/tmp';
  };
  await world.restart({ workspaceOf });
  assert.equal((await ended(world, run.id)).status, 'failed');
  isBroken = false;
  await world.engine.retry(run.id, 'me');
  const view = await world.settled(run.id);
  assert.deepEqual([view.waitsFor, send.calls.length], [{ kind: 'outcome', step: 2 }, 1]);
});

test('a run whose time is up ends in an orderly way, however exact the timer is', async () => {
  const clock: typeof systemClock = {
    ...systemClock,
    now: () => 1_000_000,
    after: (ms, action) => systemClock.after(Math.min(ms, 20), action),
  };
  await using world = await createWorld({
    script: () => ({ text: '' }),
    engine: {
      clock,
      callModel: async function* wait({ signal }) {
        signal.throwIfAborted();
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
        yield { kind: 'text', text: '' };
      },
    },
  });
  const { run } = await world.engine.create({ input: 'go', limits: { timeMs: 20 } }, origin);
  const view = await ended(world, run.id);
  assert.deepEqual([view.status, JSON.stringify(view.output).includes('20 ms')], ['finished', true]);
});

test('a wall clock that is set forward ends no run before its time', async () => {
  let offsetMs = 0;
  const send = countingTool('send', 'once', {
    async run() {
      offsetMs = 3_600_000;
      return { isError: false, text: 'done' };
    },
  });
  const clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
  await using world = await createWorld({ script: oneCall, tools: [send], engine: { clock } });
  const { run } = await world.engine.create({ input: 'go', limits: { timeMs: 60_000 } }, origin);
  const view = await ended(world, run.id);
  assert.deepEqual(view.output, { text: 'done', finishReason: 'stop' });
});
