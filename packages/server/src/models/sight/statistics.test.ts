import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import { relativeError } from './histogram.ts';
import { failedRequest, finishedAttempt, finishedRequest, finishedTarget } from './report.fixture.ts';
import { createStatistics, type StatisticsOptions } from './statistics.ts';

const limited = new OpenClawError('upstream_rate_limited', { details: { provider: 'acme', reason: 'slow down' } });
const refused = new OpenClawError('upstream_refused', { details: { provider: 'acme', reason: 'no' }, status: 400 });

function setup(options: Omit<StatisticsOptions, 'clock'> = {}) {
  const clock = createFakeClock();
  return { clock, statistics: createStatistics({ clock, ...options }) };
}

const answered = (name: string, changes: { listed?: boolean; durationMs?: number; firstOutputMs?: number } = {}) =>
  finishedRequest({
    stream: true,
    attempts: [finishedAttempt({ ...changes, target: finishedTarget(name, { listed: changes.listed ?? true }) })],
  });

test('a target counts what was asked of it, a caller its requests', () => {
  const { statistics } = setup();
  const small = finishedTarget('other/small');
  statistics.finished(
    finishedRequest({
      attempts: [
        finishedAttempt({ error: limited, usage: undefined, costNanoUsd: undefined }),
        finishedAttempt({ target: small, durationMs: 40 }),
      ],
      totalMs: 200,
    }),
  );
  const [first, second] = statistics.targets('1m');
  assert.equal(first?.target, 'acme/large');
  assert.deepEqual([first.requests, first.completed, first.rateLimited, first.successPercent], [1, 0, 1, 0]);
  assert.deepEqual(first.errors, { upstream_rate_limited: 1 });
  assert.deepEqual([first.total, first.inputTokens, first.costNanoUsd], [null, 0, 0]);
  assert.deepEqual([second?.target, second?.successPercent, second?.inputTokens, second?.costNanoUsd], ['other/small', 100, 10, 1000]);
  const [caller, ...others] = statistics.callers('1m');
  assert.deepEqual([caller?.caller, caller?.requests, caller?.completed, others.length], ['gateway', 1, 1, 0]);
  assert.ok(Math.abs(caller!.total!.p50Ms - 200) <= 10);
});

test('two keys of one provider have figures of their own', () => {
  const { statistics } = setup();
  for (const key of ['1', '2', '2']) {
    statistics.finished(finishedRequest({ attempts: [finishedAttempt({ target: finishedTarget('acme/large', { key }) })] }));
  }
  assert.deepEqual(
    statistics.targets('1m').map(({ key, requests }) => [key, requests]),
    [
      ['1', 1],
      ['2', 2],
    ],
  );
});

test('an attempt that was called off is no failure of its target, and a client that left none of its caller', () => {
  const { statistics } = setup();
  const error = new OpenClawError('client_closed');
  statistics.finished(
    finishedRequest({ attempts: [finishedAttempt({ error, cancelled: true }), finishedAttempt()], outcome: { kind: 'cancelled', error } }),
  );
  const [target] = statistics.targets('1m');
  assert.deepEqual([target?.requests, target?.cancelled, target?.failed, target?.successPercent], [2, 1, 0, 100]);
  const [caller] = statistics.callers('1m');
  assert.deepEqual([caller?.cancelled, caller?.failed, caller?.successPercent], [1, 0, null]);
});

test('a deadline that passed speaks of the target, although the attempt was ended from outside', () => {
  const { statistics } = setup();
  const error = new OpenClawError('deadline_exceeded', { details: { timeoutMs: 5 } });
  statistics.finished(finishedRequest({ attempts: [finishedAttempt({ error, cancelled: true })], outcome: { kind: 'failed', error } }));
  const [target] = statistics.targets('1m');
  assert.deepEqual([target?.cancelled, target?.failed, target?.errors], [0, 1, { deadline_exceeded: 1 }]);
});

test('counting tokens says nothing of how a target does', () => {
  const { statistics } = setup();
  statistics.finished(finishedRequest({ call: { operation: 'countTokens' } }));
  assert.deepEqual(statistics.targets('1m'), []);
  assert.equal(statistics.callers('1m')[0]?.requests, 1);
});

test('an answer that comes whole has no first output of its own', () => {
  const { statistics } = setup();
  statistics.finished(finishedRequest({ attempts: [finishedAttempt({ firstOutputMs: 100 })], firstOutputMs: 100 }));
  assert.deepEqual([statistics.targets('1m')[0]?.firstOutput, statistics.callers('1m')[0]?.firstOutput], [null, null]);
});

test('failures are told apart by what their status asks for', () => {
  const { statistics } = setup();
  const broken = new OpenClawError('upstream_overloaded', { details: { provider: 'acme', reason: 'busy' } });
  for (const error of [limited, refused, refused, broken]) statistics.finished(failedRequest(error));
  const [caller] = statistics.callers('5m');
  assert.deepEqual([caller?.failed, caller?.rateLimited, caller?.refused], [4, 1, 2]);
});

test('each window forgets after its time, and not before', () => {
  const { clock, statistics } = setup();
  statistics.finished(finishedRequest());
  const seen = () => (['1m', '5m', '1h', '24h'] as const).map((window) => statistics.targets(window)[0]!.requests);
  clock.advance(60_000);
  assert.deepEqual(seen(), [1, 1, 1, 1]);
  clock.advance(12_000);
  assert.deepEqual(seen(), [0, 1, 1, 1]);
  clock.advance(228_000);
  assert.deepEqual(seen(), [0, 1, 1, 1]);
  clock.advance(72_000);
  assert.deepEqual(seen(), [0, 0, 1, 1]);
  clock.advance(3_600_000);
  assert.deepEqual(seen(), [0, 0, 0, 1]);
  clock.advance(86_400_000);
  assert.deepEqual(seen(), [0, 0, 0, 0]);
});

