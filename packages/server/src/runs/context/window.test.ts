import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConversationMessage } from '../engine/contract.ts';
import { shortenText } from './shorten-text.ts';
import { headAfterSummary, summaryMessage, summaryRequest } from './summary.ts';
import { createTokenCounter } from './token-counter.ts';
import { windowLimitsOf } from './window-limits.ts';
import { createContextWindow } from './window.ts';

const result = (callId: string, text: string): ConversationMessage[] => [
  { role: 'assistant', text: '', toolCalls: [{ callId, name: 'read', argumentsText: '{}' }] },
  { role: 'tool', callId, text },
];
const instructions: ConversationMessage = { role: 'system', text: 'Be careful.' };
const question: ConversationMessage = { role: 'user', text: 'What do they say?' };
const page = 'one line of a page\n'.repeat(200);

test('what fits is sent as it is', () => {
  const history = [instructions, question, ...result('a', page)];
  const fitted = createContextWindow().fit(history, { contextTokens: 10_000, answerTokens: 1000 });
  assert.ok(fitted.kind === 'fits');
  assert.equal(fitted.messages, history);
});

test('the oldest result loses its middle first, says how much, and the others stay whole while there is room', () => {
  const history = [instructions, question, ...result('a', page), ...result('b', page), ...result('c', page), question];
  const whole = createContextWindow().fit(history, { contextTokens: 100_000, answerTokens: 1 });
  const fitted = createContextWindow().fit(history, { contextTokens: whole.tokens - 100, answerTokens: 1 });
  assert.ok(fitted.kind === 'fits');
  const [first, second, third] = fitted.messages.flatMap(({ role, text }) => (role === 'tool' ? [text] : []));
  assert.match(first ?? '', /^one line of a page\n/);
  assert.match(first ?? '', /\[… 3,?\d{3} characters left out …\]/);
  assert.deepEqual([second, third], [page, page]);
});

test('results of the last turn alone are cut as little as will do', () => {
  const history = [instructions, question, ...result('a', page.repeat(20))];
  const fitted = createContextWindow().fit(history, { contextTokens: 3000, answerTokens: 500 });
  assert.ok(fitted.kind === 'fits' && fitted.tokens <= 2500 && fitted.tokens > 2200, `${fitted.tokens}`);
});

test('tools take room, and so does what a model counts more than others', () => {
  const history = [instructions, question, ...result('a', page), question];
  const counter = createTokenCounter();
  const window = createContextWindow({ counter });
  const fitted = window.fit(history, { contextTokens: 100_000, answerTokens: 1 });
  const limits = { contextTokens: fitted.tokens + 1, answerTokens: 1, model: 'm' };
  const messagesOf = (more: object): unknown => {
    const now = window.fit(history, { ...limits, ...more });
    return now.kind === 'fits' && now.messages;
  };
  assert.equal(messagesOf({}), history);
  const tool = { name: 'read', description: 'Reads a file.', parameters: { type: 'object' } };
  assert.notEqual(messagesOf({ tools: [tool] }), history);
  counter.learn({ model: 'm', messages: history, tools: [], inputTokens: fitted.tokens + 50 });
  assert.notEqual(messagesOf({}), history);
});

test('an error where what must stay is too long, before anybody pays for a summary', () => {
  const history = [instructions, ...result('a', page), { role: 'user', text: page } as const];
  assert.throws(() => createContextWindow().fit(history, { contextTokens: 600, answerTokens: 100 }), {
    code: 'context_too_small',
    message: /take 1\d{3} tokens; .* room for 500\.$/,
  });
});

test('a text is cut between characters, and never made longer', () => {
  assert.equal(shortenText('short', 5), 'short');
  assert.equal(shortenText('a little longer', 5), 'a little longer');
  const shortened = shortenText('😀'.repeat(500), 101);
  assert.ok(shortened.isWellFormed() && shortened.length < 200);
});

test('a summary is asked for within the window, and is cut where it is longer than asked', () => {
  const limits = { contextTokens: 2000, answerTokens: 400 };
  const counter = createTokenCounter();
  const asked = summaryRequest([question, ...result('a', page.repeat(30))], limits);
  assert.deepEqual(
    asked.map(({ role }) => role),
    ['system', 'user'],
  );
  assert.match(asked[1]?.text ?? '', /user: What do they say\?[^]*calls read \{\}[^]*result: one line[^]*left out[^]*at most \d+ words/);
  assert.ok(asked.reduce((tokens, message) => tokens + counter.message(message), 0) <= 1600);
  const many = summaryRequest(
    Array.from({ length: 2000 }, () => question),
    limits,
  );
  assert.ok(many.reduce((tokens, message) => tokens + counter.message(message), 0) <= 1600);
  const message = summaryMessage('It says a lot. '.repeat(1000), limits);
  assert.ok(message.role === 'user' && counter.message(message) < 400);
});

test('the task stays in the words of the user where nothing later does, and comes once', () => {
  const limits = { contextTokens: 2000, answerTokens: 400 };
  const old: ConversationMessage = { role: 'user', text: 'Something else.' };
  const part = { instructions: 'Be careful.', summary: 'Two files were read.', dropped: [old, ...result('a', page), question] };
  const working = headAfterSummary({ ...part, kept: result('b', page) }, limits);
  assert.deepEqual(working, [instructions, summaryMessage('Two files were read.', limits), question]);
  const asked = headAfterSummary({ ...part, instructions: '', kept: [...result('b', page), old] }, limits);
  assert.deepEqual(asked, [summaryMessage('Two files were read.', limits)]);
});

test('of a route the smallest window counts; what nobody knows is taken to be small', () => {
  assert.deepEqual(
    windowLimitsOf('fast', [
      { contextWindow: 200_000, maxOutputTokens: 64_000 },
      { contextWindow: 32_000, maxOutputTokens: undefined },
    ]),
    { contextTokens: 32_000, answerTokens: 8000, model: 'fast' },
  );
  assert.deepEqual(windowLimitsOf('m', [{ contextWindow: 128_000, maxOutputTokens: 4096 }]), {
    contextTokens: 128_000,
    answerTokens: 4096,
    model: 'm',
  });
  assert.equal(windowLimitsOf('m', []).contextTokens, 32_768);
});
