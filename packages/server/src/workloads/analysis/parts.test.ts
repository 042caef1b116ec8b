/** The small parts of the analysis: lives, work, the envelope, what the load explains. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemorySample } from '@openclaw/protocol';
import fc from 'fast-check';

import { lowerEnvelope } from './envelope.ts';
import { livesOf } from './lives.ts';
import { takeOutLoad } from './load.ts';
import { heapSignal, nativeSignal } from './signals.ts';
import { hourMs, originAt, traceOf } from './trace.fixture.ts';
import { workOf } from './work.ts';

const minutes = (count: number): number => originAt + count * 60_000;

test('a life ends where the count of restarts rises or something is marked, and pressure ends none', () => {
  const trace = traceOf({ hours: 1, memory: () => 1, more: (hours) => ({ restarts: hours < 0.5 ? 0 : 1 }) });
  const marks = [
    { at: minutes(10), kind: 'pressure' as const },
    { at: minutes(29.5), kind: 'oom' as const },
    { at: minutes(45.5), kind: 'deployment' as const },
  ];
  const lives = livesOf({ ...trace, marks });
  assert.deepEqual(
    lives.map(({ samples, began, beganAt }) => [samples.length, began, (beganAt - originAt) / 60_000]),
    [
      [30, 'unknown', 0],
      [16, 'oom', 29.5],
      [15, 'deployment', 45.5],
    ],
  );
});

test('a sample of the very moment of a mark is of the old process where the next one counts the restart', () => {
  const trace = traceOf({ hours: 1, memory: () => 1, more: (hours) => ({ restarts: hours <= 0.5 ? 0 : 1 }) });
  const lives = livesOf({ ...trace, marks: [{ at: minutes(30), kind: 'oom' }] });
  assert.deepEqual(
    lives.map(({ samples, began }) => [samples.length, began]),
    [
      [31, 'unknown'],
      [30, 'oom'],
    ],
  );
});

test('whatever is marked, the lives hold every sample once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -5, max: 70 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 5 }),
      (at, ends) => {
        const trace = traceOf({
          hours: 1,
          memory: () => 1,
          more: (hours) => ({ restarts: ends.filter((end) => end < Math.round(hours * 60)).length }),
        });
        const marks = at.toSorted((left, right) => left - right).map((minute) => ({ at: minutes(minute), kind: 'restart' as const }));
        assert.deepEqual(
          livesOf({ ...trace, marks }).flatMap(({ samples }) => samples),
          trace.samples,
        );
      },
    ),
  );
});

test('the envelope holds the lowest of each stretch and nothing else', () => {
  const points = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 20 }), (values, stretch) => {
      const all = values.map((value, at) => ({ at, value }));
      const expected = Object.values(Object.groupBy(all, ({ at }) => Math.floor(at / stretch))).map((bucket = []) =>
        Math.min(...bucket.map(({ value }) => value)),
      );
      const found = lowerEnvelope(all, stretch);
      assert.deepEqual(
        found.map(({ value }) => value),
        expected,
      );
      assert.ok(found.every((point) => all.includes(point)));
    }),
  );
});

test('work is added up over restarts, and its rate is that around the moment', () => {
  const counted = (requests: readonly number[]): MemorySample[] =>
    requests.map((count, index) => ({ at: index * hourMs, requests: count }) as unknown as MemorySample);
  const work = workOf(counted([100, 300, 500, 50, 250]));
  assert.deepEqual(
    [0, 1, 2.5, 3, 4].map((at) => work?.doneAt(at)),
    [0, 200, 425, 450, 650],
  );
  assert.equal(work?.meanRate, 162.5);
  assert.equal(work?.rateAt(4), 200);
  assert.ok((work?.rateAt(4, 1) ?? 0) < 200, 'with a lag, what was before still counts');
  assert.equal(workOf(counted([5, 5, 5, 5])), undefined, 'no work was done');
  assert.equal(workOf([{ at: 0 } as MemorySample, ...counted([1])]), undefined, 'it is not counted');
});

test('what the load explains is taken out, and what grows beside it is left', () => {
  const rate = (hours: number): number => 100 + 50 * Math.sin(hours);
  let done = 0;
  const samples = Array.from({ length: 721 }, (_, index) => ({
    at: index * 60_000,
    requests: Math.round((done += rate(index / 60) * 60)),
  }));
  const work = workOf(samples as unknown as MemorySample[]);
  assert.ok(work);
  const run = Array.from({ length: 73 }, (_, index) => ({
    at: index / 6,
    value: 1000 + 4 * rate(index / 6) + 7 * (index / 6) + Math.sin(index * 3),
  }));
  const effect = takeOutLoad([run], work);
  assert.ok(effect);
  assert.ok(Math.abs(effect.loadBytes - 400) < 20, String(effect.loadBytes));
  const left = effect.runs[0] ?? [];
  const slope = ((left.at(-1)?.value ?? 0) - (left[0]?.value ?? 0)) / ((left.at(-1)?.at ?? 0) - (left[0]?.at ?? 0));
  assert.ok(Math.abs(slope - 7) < 1, String(slope));
});

test('a collection is where the heap’s figure changes, and what lies outside is the least memory until the next', () => {
  const heap = [5, 5, 6, 6, 6, 7];
  const memory = [50, 40, 60, 45, 70, 80];
  const trace = traceOf({
    hours: 5,
    intervalMs: hourMs,
    memory: () => 0,
    more: (hours) => ({ heapAfterGcBytes: heap[hours] ?? 0, anonymousBytes: memory[hours] ?? 0 }),
  });
  const lives = livesOf(trace);
  assert.deepEqual(
    heapSignal(lives, originAt).lives[0]?.points.map(({ at, value }) => [at, value]),
    [
      [0, 5],
      [2, 6],
      [5, 7],
    ],
  );
  assert.deepEqual(
    nativeSignal(lives, originAt).lives[0]?.points.map(({ value }) => value),
    [35, 39, 73],
  );
});
