import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, type BreakerOptions } from './breaker.ts';
import { clientError, OpenClawError } from './errors.ts';
import { createManualClock, type ManualClock } from './manual-clock.fixture.ts';

function setup(options: BreakerOptions = {}): { readonly breaker: CircuitBreaker; readonly clock: ManualClock } {
  const clock = createManualClock();
  return { clock, breaker: new CircuitBreaker({ failureThreshold: 2, cooldownMs: 1_000, clock, ...options }) };
}

const up = async (): Promise<string> => 'ok';
const failing =
  (error: unknown): (() => Promise<never>) =>
  async () => {
    throw error;
  };
const refused = (status: number, more: { code?: string; retryAfterMs?: number } = {}) =>
  failing(new OpenClawError({ message: 'no', code: 'http', status, ...more }));
const down = refused(503);

async function fail(breaker: CircuitBreaker, call: () => Promise<unknown>, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) await assert.rejects(breaker.run(call));
}

function isOpenFor(retryAfterMs: number | undefined): (error: unknown) => boolean {
  return (error) =>
    error instanceof OpenClawError && error.code === 'circuit_open' && error.retryable && error.retryAfterMs === retryAfterMs;
}

test('failures in a row open it, and then nothing is called, with the time that is left', async () => {
  const { breaker, clock } = setup();
  await fail(breaker, down);
  assert.equal(breaker.state, 'closed');
  await fail(breaker, down);
  assert.equal(breaker.state, 'open');
  clock.advance(300);
  let called = false;
  await assert.rejects(
    breaker.run(async () => (called = true)),
    isOpenFor(700),
  );
  assert.equal(called, false);
});

test('a success between failures begins the count anew', async () => {
  const { breaker } = setup();
  await fail(breaker, down);
  await breaker.run(up);
  await fail(breaker, down);
  assert.equal(breaker.state, 'closed');
});

test('after the pause one call is let through, and its success closes it', async () => {
  const { breaker, clock } = setup();
  await fail(breaker, down, 2);
  clock.advance(1_000);
  assert.equal(breaker.state, 'half-open');
  const { promise, resolve: finish } = Promise.withResolvers<string>();
  const trial = breaker.run(() => promise);
  await assert.rejects(breaker.run(up), isOpenFor(undefined));
  finish('ok');
  assert.equal(await trial, 'ok');
  assert.equal(breaker.state, 'closed');
});

test('a trial that fails opens it for another pause', async () => {
  const { breaker, clock } = setup();
  await fail(breaker, down, 2);
  clock.advance(1_000);
  await fail(breaker, down);
  await assert.rejects(breaker.run(up), isOpenFor(1_000));
});

test('a trial that was aborted leaves the next call the trial', async () => {
  const { breaker, clock } = setup();
  await fail(breaker, down, 2);
  clock.advance(1_000);
  await assert.rejects(breaker.run(failing(new Error('left')), { signal: AbortSignal.abort() }));
  assert.equal(breaker.state, 'half-open');
  assert.equal(await breaker.run(up), 'ok');
});

test('the pause is as long as the server asks for, within a bound', async () => {
  for (const [retryAfterMs, expected] of [
    [200, 1_000],
    [5_000, 5_000],
    [90_000, 9_000],
  ] as const) {
    const { breaker } = setup({ failureThreshold: 1, maxCooldownMs: 9_000 });
    await fail(breaker, refused(503, { retryAfterMs }));
    await assert.rejects(breaker.run(up), isOpenFor(expected));
  }
});

test('a slow success from before it opened does not close it, and a slow failure does not lengthen the pause', async () => {
  const { breaker, clock } = setup({ failureThreshold: 1 });
  const [one, other] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const slow = breaker.run(() => one.promise);
  const slowFailure = breaker.run(() => other.promise);
  await fail(breaker, down);
  one.resolve('ok');
  assert.equal(await slow, 'ok');
  assert.equal(breaker.state, 'open');
  clock.advance(1_000);
  other.reject(new Error('late'));
  await assert.rejects(slowFailure);
  assert.equal(breaker.state, 'half-open');
});

test('an answer that blames the request, the caller or a provider says that the server is well', async () => {
  const answers = [
    refused(400),
    refused(401),
    refused(429),
    refused(502, { code: 'upstream_failed' }),
    refused(504, { code: 'deadline_exceeded' }),
  ];
  for (const answer of answers) {
    const { breaker } = setup();
    await fail(breaker, down);
    await fail(breaker, answer);
    await fail(breaker, down);
    assert.equal(breaker.state, 'closed');
  }
});

test('no connection, no answer in time, and errors of another kind are failures; what was never sent or was aborted is neither', async () => {
  const details = {};
  for (const error of [
    clientError('connection_failed', { details }),
    clientError('deadline_exceeded', { details }),
    new TypeError('fetch failed'),
  ]) {
    const { breaker } = setup();
    await fail(breaker, failing(error), 2);
    assert.equal(breaker.state, 'open');
  }
  for (const error of [clientError('queue_full', { details }), new DOMException('left', 'AbortError')]) {
    const { breaker } = setup();
    await fail(breaker, failing(error), 5);
    assert.equal(breaker.state, 'closed');
  }
});

test('numbers that cannot be are refused', () => {
  for (const options of [{ failureThreshold: 0 }, { cooldownMs: -1 }, { cooldownMs: 5, maxCooldownMs: 4 }]) {
    assert.throws(() => new CircuitBreaker(options), /has to be/);
  }
});
