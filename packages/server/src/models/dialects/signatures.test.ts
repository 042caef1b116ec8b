import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMarked, markSignature, mayHoldMarked, proofFor } from './signatures.ts';
import { markSignature as markOfGemini, readMarkedSignature } from './thought-signatures.ts';

const bodyWith = (value: unknown): Buffer => Buffer.from(JSON.stringify({ messages: [{ role: 'assistant', content: value }] }, null, 1));

test('a proof is read by the dialect that marked it, and by no other', () => {
  const marked = markSignature('openai-responses', 'abc:def');
  assert.equal(proofFor('openai-responses', marked), 'abc:def');
  assert.equal(proofFor('anthropic-messages', marked), undefined);
  assert.equal(readMarkedSignature(marked), undefined);
  assert.deepEqual(readMarkedSignature(markOfGemini('call', 'U0lH')), { place: 'call', signature: 'U0lH' });
  assert.equal(readMarkedSignature('google:elsewhere:U0lH'), undefined);
});

test("Anthropic's own signatures bear no mark, all others do", () => {
  assert.equal(isMarked('EqQBCgIYAhIM+/=='), false);
  assert.equal(isMarked(markOfGemini('text', 'U0lH')), true);
  assert.equal(isMarked(markSignature('openai-responses', 'x')), true);
});

test('a body with a marked signature is known by its bytes', () => {
  for (const signature of [markOfGemini('call', 'U0lH'), markSignature('openai-responses', 'x')]) {
    assert.equal(mayHoldMarked(bodyWith([{ type: 'thinking', thinking: '', signature }])), true);
  }
});

test('a text that speaks of marks holds none', () => {
  assert.equal(mayHoldMarked(bodyWith('"signature":"google:call:x" and google: and "openai-responses:"')), false);
  assert.equal(mayHoldMarked(bodyWith([{ type: 'thinking', thinking: 'google', signature: 'EqQB' }])), false);
});
