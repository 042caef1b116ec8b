import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSpending, dayOf, monthOf } from './spending.ts';

const at = (text: string): number => Date.parse(text);
const dayNumber = (text: string): number => Math.floor(at(text) / 86_400_000);

test('days and months are those of UTC, whatever the length of the month', () => {
  assert.deepEqual(dayOf(at('2026-11-21T23:59:59.999Z')), { startMs: at('2026-11-21T00:00:00Z'), endMs: at('2026-11-22T00:00:00Z') });
  assert.deepEqual(monthOf(at('2028-02-29T12:00:00Z')), { startMs: at('2028-02-01T00:00:00Z'), endMs: at('2028-03-01T00:00:00Z') });
  assert.deepEqual(monthOf(at('2026-12-31T23:59:59Z')), { startMs: at('2026-12-01T00:00:00Z'), endMs: at('2027-01-01T00:00:00Z') });
});

test('what was learnt twice counts once, and what was added since stays', () => {
  const spending = createSpending();
  const nowMs = at('2026-11-21T12:00:00Z');
  const unknown = spending.unknown(nowMs);
  assert.deepEqual(unknown, { sinceMs: at('2026-11-01T00:00:00Z'), beforeMs: undefined });
  const days = [
    { day: dayNumber('2026-11-20'), nanoUsd: 5 },
    { day: dayNumber('2026-11-21'), nanoUsd: 7 },
  ];
  spending.learn(unknown, days);
  spending.add(1, nowMs);
  spending.learn(unknown, days);
  assert.deepEqual([spending.onDay(nowMs), spending.inMonth(nowMs)], [8, 13]);
  assert.equal(spending.unknown(nowMs), undefined);
});

test('a new day and a new month begin at 0 without a question', () => {
  const spending = createSpending();
  const nowMs = at('2026-11-30T23:00:00Z');
  spending.learn(spending.unknown(nowMs)!, []);
  spending.add(3, nowMs);
  const nextMs = at('2026-12-01T00:00:00Z');
  assert.equal(spending.unknown(nextMs), undefined);
  assert.deepEqual([spending.onDay(nextMs), spending.inMonth(nextMs)], [0, 0]);
});

test('a clock that is set back finds the day that it shows, and asks for the days before those that are known', () => {
  const spending = createSpending();
  const laterMs = at('2026-11-02T01:00:00Z');
  spending.learn(spending.unknown(laterMs)!, []);
  spending.add(10, laterMs);
  const earlierMs = at('2026-10-31T23:00:00Z');
  const unknown = spending.unknown(earlierMs);
  assert.deepEqual(unknown, { sinceMs: at('2026-10-01T00:00:00Z'), beforeMs: at('2026-11-01T00:00:00Z') });
  spending.learn(unknown, [{ day: dayNumber('2026-10-31'), nanoUsd: 4 }]);
  assert.deepEqual([spending.onDay(earlierMs), spending.inMonth(earlierMs)], [4, 4]);
  assert.deepEqual([spending.onDay(laterMs), spending.inMonth(laterMs)], [10, 10]);
});

test('days long ago are forgotten, and asked for again if the clock goes back to them', () => {
  const spending = createSpending();
  const firstMs = at('2026-01-15T00:00:00Z');
  spending.learn(spending.unknown(firstMs)!, []);
  for (let day = 0; day < 120; day += 1) spending.add(1, firstMs + day * 86_400_000);
  assert.equal(spending.unknown(firstMs + 119 * 86_400_000), undefined);
  assert.notEqual(spending.unknown(firstMs), undefined);
  assert.equal(spending.inMonth(firstMs + 119 * 86_400_000), 14, '1 to 14 May');
});
