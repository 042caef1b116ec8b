import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from './errors.ts';
import { ConcurrencyLimiter, type Permit } from './limiter.ts';

test('so many run at once, and the rest in the order in which they came', async () => {
  const limiter = new ConcurrencyLimiter({ limit: 2 });
  const started: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const calls = gates.map(({ promise }, index) =>
    limiter.run(() => {
      started.push(index);
      return promise;
    }),
  );
  await new Promise(setImmediate);
  assert.deepEqual([started, limiter.running, limiter.waiting], [[0, 1], 2, 3]);
  gates[1]?.resolve();
  await calls[1];
  await new Promise(setImmediate);
  assert.deepEqual(started, [0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all(calls);
  assert.deepEqual([started, limiter.running, limiter.waiting], [[0, 1, 2, 3, 4], 0, 0]);
});

test('a call that fails, or throws at once, gives its place back', async () => {
  const limiter = new ConcurrencyLimiter({ limit: 1 });
  await assert.rejects(
    limiter.run(() => Promise.reject(new Error('later'))),
    /later/,
  );
  await assert.rejects(
    limiter.run(() => {
      throw new Error('at once');
    }),
    /at once/,
  );
  assert.equal(limiter.running, 0);
});

test('what the queue does not hold fails at once and says that it may be tried again', async () => {
  const limiter = new ConcurrencyLimiter({ limit: 1, queueLimit: 1 });
  const permit = await limiter.acquire();
  const waiting = limiter.acquire();
  await assert.rejects(limiter.acquire(), (error) => error instanceof OpenClawError && error.code === 'queue_full' && error.retryable);
  permit.release();
  (await waiting).release();
  assert.equal(limiter.running, 0);
});

test('a wait can be aborted, with the reason, and frees its place in the queue', async () => {
  const limiter = new ConcurrencyLimiter({ limit: 1, queueLimit: 1 });
  const permit = await limiter.acquire();
  const controller = new AbortController();
  const waiting = limiter.acquire({ signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(limiter.waiting, 0);
  const next = limiter.acquire();
  permit.release();
  (await next).release();
  await assert.rejects(limiter.acquire({ signal: controller.signal }), reason);
  assert.equal(limiter.running, 0);
});

test('a place that is given back twice is given back once', async () => {
  const limiter = new ConcurrencyLimiter({ limit: 2 });
  const [one, other] = [await limiter.acquire(), await limiter.acquire()];
  one.release();
  one.release();
  assert.equal(limiter.running, 1);
  other.release();
});

test('numbers that cannot be are refused', () => {
  for (const options of [{ limit: 0 }, { limit: Number.NaN }, { queueLimit: -1 }]) {
    assert.throws(
      () => new ConcurrencyLimiter(options),
      (error) => error instanceof OpenClawError && error.code === 'usage_error',
    );
  }
});

test('for any mix of comings, goings and aborts: never over the limit, never idle while somebody waits, in order, nothing left', async () => {
  const step = fc.oneof(fc.constant('come' as const), fc.constant('go' as const), fc.constant('abort' as const));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 5 }),
      fc.array(step, { maxLength: 60 }),
      async (limit, queueLimit, steps) => {
        const limiter = new ConcurrencyLimiter({ limit, queueLimit });
        const queue: { readonly number: number; readonly controller: AbortController }[] = [];
        const held: Permit[] = [];
        const granted: number[] = [];
        const refused: number[] = [];
        for (const [number, what] of steps.entries()) {
          if (what === 'come') {
            const controller = new AbortController();
            queue.push({ number, controller });
            const leave = (): void =>
              void queue.splice(
                queue.findIndex((each) => each.number === number),
                1,
              );
            limiter.acquire({ signal: controller.signal }).then(
              (permit) => {
                assert.equal(queue[0]?.number, number, 'the first who waits is the next');
                leave();
                held.push(permit);
                granted.push(number);
              },
              () => {
                leave();
                refused.push(number);
              },
            );
          } else if (what === 'go') held.shift()?.release();
          else queue.at(-1)?.controller.abort();
          await new Promise(setImmediate);
          assert.equal(limiter.running, held.length);
          assert.equal(limiter.waiting, queue.length);
          assert.ok(held.length <= limit && queue.length <= queueLimit);
          assert.ok(queue.length === 0 || held.length === limit);
        }
        while (held.length > 0) {
          held.shift()?.release();
          await new Promise(setImmediate);
        }
        assert.deepEqual([limiter.running, limiter.waiting], [0, 0]);
        assert.equal(granted.length + refused.length, steps.filter((what) => what === 'come').length);
        assert.deepEqual(
          granted,
          granted.toSorted((one, other) => one - other),
        );
      },
    ),
    { numRuns: 100 },
  );
});
