/** Random sessions with tools, in windows that are too small for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import type { ConversationMessage, ContextWindow, Fitted, WindowLimits } from '../engine/contract.ts';
import { madeSession } from './conversations.fixture.ts';
import { headAfterSummary, summaryRequest } from './summary.ts';
import { createTokenCounter } from './token-counter.ts';
import { createContextWindow } from './window.ts';

/** Words are the fewest tokens that anybody counts. */
function wordsOf(messages: readonly ConversationMessage[]): number {
  return messages.flatMap(({ text }) => text.split(/\s+/)).filter((word) => word !== '').length;
}

/** By position: the calls of an answer, then their results, and neither without the other. */
function assertPaired(messages: readonly ConversationMessage[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      assert.equal(open.shift(), message.callId, 'a result stands after its call');
      continue;
    }
    assert.deepEqual(open, [], 'each call has its result');
    if (message.role === 'assistant') open = message.toolCalls.map(({ callId }) => callId);
  }
  assert.deepEqual(open, []);
}

function assertWithin({ messages, tokens }: Extract<Fitted, { kind: 'fits' }>, { contextTokens, answerTokens }: WindowLimits): void {
  assert.ok(tokens <= contextTokens - answerTokens, `${tokens} in ${contextTokens} less ${answerTokens}`);
  assert.ok(wordsOf(messages) <= tokens);
}

/** To a moment at which a model may be asked: calls have their results. */
function upTo(history: readonly ConversationMessage[], cut: number): readonly ConversationMessage[] {
  let end = 2 + (cut % (history.length - 1));
  while (history[end]?.role === 'tool') end += 1;
  return history.slice(0, end);
}

/** As an engine does: a summary in the place of what it is made of. */
function sent(window: ContextWindow, history: readonly ConversationMessage[], limits: WindowLimits): Extract<Fitted, { kind: 'fits' }> {
  const fitted = window.fit(history, limits);
  if (fitted.kind === 'fits') return fitted;
  assert.deepEqual(fitted.summarise, history.slice(1, fitted.keepFrom), 'all between the instructions and what stays');
  assert.ok(fitted.tokens > limits.contextTokens - limits.answerTokens);
  assertPaired(fitted.summarise);
  assert.ok(wordsOf(summaryRequest(fitted.summarise, limits)) <= limits.contextTokens - limits.answerTokens);
  const again = window.fit(summarised(history, fitted, limits), limits);
  return again.kind === 'fits' ? again : assert.fail('one summary is not enough');
}

/** A model that is asked for few words answers with many. */
function summarised(
  history: readonly ConversationMessage[],
  { summarise: dropped, keepFrom }: Extract<Fitted, { kind: 'tooLong' }>,
  limits: WindowLimits,
): ConversationMessage[] {
  const kept = history.slice(keepFrom);
  return [...headAfterSummary({ instructions: history[0]?.text, summary: 'They said so. '.repeat(3000), dropped, kept }, limits), ...kept];
}

const shapes = fc.record({ seed: fc.nat(), turns: fc.integer({ min: 1, max: 60 }), resultCharacters: fc.integer({ min: 0, max: 2500 }) });
const windows = fc.record({ contextTokens: fc.integer({ min: 3000, max: 40_000 }), answerTokens: fc.integer({ min: 1, max: 500 }) });

test('whatever the session: never over the limit, pairs whole, instructions and the latest message kept', () => {
  fc.assert(
    fc.property(shapes, windows, fc.nat(), (shape, limits, cut) => {
      const history = upTo(madeSession(shape), cut);
      const fitted = sent(createContextWindow(), history, limits);
      assertWithin(fitted, limits);
      assertPaired(fitted.messages);
      assert.deepEqual(fitted.messages[0], history[0]);
      const latest = history.at(-1);
      if (latest?.role === 'tool') assert.deepEqual({ ...fitted.messages.at(-1), text: '' }, { ...latest, text: '' });
      else assert.deepEqual(fitted.messages.at(-1), latest);
    }),
    { numRuns: 60 },
  );
});

test('a session of 300 turns in a window of 4,000 tokens, taken turn by turn', () => {
  const whole = madeSession({ seed: 7, turns: 300, resultCharacters: 3000 });
  const counter = createTokenCounter();
  const window = createContextWindow({ counter });
  const limits = { contextTokens: 4000, answerTokens: 500, model: 'small' };
  let history: ConversationMessage[] = [];
  let summaries = 0;
  for (const [place, message] of whole.entries()) {
    history.push(message);
    const next = whole[place + 1];
    // A model is asked after what somebody else said, and after all results of its calls.
    if (message.role === 'assistant' || message.role === 'system' || next?.role === 'tool') continue;
    let fitted = window.fit(history, limits);
    if (fitted.kind === 'tooLong') {
      const asked = summaryRequest(fitted.summarise, limits, { counter });
      assert.ok(wordsOf(asked) <= 3500);
      history = summarised(history, fitted, limits);
      summaries += 1;
      fitted = window.fit(history, limits);
    }
    assert.ok(fitted.kind === 'fits', 'one summary is enough');
    assertWithin(fitted, limits);
    assertPaired(fitted.messages);
    assert.deepEqual(fitted.messages[0], whole[0]);
    const latest = fitted.messages.at(-1);
    assert.deepEqual({ ...latest, text: '' }, { ...message, text: '' });
    if (message.role === 'user') assert.equal(latest?.text, message.text);
    // This provider counts a third more than we do.
    counter.learn({
      model: 'small',
      messages: fitted.messages,
      tools: [],
      inputTokens: Math.ceil((fitted.tokens / counter.factor('small')) * 1.33),
    });
  }
  assert.ok(summaries > 20 && summaries < 300, `${summaries} summaries`);
  assert.ok(Math.abs(counter.factor('small') - 1.33) < 0.05);
});

test('the smaller the window, the shorter each result, and an older one before a newer one', () => {
  fc.assert(
    fc.property(shapes, windows, fc.integer({ min: 1, max: 20_000 }), (shape, limits, more) => {
      const history = madeSession(shape);
      const window = createContextWindow();
      const small = window.fit(history, limits);
      const large = window.fit(history, { ...limits, contextTokens: limits.contextTokens + more });
      // A summary in the larger window means one in the smaller.
      if (large.kind === 'tooLong') assert.equal(small.kind, 'tooLong');
      if (small.kind === 'tooLong' || large.kind === 'tooLong') return;
      for (const [place, message] of history.entries()) {
        const shorter: number = small.messages[place]?.text.length ?? 0;
        const longer: number = large.messages[place]?.text.length ?? 0;
        assert.ok(shorter <= longer && longer <= message.text.length);
        if (message.role !== 'tool') assert.equal(shorter, message.text.length);
      }
    }),
    { numRuns: 50 },
  );
});

test('in a window for nothing there is an error and no request that the provider refuses', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 2, max: 400 }), (shape, contextTokens) => {
      const limits = { contextTokens, answerTokens: 1 };
      try {
        const fitted = createContextWindow().fit(madeSession(shape), limits);
        if (fitted.kind === 'fits') assertWithin(fitted, limits);
      } catch (thrown) {
        assert.ok(thrown instanceof OpenClawError && thrown.code === 'context_too_small', String(thrown));
      }
    }),
    { numRuns: 40 },
  );
});
