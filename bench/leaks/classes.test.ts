import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMemoryTrace } from '../../packages/server/src/workloads/analysis/index.ts';
import { classes, generate } from './classes/index.ts';

const options = { hours: 6, intervalMs: 300_000 } as const;

test('a class and a seed give the same trace each time, another seed another, and every one is a proper trace', () => {
  for (const one of classes) {
    const { trace } = generate(one, 1, options);
    assert.deepEqual(generate(one, 1, options).trace, trace);
    assert.notDeepEqual(generate(one, 2, options).trace.samples, trace.samples);
    assert.equal(checkMemoryTrace(trace), trace);
  }
});

test('what leaks runs into its limit, and what is clean never does', () => {
  for (const one of classes) {
    for (const seed of [1, 2, 3]) {
      const { trace, oomAtHours } = generate(one, seed, { hours: 400, intervalMs: 300_000, endsAtOom: true });
      // A deployment or a nightly restart comes before its time.
      const isCutShort = trace.marks?.some(({ kind }) => kind !== 'oom') === true;
      if (one.leaks && !isCutShort) assert.equal(oomAtHours.length, 1, `${one.name} ${seed}`);
      if (!one.leaks) assert.deepEqual(oomAtHours, [], `${one.name} ${seed}`);
    }
  }
});

test('half of the classes of each part leak, or nearly, and no name comes twice', () => {
  assert.equal(new Set(classes.map(({ name }) => name)).size, classes.length);
  for (const part of ['design', 'report', 'unseen']) {
    const ofPart = classes.filter((one) => one.part === part);
    const leaks = ofPart.filter(({ leaks: isLeak }) => isLeak).length;
    assert.ok(Math.abs(leaks - ofPart.length / 2) <= 1, part);
  }
});
