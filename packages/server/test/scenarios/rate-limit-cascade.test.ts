/** The rate limit cascade: a 429 that every agent answers with another request at once, until nobody gets through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetryAfterForm } from '../../../../bench/chaos/behaviour.ts';
import { startCrashScene } from './crash-scene.ts';

const queue = { maxWaiting: 100, maxWaitMs: '1h' };

test('a provider that allows two requests a second answers thirty agents, and is never asked before its Retry-After', async () => {
  await using scene = await startCrashScene({
    providers: [{ rate: { kind: 'bucket', perSecond: 2, burst: 2, refusedCost: 1, retryAfter: 'seconds' }, graceMs: 0 }],
    provider: { concurrency: { initial: 1, max: 1 } },
    models: { queue },
  });
  const outcomes = await scene.passTime(Promise.all(Array.from({ length: 30 }, () => scene.ask())));
  assert.deepEqual(outcomes.map(({ failure }) => failure).filter(Boolean), []);
  const { early, answered } = scene.provider.counts();
  assert.equal(answered['200'], 30);
  assert.equal(early, 0);
});

for (const retryAfter of ['seconds', 'date', 'milliseconds', 'minute'] satisfies RetryAfterForm[]) {
  test(`one refusal (Retry-After: ${retryAfter}) holds back everybody who comes after it`, async () => {
    await using scene = await startCrashScene({
      providers: [{ faults: [{ kind: 'status', status: 429, retryAfter, awayMs: 5000, times: 1 }], graceMs: 0 }],
      provider: { concurrency: { initial: 1, max: 1 } },
      models: { queue, retry: { maxDelayMs: '2m' } },
    });
    const outcomes = await scene.passTime(Promise.all(Array.from({ length: 10 }, () => scene.ask())));
    assert.deepEqual(outcomes.map(({ failure }) => failure).filter(Boolean), []);
    const { requests, early } = scene.provider.counts();
    assert.deepEqual({ requests, early }, { requests: 11, early: 0 });
  });
}

for (const retryAfter of ['none', 'negative', 'garbage'] satisfies RetryAfterForm[]) {
  test(`a refusal that names no time (${retryAfter}) is answered with a pause of the gateway's own, and costs no answer`, async () => {
    await using scene = await startCrashScene({
      providers: [{ faults: [{ kind: 'status', status: 429, retryAfter, times: 1 }] }],
      models: { queue },
    });
    assert.equal((await scene.passTime(scene.ask())).failure, '');
    assert.equal(scene.provider.counts().requests, 2);
  });
}
