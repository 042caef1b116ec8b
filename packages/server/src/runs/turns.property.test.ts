/**
 * Random mixes of messages, repeats, aborts, words, ends, failures and crashes in a few sessions: nothing that was accepted is lost, nothing
 * is said or asked twice, and every turn has one end that stays.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { OpenClawError } from '../core/errors.ts';
import type { StartedTurn, TurnEvent, TurnResult } from './contract.ts';
import { ask, createSharedStore, openTurns, settle, type ScriptedCall, type TestTurns } from './turns.fixture.ts';

const sessions = ['agent:main:a', 'agent:main:b'] as const;
const word = fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' });

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), key: fc.nat({ max: 12 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      call: fc.nat({ max: 3 }),
      texts: fc.array(word, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), call: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), call: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), key: fc.nat({ max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), writes: fc.integer({ min: 1, max: 2 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Rounds of the event loop between two steps: a write takes two, a start about ten. */
const pause = fc.oneof(fc.constant(0), fc.nat({ max: 12 }));

/** The same key always asks the same. */
const askedWith = (key: number) => ask(sessions[key % sessions.length]!, `message ${key}`, `run-${key}`);

class World {
  readonly store = createSharedStore();
  readonly #earlierCalls: ScriptedCall[] = [];
  readonly accepted = new Map<string, StartedTurn>();
  /** What anybody saw of each run. */
  readonly shown = new Map<string, string>();
  readonly ends = new Map<string, TurnResult>();
  process!: TestTurns;

  get calls(): readonly ScriptedCall[] {
    return [...this.#earlierCalls, ...this.process.model.calls];
  }

  async begin(): Promise<void> {
    const process = await openTurns(this.store);
    this.process = process;
    process.turns.subscribe((event) => this.see(event));
  }

  see(event: TurnEvent): void {
    if (event.kind === 'delta') this.shown.set(event.runId, (this.shown.get(event.runId) ?? '') + event.delta);
    if (event.kind !== 'ended') return;
    assert.ok(!this.ends.has(event.runId), `${event.runId} ended twice`);
    this.ends.set(event.runId, event.result);
  }

  async do(action: Step): Promise<void> {
    const open = this.process.model.calls.filter(({ isOver }) => !isOver);
    switch (action.kind) {
      case 'start':
        return this.start(action.key);
      case 'say':
        return action.texts.forEach((text) => open[action.call % open.length]?.say(text));
      case 'end':
        return open[action.call % open.length]?.end();
      case 'fail':
        return open[action.call % open.length]?.fail(new OpenClawError('upstream_failed', { details: { provider: 'acme', reason: 'no' } }));
      case 'abort':
        return void this.process.turns.abort({ runId: `run-${action.key}` });
      case 'settle':
        return settle();
      case 'full':
        return this.store.failWrites(action.writes);
      case 'crash':
        return this.restart();
    }
  }

  /** Not waited for: others come while it is written. */
  start(key: number): void {
    const { process } = this;
    process.turns.start(askedWith(key)).then(
      (started) => void this.accepted.set(started.runId, started),
      (thrown: unknown) =>
        assert.ok(thrown instanceof OpenClawError && ['storage_full', 'overloaded'].includes(thrown.code), String(thrown)),
    );
  }

  async restart(): Promise<void> {
    this.process.crash();
    this.#earlierCalls.push(...this.process.model.calls);
    this.store.failWrites(0);
    await this.begin();
  }

  /** Everybody says all, and all is told. */
  async finish(): Promise<void> {
    this.store.failWrites(0);
    await settle();
    for (let round = 0; round < 40 && this.process.turns.inFlight > 0; round += 1) {
      for (const call of this.process.model.calls) if (!call.isOver) call.end();
      await settle();
    }
    assert.equal(this.process.turns.inFlight, 0);
  }
}

async function check(world: World): Promise<void> {
  const { turns } = world.process;
  const signal = new AbortController().signal;
  const asked = world.calls.map(({ runId }) => runId);
  assert.equal(new Set(asked).size, asked.length, 'a model was asked twice for one message');
  const messages = (await Promise.all(sessions.map((key) => turns.history(key, { limit: 1000 })))).map((page) => page.messages);
  for (const said of messages) {
    assert.deepEqual(
      said.map(({ seq }) => seq),
      said.map(({ seq }) => seq).toSorted((one, other) => one - other),
    );
    const questions = said.filter(({ role }) => role === 'user').map(({ runId }) => runId);
    assert.equal(new Set(questions).size, questions.length, 'a message is there twice');
    for (const [index, { role, runId }] of said.entries()) if (role === 'assistant') assert.equal(said[index - 1]?.runId, runId);
  }
  const all = messages.flat();
  for (const { runId } of world.accepted.values()) {
    assert.ok(
      all.some((message) => message.role === 'user' && message.runId === runId),
      `${runId} was accepted and its message is lost`,
    );
    const result = await turns.wait(runId, { timeoutMs: 0, signal });
    assert.ok(result, `${runId} has no end`);
    const call = world.calls.find((candidate) => candidate.runId === runId);
    assert.ok((call?.said ?? '').startsWith(result.text), `${runId} says what no model said`);
    assert.ok(result.text.startsWith(world.shown.get(runId) ?? ''), `${runId} has lost what was shown`);
    assert.equal(all.find((message) => message.role === 'assistant' && message.runId === runId)?.text ?? '', result.text);
    if (result.status === 'ok') assert.equal(result.text, call?.said);
    const told = world.ends.get(runId);
    // An end that could not be written is told as a failure, and found as one.
    if (told?.error?.code !== 'storage_full') assert.deepEqual(told?.status ?? result.status, result.status);
    assert.equal((await turns.start(askedWith(Number(runId.slice('run-'.length))))).known, true, 'its key has been forgotten');
  }
}

test('no mix of messages, failures and crashes loses or doubles a message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, pause), { minLength: 5, maxLength: 40 }), async (steps) => {
      const world = new World();
      await world.begin();
      for (const [action, rounds] of steps) {
        await world.do(action);
        for (let round = 0; round < rounds; round += 1) await setImmediate();
      }
      await world.finish();
      await check(world);
      await world.restart();
      await check(world);
      await world.process.turns.close();
    }),
    { numRuns: 150 },
  );
});
