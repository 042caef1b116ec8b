/** Clocks that jump, processes that end and come back, answers that are lost: no due time becomes two runs, and none is lost while somebody is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Schedules } from './contract.ts';
import { setUpSchedules } from './schedules.fixture.ts';

const minuteMs = 60_000;
const nowMs = Date.parse('2026-01-05T08:00:00Z');
const everyMs = 7 * minuteMs;

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('jump' as const), minutes: fc.integer({ min: -90, max: 90 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wrong for a while' as const), minutes: fc.constantFrom(-20_000, 30, 90, 20_000) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('down' as const), minutes: fc.integer({ min: 0, max: 200 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), isThere: fc.boolean() }) },
  ),
  { minLength: 1, maxLength: 6 },
);

test('each due time becomes one run at most, and one where somebody is there at that time', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom('none' as const, 'one' as const), fc.boolean(), async (plan, catchUp, areTwo) => {
      await using setup = await setUpSchedules({ nowMs });
      const { clock, runs } = setup;
      let processes: Schedules[] = [];
      const open = async (): Promise<void> => {
        processes = areTwo ? [setup.again(), setup.again()] : [setup.again()];
        await Promise.all(processes.map((schedules) => schedules.start()));
      };
      const end = async (): Promise<void> => void (await Promise.all(processes.map((schedules) => schedules.close())));
      const { id } = await setup.schedules.add({ name: 'often', timing: { kind: 'every', everyMs }, message: 'go', catchUp });
      await open();
      /** Times at which somebody was there and the clock went as it should. */
      const expected = new Set<number>();
      const pass = async (minutes: number): Promise<void> => {
        const fromMs = clock.now();
        await setup.pass(minutes * minuteMs);
        for (let dueMs = nowMs + everyMs; dueMs <= clock.now(); dueMs += everyMs) if (dueMs > fromMs) expected.add(dueMs);
      };
      for (const step of plan) {
        if (step.kind === 'pass') await pass(step.minutes);
        else if (step.kind === 'jump') clock.jumpWallClock(step.minutes * minuteMs);
        else if (step.kind === 'wrong for a while') {
          clock.jumpWallClock(step.minutes * minuteMs);
          await pass(10);
          clock.jumpWallClock(-step.minutes * minuteMs);
          await pass(15);
        } else if (step.kind === 'down') {
          await end();
          clock.advance(step.minutes * minuteMs);
          await open();
        } else {
          // Of the next run the answer is lost, or the run itself, and the process ends.
          runs.refuse = { times: areTwo ? 2 : 1, isThere: step.isThere, code: 'draining' };
          await pass(7);
          await end();
          runs.refuse = undefined;
          await open();
        }
        for (const schedules of processes) await schedules.idle();
      }
      await pass(20);
      const keys = runs.begun.map(({ request }) => request.idempotencyKey);
      assert.equal(new Set(keys).size, keys.length);
      const acted = new Set(keys.map((key) => Number(key?.split('/')[2])));
      assert.equal(acted.size, keys.length);
      for (const dueMs of acted) assert.equal((dueMs - nowMs) % everyMs, 0);
      for (const dueMs of expected) assert.ok(acted.has(dueMs), `nothing at ${new Date(dueMs).toISOString()}`);
      const { total } = await setup.schedules.firings({ scheduleId: id, limit: 1, offset: 0 });
      assert.ok(total >= acted.size);
    }),
    { numRuns: 12 },
  );
});
