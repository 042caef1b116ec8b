/** The long-running timeout: fifteen steps in half an hour, six minutes of silence, and something between that cuts what is silent for one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCrashScene } from './crash-scene.ts';

const steps = 15;
const cutMs = 60_000;
const silentMs = 6 * 60_000;

for (const at of ['accept', 'head', 'stream'] as const) {
  test(`six silent minutes (at ${at}) are filled with signs of life, so that nothing silent for a minute is cut, and the answer is whole`, async () => {
    await using scene = await startCrashScene({
      provider: { timeouts: { firstByteMs: '20m', idleMs: '20m' } },
    });
    const { clock, provider } = scene;
    for (let step = 1; step <= steps; step += 1) {
      const silent = step === 8;
      provider.behave({ faults: silent ? [{ kind: 'silence', at, after: 2 }] : [] });
      let heardMs = clock.now();
      let longestMs = 0;
      const onPiece = (): void => {
        longestMs = Math.max(longestMs, clock.now() - heardMs);
        heardMs = clock.now();
      };
      const answer = scene.ask({ stream: true, onPiece });
      await provider.asked(step);
      // Each beat is awaited before time goes on: what the client has not read it could not have heard.
      if (silent) {
        const endMs = clock.now() + silentMs;
        while (clock.now() < endMs) await scene.passStep(1000);
        provider.release();
      } else {
        await scene.passStep(100_000);
      }
      const outcome = await answer;
      assert.equal(outcome.failure, '', `step ${step}`);
      if (silent) assert.ok(longestMs < cutMs, `silent for ${longestMs} ms`);
      if (silent) assert.ok(outcome.heartbeats >= silentMs / cutMs, `${outcome.heartbeats} signs of life`);
    }
    assert.equal(provider.counts().requests, steps);
  });
}
