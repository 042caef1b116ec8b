import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorFromAnswer, errorFromEvent, OpenClawError, readRetryAfterMs, withoutRetry } from './errors.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');

function answer(status: number, headers: Record<string, string>, body: unknown): OpenClawError {
  return errorFromAnswer({ status, headers: new Headers(headers) }, typeof body === 'string' ? body : JSON.stringify(body), nowMs);
}

test("OpenClaw's own words come with code, hint and request", () => {
  const openclaw = { code: 'model_not_found', hint: 'Did you mean large?', retryable: false };
  const error = answer(
    404,
    { 'x-openclaw-request-id': 'r1' },
    { error: { message: 'There is no model x.', code: 'model_not_found', openclaw } },
  );
  const { message, code, status, retryable, hint, requestId } = error;
  assert.deepEqual(
    { message, code, status, retryable, hint, requestId },
    {
      message: 'There is no model x.',
      code: 'model_not_found',
      status: 404,
      retryable: false,
      hint: 'Did you mean large?',
      requestId: 'r1',
    },
  );
});

test('other servers are understood as far as they go', () => {
  assert.deepEqual(answer(400, {}, { error: { message: 'odd', type: 'invalid_request_error', code: null } }).code, 'invalid_request_error');
  assert.deepEqual(answer(400, {}, { error: 'words alone' }).message, 'words alone');
  const page = answer(502, {}, '<html>Bad gateway</html>');
  assert.deepEqual([page.code, page.message, page.retryable], ['http_502', 'The server answered with status 502.', true]);
});

test('the wish of the server comes before what its body says, and that before the status', () => {
  const says = (retryable: boolean) => ({ error: { openclaw: { retryable } } });
  for (const [status, headers, body, expected] of [
    [503, {}, {}, true],
    [429, {}, {}, true],
    [400, {}, {}, false],
    [501, {}, {}, false],
    [503, { 'x-should-retry': 'false' }, says(true), false],
    [400, { 'x-should-retry': 'true' }, {}, true],
    [429, {}, says(false), false],
  ] as const) {
    assert.equal(answer(status, headers, body).retryable, expected, `${status} ${JSON.stringify(headers)}`);
  }
});

test('Retry-After is read in milliseconds, in seconds, and as a date', () => {
  for (const [headers, expected] of [
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{}, undefined],
  ] as const) {
    assert.equal(readRetryAfterMs(new Headers(headers as Record<string, string>), nowMs), expected);
  }
});

test('an error in a stream has the status of its code, and none of another server', () => {
  const head = { status: 200, headers: new Headers() };
  assert.equal(errorFromEvent({ error: { message: 'gone', code: 'upstream_truncated' } }, head).status, 502);
  const strange = errorFromEvent({ error: { message: 'gone', code: 'strange' } }, head);
  assert.deepEqual([strange.status, strange.code], [0, 'strange']);
});

test('an error after something was delivered is the same, but not to be tried again', () => {
  const error = answer(503, { 'retry-after': '1' }, {});
  const changed = withoutRetry(error);
  assert.ok(changed instanceof OpenClawError);
  const { code, status, retryAfterMs, retryable, cause } = changed;
  assert.deepEqual([code, status, retryAfterMs, retryable, cause], ['http_503', 503, 1_000, false, error]);
  const reason = new Error('the caller left');
  assert.equal(withoutRetry(reason), reason);
});
