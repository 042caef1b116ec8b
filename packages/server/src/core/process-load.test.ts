import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from './fake-clock.ts';
import { createProcessLoad } from './process-load.ts';

test('a reading tells of the time since the one before, within what a process can use', () => {
  const clock = createFakeClock();
  const read = createProcessLoad(clock);
  const untilMs = performance.now() + 20;
  while (performance.now() < untilMs);
  clock.advance(20);
  const busy = read();
  assert.ok(busy.cpuShare > 0.1, `${busy.cpuShare}`);
  assert.ok(busy.loopShare >= 0 && busy.loopShare <= 1);
  assert.ok(busy.residentBytes > 10e6 && busy.residentBytes < busy.limitBytes);
  assert.equal(read().cpuShare, 0, 'no time has passed by this clock');
});
