import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from './errors.ts';
import { createManualClock, type ManualClock } from './manual-clock.fixture.ts';
import { retryDefaults, withRetry, type RetryCallOptions } from './retry.ts';

const passing = (retryAfterMs?: number) =>
  new OpenClawError({ message: 'busy', code: 'overloaded', status: 503, retryable: true, retryAfterMs });
const lasting = new OpenClawError({ message: 'wrong', code: 'invalid_request', status: 400 });

interface Outcome {
  readonly result: PromiseSettledResult<unknown>;
  /** When each try was made. */
  readonly triedAtMs: number[];
  readonly clock: ManualClock;
}

/** Fails with the errors one after the other, then succeeds; the clock moves whenever everybody waits for it. */
async function run(errors: readonly unknown[], options: RetryCallOptions = {}): Promise<Outcome> {
  const clock = createManualClock();
  const triedAtMs: number[] = [];
  const call = withRetry(
    async ({ number }) => {
      triedAtMs.push(clock.monotonicMs());
      if (number <= errors.length) throw errors[number - 1];
      return number;
    },
    { random: () => 0.5, clock, ...options },
  );
  let settled = false;
  const result = Promise.allSettled([call]).finally(() => (settled = true));
  while (!settled) {
    await new Promise(setImmediate);
    if (!settled) clock.advanceToNext();
  }
  return { result: (await result)[0], triedAtMs, clock };
}

test('what passes by itself is tried again, after half of 500, 1000, 2000 and 4000 ms with the middle of chance', async () => {
  const { result, triedAtMs } = await run([passing(), passing(), passing(), passing()]);
  assert.deepEqual(result, { status: 'fulfilled', value: 5 });
  assert.deepEqual(triedAtMs, [0, 250, 750, 1750, 3750]);
});

test('after five tries the last failure is thrown', async () => {
  const failures = Array.from({ length: 6 }, () => passing());
  const { result, triedAtMs } = await run(failures);
  assert.equal(triedAtMs.length, 5);
  assert.equal(result.status === 'rejected' && result.reason, failures[4]);
});

test('what does not pass is not tried again, and neither is an error that says nothing', async () => {
  for (const error of [lasting, new Error('bug'), 'text', undefined]) assert.equal((await run([error])).triedAtMs.length, 1);
});

test('the caller may say what passes, and is told of each wait', async () => {
  const told: unknown[] = [];
  const { triedAtMs } = await run([new Error('flaky')], { isRetryable: () => true, onRetry: (retry) => told.push(retry) });
  assert.equal(triedAtMs.length, 2);
  assert.deepEqual(told, [{ attempt: 1, delayMs: 250, error: new Error('flaky') }]);
});

test('a pause that the server asks for is a floor, with the chance on top', async () => {
  assert.deepEqual((await run([passing(2_000)])).triedAtMs, [0, 2_250]);
  assert.deepEqual((await run([passing(2_000)], { random: () => 0 })).triedAtMs, [0, 2_000]);
});

test('a pause longer than the bound is left to the caller', async () => {
  const error = passing(60_001);
  const { result, triedAtMs } = await run([error]);
  assert.equal(triedAtMs.length, 1);
  assert.equal(result.status === 'rejected' && result.reason, error);
});

test('a wait that would pass the time of the call is not begun', async () => {
  const { result, triedAtMs, clock } = await run([passing(1_000)], { timeoutMs: 1_200 });
  assert.deepEqual(triedAtMs, [0]);
  assert.equal(clock.monotonicMs(), 0);
  assert.ok(result.status === 'rejected' && result.reason instanceof OpenClawError && result.reason.code === 'overloaded');
});

test('the time of the call aborts the try that is under way', async () => {
  const clock = createManualClock();
  const call = withRetry(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut')))), {
    timeoutMs: 100,
    clock,
  });
  clock.advance(100);
  await assert.rejects(call, (error) => error instanceof OpenClawError && error.code === 'deadline_exceeded');
  assert.equal(clock.timers, 0);
});

test('an abort ends a wait at once, with its reason, and leaves no timer', async () => {
  const clock = createManualClock();
  const controller = new AbortController();
  const waiting = Promise.withResolvers<void>();
  const call = withRetry(() => Promise.reject(passing()), { clock, signal: controller.signal, onRetry: () => waiting.resolve() });
  await waiting.promise;
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(call, reason);
  assert.equal(clock.timers, 0);
});

test('a call that is aborted before is not begun', async () => {
  let tries = 0;
  await assert.rejects(
    withRetry(async () => tries++, { signal: AbortSignal.abort() }),
    { name: 'AbortError' },
  );
  assert.equal(tries, 0);
});

test('numbers that cannot be are refused', async () => {
  for (const options of [{ attempts: 0 }, { attempts: 1.5 }, { baseDelayMs: -1 }, { maxDelayMs: Number.NaN }]) {
    await assert.rejects(
      withRetry(async () => 1, options),
      (error) => error instanceof OpenClawError && error.code === 'usage_error',
    );
  }
});

test('for any failures: never too often, never too early, never too late', async () => {
  const failure = fc.record({ retryable: fc.boolean(), retryAfterMs: fc.option(fc.integer({ min: 0, max: 90_000 }), { nil: undefined }) });
  const settings = fc.record({
    attempts: fc.integer({ min: 1, max: 8 }),
    timeoutMs: fc.integer({ min: 1, max: 200_000 }),
    chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(failure, { maxLength: 8 }), settings, async (failures, { attempts, timeoutMs, chance }) => {
      const errors = failures.map((each) => new OpenClawError({ message: 'no', code: 'overloaded', ...each }));
      const { result, triedAtMs, clock } = await run(errors, { attempts, timeoutMs, random: () => chance });
      assert.ok(triedAtMs.length <= Math.min(attempts, errors.length + 1));
      assert.ok(clock.monotonicMs() < timeoutMs);
      assert.equal(clock.timers, 0);
      for (const [index, atMs] of triedAtMs.slice(1).entries()) {
        const { retryable, retryAfterMs = 0 } = errors[index] ?? lasting;
        const waitedMs = atMs - (triedAtMs[index] ?? 0);
        const bound = Math.min(retryDefaults.maxDelayMs, 500 * 2 ** index);
        assert.ok(retryable && waitedMs >= retryAfterMs - 1e-6 && waitedMs <= retryAfterMs + bound + 1e-6);
      }
      assert.equal(result.status === 'fulfilled', triedAtMs.length === errors.length + 1);
    }),
    { numRuns: 100 },
  );
});
