/** The concurrency bomb: everything works with one agent, and then they all come at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCrashScene } from './crash-scene.ts';

const places = 5;
const maxWaiting = 20;

test('of a hundred at once some are served, some wait, and the rest is told when to come back; the provider is never overrun', async () => {
  await using scene = await startCrashScene({
    providers: [{ faults: [{ kind: 'silence', at: 'accept' }] }],
    provider: { concurrency: { initial: places, max: places } },
    models: { queue: { maxWaiting, maxWaitMs: '1h' } },
  });
  const { provider } = scene;
  const shed = Promise.withResolvers<void>();
  let told = 0;
  const all = Array.from({ length: 100 }, async () => {
    const outcome = await scene.ask();
    if (outcome.status === 429 && (told += 1) === 100 - places - maxWaiting) shed.resolve();
    return outcome;
  });
  await shed.promise;
  assert.equal(provider.counts().requests, places, 'those who are told to go do not wait for those who stay');
  provider.behave({ faults: [] });
  provider.release();

  const outcomes = await scene.passTime(Promise.all(all));
  assert.equal(outcomes.filter(({ ok }) => ok).length, places + maxWaiting);
  for (const { ok, status, retryAfter } of outcomes)
    if (!ok) assert.ok(status === 429 && Number(retryAfter) >= 1, `${status} ${retryAfter}`);
  assert.equal(provider.counts().mostUnderWay, places);
  await scene.gateway.running.models.service.requests.idle();
});

test('a caller with many requests does not hold up one with few', async () => {
  await using scene = await startCrashScene({
    providers: [{ faults: [{ kind: 'silence', at: 'accept' }] }],
    provider: { concurrency: { initial: 1, max: 1 } },
    models: { queue: { maxWaiting: 1000, maxWaitMs: '1h' } },
  });
  const made = (await (await scene.gateway.request('/admin/v1/keys', { json: { name: 'few' } })).json()) as { key: string };
  const order: string[] = [];
  const many = Array.from({ length: 40 }, () => scene.ask().then(() => order.push('many')));
  await scene.provider.asked(1);
  const few = Array.from({ length: 4 }, () => scene.ask({}, made.key).then(() => order.push('few')));
  // Whoever came has come before the first place is free: nothing is answered until then.
  await scene.inside(44);
  scene.provider.behave({ faults: [] });
  scene.provider.release();
  await scene.passTime(Promise.all([...many, ...few]));
  assert.ok(order.lastIndexOf('few') <= 10, order.join(' '));
});
