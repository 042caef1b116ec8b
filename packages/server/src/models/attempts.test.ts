import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError, type ErrorCode } from '../core/errors.ts';
import { createAttemptPlan, type PlanOptions } from './attempts.ts';

const options = { attempts: 5, baseDelayMs: 500, maxDelayMs: 30_000 };

function failure(code: ErrorCode, more: { retryAfterMs?: number; status?: number } = {}): OpenClawError {
  return new OpenClawError(code, { details: { provider: 'a', reason: 'it failed' }, ...more });
}

interface Taken {
  readonly target: string;
  readonly number: number;
  readonly delayMs: number;
}

/** The plan, with an admission that has room everywhere: the candidate that may be asked first, the first in order among equals. */
function setup(targets: readonly string[], overrides: Partial<PlanOptions> = {}) {
  const time = { ms: 0 };
  const plan = createAttemptPlan(targets, { ...options, monotonicMs: () => time.ms, random: () => 1, ...overrides });
  let current = '';
  const next = (failed: OpenClawError | undefined, remainingMs: number): Taken | undefined => {
    if (failed) plan.failed(current, failed);
    const round = plan.next(remainingMs);
    if (!round) return undefined;
    const readyMs = (candidate: { notBeforeMs: number }): number => Math.max(time.ms, candidate.notBeforeMs);
    const first = round.candidates.reduce((best, candidate) => (readyMs(candidate) < readyMs(best) ? candidate : best));
    current = first.target;
    return { target: first.target, number: round.number, delayMs: readyMs(first) - time.ms };
  };
  return { plan: { next }, time };
}

test('the next target is asked at once when one fails', () => {
  const { plan } = setup(['a', 'b']);
  assert.deepEqual(plan.next(undefined, Infinity), { target: 'a', number: 1, delayMs: 0 });
  assert.deepEqual(plan.next(failure('upstream_failed'), Infinity), { target: 'b', number: 2, delayMs: 0 });
});

test('one that failed is not asked again before another one that is well, however short its back-off', () => {
  const { plan, time } = setup(['a', 'b', 'c'], { random: () => 0 });
  plan.next(undefined, Infinity);
  time.ms = 1;
  assert.equal(plan.next(failure('upstream_failed'), Infinity)?.target, 'b');
  assert.equal(plan.next(failure('upstream_failed'), Infinity)?.target, 'c');
  assert.equal(plan.next(failure('upstream_failed'), Infinity)?.target, 'a');
});

test('a target that failed is left alone for twice as long each time, and all tries together are limited', () => {
  const { plan, time } = setup(['a']);
  const delays: number[] = [];
  let attempt = plan.next(undefined, Infinity);
  while (attempt) {
    delays.push(attempt.delayMs);
    time.ms += attempt.delayMs;
    attempt = plan.next(failure('upstream_failed'), Infinity);
  }
  assert.deepEqual(delays, [0, 500, 1000, 2000, 4000]);
});

test('Retry-After is a floor under the pause', () => {
  const { plan } = setup(['a'], { random: () => 0 });
  plan.next(undefined, Infinity);
  assert.equal(plan.next(failure('upstream_rate_limited', { retryAfterMs: 7000 }), Infinity)?.delayMs, 7000);
});

test('a target that asks for longer than the longest pause is not waited for, but another one is asked', () => {
  const alone = setup(['a']);
  alone.plan.next(undefined, Infinity);
  assert.equal(alone.plan.next(failure('upstream_rate_limited', { retryAfterMs: 60_000 }), Infinity), undefined);
  const { plan } = setup(['a', 'b']);
  plan.next(undefined, Infinity);
  assert.equal(plan.next(failure('upstream_rate_limited', { retryAfterMs: 60_000 }), Infinity)?.target, 'b');
  assert.equal(plan.next(failure('upstream_failed'), Infinity)?.target, 'b');
});

test('no pause is begun that would pass the deadline', () => {
  const { plan } = setup(['a']);
  plan.next(undefined, 400);
  assert.equal(plan.next(failure('upstream_failed'), 400), undefined);
});

test('what is wrong with the request ends it; what is wrong with the target moves on', () => {
  for (const status of [400, 413, 422]) {
    const { plan } = setup(['a', 'b']);
    plan.next(undefined, Infinity);
    assert.equal(plan.next(failure('upstream_refused', { status }), Infinity), undefined, String(status));
  }
  for (const error of [failure('upstream_refused', { status: 404 }), failure('upstream_authentication'), failure('unsupported_feature')]) {
    const { plan } = setup(['a', 'b']);
    plan.next(undefined, Infinity);
    assert.equal(plan.next(error, Infinity)?.target, 'b', error.code);
    assert.equal(plan.next(error, Infinity), undefined, 'neither is asked again');
  }
});

test('a bug of the gateway is not tried elsewhere', () => {
  const { plan } = setup(['a', 'b']);
  plan.next(undefined, Infinity);
  assert.equal(plan.next(failure('internal_error'), Infinity), undefined);
});

test('never more tries than allowed, never before a Retry-After, never beyond the deadline', () => {
  const event = fc.record({
    code: fc.constantFrom<ErrorCode>('upstream_failed', 'upstream_rate_limited', 'upstream_overloaded', 'upstream_authentication'),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(event, { maxLength: 12 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (count, events, random) => {
        const names = Array.from({ length: count }, (_, index) => `t${index}`);
        const { plan, time } = setup(names, { random: () => random });
        const notBefore = new Map<string, number>();
        const deadlineMs = 100_000;
        let attempt = plan.next(undefined, deadlineMs);
        let made = 0;
        for (const { code, retryAfterMs } of events) {
          if (!attempt) break;
          made += 1;
          time.ms += attempt.delayMs;
          assert.ok(time.ms < deadlineMs);
          assert.ok(time.ms >= (notBefore.get(attempt.target) ?? 0));
          if (retryAfterMs !== undefined) notBefore.set(attempt.target, time.ms + retryAfterMs);
          attempt = plan.next(failure(code, retryAfterMs === undefined ? {} : { retryAfterMs }), deadlineMs - time.ms);
        }
        assert.ok(made <= options.attempts);
      },
    ),
  );
});
