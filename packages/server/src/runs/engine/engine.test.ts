import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/protocol';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { foldRun } from '../journal/fold.ts';
import { countingTool, createWorld, type Script } from './world.fixture.ts';

const origin = { kind: 'api', by: 'gateway' } as const;
const talk: Script = () => ({ text: 'Hello from the model.' });
/** One call after the other, then an answer. */
const callsThenDone =
  (...calls: readonly string[]): Script =>
  (answers) =>
    answers < calls.length ? { text: 'working', calls: [[calls[answers]!, { n: answers }]] } : { text: 'all done' };
const kindsOf = (events: readonly RunEvent[]): string[] => events.filter(({ kind }) => kind !== 'step.delta').map(({ kind }) => kind);

test('a run asks its model, streams what it says, and ends with it', async () => {
  await using world = await createWorld({ script: talk });
  const { run } = await world.engine.create({ input: 'hi' }, origin);
  const view = await world.settled(run.id);
  assert.equal(view.status, 'finished');
  assert.deepEqual(view.output, { text: 'Hello from the model.', finishReason: 'stop' });
  const events = await world.events(run.id);
  assert.deepEqual(kindsOf(events), ['run.created', 'run.resumed', 'step.started', 'step.finished', 'run.finished']);
  const text = events.map((event) => (event.kind === 'step.delta' ? event.text : '')).join('');
  assert.equal(text, 'Hello from the model.');
  assert.deepEqual(world.asked[0]?.messages, [
    { role: 'system', text: 'You are careful.' },
    { role: 'user', text: 'hi' },
  ]);
  assert.deepEqual(foldRun(events), view);
});

test('calls of tools are made in their order, each once, and the model is told what came of them', async () => {
  const tools = [countingTool('look', 'read'), countingTool('send', 'once')];
  await using world = await createWorld({ script: callsThenDone('look', 'send', 'look'), tools });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await world.settled(run.id);
  assert.deepEqual([view.status, view.steps], ['finished', 7]);
  assert.deepEqual(
    tools.map(({ calls }) => calls.length),
    [2, 1],
  );
  assert.deepEqual(
    world.asked.at(-1)?.messages.map(({ role }) => role),
    ['system', 'user', 'assistant', 'tool', 'assistant', 'tool', 'assistant', 'tool'],
  );
  assert.equal(view.use.inputTokens, 40);
});

test('a tool that asks parks the run until somebody answers, also after a restart; the first answer counts', async () => {
  const send = countingTool('send', 'once');
  await using world = await createWorld({ script: callsThenDone('send'), tools: [send], policy: () => 'ask' });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const parked = await world.settled(run.id);
  assert.deepEqual([parked.status, parked.waitsFor?.kind, send.calls.length], ['parked', 'approval', 0]);
  await world.engine.close();
  await world.restart();
  await world.engine.resolveApproval({ runId: run.id }, { approved: true, by: 'me' });
  assert.equal((await world.settled(run.id)).status, 'finished');
  assert.equal(send.calls.length, 1);
  const approvalId = parked.waitsFor?.kind === 'approval' ? parked.waitsFor.approvalId : '';
  await assert.rejects(world.engine.resolveApproval({ runId: run.id, approvalId }, { approved: false, by: 'you' }), {
    code: 'approval_resolved',
  });
  await assert.rejects(world.engine.resolveApproval({ runId: run.id, approvalId: 'none' }, { approved: true, by: 'you' }), {
    code: 'approval_not_found',
  });
});

test('a refused call is told to the model and not made', async () => {
  const send = countingTool('send', 'once');
  await using world = await createWorld({ script: callsThenDone('send'), tools: [send], policy: () => 'ask' });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await world.settled(run.id);
  await world.engine.resolveApproval({ runId: run.id }, { approved: false, by: 'me', note: 'too dear' });
  await world.settled(run.id);
  assert.equal(send.calls.length, 0);
  assert.match(JSON.stringify(world.asked.at(-1)?.messages), /refused by me: too dear/);
});

