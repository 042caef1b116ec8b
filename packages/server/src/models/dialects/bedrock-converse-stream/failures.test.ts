import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from './failures.ts';

function refusal(status: number, type: string | undefined, body: unknown = { message: 'Because.' }) {
  const headers = { 'content-type': 'application/json', ...(type !== undefined && { 'x-amzn-errortype': type }) };
  return classify({ provider: 'acme', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), nowMs: 0 });
}

test('each exception of Bedrock means one thing, whatever its status', () => {
  const rows: readonly (readonly [number, string, string, boolean])[] = [
    [429, 'ThrottlingException', 'upstream_rate_limited', true],
    [400, 'ThrottlingException', 'upstream_rate_limited', true],
    [400, 'ServiceQuotaExceededException', 'upstream_rate_limited', true],
    [429, 'ModelNotReadyException', 'upstream_overloaded', true],
    [503, 'ServiceUnavailableException', 'upstream_overloaded', true],
    [500, 'InternalServerException', 'upstream_failed', true],
    [424, 'ModelErrorException', 'upstream_failed', true],
    [408, 'ModelTimeoutException', 'upstream_failed', true],
    [403, 'AccessDeniedException', 'upstream_authentication', false],
    [403, 'UnrecognizedClientException', 'upstream_authentication', false],
    [403, 'ExpiredTokenException', 'upstream_authentication', false],
    [400, 'ExpiredTokenException', 'upstream_authentication', false],
    [403, 'InvalidSignatureException', 'upstream_authentication', false],
    [400, 'IncompleteSignatureException', 'upstream_authentication', false],
    [400, 'ValidationException', 'upstream_refused', false],
    [404, 'ResourceNotFoundException', 'upstream_refused', false],
  ];
  for (const [status, type, code, retryable] of rows) {
    const error = refusal(status, type);
    assert.deepEqual([error.code, error.retryable], [code, retryable], `${status} ${type}`);
    assert.match(error.message, /Because/);
  }
});

test('the name is read from the header, with or without an address after it, or from the body', () => {
  assert.equal(refusal(400, 'ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/').code, 'upstream_rate_limited');
  assert.equal(
    refusal(400, undefined, { __type: 'com.amazon.coral.service#ThrottlingException', message: 'x' }).code,
    'upstream_rate_limited',
  );
  assert.match(refusal(403, 'AccessDeniedException', { Message: 'No access to the model.' }).message, /No access to the model/);
  assert.match(refusal(400, 'ValidationException', {}).message, /ValidationException/);
});

test('what AWS repeats of a request whose signature is wrong is not passed on', () => {
  const request = "The Canonical String for this request should have been\n'POST\n/model/x/converse\n\nx-amz-security-token:SECRET\n'";
  const { message } = refusal(403, 'InvalidSignatureException', { message: `The signature does not match.\n\n${request}` });
  assert.match(message, /The signature does not match/);
  assert.doesNotMatch(message, /SECRET|Canonical/);
});

test('a model that the account may not use says nothing about the key, and a wrong signature does', () => {
  assert.equal(refusal(403, 'AccessDeniedException').details['upstreamStatus'], 403);
  assert.equal(refusal(403, 'InvalidSignatureException').details['upstreamStatus'], 401);
});

test('a refusal keeps its status, and one that is no exception of AWS is judged by it', () => {
  assert.equal(refusal(400, 'ValidationException').status, 400);
  assert.equal(refusal(404, 'ResourceNotFoundException').status, 404);
  assert.equal(refusal(400, 'AnExceptionOfTomorrow').code, 'upstream_refused');
  assert.equal(refusal(502, undefined, '<html><title>502 Bad Gateway</title></html>').code, 'upstream_failed');
  assert.match(refusal(502, undefined, '<html><title>502 Bad Gateway</title></html>').message, /502 Bad Gateway/);
  assert.equal(refusal(429, undefined, '').code, 'upstream_rate_limited');
});

test('how long to wait is read from the headers', () => {
  const headers = { 'x-amzn-errortype': 'ThrottlingException', 'retry-after': '3' };
  assert.equal(classify({ provider: 'acme', status: 429, headers, body: '{"message":"slow"}', nowMs: 0 }).retryAfterMs, 3000);
});
