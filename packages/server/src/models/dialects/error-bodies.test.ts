import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { encodeErrorBody } from './error-bodies.ts';

const error = new OpenClawError('invalid_request', {
  details: { path: 'messages[2].content', reason: 'is required' },
  param: 'messages[2].content',
});
const openclaw = { code: 'invalid_request', hint: error.hint, retryable: false };

test('an OpenAI client gets message with hint, type, param and code', () => {
  assert.deepEqual(encodeErrorBody('openai-completions', error, 'req_1'), {
    error: {
      message: `messages[2].content: is required. ${error.hint}`,
      type: 'invalid_request_error',
      param: 'messages[2].content',
      code: 'invalid_request',
      openclaw,
    },
  });
});

test('an Anthropic client gets the type that its SDK knows, and the request id', () => {
  assert.deepEqual(encodeErrorBody('anthropic-messages', error, 'req_1'), {
    type: 'error',
    error: { type: 'invalid_request_error', message: `messages[2].content: is required. ${error.hint}`, openclaw },
    request_id: 'req_1',
  });
});

test('the types are those of the real APIs for the status', () => {
  const types = (code: ConstructorParameters<typeof OpenClawError>[0]): unknown[] =>
    (['openai-completions', 'anthropic-messages'] as const).map(
      (dialect) => (encodeErrorBody(dialect, new OpenClawError(code), 'req_1')['error'] as { type: string }).type,
    );
  assert.deepEqual(types('missing_credentials'), ['authentication_error', 'authentication_error']);
  assert.deepEqual(types('model_not_found'), ['not_found_error', 'not_found_error']);
  assert.deepEqual(types('upstream_rate_limited'), ['rate_limit_error', 'rate_limit_error']);
  assert.deepEqual(types('upstream_overloaded'), ['server_error', 'overloaded_error']);
  assert.deepEqual(types('upstream_failed'), ['server_error', 'api_error']);
  assert.deepEqual(types('body_too_large'), ['invalid_request_error', 'request_too_large']);
});