test('what a model does wrong is told to it: a tool that there is not, one that it may not use, arguments that are none', async () => {
  const tools = [countingTool('secret', 'once')];
  const script: Script = (answers) =>
    answers === 0
      ? {
          calls: [
            ['nothing', {}],
            ['secret', {}],
          ],
        }
      : { text: 'sorry' };
  await using world = await createWorld({ script, tools, policy: () => 'deny' });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await world.settled(run.id)).status, 'finished');
  const told = world.asked[1]?.messages.filter(({ role }) => role === 'tool').map((message) => ('text' in message ? message.text : ''));
  assert.deepEqual(told, ['there is no tool nothing', 'the tool secret may not be used here']);
});

test('the same key is the same run, and a session has one run at a time', async () => {
  let underWay = 0;
  let most = 0;
  const busy = countingTool('busy', 'read', {
    async run() {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return { isError: false, text: 'done' };
    },
  });
  await using world = await createWorld({ script: callsThenDone('busy', 'busy'), tools: [busy] });
  const create = (key: string) => world.engine.create({ input: key, session: 'agent:main:one', idempotencyKey: key }, origin);
  const [one, again, two] = [await create('a'), await create('a'), await create('b')];
  assert.deepEqual([again.isKnown, again.run.id], [true, one.run.id]);
  await world.settled(one.run.id);
  await world.settled(two.run.id);
  assert.equal(most, 1);
});

test('limits end a run in an orderly way with what it has so far', async () => {
  await using world = await createWorld({
    script: (answers) => ({ text: `answer ${answers}`, calls: [['look', { answers }]] }),
    tools: [countingTool('look', 'read')],
  });
  const { run } = await world.engine.create({ input: 'go', limits: { steps: 5 } }, origin);
  const view = await world.settled(run.id);
  assert.deepEqual([view.status, view.steps], ['finished', 5]);
  assert.match(JSON.stringify(view.output), /answer 2.*"stoppedBy":"5 steps"/);
});

test('a call that has the same result again and again is pointed out, and ends the run in the end', async () => {
  await using world = await createWorld({ script: () => ({ calls: [['look', {}]] }), tools: [countingTool('look', 'read')] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await world.settled(run.id);
  assert.match(JSON.stringify(view.output), /again and again/);
  assert.ok(world.asked.some(({ messages }) => JSON.stringify(messages).includes('has had the same result 3 times')));
});

test('a run can be cancelled while it works, while it waits and while it is queued', async () => {
  const hang = countingTool('hang', 'read', {
    run: ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })),
  });
  await using world = await createWorld({ script: callsThenDone('hang'), tools: [hang] });
  const session = 'agent:main:one';
  const working = await world.engine.create({ input: 'a', session }, origin);
  const queued = await world.engine.create({ input: 'b', session }, origin);
  for await (const event of world.engine.events(working.run.id, 0, new AbortController().signal))
    if (event.kind === 'step.started' && event.name === 'hang') break;
  await world.engine.cancel(queued.run.id, 'me');
  await world.engine.cancel(working.run.id, 'me', 'enough');
  for (const { run } of [working, queued]) assert.equal((await world.settled(run.id)).status, 'cancelled');
  await assert.rejects(world.engine.cancel(working.run.id, 'me'), { code: 'run_ended' });
});

