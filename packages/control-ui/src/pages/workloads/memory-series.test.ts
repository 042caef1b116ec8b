import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceMetrics, LeakAnalysis } from '@openclaw/protocol';
import { memoryOf } from './memory-of.ts';
import { memoryParts, memorySeries } from './memory-series.ts';
import { replacing } from './workload-api.ts';

const sample = (at: number, bytes: number) => ({
  ...{ at, usageBytes: bytes + 10, workingSetBytes: bytes, rssBytes: bytes - 10 },
  ...{ anonymousBytes: bytes, fileBytes: 0, swapBytes: 0, restarts: 0 },
});
const hour = 3_600_000;
const metrics: InstanceMetrics = {
  ...{ instance: 'a-1', driver: 'process', limits: 'kernel', limitBytes: 1000, peakBytes: 510 },
  samples: [sample(-3 * hour, 300), sample(0, 400), sample(hour, 500)],
  marks: [{ at: 10, kind: 'oom' }],
};
const leak = (estimate: number, isLeak = true): LeakAnalysis => ({
  ...{ verdict: 'leak', isLeak, confidence: 0.9, evidence: [] },
  slopeBytesPerHour: { estimate, low: estimate, high: estimate },
});

test('every line has a value for each time, and the limit is one of them where there is one', () => {
  for (const judged of [undefined, leak(100), leak(100, false), leak(-5)]) {
    const { times, lines, marks } = memorySeries(metrics, 4 * hour, judged);
    for (const { label, values } of lines) assert.equal(values.length, times.length, label);
    assert.deepEqual(
      times.toSorted((one, other) => one - other),
      times,
    );
    assert.deepEqual(
      lines.find(({ label }) => label === 'Limit')?.values,
      times.map(() => 1000),
    );
    assert.deepEqual(marks, [{ atMs: 10, label: 'OOM', color: '--bad' }]);
  }
});

test('what is expected is drawn for a leak alone, on its slope, and no further than the limit or a quarter of what is shown', () => {
  const expectedOf = (estimate: number, isLeak = true) => {
    const { times, lines } = memorySeries(metrics, 4 * hour, leak(estimate, isLeak));
    const values = lines.find(({ label }) => label === 'Expected')?.values;
    return values && { from: values.find((value) => value !== null), to: values.at(-1), until: times.at(-1) };
  };
  assert.deepEqual(expectedOf(100), { from: 500, to: 600, until: 2 * hour });
  assert.deepEqual(expectedOf(1000), { from: 500, to: 1000, until: 1.5 * hour });
  assert.equal(expectedOf(100, false), undefined);
  assert.equal(expectedOf(-100), undefined);
});

test('the parts of a memory map add up to all that it names', () => {
  const map = { heapBytes: 5, stackBytes: 0, anonymousBytes: 3, sharedBytes: 1, fileBytes: 2, pageCacheBytes: 4, kernelBytes: 6 };
  const parts = memoryParts(map);
  assert.equal(
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
    21,
  );
  assert.ok(!parts.some(({ name }) => name === 'Stack'), 'what is empty is not shown');
});

test('the instance nearest to its limit stands for a workload, and one without a limit where none has one', () => {
  const of = (...memory: { current: number; limit?: number }[]) =>
    memoryOf({ status: { instances: memory.map((each) => ({ memory: { peak: 0, ...each } })) } as never });
  assert.deepEqual(of({ current: 90 }, { current: 30, limit: 100 }, { current: 40, limit: 50 }), {
    ...{ current: 160, share: 0.8 },
    nearest: { peak: 0, current: 40, limit: 50 },
  });
  assert.equal(of({ current: 90 }, { current: 95 }).nearest?.current, 95);
  assert.equal(of({ current: 90 }).share, undefined);
  assert.deepEqual(memoryOf({}), { current: 0, nearest: undefined, share: undefined });
});

test('going back to a revision takes out what it does not name', () => {
  const now = {
    replicas: 3,
    softMemoryLimit: { percent: 85 },
    containers: [{ name: 'a' }],
    template: { metadata: { labels: { a: '1' } } },
  };
  const before = { replicas: 1, containers: [{ name: 'b' }], template: { metadata: {} } };
  assert.deepEqual(replacing(now, before), {
    ...{ replicas: 1, containers: [{ name: 'b' }], softMemoryLimit: null },
    template: { metadata: { labels: null } },
  });
});
