import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../core/fake-clock.ts';
import { createStabilityRing } from './stability-ring.ts';
import { watchStability } from './stability-watch.ts';

test('a loop that works nearly all the time is noted, one that rests is not, and nothing is watched after the end', () => {
  const clock = createFakeClock();
  const ring = createStabilityRing({ clock });
  let loopShare = 0.5;
  const load = () => ({ elapsedMs: 10_000, loopShare, cpuShare: 1.234, residentBytes: 1000, limitBytes: 2000 });
  const end = watchStability({ ring, clock, load });
  clock.advance(10_000);
  assert.equal(ring.read({ limit: 10 }).count, 0);
  loopShare = 0.987;
  clock.advance(10_000);
  const { events } = ring.read({ limit: 10 });
  assert.deepEqual(
    events.map(({ type, details }) => [type, details]),
    [['event_loop.busy', { loopShare: 0.99, cpuShare: 1.23, residentBytes: 1000, elapsedMs: 10_000 }]],
  );
  end();
  clock.advance(60_000);
  assert.equal(ring.read({ limit: 10 }).count, 1);
  assert.equal(clock.pendingTimers, 0);
});
