import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryTrace, MemoryVerdict } from '@openclaw/protocol';
import { stepsOf } from './steps.ts';

function outcomes(verdict: MemoryVerdict, workingSetBytes: number, marks: MemoryTrace['marks'] = []): readonly string[] {
  const sample = { at: 0, usageBytes: 0, workingSetBytes, rssBytes: 0, anonymousBytes: 0, fileBytes: 0, swapBytes: 0, restarts: 0 };
  const trace: MemoryTrace = {
    ...{ version: 1, workload: 'w', namespace: 'n', instance: 'i', driver: 'process', intervalMs: 5000, limitBytes: 1000 },
    ...{ samples: [sample], marks },
  };
  return stepsOf(trace, { verdict, summary: verdict }).map(({ name, outcome }) => `${name} ${outcome}`);
}

test('a leak ends the flow: more room or more replicas would not help', () => {
  assert.deepEqual(outcomes('leak', 990), ['limit attention', 'leak attention']);
  assert.deepEqual(outcomes('leak', 100), ['limit fine', 'leak attention']);
});

test('where it is too early for a verdict, a full workload is neither called free of leaks nor given a larger limit', () => {
  assert.deepEqual(outcomes('too-short', 990), ['limit attention', 'leak unknown', 'traffic unknown']);
  assert.deepEqual(outcomes('warming-up', 100, [{ at: 0, kind: 'oom' }]), ['limit attention', 'leak unknown', 'traffic unknown']);
});

test('a full workload without a leak has more work than room', () => {
  for (const verdict of ['steady', 'cache-like', 'load-driven'] as const)
    assert.deepEqual(outcomes(verdict, 900), ['limit attention', 'leak fine', 'traffic attention']);
  assert.deepEqual(outcomes('steady', 100), ['limit fine', 'leak fine', 'traffic unknown']);
});

test('growth that is watched needs somebody, and is no reason to raise the limit unseen', () => {
  assert.deepEqual(outcomes('growing', 100), ['limit fine', 'leak attention', 'traffic unknown']);
});
