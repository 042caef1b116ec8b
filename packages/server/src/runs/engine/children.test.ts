/** Agents that hand tasks to others: one run for each, its budget, its end, what its parent is told, and what a crash leaves of both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunLimits, RunView } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { foldRun } from '../journal/fold.ts';
import { countingTool, createWorld, type Script, type World } from './world.fixture.ts';

const origin = { kind: 'api', by: 'key_1' } as const;
const never = new AbortController().signal;
const unlimited: RunLimits = { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 20, depth: 3 };
const ask = (agent: string, task: string) => ({ calls: [['agent', { agent, task }]] as const });

/** By the agent that is asked: `main` hands one task to `helper`, and both then answer. */
const chiefAndHelper =
  (helper: Script = () => ({ text: 'the helper has it' })): Script =>
  (answers, request) =>
    request.model === 'helper' ? helper(answers, request) : answers === 0 ? ask('helper', 'do it') : { text: 'all done' };

async function childrenOf({ engine }: World, parentRunId: string): Promise<readonly RunView[]> {
  return (await engine.list({ parentRunId, limit: 100 })).toReversed();
}

/** Resolves as soon as there is such an event. */
async function first(world: World, runId: string, isWanted: (event: RunEvent) => boolean): Promise<RunEvent> {
  for await (const event of world.engine.events(runId, 0, never)) if (isWanted(event)) return event;
  return assert.fail('the run ended without it');
}

async function ended({ engine }: World, runId: string): Promise<RunView> {
  for await (const _event of engine.events(runId, 0, never));
  return engine.get(runId);
}

const resultsOf = (events: readonly RunEvent[]) => events.filter((event) => event.kind === 'step.finished');

