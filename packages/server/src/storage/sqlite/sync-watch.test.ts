import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { journalFiles } from './segment-file.ts';
import { watchSyncs } from './sync-watch.ts';

function setup() {
  const clock = createFakeClock();
  let tookMs = 0;
  let failure: Error | undefined;
  const slow = {
    ...journalFiles,
    sync() {
      clock.advance(tookMs);
      if (failure) throw failure;
    },
  };
  const watch = watchSyncs(slow, clock);
  return {
    ...{ clock, watch },
    sync(ms: number, thrown?: Error) {
      [tookMs, failure] = [ms, thrown];
      watch.files.sync(0);
    },
  };
}

test('waits are counted and added up, also those that fail, and fail as before', () => {
  const { watch, sync } = setup();
  sync(3);
  sync(7);
  const failure = new Error('EIO');
  assert.throws(() => sync(5, failure), failure);
  assert.deepEqual(watch.times(), { count: 3, totalMs: 15, slowestMs: 7 });
});

test('the slowest is that of the last one to two minutes', () => {
  const { watch, sync, clock } = setup();
  sync(900);
  clock.advance(60_000);
  assert.equal(watch.times().slowestMs, 900, 'the minute before still counts');
  sync(2);
  clock.advance(60_000);
  assert.equal(watch.times().slowestMs, 2);
  clock.advance(200_000);
  assert.deepEqual(watch.times(), { count: 2, totalMs: 902, slowestMs: 0 });
});
