/** What people read: words, reports and drawings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { analyseMemory, drawMemoryTrend, drawTrend, renderAnalysis } from './index.ts';
import { hourMs, mebibyte, originAt, traceOf } from './trace.fixture.ts';
import { amount, duration, hoursBetween } from './wording.ts';

test('intervals of time are rounded outwards, in a unit that fits their end', () => {
  assert.deepEqual(
    [
      [9.4, 13.2],
      [0.4, 1.1],
      [30, 100],
      [3, 100],
      [5, undefined],
      [8, 8],
    ].map(([from = 0, to]) => hoursBetween(from, to)),
    ['9–14 h', '24–66 min', '1–5 days', '3–100 h', '5 h or later', '8–9 h'],
  );
});

test('sizes and times have the digits that say something', () => {
  assert.deepEqual(
    [12.44, 250, 0.5, 0.004].map((mib) => amount(mib * mebibyte)),
    ['12.4Mi', '250Mi', '512Ki', '4.1Ki'],
  );
  assert.deepEqual([90_000, 600_000, 5 * hourMs, 5.5 * hourMs, 96 * hourMs].map(duration), ['90 s', '10 min', '5 h', '5.5 h', '4 days']);
});

test('the report says verdict, confidence, slope, place, site, time and why, and no line is broken wrongly', () => {
  const site = { function: 'store', file: 'cache.js', line: 7, bytes: 60 * mebibyte, growthBytes: 50 * mebibyte };
  const allocations = { source: 'heap-profile', from: originAt, to: originAt + hourMs, sites: [site] } as const;
  const text = renderAnalysis(analyseMemory({ ...traceOf({ hours: 12, memory: (hours) => 600 + 60 * hours, noise: 5 }), allocations }));
  assert.match(text, /^Verdict: {6}leak, OOM in 10–15 h\nConfidence: {3}medium\nSignal: {7}anonymous memory; 12 h, 721 samples\n/);
  assert.match(text, /\nSlope: {8}60\.\dMi an hour \(95 %: 59\.\dMi to 60\.\dMi\)\n/);
  assert.match(text, /\nLimit: {8}reached in 10–15 h, likely in 12 h\n/);
  assert.match(text, /\nGrows: {8}anonymous memory by 60\.\dMi an hour\n/);
  assert.match(text, /\nAllocated at: cache\.js:7 store \+50\.0Mi\n/);
  assert.match(text, /\nLooks like: {3}unbounded cache: /);
  assert.match(text, /\nWhy: {10}Anonymous memory was looked at over 12 h/);
  for (const line of text.split('\n')) assert.ok(line.length <= 101, line);
});

test('a chart has its height, its limit, and letters for what happened', () => {
  const marks = [
    { at: originAt + 3 * hourMs, kind: 'deployment' as const },
    { at: originAt + 9 * hourMs, kind: 'oom' as const },
  ];
  const text = drawMemoryTrend(traceOf({ hours: 12, memory: (hours) => 100 + 100 * hours, noise: 0, marks, intervalMs: hourMs }), {
    width: 32,
    height: 4,
  });
  // 110Mi at first and 1310Mi at the end, at 512Mi a line.
  assert.deepEqual(text.split('\n'), [
    '2048Mi ┤························',
    '       ┤                    ▁▁▃▄',
    '1024Mi ┤          ▂▂▃▃▅▅▆▆██████',
    '       ┤▂▂▃▃▅▅▆▆████████████████',
    '     0 └────────────────────────',
    '              D           K',
    '        12 h up to the last sample; D deployment, K killed for memory, · limit 2048Mi',
    '',
  ]);
});

test('whatever is drawn, every line fits, and a higher value is never drawn lower', () => {
  const points = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 100, maxLength: 300 });
  fc.assert(
    fc.property(points, fc.integer({ min: 20, max: 60 }), fc.integer({ min: 2, max: 20 }), (values, width, height) => {
      const rows = drawTrend(
        values.map((value, at) => ({ at, value })),
        { width, height },
      ).split('\n');
      for (const row of rows.slice(0, height + 1)) assert.ok(row.length <= width, row);
      assert.equal(rows.length, height + 3);
      const ink = (column: number): number =>
        rows.slice(0, height).reduce((sum, row) => sum + ' ▁▂▃▄▅▆▇█'.indexOf(row[row.indexOf('┤') + 1 + column] ?? ' '), 0);
      const columns = (rows[height]?.length ?? 0) - (rows[height]?.indexOf('└') ?? 0) - 1;
      const highest = Array.from({ length: columns }, (_, column) =>
        Math.max(
          -1,
          ...values.filter((_value, at) => Math.min(columns - 1, Math.floor((at / (values.length - 1 || 1)) * columns)) === column),
        ),
      );
      for (let column = 1; column < columns; column += 1)
        if ((highest[column] ?? -1) >= 0 && (highest[column - 1] ?? -1) >= 0 && (highest[column] ?? 0) > (highest[column - 1] ?? 0))
          assert.ok(ink(column) >= ink(column - 1));
    }),
    { numRuns: 60 },
  );
  assert.equal(drawTrend([]), '');
});
