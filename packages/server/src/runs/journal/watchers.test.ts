import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/protocol';
import { Watchers } from './watchers.ts';

const delta = (seq: number, characters: number): RunEvent => ({
  ...{ runId: 'run_1', seq, atMs: 0, kind: 'step.delta', step: 1, attempt: 1, offset: 0 },
  text: 'x'.repeat(characters),
});

test('for a reader that is slow neither many events are held nor much text', async () => {
  const watchers = new Watchers();
  const watcher = watchers.watch('run_1');
  watchers.tell([delta(1, 10), delta(2, 10)]);
  watchers.tell([delta(3, 10)]);
  assert.deepEqual(
    watcher.take()?.map(({ seq }) => seq),
    [1, 2, 3],
  );
  for (let seq = 4; seq < 8; seq += 1) watchers.tell([delta(seq, 100_000)]);
  await watcher.wait();
  assert.equal(watcher.take(), undefined, 'it is to read them from the store');
  for (let seq = 8; seq < 300; seq += 1) watchers.tell([delta(seq, 1)]);
  assert.equal(watcher.take(), undefined);
  watchers.tell([delta(300, 10)]);
  assert.equal(watcher.take()?.length, 1);
  watcher.end();
  await watcher.wait();
});
