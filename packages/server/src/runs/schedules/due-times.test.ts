import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import type { ScheduleTiming } from './contract.ts';
import { checkTiming, dueTimesOf, latestDue } from './due-times.ts';

const at = (text: string): number => Date.parse(text);

async function first(timing: ScheduleTiming, after: string, count = 1): Promise<(string | null)[]> {
  const next = await dueTimesOf(timing);
  const found: (string | null)[] = [];
  for (let fromMs: number | null = at(after); found.length < count && fromMs !== null;) {
    fromMs = next(fromMs);
    found.push(fromMs === null ? null : new Date(fromMs).toISOString());
  }
  return found;
}

test('a cron expression is one of the time zone that it is written for', async () => {
  const timing: ScheduleTiming = { kind: 'cron', expr: '0 9 * * 1-5', tz: 'Europe/Berlin' };
  assert.deepEqual(await first(timing, '2026-03-27T08:00:00Z', 2), ['2026-03-30T07:00:00.000Z', '2026-03-31T07:00:00.000Z']);
});

test('a time that summer time leaves out is due once, and so is one that comes twice', async () => {
  const timing: ScheduleTiming = { kind: 'cron', expr: '30 2 * * *', tz: 'Europe/Berlin' };
  assert.deepEqual(await first(timing, '2026-03-28T12:00:00Z', 2), ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
  assert.deepEqual(await first(timing, '2026-10-24T12:00:00Z', 2), ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
});

test('intervals are counted from where they begin, however late somebody looks', async () => {
  const timing: ScheduleTiming = { kind: 'every', everyMs: 90_000, anchorMs: at('2026-01-01T00:00:00Z') };
  assert.deepEqual(await first(timing, '2026-01-01T00:00:00Z', 2), ['2026-01-01T00:01:30.000Z', '2026-01-01T00:03:00.000Z']);
  assert.deepEqual(await first(timing, '2025-12-01T00:00:00Z'), ['2026-01-01T00:01:30.000Z']);
  assert.deepEqual(await first(timing, '2026-01-01T01:00:01Z'), ['2026-01-01T01:01:30.000Z']);
});

test('a single time is due once', async () => {
  assert.deepEqual(await first({ kind: 'at', atMs: at('2026-02-01T00:00:00Z') }, '2026-01-01T00:00:00Z', 2), [
    '2026-02-01T00:00:00.000Z',
    null,
  ]);
});

test('the latest due time of a span is the one that counting them all finds', async () => {
  const timings = fc.oneof(
    fc.record({ kind: fc.constant('every' as const), everyMs: fc.integer({ min: 60_000, max: 5_000_000 }), anchorMs: fc.nat(10_000_000) }),
    fc.record({
      kind: fc.constant('cron' as const),
      expr: fc.constantFrom('* * * * *', '*/7 * * * *', '0 9 * * 1-5', '30 2 * * *', '5,6 0-3 * * *', '0 0 1 1 *'),
      tz: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
    }),
  );
  await fc.assert(
    fc.asyncProperty(timings, fc.nat(400_000_000), fc.nat(400_000_000), async (timing, fromMs, spanMs) => {
      const next = await dueTimesOf(timing);
      let expected: number | null = null;
      for (let found = next(fromMs); found !== null && found <= fromMs + spanMs; found = next(found)) expected = found;
      assert.equal(latestDue(next, fromMs, fromMs + spanMs), expected);
    }),
    { numRuns: 60 },
  );
});

test('what is no timing is refused, with what is wrong', async () => {
  const nowMs = at('2026-01-01T00:00:00Z');
  const refused: [Parameters<typeof checkTiming>[0], string, RegExp][] = [
    [{ kind: 'cron', expr: 'soon' }, 'schedule.expr', /cannot be read/],
    [{ kind: 'cron', expr: '* * * * * *' }, 'schedule.expr', /5 parts/],
    [{ kind: 'cron', expr: '0 9 * * *', tz: 'Moon/Base' }, 'schedule.expr', /Moon\/Base/],
    [{ kind: 'cron', expr: '0 0 31 2 *' }, 'schedule.expr', /never falls due/],
    [{ kind: 'every', everyMs: 59_999 }, 'schedule.everyMs', /one minute/],
    [{ kind: 'every', everyMs: Number.NaN }, 'schedule.everyMs', /one minute/],
    [{ kind: 'at', atMs: nowMs }, 'schedule.at', /never falls due/],
    [{ kind: 'at', atMs: Number.NaN }, 'schedule.at', /moment/],
  ];
  for (const [timing, param, words] of refused) {
    await assert.rejects(checkTiming(timing, nowMs), (thrown: unknown) => {
      assert.ok(thrown instanceof OpenClawError);
      assert.deepEqual([thrown.code, thrown.param], ['invalid_request', param]);
      assert.match(thrown.message, words);
      return true;
    });
  }
});