test('a task is done by a run of the other agent, and what it comes to is the result of the step', async () => {
  await using world = await createWorld({ script: chiefAndHelper(), helpers: [{ id: 'helper' }] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await ended(world, run.id);
  const [child, ...others] = await childrenOf(world, run.id);
  assert.ok(child && others.length === 0);
  assert.deepEqual([child.status, child.agentId, child.input, child.parentRunId], ['finished', 'helper', 'do it', run.id]);
  assert.deepEqual(child.origin, { kind: 'run', by: 'key_1' }, 'who may see the parent may see it');
  assert.equal(child.sessionKey, `agent:helper:${child.id}`);
  const events = await world.events(run.id);
  const [, step] = resultsOf(events);
  assert.deepEqual(step?.result, { isError: false, text: 'the helper has it' });
  assert.deepEqual(step?.child, { runId: child.id, workedMs: child.workedMs, knownCostNanoUsd: 100 });
  assert.deepEqual(step?.use, child.use);
  assert.deepEqual(view.use, { inputTokens: 30, outputTokens: 15, costNanoUsd: 300 }, 'what it used counts for the parent');
  assert.deepEqual(foldRun(events), view);
  const created = events.find((event) => event.kind === 'child.created');
  assert.deepEqual([created?.childRunId, created?.step, created?.agentId], [child.id, 2, 'helper']);
});

test('a parent that waits holds no place: one place is enough for three levels', async () => {
  const script: Script = (answers, { model }) => {
    if (answers > 0) return { text: `${model} is done` };
    if (model === 'third') return { text: 'the bottom' };
    return ask(model === 'second' ? 'third' : 'second', 'go deeper');
  };
  const helpers = [{ id: 'second' }, { id: 'third' }];
  await using world = await createWorld({ script, helpers, engine: { limits: { underWay: 1 } } });
  const parents = await Promise.all([1, 2, 3].map(() => world.engine.create({ input: 'go' }, origin)));
  for (const { run } of parents) {
    const view = await ended(world, run.id);
    assert.equal(view.status, 'finished');
    assert.equal(view.use.inputTokens, 50, 'of all three levels');
  }
  assert.equal((await world.engine.list({ limit: 100 })).length, 9);
});

test('a child that fails or is cancelled is told to the model of its parent, which goes on', async () => {
  const failing = chiefAndHelper(() => {
    throw new OpenClawError('internal_error', { details: { requestId: 'r' } });
  });
  await using world = await createWorld({ script: failing, helpers: [{ id: 'helper' }] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await ended(world, run.id)).status, 'finished');
  assert.match(JSON.stringify(resultsOf(await world.events(run.id))[1]?.result), /"isError":true,"text":"it failed: /);

  const asking = chiefAndHelper((answers) => (answers === 0 ? { calls: [['send', {}]] } : { text: 'sent' }));
  const policy = ({ name }: { readonly name: string }) => (name === 'send' ? 'ask' : 'allow');
  await using other = await createWorld({ script: asking, helpers: [{ id: 'helper' }], tools: [countingTool('send', 'once')], policy });
  const { run: parent } = await other.engine.create({ input: 'go' }, origin);
  await first(other, parent.id, ({ kind }) => kind === 'run.parked');
  const [child] = await childrenOf(other, parent.id);
  await other.engine.cancel(child?.id ?? '', 'me');
  assert.equal((await ended(other, parent.id)).status, 'finished');
  assert.match(JSON.stringify(resultsOf(await other.events(parent.id))[1]?.result), /cancelled/);
});

test('a child has no more than its parent has left, and what it says of being stopped is passed on', async () => {
  const script = chiefAndHelper((answers) => (answers < 8 ? { calls: [['look', { answers }]] } : { text: 'too late' }));
  const limits = { ...unlimited, tokens: 60, usd: 0.5 };
  await using world = await createWorld({
    ...{ script, tools: [countingTool('look', 'read')], agent: { limits } },
    helpers: [{ id: 'helper', limits: { ...unlimited, usd: 0.2, depth: 9 } }],
  });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await ended(world, run.id);
  const [child] = await childrenOf(world, run.id);
  assert.deepEqual([child?.limits.tokens, child?.limits.usd, child?.limits.depth], [45, 0.2, 2]);
  assert.equal(JSON.stringify(child?.output).includes('45 tokens'), true);
  assert.match(JSON.stringify(resultsOf(await world.events(run.id))[1]?.result), /stopped before it was done: 45 tokens/);
  assert.match(JSON.stringify(view.output), /"stoppedBy":"60 tokens"/, 'the parent is at its own limit then');
});

test('what is known of the cost of a child counts, and a limit of money that has to hold is held below too', async () => {
  const script: Script = (answers, { model }) => {
    if (model === 'helper') return { text: 'helped', costNanoUsd: answers === 0 ? 0.6e9 : null };
    return answers < 3 ? { ...ask('helper', `task ${answers}`), costNanoUsd: null } : { text: 'too late' };
  };
  const limits: RunLimits = { ...unlimited, usd: 1, pricedOnly: true };
  await using world = await createWorld({ script, agent: { limits }, helpers: [{ id: 'helper' }] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const view = await ended(world, run.id);
  assert.match(JSON.stringify(view.output), /"stoppedBy":"US\$ 1"/);
  assert.deepEqual([view.use.costNanoUsd, view.knownCostNanoUsd], [null, 1.2e9]);
  const held = (await childrenOf(world, run.id)).map((child) => [child.limits.usd, child.limits.pricedOnly]);
  assert.deepEqual(held, [
    [1, true],
    [0.4, true],
  ]);
});

test('the time of a child counts as its parent’s, and ends it', async () => {
  const slow = countingTool('wait', 'read', {
    async run({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return { isError: true, text: 'stopped' };
    },
  });
  const script = chiefAndHelper((answers) => (answers === 0 ? { calls: [['wait', {}]] } : { text: 'too late' }));
  await using world = await createWorld({ script, tools: [slow], helpers: [{ id: 'helper' }] });
  const { run } = await world.engine.create({ input: 'go', limits: { timeMs: 200 } }, origin);
  const view = await ended(world, run.id);
  const [child] = await childrenOf(world, run.id);
  assert.ok(child && child.limits.timeMs <= 200 && child.workedMs >= child.limits.timeMs - 5, `${child?.workedMs} ms`);
  assert.match(JSON.stringify(view.output), /"stoppedBy":"200 ms"/);
  assert.ok(view.workedMs >= child.workedMs);
});

test('how many tasks a run may hand on is bounded, and so is how deep that goes', async () => {
  const greedy: Script = (answers, { model, tools }) => {
    if (model === 'helper') return { text: tools.map(({ name }) => name).join(' ') || 'no tools' };
    return answers < 3 ? ask('helper', `task ${answers}`) : { text: 'done' };
  };
  const limits = { ...unlimited, children: 2, depth: 1 };
  await using world = await createWorld({ script: greedy, agent: { limits }, helpers: [{ id: 'helper' }] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await ended(world, run.id);
  const told = resultsOf(await world.events(run.id)).flatMap(({ step, result }) => (step % 2 === 0 ? [JSON.stringify(result)] : []));
  assert.equal((await childrenOf(world, run.id)).length, 2);
  assert.match(told[0] ?? '', /no tools/, 'at the bottom nobody is told of it');
  assert.match(told[2] ?? '', /"isError":true.*may hand on 2 tasks/);
});

test('a task for an agent that is gone is told to the model', async () => {
  await using world = await createWorld({ script: chiefAndHelper(), helpers: [{ id: 'helper' }] });
  const { agents } = { agents: { get: (id: string) => missing(id), list: () => [] } };
  await world.engine.close();
  await world.restart({ agents: { ...agents, get: (id) => (id === 'main' ? { ...main } : missing(id)) } });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await ended(world, run.id)).status, 'finished');
  assert.match(JSON.stringify(resultsOf(await world.events(run.id))[1]?.result), /"isError":true.*helper/);
});

const main = { id: 'main', model: 'fast', instructions: '', limits: unlimited };

function missing(agentId: string): never {
  throw new OpenClawError('agent_not_found', { details: { agentId } });
}

test('who cancels a run cancels all below it, and it ends after them', async () => {
  const begun = Promise.withResolvers<void>();
  const stuck = countingTool('wait', 'read', {
    async run({ signal }) {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return { isError: true, text: 'stopped' };
    },
  });
  const script: Script = (answers, { model }) => {
    if (answers > 0) return { text: 'too late' };
    return model === 'third' ? { calls: [['wait', {}]] } : ask(model === 'second' ? 'third' : 'second', 'go deeper');
  };
  await using world = await createWorld({ script, tools: [stuck], helpers: [{ id: 'second' }, { id: 'third' }] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await begun.promise;
  await world.engine.cancel(run.id, 'me');
  const view = await ended(world, run.id);
  const [second] = await childrenOf(world, run.id);
  const [third] = await childrenOf(world, second?.id ?? '');
  assert.deepEqual([view.status, second?.status, third?.status], ['cancelled', 'cancelled', 'cancelled']);
  assert.deepEqual(view.use.inputTokens, 30, 'what was used until then counts');
  assert.ok((third?.endedAtMs ?? 0) <= (second?.endedAtMs ?? 0) && (second?.endedAtMs ?? 0) <= (view.endedAtMs ?? 0));
});

test('what a child asks a person is seen at its parent and can be answered there, also after a restart', async () => {
  const send = countingTool('send', 'once');
  const script: Script = (answers, { model }) => {
    if (answers > 0) return { text: 'done' };
    return model === 'third' ? { calls: [['send', {}]] } : ask(model === 'second' ? 'third' : 'second', 'go deeper');
  };
  await using world = await createWorld({
    ...{ script, tools: [send], helpers: [{ id: 'second' }, { id: 'third' }] },
    policy: ({ name }) => (name === 'send' ? 'ask' : 'allow'),
  });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  const isTold = (event: RunEvent): boolean =>
    event.kind === 'child.changed' && event.waitsFor?.kind === 'child' && event.waitsFor.waitsFor?.kind === 'approval';
  await first(world, run.id, isTold);
  const [second] = await childrenOf(world, run.id);
  const [third] = await childrenOf(world, second?.id ?? '');
  assert.ok(second && third?.waitsFor?.kind === 'approval');
  const waitsFor = { kind: 'child', runId: second.id, waitsFor: { kind: 'child', runId: third.id, waitsFor: third.waitsFor } };
  assert.deepEqual((await world.engine.get(run.id)).waitsFor, waitsFor);
  await world.engine.close();
  await world.restart();
  await world.engine.resolveApproval({ runId: run.id }, { approved: true, by: 'me' });
  assert.equal((await ended(world, run.id)).status, 'finished');
  assert.equal(send.calls.length, 1);
  const { approvalId } = third.waitsFor;
  const late = world.engine.resolveApproval({ runId: third.id, approvalId }, { approved: true, by: 'you' });
  await assert.rejects(late, { code: 'approval_resolved' });
});

test('a fork begins children of its own for what was not done, and none for what was', async () => {
  const script: Script = (answers, { model }) => {
    if (model === 'helper') return { text: 'helped' };
    return answers < 2 ? ask('helper', `task ${answers}`) : { text: 'done' };
  };
  await using world = await createWorld({ script, helpers: [{ id: 'helper' }] });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  await ended(world, run.id);
  const begun = (await world.events(run.id)).findLast(({ kind }) => kind === 'child.created');
  const fork = await world.engine.fork(run.id, begun?.seq ?? 0, origin);
  const view = await ended(world, fork.id);
  assert.deepEqual([view.status, view.forkedFrom?.runId], ['finished', run.id]);
  const inputs = async (runId: string) => (await childrenOf(world, runId)).map(({ input }) => input);
  assert.deepEqual(await inputs(run.id), ['task 0', 'task 1']);
  assert.deepEqual(await inputs(fork.id), ['task 1'], 'what the first one came to is in the history');
  const [child] = await childrenOf(world, run.id);
  const alone = await world.engine.fork(child?.id ?? '', 1, origin);
  assert.equal(alone.parentRunId, null, 'a fork of a child is nobody’s');
});

test('a parent that fails while its child is at work takes the same child up again where it is tried again', async () => {
  await using world = await createWorld({ script: chiefAndHelper(), helpers: [{ id: 'helper' }] });
  let isBroken = true;
  const windowOf = (model: string) => {
    if (isBroken && model === 'fast' && world.asked.some((request) => request.model === 'helper'))
      throw new OpenClawError('internal_error', { details: { requestId: 'r' } });
    return { contextTokens: 1e6, answerTokens: 1000 };
  };
  await world.engine.close();
  await world.restart({ windowOf });
  const { run } = await world.engine.create({ input: 'go' }, origin);
  assert.equal((await ended(world, run.id)).status, 'failed');
  isBroken = false;
  await world.engine.retry(run.id, 'me');
  assert.equal((await ended(world, run.id)).status, 'finished');
  assert.equal((await childrenOf(world, run.id)).length, 1);
});
