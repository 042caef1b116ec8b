/**
 * What holds for every mix of requests, clients and misbehaving providers: the whole model path on a clock of the test, in front of
 * providers that play scripts. Many small worlds, each with everything that can go wrong at once.
 */
import { test } from 'node:test';
import fc from 'fast-check';
import { clientOf, playWorld, providerTurn, worldSettings } from '../harness/random-world.ts';

/** Enough to meet each pair of troubles many times, and done in seconds. */
const worlds = 300;

test('property: whatever clients and providers do, all is given back, told once and counted once', async () => {
  await fc.assert(
    fc.asyncProperty(
      worldSettings,
      fc.array(clientOf, { minLength: 1, maxLength: 24 }),
      fc.array(providerTurn, { minLength: 1, maxLength: 12 }),
      async (settings, clients, turns) => {
        const world = await playWorld({ settings, clients, turns });
        world.assertNothingHeld();
        world.assertEndedAtOnce();
        world.assertToldOnce();
        world.assertCountedOnce();
        world.assertBudgets();
      },
    ),
    { numRuns: worlds },
  );
});
