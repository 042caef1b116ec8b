/** Sudden death: one of two providers is gone without a word, with requests under way, and stays gone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCrashScene } from './crash-scene.ts';

const failures = 5;
const steps = 60;

test('no client sees the death of a provider before its first token, and soon nobody asks the dead one any more', async () => {
  await using scene = await startCrashScene({
    providers: [{ faults: [{ kind: 'silence', at: 'accept' }] }, {}],
    models: { breaker: { failures } },
  });
  const [first, second] = scene.providers;
  assert.ok(first && second);
  const underWay = Promise.all([scene.ask(), scene.ask({ stream: true }), scene.ask()]);
  await first.asked(3);
  await first[Symbol.asyncDispose]();
  const outcomes = [...(await scene.passTime(underWay))];
  for (let step = outcomes.length; step < steps; step += 1) outcomes.push(await scene.passTime(scene.ask({ stream: step % 2 === 0 })));

  assert.deepEqual(outcomes.map(({ failure }) => failure).filter(Boolean), []);
  assert.equal(second.counts().answered['200'], steps);
  const extra = outcomes.reduce((sum, { attempts }) => sum + attempts - 1, 0);
  assert.equal(extra, failures);
  assert.ok(extra <= steps / 10);
});

test('a stream that had begun ends with an error, and nobody else repeats it', async () => {
  await using scene = await startCrashScene({ providers: [{ faults: [{ kind: 'reset', at: 'stream', after: 2 }] }, {}] });
  const outcome = await scene.passTime(scene.ask({ stream: true }));
  assert.equal(outcome.sawOutput, true);
  assert.match(outcome.failure, /a stream without its end/);
  assert.equal(scene.providers[1]?.counts().requests, 0);
});
