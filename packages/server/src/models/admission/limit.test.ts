import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLimit, type AdaptiveLimit } from './limit.ts';

const bounds = { initial: 10, max: 100 };

/** Plays rounds in which as many requests as allowed, or as wanted, are sent at once and answered after `firstOutputMs`. */
function play(
  limit: AdaptiveLimit,
  rounds: number,
  options: { firstOutputMs?: (underWay: number) => number | undefined; wanted?: number } = {},
) {
  const { firstOutputMs = () => 100, wanted = Infinity } = options;
  for (let round = 0; round < rounds; round += 1) {
    const underWay = Math.min(wanted, limit.current);
    const sentMs = play.nowMs;
    play.nowMs += 1000;
    for (let index = 0; index < underWay; index += 1) {
      limit.succeeded({
        sentMs,
        nowMs: play.nowMs,
        underWay: Math.max(index + 1, underWay - index),
        firstOutputMs: firstOutputMs(underWay),
      });
    }
  }
}
play.nowMs = 0;

test('it starts where it is told to, and lies between 1 and the most that is allowed', () => {
  assert.equal(createLimit(bounds).current, 10);
  assert.equal(createLimit({ initial: 0, max: 5 }).current, 1);
  assert.equal(createLimit({ initial: 50, max: 5 }).current, 5);
});

test('used to the brim it grows while latency holds, up to the most that is allowed', () => {
  const limit = createLimit(bounds);
  play(limit, 300);
  assert.ok(limit.current > 20, String(limit.current));
  play(limit, 5000);
  assert.equal(limit.current, 100);
});

test('at first it doubles in a round trip, until answers come later or the target says that it is too much', () => {
  const round = (limit: AdaptiveLimit, durationMs: number, startMs: number): void => {
    const underWay = limit.current;
    // Whoever waits takes each place at once, so that as many are under way as may be.
    for (let index = 0; index < underWay; index += 1) {
      limit.succeeded({ sentMs: startMs, nowMs: startMs + durationMs, underWay: limit.current });
    }
  };
  const well = createLimit({ initial: 5, max: 1000 });
  for (let index = 0; index < 4; index += 1) round(well, 400, index * 400);
  assert.equal(well.current, 80);
  well.congested({ sentMs: 1600, nowMs: 2000, underWay: 80 });
  assert.equal(well.current, 60);
  round(well, 400, 2000);
  assert.ok(well.current < 70, String(well.current));
  // A server that queues inside answers whole questions ever later, and never refuses one.
  const queueing = createLimit({ initial: 5, max: 1000 });
  let nowMs = 0;
  for (let index = 0; index < 8; index += 1) {
    const durationMs = 80 * queueing.current;
    round(queueing, durationMs, nowMs);
    nowMs += durationMs;
  }
  assert.ok(queueing.current < 200, String(queueing.current));
});

test('what is not used does not grow', () => {
  const limit = createLimit(bounds);
  play(limit, 500, { wanted: 5 });
  assert.equal(limit.current, 10);
});

test('too much at once takes a quarter, once for all that were under way together', () => {
  const limit = createLimit({ initial: 40, max: 100 });
  for (let index = 0; index < 40; index += 1) limit.congested({ sentMs: 0, nowMs: 100 + index, underWay: 40 - index });
  assert.equal(limit.current, 30);
  limit.congested({ sentMs: 150, nowMs: 200, underWay: 30 });
  assert.equal(limit.current, 22);
});

test('a limit that was far from used comes down faster, but never by more than five eighths', () => {
  const limit = createLimit({ initial: 80, max: 100 });
  limit.congested({ sentMs: 0, nowMs: 1, underWay: 2 });
  assert.equal(limit.current, 30);
});

test('it never falls below one, and recovers', () => {
  const limit = createLimit(bounds);
  for (let nowMs = 1; nowMs < 100; nowMs += 1) limit.congested({ sentMs: nowMs, nowMs, underWay: 1 });
  assert.equal(limit.current, 1);
  play.nowMs = 1000;
  play(limit, 300);
  assert.ok(limit.current >= 10, String(limit.current));
});

