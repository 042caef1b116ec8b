import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { forecastLimit, forecastRules } from './forecast.ts';
import type { Run } from './statistics/trend.ts';
import { workOf } from './work.ts';

const line = (from: number, perHour: number, hours: number): Run =>
  Array.from({ length: hours * 10 + 1 }, (_, index) => ({ at: index / 10, value: from + (perHour * index) / 10 }));

test('on a straight line the likely time is what is left divided by the slope, between earliest and latest', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 0, max: 50 }),
      (perHour, hours, percent) => {
        const limitBytes = 100 + perHour * hours * 3;
        const slope = { slope: perHour, low: perHour * (1 - percent / 100), high: perHour * (1 + percent / 100) };
        const found = forecastLimit({ memory: line(100, perHour, hours), limitBytes, slope, followsLoad: false });
        assert.ok(found);
        assert.ok(Math.abs(found.likely - 2 * hours) < 1e-6 * hours + 1e-6);
        // The ends of the slope, moved apart by the rule's own figures.
        const { widening, wideningHours } = forecastRules;
        assert.ok(Math.abs(found.earliest - Math.max(0, (2 * hours * perHour) / slope.high / widening - wideningHours)) < 1e-6 * hours);
        assert.ok(Math.abs((found.latest ?? 0) - ((2 * hours * perHour) / slope.low) * widening - wideningHours) < 1e-6 * hours);
        assert.ok(found.earliest <= found.likely && found.likely <= (found.latest ?? Infinity));
      },
    ),
  );
});

test('what stands above the growth now, such as garbage, comes off the room', () => {
  const saw = line(100, 10, 10).map(({ at, value }, index) => ({ at, value: value + (index % 10) * 5 }));
  const without = forecastLimit({ memory: line(100, 10, 10), limitBytes: 400, slope: { slope: 10, low: 9, high: 11 }, followsLoad: false });
  const beneath = forecastLimit({ memory: saw, limitBytes: 400, slope: { slope: 10, low: 9, high: 11 }, followsLoad: false });
  assert.ok((beneath?.likely ?? 0) < (without?.likely ?? 0) - 3);
});

test('a slope that may be nothing has no latest time; one that is nothing has no forecast', () => {
  const memory = line(100, 10, 10);
  assert.equal(forecastLimit({ memory, limitBytes: 400, slope: { slope: 10, low: -1, high: 11 }, followsLoad: false })?.latest, undefined);
  assert.equal(forecastLimit({ memory, limitBytes: 400, slope: { slope: 0, low: -1, high: 1 }, followsLoad: false }), undefined);
  assert.equal(forecastLimit({ memory: [], limitBytes: 400, slope: { slope: 1, low: 1, high: 1 }, followsLoad: false }), undefined);
});

test('of what follows the work the time is that at which tomorrow’s work is done, when tomorrow is like today', () => {
  // Twelve hours of work, twelve of rest; each hour of work leaves 10 bytes.
  const isBusy = (hours: number): boolean => hours % 24 < 12;
  let done = 0;
  const samples = Array.from({ length: 481 }, (_, index) => {
    if (index > 0 && isBusy((index - 1) / 10)) done += 100;
    return { at: index * 360_000, requests: done };
  }) as unknown as Parameters<typeof workOf>[0];
  const work = workOf(samples);
  assert.ok(work);
  const memory = samples.map(({ requests = 0 }, index) => ({ at: index / 10, value: 100 + requests / 100 }));
  // After 48 h there are 340 bytes; 60 more are six hours of work, at the mean rate of half twelve.
  const found = forecastLimit({ memory, limitBytes: 400, slope: { slope: 5, low: 5, high: 5 }, work, followsLoad: false });
  assert.ok(Math.abs((found?.likely ?? 0) - 6) < 0.2, String(found?.likely));
});
