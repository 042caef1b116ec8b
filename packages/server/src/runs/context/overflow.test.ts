import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { isContextOverflow } from './overflow.ts';

function refused(reason: string, code: ErrorCode = 'upstream_refused'): OpenClawError {
  return new OpenClawError(code, { details: { provider: 'there', reason } });
}

const overflows = [
  "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens",
  'Your input exceeds the context window of this model. Please adjust your input and try again',
  'context_length_exceeded',
  'prompt is too long: 208310 tokens > 200000 maximum',
  'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
  'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)',
  'Input is too long for requested model',
  "This model's maximum prompt length is 131072 but the request contains 140000 tokens",
  'Please reduce the length of the messages or completion',
  'the request exceeds the available context size, try increasing it',
  'The number of tokens to keep from the initial prompt is greater than the context length',
  'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
  'Invalid request: Your request exceeded model token limit: 131072',
  'invalid params, context window exceeds limit',
];

for (const reason of overflows) {
  test(`the conversation is too long: ${reason}`, () => {
    assert.ok(isContextOverflow(refused(reason)));
    // As it comes back over the model path: the reason is in the words, and nowhere else.
    assert.ok(
      isContextOverflow(new OpenClawError('upstream_refused', { words: { message: `there refused the request: ${reason}.`, hint: '' } })),
    );
  });
}

test('the body was too large for the provider or for us', () => {
  assert.ok(isContextOverflow(new OpenClawError('body_too_large', { details: { limitBytes: 1 } })));
});

const others: readonly (readonly [string, ErrorCode])[] = [
  ['Rate limit reached for tokens per minute: reduce the length of the messages', 'upstream_rate_limited'],
  ['maximum context length', 'upstream_quota'],
  ['max_tokens is too large: 200000. This model supports at most 16384 completion tokens', 'upstream_refused'],
  ['Invalid value for tool_choice', 'upstream_refused'],
  ['Context window too small: minimum is 1000 tokens', 'upstream_refused'],
];

for (const [reason, code] of others) {
  test(`a shorter conversation would not help: ${code}, ${reason}`, () => assert.ok(!isContextOverflow(refused(reason, code))));
}