test('near where it was too much it grows by one in a round trip at most', () => {
  const limit = createLimit({ initial: 40, max: 100 });
  limit.congested({ sentMs: 0, nowMs: 1, underWay: 40 });
  const sample = { sentMs: 2, nowMs: 3, underWay: 100 };
  while (limit.current < 37) limit.succeeded(sample);
  let successes = 0;
  while (limit.current < 38) {
    limit.succeeded(sample);
    successes += 1;
  }
  assert.ok(successes >= 37, String(successes));
});

test('a server that queues inside is found out by its latency', () => {
  // Four at once in 100 ms each; whoever is fifth waits inside.
  const limit = createLimit({ initial: 5, max: 1000 });
  const firstOutputMs = (underWay: number): number => 100 * Math.max(1, underWay / 4);
  play(limit, 5, { firstOutputMs, wanted: 2 });
  play(limit, 20, { firstOutputMs, wanted: 2 });
  let highest = 0;
  for (let round = 0; round < 3000; round += 1) {
    play(limit, 1, { firstOutputMs });
    highest = Math.max(highest, limit.current);
  }
  assert.ok(highest <= 14, String(highest));
});

test('rising latency alone does not take more than half of what it started with, and becomes what is expected', () => {
  const limit = createLimit(bounds);
  play(limit, 30);
  play(limit, 100, { firstOutputMs: () => 2000 });
  assert.ok(limit.current >= 5, String(limit.current));
  play(limit, 1000, { firstOutputMs: () => 2000 });
  assert.ok(limit.current > 10, String(limit.current));
});

test('latency that rises while little is under way is not held against the limit', () => {
  const limit = createLimit(bounds);
  play(limit, 100, { wanted: 4 });
  play(limit, 100, { wanted: 4, firstOutputMs: () => 5000 });
  assert.equal(limit.current, 10);
});

test('answers that come whole are not judged by their length', () => {
  const limit = createLimit(bounds);
  play(limit, 300, { firstOutputMs: () => undefined });
  assert.ok(limit.current > 10);
});

test('whatever happens, it is whole and within its bounds, and an attempt from before a shrink does not shrink it', () => {
  const step = fc.record({
    congested: fc.boolean(),
    ageMs: fc.integer({ min: 0, max: 2000 }),
    underWay: fc.integer({ min: 1, max: 200 }),
    firstOutputMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 200 }),
      fc.array(step, { maxLength: 200 }),
      (initial, max, steps) => {
        const limit = createLimit({ initial, max });
        let nowMs = 0;
        let shrunkMs = -Infinity;
        for (const { congested, ageMs, underWay, firstOutputMs } of steps) {
          nowMs += 100;
          const before = limit.current;
          const sample = { sentMs: nowMs - ageMs, nowMs, underWay, firstOutputMs };
          if (congested) limit.congested(sample);
          else limit.succeeded(sample);
          assert.ok(Number.isInteger(limit.current) && limit.current >= 1 && limit.current <= Math.max(1, max));
          if (limit.current >= before) continue;
          assert.ok(sample.sentMs >= shrunkMs);
          shrunkMs = nowMs;
        }
      },
    ),
  );
});

test('other bounds keep what was learnt within them, and a beginning that taught nothing begins anew', () => {
  const fresh = createLimit({ initial: 5, max: 100 });
  fresh.rebound({ initial: 8, max: 100 });
  assert.equal(fresh.current, 8);
  const learnt = createLimit({ initial: 10, max: 100 });
  learnt.congested({ sentMs: 0, nowMs: 10, underWay: 8 });
  const { current } = learnt;
  learnt.rebound({ initial: 50, max: 60 });
  assert.equal(learnt.current, current);
  learnt.rebound({ initial: 1, max: 2 });
  assert.equal(learnt.current, 2);
});