test('windows and quantiles hold for any traffic: what a window shows is what came in it', () => {
  const step = fc.record({ waitMs: fc.nat(90_000), durationMs: fc.integer({ min: 1, max: 300_000 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const { clock, statistics } = setup();
      const came = steps.map(({ waitMs, durationMs }) => {
        clock.advance(waitMs);
        statistics.finished(answered('acme/large', { durationMs, firstOutputMs: durationMs / 2 }));
        return { atMs: clock.monotonicMs(), durationMs };
      });
      const [figures] = statistics.targets('5m');
      // A window ends at a border of its slices: it holds the last five minutes and at most one more.
      const within = (ms: number) => came.filter(({ atMs }) => clock.monotonicMs() - atMs < ms);
      assert.ok(figures!.requests >= within(300_000).length && figures!.requests <= within(360_000).length);
      const sorted = came
        .slice(-figures!.requests)
        .map(({ durationMs }) => durationMs)
        .toSorted((a, b) => a - b);
      for (const [share, found] of [
        [0.5, figures!.total!.p50Ms],
        [0.95, figures!.total!.p95Ms],
        [0.99, figures!.total!.p99Ms],
      ] as const) {
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
        assert.ok(Math.abs(found - exact) <= relativeError * exact, `p${share * 100}: ${found} for ${exact}`);
      }
    }),
    { numRuns: 40 },
  );
});

test('what was before the last five minutes does not hold what came in them', () => {
  const { clock, statistics } = setup();
  for (let index = 0; index < 10; index += 1) statistics.finished(answered('acme/large', { durationMs: 100 }));
  clock.advance(600_000);
  statistics.finished(answered('acme/large', { durationMs: 1000 }));
  const [target] = statistics.recentTargets();
  assert.deepEqual([target!.recent.requests, target!.hourBefore().requests, target!.dayBefore().requests], [1, 10, 10]);
  assert.ok(target!.hourBefore().figures().total!.p99Ms < 110);
});

test('a clock that goes backwards loses nothing and resurrects nothing', () => {
  const behind = { ms: 0 };
  const real: FakeClock = createFakeClock();
  const statistics = createStatistics({ clock: { ...real, monotonicMs: () => real.monotonicMs() - behind.ms } });
  real.advance(1_000_000);
  statistics.finished(finishedRequest());
  behind.ms = 700_000;
  statistics.finished(finishedRequest());
  assert.deepEqual(
    (['1m', '24h'] as const).map((window) => statistics.targets(window)[0]!.requests),
    [2, 2],
  );
});

test('names beyond the bound share one series for each provider, and callers one', () => {
  const { statistics } = setup({ seriesLimit: 3 });
  for (let index = 0; index < 50; index += 1) {
    const caller = { id: `key_${index}`, models: undefined };
    statistics.finished({ ...answered(`acme/model-${index}`), call: finishedRequest({ call: { caller } }).call });
  }
  const targets = statistics.targets('1m').map(({ target, requests }) => [target, requests]);
  assert.deepEqual(targets.at(-1), ['acme/other', 47]);
  assert.equal(targets.length, 4);
  assert.deepEqual(
    statistics
      .callers('1m')
      .map(({ caller, requests }) => [caller, requests])
      .at(-1),
    ['other', 47],
  );
});

test('providers beyond the bound share one series in the end', () => {
  const { statistics } = setup({ seriesLimit: 2 });
  for (let index = 0; index < 50; index += 1) statistics.finished(answered(`provider-${index}/model`));
  const targets = statistics.targets('1m');
  assert.equal(targets.length, 5);
  assert.equal(
    targets.reduce((sum, { requests }) => sum + requests, 0),
    50,
  );
});

test('names that clients make up do not push real ones out', () => {
  const { statistics } = setup({ seriesLimit: 5, unlistedLimit: 2 });
  for (let index = 0; index < 50; index += 1) {
    const attempt = finishedAttempt({ target: finishedTarget(`acme/invented-${index}`, { listed: false }), error: refused });
    statistics.finished(finishedRequest({ attempts: [attempt] }));
  }
  for (let index = 0; index < 50; index += 1) statistics.finished(answered(`local/any-${index}`, { listed: false }));
  statistics.finished(answered('acme/real'));
  assert.deepEqual(
    statistics.targets('1m').map(({ target, requests }) => [target, requests]),
    [
      ['acme/other', 50],
      ['local/any-0', 1],
      ['local/any-1', 1],
      ['local/other', 48],
      ['acme/real', 1],
    ],
  );
});

test('the p95 of the first output is unknown until there are enough samples, and follows them within a second', () => {
  const { clock, statistics } = setup();
  const target = finishedTarget('acme/large');
  assert.equal(statistics.p95FirstOutputMs(target), undefined);
  for (let index = 0; index < 19; index += 1) statistics.finished(answered('acme/large', { firstOutputMs: 100 }));
  assert.equal(statistics.p95FirstOutputMs(target), undefined);
  statistics.finished(answered('acme/large', { firstOutputMs: 100 }));
  clock.advance(1000);
  const p95 = statistics.p95FirstOutputMs(target);
  assert.ok(p95 !== undefined && Math.abs(p95 - 100) <= 5);
  // After five quiet minutes the hour still knows.
  clock.advance(600_000);
  assert.equal(statistics.p95FirstOutputMs(target), p95);
});
