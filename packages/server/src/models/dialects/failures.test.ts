import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../core/errors.ts';
import { classify, inStreamError } from './failures.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function failure(status: number, body: unknown = {}, headers: Record<string, string> = {}) {
  return classify({ provider: 'acme', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), nowMs });
}

test('each status means one thing, and only what can pass is tried again', () => {
  const rows: readonly (readonly [number, ErrorCode, boolean, number])[] = [
    [400, 'upstream_refused', false, 400],
    [401, 'upstream_authentication', false, 502],
    [402, 'upstream_quota', false, 429],
    [403, 'upstream_authentication', false, 502],
    [404, 'upstream_refused', false, 404],
    [408, 'upstream_failed', true, 502],
    [409, 'upstream_failed', true, 502],
    [413, 'upstream_refused', false, 413],
    [422, 'upstream_refused', false, 422],
    [425, 'upstream_failed', true, 502],
    [429, 'upstream_rate_limited', true, 429],
    [500, 'upstream_failed', true, 502],
    [502, 'upstream_failed', true, 502],
    [503, 'upstream_overloaded', true, 503],
    [504, 'upstream_failed', true, 502],
    [529, 'upstream_overloaded', true, 503],
    [301, 'upstream_refused', false, 502],
  ];
  for (const [status, code, retryable, given] of rows) {
    const error = failure(status);
    assert.deepEqual([status, error.code, error.retryable, error.status], [status, code, retryable, given]);
  }
});

test('an empty account is not a rate limit: waiting does not help', () => {
  const bodies = [
    [429, { error: { message: 'You exceeded your current quota.', type: 'insufficient_quota', code: 'insufficient_quota' } }],
    [
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' } },
    ],
    [403, { type: 'error', error: { type: 'billing_error', message: 'Billing' } }],
  ] as const;
  for (const [status, body] of bodies) {
    const error = failure(status, body);
    assert.deepEqual([error.code, error.retryable], ['upstream_quota', false]);
  }
});

test('what a client may put into a refusal does not make an account look empty', () => {
  const echoes = [
    [404, 'The model `insufficient funds` does not exist or you do not have access to it.'],
    [400, "Invalid value: 'insufficient quota'. Supported values are: 'system' and 'user'."],
    [400, 'insufficient funds is not a valid model ID'],
    [403, 'Project `p` does not have access to model `exceeded your current quota`.'],
    [422, 'messages.0.role: "credit balance is too low" is none of user, assistant'],
  ] as const;
  for (const [status, message] of echoes) {
    assert.notEqual(failure(status, { error: { message, type: 'invalid_request_error' } }).code, 'upstream_quota', message);
  }
});

test('a request that asks for more than the account can pay for does not make it an empty one', () => {
  const message = 'This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 1200.';
  const error = failure(402, { error: { message, code: 402 } });
  assert.deepEqual([error.code, error.status, error.retryable], ['upstream_refused', 402, false]);
  assert.equal(failure(402, { error: { message: 'Insufficient credits' } }).code, 'upstream_quota');
});

test('a Retry-After of a year is one of a day, and a date is read by the clock that wrote it', () => {
  assert.equal(failure(429, {}, { 'retry-after': '31536000' }).retryAfterMs, 86_400_000);
  const headers = { date: 'Thu, 01 Jan 2026 05:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 05:00:30 GMT' };
  assert.equal(failure(429, {}, headers).retryAfterMs, 30_000);
});

test('an error in a stream about a permission is no verdict about the key', () => {
  const error = inStreamError({ type: 'permission_error', message: 'not for this model' }, 'acme');
  assert.deepEqual([error.code, error.details['upstreamStatus']], ['upstream_authentication', 403]);
  assert.equal(inStreamError({ type: 'authentication_error', message: 'no' }, 'acme').details['upstreamStatus'], 401);
});

test('Retry-After is read in seconds, as a date and in milliseconds, and the exact one wins', () => {
  assert.equal(failure(429, {}, { 'retry-after': '7' }).retryAfterMs, 7000);
  assert.equal(failure(503, {}, { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }).retryAfterMs, 60_000);
  assert.equal(failure(503, {}, { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }).retryAfterMs, 0);
  assert.equal(failure(429, {}, { 'retry-after': '7', 'retry-after-ms': '1500.5' }).retryAfterMs, 1500.5);
  assert.equal(failure(429, {}, { 'retry-after': 'soon' }).retryAfterMs, undefined);
  assert.equal(failure(500, {}, { 'retry-after': '-1' }).retryAfterMs, undefined);
});

test('x-should-retry overrules the status, but for a rate limit', () => {
  assert.equal(failure(500, {}, { 'x-should-retry': 'false' }).retryable, false);
  assert.equal(failure(500, {}, { 'x-should-retry': 'false' }).status, 500);
  assert.equal(failure(400, {}, { 'x-should-retry': 'true' }).retryable, true);
  assert.equal(failure(429, {}, { 'x-should-retry': 'false' }).retryable, true);
});

test("the reason is the provider's words: one line, bounded, without keys", () => {
  assert.match(failure(400, { error: { message: 'Bad\n  field.' } }).message, /acme refused the request: Bad field\.$/);
  assert.match(failure(400, { message: 'top level' }).message, /: top level\.$/);
  assert.match(failure(400, { error: 'a string' }).message, /: a string\.$/);
  assert.match(failure(400, [{ error: { message: 'in a list' } }]).message, /: in a list\.$/);
  assert.match(failure(502, '<html><head><title>502 Bad Gateway</title></head></html>').message, /: 502 Bad Gateway\.$/);
  assert.match(failure(500, '').message, /: it answered 500 without a reason\.$/);
  const key = failure(401, { error: { message: 'Incorrect API key provided: sk-proj-abcdef1234567890.' } }).message;
  assert.ok(!key.includes('abcdef'));
  assert.ok(failure(400, { error: { message: 'x'.repeat(100_000) } }).message.length < 400);
});

test('an error inside a stream is judged by its kind, or by the status that it names', () => {
  assert.equal(inStreamError({ type: 'overloaded_error', message: 'Overloaded' }, 'acme').code, 'upstream_overloaded');
  assert.equal(inStreamError({ type: 'rate_limit_error', message: 'slow' }, 'acme').code, 'upstream_rate_limited');
  assert.equal(inStreamError({ type: 'invalid_request_error', message: 'no' }, 'acme').code, 'upstream_refused');
  assert.equal(inStreamError({ code: 429, message: 'slow' }, 'acme').code, 'upstream_rate_limited');
  assert.equal(inStreamError({ type: 'api_error' }, 'acme').retryable, true);
  assert.equal(inStreamError(null, 'acme').code, 'upstream_failed');
});

test('a reason loses what looks like a key, and no other word', () => {
  const reasonOf = (message: string): unknown =>
    classify({ provider: 'acme', status: 401, headers: {}, body: JSON.stringify({ error: { message } }), nowMs: 0 }).details['reason'];
  assert.equal(reasonOf('Incorrect API key provided: sk-abcdefgh****wxyz.'), 'Incorrect API key provided: sk-…');
  assert.equal(reasonOf('Bearer abcdefgh12345 is unknown'), 'Bearer … is unknown');
});