test('a model that fails ends the run with what it said; tried again, the run goes on where it failed', async () => {
  let broken = true;
  const script: Script = (answers) => {
    if (answers === 1 && broken) throw new OpenClawError('internal_error', { details: { requestId: 'r' } });
    return answers === 0 ? { calls: [['look', {}]] } : { text: 'now it works' };
  };
  const look = countingTool('look', 'once');
  await using world = await createWorld({ script, tools: [look] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const failed = await world.settled(run.id);
  assert.deepEqual([failed.status, failed.error?.code], ['failed', 'internal_error']);
  broken = false;
  await world.engine.retry(run.id, 'me');
  const view = await world.settled(run.id);
  assert.deepEqual([view.status, look.calls.length], ['finished', 1]);
  await assert.rejects(world.engine.retry(run.id, 'me'), { code: 'run_not_failed' });
});

test('a fork has the history up to its point and goes its own way', async () => {
  let second = 'one way';
  const script: Script = (answers) => (answers === 0 ? { calls: [['look', {}]] } : { text: second });
  const look = countingTool('look', 'once');
  await using world = await createWorld({ script, tools: [look] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await world.settled(run.id);
  const events = await world.events(run.id);
  const afterTool = events.findLast(
    ({ kind }) => kind === 'step.finished' && events.some((event) => event.kind === 'step.started' && event.stepKind === 'tool'),
  )!;
  second = 'another way';
  const toolEnd = events.find((event) => event.kind === 'step.finished' && event.step === 2)!;
  const fork = await world.engine.fork(run.id, toolEnd.seq, origin);
  const view = await world.settled(fork.id);
  assert.match(JSON.stringify(view.output), /another way/);
  assert.deepEqual([view.forkedFrom, look.calls.length], [{ runId: run.id, seq: toolEnd.seq }, 1]);
  assert.ok(afterTool);
});

test('a disk that is full in the middle of a run holds it up and takes nothing from it; with room again it goes on', async () => {
  const send = countingTool('send', 'once', {
    async run() {
      sent += 1;
      world.fillDisk(3);
      return { isError: false, text: 'sent' };
    },
  });
  let sent = 0;
  await using world = await createWorld({ script: callsThenDone('send', 'send'), tools: [send] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await world.settled(run.id);
  assert.deepEqual([view.status, sent], ['finished', 2], 'what was done is written down once there is room, and not done again');
});

test('when old runs are forgotten, what they left outside of the journal is removed', async () => {
  const hourly: (() => void)[] = [];
  const { promise: swept, resolve } = Promise.withResolvers<void>();
  const clock: typeof systemClock = {
    ...systemClock,
    every(ms, action) {
      if (ms === 60 * 60_000) hourly.push(action);
      return systemClock.every(ms, action);
    },
  };
  await using _world = await createWorld({ script: talk, engine: { clock, sweep: async () => resolve() } });
  for (const action of hourly) action();
  await swept;
});

test('what is said to a run from outside has a bound, since it stands in the journal', async () => {
  await using world = await createWorld({ script: talk });
  const { run } = await world.engine.create({ input: 'hi' }, origin);
  const large = 'x'.repeat(64 * 1024);
  await assert.rejects(world.engine.signal(run.id, { name: 'go', payload: large }, 'me'), { code: 'invalid_request', param: 'payload' });
  const decision = { kind: 'done', result: large } as const;
  await assert.rejects(world.engine.resolveOutcome({ runId: run.id, step: 1 }, decision, 'me'), { code: 'invalid_request' });
  assert.equal((await world.settled(run.id)).status, 'finished');
});

test('the same key is the same run where all that was asked is the same, the deadline too', async () => {
  await using world = await createWorld({ script: talk });
  const asked = { input: 'hi', idempotencyKey: 'mine', deadlineMs: systemClock.now() + 60_000 };
  const { run } = await world.engine.create(asked, origin);
  assert.deepEqual((await world.engine.create(asked, origin)).run.id, run.id);
  const { deadlineMs, ...without } = asked;
  for (const other of [without, { ...asked, deadlineMs: deadlineMs + 1 }, { ...asked, input: 'ho' }])
    await assert.rejects(world.engine.create(other, origin), { code: 'idempotency_key_reused' });
  await world.settled(run.id);
});

const unpriced = (model: string): void => {
  if (model !== 'priced') throw new OpenClawError('price_unknown', { details: { target: model, usd: 1 } });
};

test('a limit of money that somebody has set refuses models without a price, also one that came later; the usual limit does not', async () => {
  const script: Script = (answers) => (answers === 0 ? { calls: [['look', {}]] } : { text: 'done' });
  await using world = await createWorld({ script, tools: [countingTool('look', 'read')], engine: { checkPrice: unpriced } });
  const usual = await world.engine.create({ input: 'hi' }, origin);
  assert.equal((await world.settled(usual.run.id)).status, 'finished');
  await assert.rejects(world.engine.create({ input: 'hi', limits: { usd: 1 } }, origin), { code: 'price_unknown' });
  let model = 'priced';
  const get = () => ({ id: 'main', model, instructions: '', limits: { ...usual.run.limits, pricedOnly: true as const } });
  const look = countingTool('look', 'read', { run: async () => ({ isError: false, text: (model = 'unpriced') }) });
  await world.engine.close();
  const toolbox = { list: async () => [look], policy: () => 'allow' as const, close: async () => {} };
  await world.restart({ agents: { get, list: () => [get()] }, toolbox });
  const { run } = await world.engine.create({ input: 'hi' }, origin);
  const view = await world.settled(run.id);
  assert.deepEqual([view.status, view.error?.code], ['failed', 'price_unknown']);
  assert.deepEqual(
    world.asked.filter(({ runId }) => runId === run.id).map((request) => request.model),
    ['priced'],
  );
});

test('where the cost of a part is not known, the rest counts against the limit all the same', async () => {
  const script: Script = (answers) => ({ calls: [['look', { answers }]], costNanoUsd: answers === 0 ? null : 0.4e9 });
  await using world = await createWorld({ script, tools: [countingTool('look', 'read')], agent: { limits: { ...limits, usd: 1 } } });
  const { run } = await world.engine.create({ input: 'hi' }, origin);
  const view = await world.settled(run.id);
  assert.match(JSON.stringify(view.output), /"stoppedBy":"US\$ 1"/);
  assert.deepEqual([view.use.costNanoUsd, view.knownCostNanoUsd], [null, 1.2e9]);
});

const limits = { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 20, depth: 3 };

test('two processes on one store: the second takes up what the first lost, and the first writes nothing more', async () => {
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const slow = countingTool('slow', 'once', {
    async run() {
      calls += 1;
      await gate.promise;
      return { isError: false, text: 'done' };
    },
    reconcile: async () => ({ isError: false, text: 'it was done' }),
  });
  // Whoever pauses for longer than its lease does not know that it did.
  const limits = { leaseMs: 30, lookMs: 10 };
  const paused = { ...systemClock, every: () => ({ cancel: () => {} }) };
  await using world = await createWorld({ script: callsThenDone('slow'), tools: [slow], engine: { owner: 'one', limits, clock: paused } });
  const one = world.engine;
  const { run } = await one.create({ input: 'go' }, origin);
  for await (const event of one.events(run.id, 0, new AbortController().signal))
    if (event.kind === 'step.started' && event.name === 'slow') break;
  const two = await world.restart({ owner: 'two', limits, clock: systemClock });
  // Of another process: its events are read, not told.
  while ((await two.get(run.id)).status !== 'finished') await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await one.close();
  const events = await world.events(run.id);
  assert.equal(calls, 1);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'run.resumed').map((event) => ('epoch' in event ? event.epoch : 0)),
    [1, 2],
  );
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  assert.equal(events.filter(({ kind }) => kind === 'run.finished').length, 1);
});

test('fairness: sessions with one run each are through before the hundredth run of a noisy one', async () => {
  await using world = await createWorld({ script: talk, engine: { limits: { underWay: 4 } } });
  const noisy = Array.from({ length: 40 }, (_, index) => world.engine.create({ input: `${index}`, session: 'agent:main:noisy' }, origin));
  const quiet = Array.from({ length: 40 }, (_, index) =>
    world.engine.create({ input: `${index}`, session: `agent:main:quiet${index}` }, origin),
  );
  const [loud, others] = await Promise.all([Promise.all(noisy), Promise.all(quiet)]);
  const endOf = async ({ run }: (typeof loud)[number]): Promise<number> => (await world.settled(run.id)).endedAtMs ?? 0;
  const ends = { loud: await Promise.all(loud.map(endOf)), others: await Promise.all(others.map(endOf)) };
  assert.ok(Math.max(...ends.others) <= Math.max(...ends.loud));
});
