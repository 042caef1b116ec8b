import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Continuation } from './continuation.ts';
import { assertEventOrder } from './dialects/assert-event-order.ts';
import type { ModelEvent, Usage } from './dialects/events.ts';
import type { ModelRequest } from './dialects/request.ts';

const request: ModelRequest = {
  ...{ dialect: 'openai-completions', model: 'fast', stream: true, includeUsage: false, extensions: {} },
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Count.' }] }],
};
const usage = (input: number, output: number): Usage => ({ input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 });
const start: ModelEvent = { type: 'start', id: 'a', model: 'm' };
const textStart = (index = 0): ModelEvent => ({ type: 'blockStart', index, block: { kind: 'text' } });
const delta = (text: string, index = 0): ModelEvent => ({ type: 'blockDelta', index, delta: { kind: 'text', text } });
const stop = (index = 0): ModelEvent => ({ type: 'blockStop', index });
const finish: ModelEvent = { type: 'finish', reason: 'stop', providerReason: 'stop' };
const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === 'blockDelta' && event.delta.kind === 'text' ? event.delta.text : '')).join('');

test('the text goes on in the block in which it broke off, and the end says who went on', () => {
  const continuation = new Continuation();
  const first = continuation.adopt([start, textStart(), delta('one, '), delta('two,')]);
  assert.ok(continuation.possible);
  continuation.goOn('acme/large', usage(5, 2));
  assert.deepEqual(continuation.request(request).messages.at(-1), { role: 'assistant', parts: [{ type: 'text', text: 'one, two,' }] });
  const second = continuation.adopt([start, textStart(), delta(' three'), stop(), { type: 'usage', usage: usage(9, 3) }, finish]);
  const all = [...first, ...second];
  assertEventOrder(all);
  assert.equal(textOf(all), 'one, two, three');
  assert.deepEqual(all.filter(({ type }) => type === 'blockStart' || type === 'start').length, 2);
  assert.deepEqual(all.find((event) => event.type === 'usage')?.usage, usage(14, 5));
  assert.deepEqual(all.at(-1), { ...finish, continuedBy: ['acme/large'] });
});

test('space at the end is neither sent as a beginning nor said twice', () => {
  const continuation = new Continuation();
  const first = continuation.adopt([start, textStart(), delta('one,  ')]);
  continuation.goOn('acme/large', undefined);
  assert.deepEqual(continuation.request(request).messages.at(-1)?.parts, [{ type: 'text', text: 'one,' }]);
  const second = continuation.adopt([start, textStart(), delta(' '), delta(' '), delta(' two'), stop(), finish]);
  assert.equal(textOf([...first, ...second]), 'one,   two');
});

test('a thought or a tool call that broke off cannot be gone on with, nor an answer that has said nothing', () => {
  for (const block of [{ kind: 'thinking' } as const, { kind: 'toolCall', id: 'c', name: 'f' } as const]) {
    const continuation = new Continuation();
    continuation.adopt([start, textStart(), delta('Let me see.'), stop(), { type: 'blockStart', index: 1, block }]);
    assert.equal(continuation.possible, false);
  }
  assert.equal(new Continuation().possible, false);
});

test('a model that goes on with something else than text opens its own block after the torn one is closed', () => {
  const continuation = new Continuation();
  const first = continuation.adopt([start, textStart(), delta('I will look.')]);
  continuation.goOn('acme/large', undefined);
  const second = continuation.adopt([
    ...[start, { type: 'blockStart', index: 0, block: { kind: 'toolCall', id: 'c', name: 'f' } } as const],
    ...[{ type: 'blockDelta', index: 0, delta: { kind: 'arguments', json: '{}' } } as const, stop(), finish],
  ]);
  assertEventOrder([...first, ...second]);
});

test('wherever a text is cut and gone on with, the client reads a well-formed answer with every word once', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 3, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.array(fc.nat(100), { minLength: 1, maxLength: 4 }), (said, cuts) => {
      const continuation = new Continuation();
      const places = [...new Set(cuts.map((cut) => 1 + (cut % (said.length - 1))))].sort((a, b) => a - b);
      const all: ModelEvent[] = [];
      let from = 0;
      for (const to of [...places, said.length]) {
        const attempt = said.slice(from, to).map((word, index) => delta(from + index === 0 ? word : ` ${word}`));
        const ending = to === said.length ? [stop(), finish] : [];
        all.push(...continuation.adopt([start, textStart(), ...attempt, ...ending]));
        from = to;
        if (to < said.length) continuation.goOn(`acme/${to}`, usage(1, 1));
      }
      assertEventOrder(all);
      assert.equal(textOf(all), said.join(' '));
    }),
  );
});
