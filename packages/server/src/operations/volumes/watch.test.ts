import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readEnvironment } from '../../core/env.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { readReadings } from './readings.ts';
import { createVolumeWatch, readingEveryMs } from './watch.ts';

test('a gateway takes a reading now and every few hours, and one that starts again and again takes no more', async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'openclaw-volumes-test-'));
  mkdirSync(join(stateDirectory, 'state'));
  const clock = createFakeClock();
  const metrics = createMetrics();
  const log = createLog({ destinations: [], clock, level: 'silent' });
  const create = (figures = createMetrics()) =>
    createVolumeWatch({ stateDirectory, elsewhere: () => [], environment: readEnvironment({ env: {} }), clock, log, metrics: figures });
  try {
    const first = create(metrics);
    assert.deepEqual(first.look(), { daysUntilFull: undefined, survival: undefined });
    first.start();
    // Each measurement ends before the next one is asked for.
    for (let count = 1; count <= 5; count += 1) {
      await first.settled();
      assert.equal(readReadings(stateDirectory).length, count);
      clock.advance(readingEveryMs);
    }
    await first.settled();
    await first.stop();
    assert.equal(clock.pendingTimers, 0);
    assert.notEqual(first.look().survival, undefined);
    assert.match(metrics.text(), /openclaw_volume_free_bytes\{mount="[^"]+"\} \d+/);
    assert.match(metrics.text(), /openclaw_state_bytes\{area="other"\} \d+/);
    const again = create();
    again.start();
    await again.settled();
    await again.stop();
    assert.equal(readReadings(stateDirectory).length, 6);
  } finally {
    rmSync(stateDirectory, { recursive: true, force: true });
  }
});
