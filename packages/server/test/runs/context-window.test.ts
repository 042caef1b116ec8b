/** A session of 300 turns with tools, on the built-in model in a window that is far too small for it: everything real but the model's mind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/protocol';
import { createAgentModelCaller } from '../../src/compose/agent-model-caller.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OpenClawError } from '../../src/core/errors.ts';
import { createIds } from '../../src/core/ids.ts';
import { createLog } from '../../src/core/log.ts';
import { createMetrics } from '../../src/core/metrics.ts';
import { createModelPath } from '../../src/models/index.ts';
import { settingsOf } from '../../src/models/reconfigure.fixture.ts';
import { createContextWindow, createTokenCounter, isContextOverflow } from '../../src/runs/context/index.ts';
import type { ConversationMessage, ModelCaller, ModelRequest } from '../../src/runs/engine/contract.ts';
import { ask, main, noSignal, openConversations } from '../../src/runs/sessions/conversations.fixture.ts';
import type { Tool } from '../../src/runs/tools/contract.ts';
import { setUpJournal } from '../../src/runs/journal/store.fixture.ts';

const turns = 300;
const room = { contextTokens: 1500, answerTokens: 300 };
const instructions = 'Be careful.';

const page: Tool = {
  name: 'page',
  description: 'Says what stands on a page.',
  parameters: { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] },
  effect: 'read',
  run: async ({ arguments: { number } }) => ({ isError: false, text: `page ${String(number)} `.repeat(100 + (Number(number) % 7) * 60) }),
};

function assertSendable({ messages }: ModelRequest): void {
  assert.deepEqual(messages[0]?.role, 'system');
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') assert.equal(open.shift(), message.callId);
    else assert.deepEqual(open, []);
    if (message.role === 'assistant') open = message.toolCalls.map(({ callId }) => callId);
  }
  assert.deepEqual(open, []);
}

test('300 turns with tools in a small window: never over it, no call parted from its result, instructions and question kept', async () => {
  await using resources = new AsyncDisposableStack();
  const { database } = resources.use(await setUpJournal());
  const models = createModelPath({
    ...{ settings: settingsOf({ providers: {} }), nestingDepthLimit: 128, keysFromEnvironment: [], checkKeys: false, database },
    ...{ clock: systemClock, random: Math.random, log: createLog({ clock: systemClock, destinations: [] }), metrics: createMetrics() },
  });
  resources.defer(() => models.close(new OpenClawError('draining')));
  const counter = createTokenCounter();
  const askModel = createAgentModelCaller({ service: models.service, ids: createIds(), onCounted: (counted) => counter.learn(counted) });
  const sent: { readonly request: ModelRequest; readonly inputTokens: number }[] = [];
  const callModel: ModelCaller = async function* (request) {
    for await (const part of askModel(request)) {
      if (part.kind === 'end') sent.push({ request, inputTokens: part.use?.inputTokens ?? Infinity });
      yield part;
    }
  };
  const limits = { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 0, depth: 0 };
  const world = resources.use(
    await openConversations({
      tools: [page],
      agents: [{ id: 'main', model: 'openclaw/rehearsal', instructions, limits }],
      engine: { callModel, window: createContextWindow({ counter }), windowOf: (model) => ({ ...room, model }), isContextOverflow },
    }),
  );
  const { conversations } = world.process;
  let summaries = 0;
  for (let turn = 1; turn <= turns; turn += 1) {
    const before = sent.length;
    const call = turn % 3 === 0 ? `tool page {"number":${turn}}\ntool page {"number":${turn + 1}}\n\n` : '';
    const question = `${call}say This is the answer to question ${turn}.`;
    await conversations.start(ask(question, `turn-${turn}`));
    const result = await conversations.wait(`turn-${turn}`, { timeoutMs: 20_000, signal: noSignal });
    assert.deepEqual([result?.status, result?.text], ['ok', `This is the answer to question ${turn}.`]);
    for (const { request, inputTokens } of sent.slice(before)) {
      assert.ok(inputTokens <= room.contextTokens - room.answerTokens, `${inputTokens} tokens in turn ${turn}`);
      assertSendable(request);
      // A summary is asked for with instructions of its own.
      const isSummary = request.messages[0]?.text !== instructions;
      summaries += Number(isSummary);
      if (!isSummary) assert.ok(request.messages.some(({ role, text }) => role === 'user' && text === question));
    }
  }
  assert.ok(summaries > 5 && summaries < turns / 3, `${summaries} summaries`);
  const originals = await wholeResults(world.setup.again().read('turn-3', 0, 500));
  assert.deepEqual(
    originals,
    [3, 4].map((number) => `page ${number} `.repeat(100 + (number % 7) * 60)),
  );
  assert.equal((await conversations.history(main, { limit: 2 })).messages.length, 2);
});

/** As the journal keeps them. */
async function wholeResults(reading: Promise<readonly RunEvent[]>): Promise<string[]> {
  return (await reading).flatMap((event) => {
    if (event.kind !== 'step.finished') return [];
    const { text, isError } = event.result as ConversationMessage & { readonly isError?: boolean };
    return isError === undefined ? [] : [text];
  });
}
