import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConversationMessage } from '../engine/contract.ts';
import { createTokenCounter } from './token-counter.ts';

const long: ConversationMessage = { role: 'user', text: 'a few words of some length '.repeat(60) };

test('a provider that counts more is believed at once, one that counts less bit by bit and never below the estimate', () => {
  const counter = createTokenCounter();
  const request = { model: 'm', messages: [long], tools: [] };
  const estimated = counter.message(long);
  const learnt = (share: number): number => {
    counter.learn({ ...request, inputTokens: Math.round(estimated * share) });
    return Math.round(counter.factor('m') * 100) / 100;
  };
  assert.equal(counter.factor('m'), 1);
  assert.equal(learnt(0.5), 1, 'what comes next may be of another kind');
  assert.equal(learnt(1.5), 1.5);
  const lower = learnt(1);
  assert.ok(lower < 1.5 && lower > 1.2);
  for (let often = 0; often < 50; often += 1) learnt(0.5);
  assert.equal(counter.factor('m').toFixed(2), '1.00');
  assert.equal(learnt(100), 4, 'no tokenizer is that different');
  assert.equal(counter.factor('another'), 1);
});

test('nothing is learnt from a short request', () => {
  const counter = createTokenCounter();
  counter.learn({ model: 'm', messages: [{ role: 'user', text: 'hi' }], tools: [], inputTokens: 60 });
  assert.equal(counter.factor('m'), 1);
});

test('calls, what goes back with them, results and tools count', () => {
  const counter = createTokenCounter();
  const call = { callId: 'a', name: 'read', argumentsText: '{"path":"a.txt"}' };
  const plain = counter.message({ role: 'assistant', text: '', toolCalls: [] });
  const calling = counter.message({ role: 'assistant', text: '', toolCalls: [call] });
  const proved = counter.message({ role: 'assistant', text: '', toolCalls: [{ ...call, opaque: { call: { proof: 'x1'.repeat(40) } } }] });
  assert.ok(plain < calling && calling + 20 < proved);
  assert.ok(counter.message({ role: 'tool', callId: 'a', text: '' }) > counter.message({ role: 'user', text: '' }));
  const tool = { name: 'read', description: 'Reads a file.', parameters: { type: 'object' } };
  assert.equal(counter.tools([]), 0);
  assert.equal(counter.tools([tool, { ...tool }]), 2 * counter.tools([tool]));
});

test('the number of models that it remembers is bounded', () => {
  const counter = createTokenCounter();
  for (let model = 0; model < 1000; model += 1) counter.learn({ model: `m${model}`, messages: [long], tools: [], inputTokens: 100_000 });
  assert.equal(counter.factor('m0'), 1);
  assert.equal(counter.factor('m999'), 4);
});
