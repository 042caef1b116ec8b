/** Recovery: a provider that is down is left alone, is tried once when its time has come, and gets its traffic back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCrashScene } from './crash-scene.ts';

const openMs = 60_000;

test('a provider that is down is not asked for a minute, then once, and then again by all', async () => {
  await using scene = await startCrashScene({
    providers: [{ faults: [{ kind: 'status', status: 503 }] }],
    models: { breaker: { failures: 5, openMs }, retry: { attempts: 1 } },
  });
  const { provider, clock } = scene;
  for (let count = 0; count < 5; count += 1) assert.equal((await scene.ask()).status, 503);
  assert.equal(provider.counts().requests, 5);

  const refused = await Promise.all(Array.from({ length: 10 }, () => scene.ask()));
  assert.deepEqual([...new Set(refused.map(({ status }) => status))], [503]);
  assert.ok(
    refused.every(({ retryAfter }) => Number(retryAfter) > 0 && Number(retryAfter) <= openMs / 1000),
    'they are told when to come back',
  );
  assert.equal(provider.counts().requests, 5, 'it is left alone');

  clock.advance(openMs);
  assert.equal((await scene.ask()).status, 503);
  assert.equal(provider.counts().requests, 6, 'asked once, and still down');
  assert.equal((await scene.ask()).status, 503);
  assert.equal(provider.counts().requests, 6);

  provider.behave({ faults: [] });
  clock.advance(openMs);
  const back = await scene.passTime(Promise.all(Array.from({ length: 20 }, () => scene.ask())));
  assert.ok(back.some(({ ok }) => ok));
  const later = await scene.passTime(Promise.all(Array.from({ length: 20 }, () => scene.ask())));
  assert.ok(later.every(({ ok }) => ok));
});
