/**
 * Random mixes of messages, repeats, aborts, words, tool calls, ends, failures and crashes in two sessions: nothing that was accepted is lost,
 * nothing is said twice, every run has one end that stays, and who follows sees what is in the history.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import { countingTool } from '../engine/world.fixture.ts';
import type { TurnEvent, TurnResult } from './contract.ts';
import { ask, noSignal, openConversations, until, type ScriptedCall, type TestConversations } from './conversations.fixture.ts';

const sessions = ['agent:main:a', 'agent:main:b'] as const;
const keys = fc.nat({ max: 8 });
const call = fc.nat({ max: 2 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), key: keys }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('say' as const), call, text: fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), call }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('useTool' as const), call }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), call }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The same key always asks the same. */
const askedWith = (key: number) => ask(`message ${key}`, `run-${key}`, sessions[key % sessions.length]);

/** What somebody who stays sees of one run: words that count, and its end. */
interface Seen {
  text: string;
  seq: number;
  end: TurnResult | undefined;
}

class Model {
  readonly accepted = new Set<string>();
  readonly seen = new Map<string, Seen>();
  readonly world: TestConversations;
  /** Asked of the process that lives. */
  #asking: Promise<unknown>[] = [];

  constructor(world: TestConversations) {
    this.world = world;
    this.follow();
  }

  follow(): void {
    this.world.process.conversations.subscribe((event) => this.see(event));
  }

  see(event: TurnEvent): void {
    const seen = this.seen.get(event.runId) ?? { text: '', seq: 0, end: undefined };
    this.seen.set(event.runId, seen);
    assert.equal(seen.end, undefined, `${event.runId} goes on after its end`);
    assert.ok(event.seq > seen.seq, `the numbers of ${event.runId} do not rise`);
    seen.seq = event.seq;
    if (event.kind === 'delta') {
      seen.text = event.replace ? event.delta : seen.text + event.delta;
      assert.equal(seen.text, event.text, 'who adds up the pieces has the whole');
    }
    if (event.kind === 'ended') seen.end = event.result;
  }

  get open(): readonly ScriptedCall[] {
    return this.world.process.calls.filter(({ isOver }) => !isOver);
  }

  async do(action: Step): Promise<void> {
    const chosen = 'call' in action ? this.open[action.call % Math.max(1, this.open.length)] : undefined;
    const { conversations } = this.world.process;
    switch (action.kind) {
      case 'start':
        return this.start(action.key);
      case 'say':
        return chosen?.say(action.text);
      case 'end':
        return chosen?.end();
      case 'useTool':
        chosen?.call('look', { at: this.world.process.calls.length });
        return chosen?.end();
      case 'fail':
        return chosen?.fail(new OpenClawError('upstream_failed', { details: { provider: 'acme', reason: 'no' } }));
      case 'abort':
        // Not waited for: a crash may come first, and then nobody answers.
        return void this.#asking.push(conversations.abort({ runId: `run-${action.key}` }));
      case 'crash':
        await this.world.restart();
        // What the dead one was asked is never answered.
        this.#asking = [];
        return this.follow();
    }
  }

  /** Not waited for: others come while it is written. */
  start(key: number): void {
    this.#asking.push(this.world.process.conversations.start(askedWith(key)).then(({ runId }) => this.accepted.add(runId)));
  }

  /** Everybody says all, and all is told. */
  async finish(): Promise<void> {
    const { engine, conversations } = this.world.process;
    await Promise.all(this.#asking);
    await until(async () => {
      for (const call of this.open) call.end();
      const running = await Promise.all(sessions.map((key) => conversations.running(key)));
      return running.every((run) => run === undefined) && engine.underWay === 0;
    });
  }

  async check(): Promise<void> {
    const { conversations } = this.world.process;
    const pages = await Promise.all(sessions.map((key) => conversations.history(key, { limit: 1000 })));
    for (const { messages, session } of pages) {
      const questions = messages.filter(({ role }) => role === 'user').map(({ runId }) => runId);
      assert.equal(new Set(questions).size, questions.length, 'a message is there twice');
      assert.ok(messages.every(({ seq }, index) => index === 0 || seq > messages[index - 1]!.seq));
      assert.equal(session?.messageCount ?? 0, questions.length * 2, 'each was asked and has ended');
      for (const [index, { role, runId }] of messages.entries()) if (role === 'assistant') assert.equal(messages[index - 1]?.runId, runId);
    }
    const all = pages.flatMap(({ messages }) => messages);
    for (const runId of this.accepted) {
      assert.ok(
        all.some((message) => message.role === 'user' && message.runId === runId),
        `${runId} was accepted and its message is lost`,
      );
      const result = await conversations.wait(runId, { timeoutMs: 0, signal: noSignal });
      assert.ok(result, `${runId} has no end`);
      assert.equal(all.find((message) => message.role === 'assistant' && message.runId === runId)?.text ?? '', result.text);
      assert.equal((await conversations.start(askedWith(Number(runId.slice('run-'.length))))).known, true, 'its key has been forgotten');
    }
    // Who stayed through all crashes has the same words and the same ends.
    for (const [runId, { text, end }] of this.seen) {
      if (!end) continue;
      assert.deepEqual(await conversations.wait(runId, { timeoutMs: 0, signal: noSignal }), end);
      if (end.status === 'ok' && end.text !== '') assert.equal(text, end.text);
    }
  }
}

test('no mix of messages, failures and crashes loses or doubles a message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat({ max: 12 })), { minLength: 5, maxLength: 30 }), async (steps) => {
      await using world = await openConversations({ tools: [countingTool('look', 'read')] });
      const model = new Model(world);
      for (const [action, rounds] of steps) {
        await model.do(action);
        for (let round = 0; round < rounds; round += 1) await setImmediate();
      }
      await model.finish();
      await model.check();
      await model.do({ kind: 'crash' });
      await model.check();
    }),
    { numRuns: 12 },
  );
});
