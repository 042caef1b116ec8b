/** The slow bleed: requests that are never answered pile up, step by step, until nothing is left for the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCrashScene } from './crash-scene.ts';

test('requests that a provider forgets give their places back, and are answered by another try', async () => {
  await using scene = await startCrashScene({
    providers: [
      {
        faults: [{ kind: 'stall', at: 'accept', times: 4 }],
        concurrency: { atMost: 4, refusal: 503, retryAfter: 'none', awayMs: 0 },
      },
    ],
    provider: { timeouts: { firstByteMs: '5s', firstByteWholeMs: '5s' } },
    models: { breaker: { failures: 100 } },
  });
  const outcomes = await scene.passTime(Promise.all(Array.from({ length: 4 }, () => scene.ask())));
  assert.deepEqual(outcomes.map(({ failure }) => failure).filter(Boolean), []);
  await scene.provider.idle();
  assert.equal(scene.provider.counts().underWay, 0);
});

for (const at of ['accept', 'head', 'stream'] as const) {
  test(`clients that leave (the provider is silent at ${at}) leave nothing behind, however many there were`, async () => {
    await using scene = await startCrashScene({ providers: [{ faults: [{ kind: 'stall', at, times: 40 }] }] });
    const { provider } = scene;
    for (let step = 1; step <= 40; step += 1) {
      const leaving = scene.ask({ stream: true, leaveWhen: provider.asked(step) });
      assert.match((await leaving).failure, /the client left|aborted/);
      await provider.idle();
    }
    assert.equal((await scene.ask({ stream: true })).failure, '');
    assert.ok(provider.counts().mostOpenConnections <= 2, 'one connection is given up as the next one opens');
    await scene.gateway.running.models.service.requests.idle();
  });
}
