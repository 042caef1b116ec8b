/** Google's refusals, constructed after its reference of errors and `google.rpc` details. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenClawError } from '../../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { classify, errorInStream } from './failures.ts';

function refusal(status: number, error: JsonObject, wrap = (body: JsonObject): JsonValue => body): OpenClawError {
  return classify({ provider: 'google', status, headers: {}, body: JSON.stringify(wrap({ error })), nowMs: 0 });
}

const quota = 'You exceeded your current quota, please check your plan and billing details.';
const exhausted = (quotaId: string, retryDelay: string): JsonObject => ({
  code: 429,
  message: quota,
  status: 'RESOURCE_EXHAUSTED',
  details: [
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaMetric: 'm', quotaId, quotaValue: '10' }] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
  ],
});

test('a limit per minute is waited out for as long as the body says, although it speaks of quota', () => {
  const error = refusal(429, exhausted('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', '34.074824224s'));
  assert.equal(error.code, 'upstream_rate_limited');
  assert.equal(error.retryAfterMs, 34_075);
  const listed = refusal(429, exhausted('GenerateContentInputTokensPerModelPerMinute', '7s'), (body) => [body]);
  assert.deepEqual([listed.code, listed.retryAfterMs], ['upstream_rate_limited', 7000]);
});

test('a limit per day is spent: waiting does not help', () => {
  const error = refusal(429, exhausted('GenerateRequestsPerDayPerProjectPerModel-FreeTier', '12s'));
  assert.deepEqual([error.code, error.retryAfterMs], ['upstream_quota', undefined]);
});

test('a 429 that gives no details is a rate limit', () => {
  const error = refusal(429, { code: 429, message: 'Resource has been exhausted (e.g. check quota).', status: 'RESOURCE_EXHAUSTED' });
  assert.deepEqual([error.code, error.retryAfterMs], ['upstream_rate_limited', undefined]);
});

test('a key that is not valid is a matter of the key, although its status is 400', () => {
  const message = 'API key not valid. Please pass a valid API key.';
  const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }];
  const error = refusal(400, { code: 400, message, status: 'INVALID_ARGUMENT', details });
  assert.equal(error.code, 'upstream_authentication');
  assert.match(error.message, /API key not valid/);
  assert.equal(refusal(400, { code: 400, message, status: 'INVALID_ARGUMENT' }).code, 'upstream_authentication');
});

test('every other refusal means what it means elsewhere', () => {
  const bad = refusal(400, { code: 400, message: 'Invalid value at contents', status: 'INVALID_ARGUMENT' });
  assert.deepEqual([bad.code, bad.status], ['upstream_refused', 400]);
  assert.equal(refusal(403, { code: 403, message: 'x', status: 'PERMISSION_DENIED' }).code, 'upstream_authentication');
  assert.equal(refusal(404, { code: 404, message: 'x', status: 'NOT_FOUND' }).code, 'upstream_refused');
  assert.equal(refusal(500, { code: 500, message: 'x', status: 'INTERNAL' }).code, 'upstream_failed');
  assert.equal(refusal(503, { code: 503, message: 'x', status: 'UNAVAILABLE' }).code, 'upstream_overloaded');
  assert.equal(classify({ provider: 'google', status: 502, headers: {}, body: '<html>', nowMs: 0 }).code, 'upstream_failed');
});

test('a wait in the headers goes before the one in the body', () => {
  const body = JSON.stringify({ error: exhausted('PerMinute', '7s') });
  const error = classify({ provider: 'google', status: 429, headers: { 'retry-after': '2' }, body, nowMs: 0 });
  assert.equal(error.retryAfterMs, 2000);
});

test('the same holds for an error inside a stream, and for one of a wrong type', () => {
  assert.deepEqual(
    [errorInStream(exhausted('PerMinute', '7s'), 'google')].map(({ code, retryAfterMs }) => [code, retryAfterMs]),
    [['upstream_rate_limited', 7000]],
  );
  for (const wrong of ['x', 7, [], { details: [7], status: 7 }]) assert.equal(errorInStream(wrong, 'google').code, 'upstream_failed');
});
