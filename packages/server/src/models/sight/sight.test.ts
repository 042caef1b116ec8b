import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { trafficChecks } from '@openclaw/protocol';
import { OpenClawError, type ErrorCode } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createRedactor } from '../../core/redact.ts';
import { createSight } from './index.ts';
import { finishedAttempt, finishedRequest, finishedTarget } from './report.fixture.ts';

const codes: readonly ErrorCode[] = ['upstream_failed', 'upstream_rate_limited', 'upstream_timeout', 'client_closed', 'deadline_exceeded'];

const attempt = fc
  .record({
    model: fc.nat(300),
    listed: fc.boolean(),
    code: fc.option(fc.constantFrom(...codes), { nil: undefined }),
    durationMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
  })
  .map(({ model, listed, code, durationMs }) =>
    finishedAttempt({
      target: finishedTarget(`p${model % 7}/m${model}`, { listed }),
      durationMs,
      error: code && new OpenClawError(code, { details: { provider: 'p', reason: 'r', timeoutMs: 1 } }),
      cancelled: code === 'client_closed' || code === 'deadline_exceeded',
    }),
  );

const request = fc
  .record({
    attempts: fc.array(attempt, { maxLength: 3 }),
    caller: fc.nat(300),
    input: fc.nat(200_000),
    waitMs: fc.nat(20_000),
    body: fc.nat(3),
  })
  .map(({ attempts, caller, input, waitMs, body }) => {
    const error = attempts.at(-1)?.error;
    const finished = finishedRequest({
      attempts,
      call: { caller: { id: `key_${caller}`, models: undefined }, body: Buffer.from(`body ${body}`) },
      observed: { usage: { input, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 } },
      outcome: error ? { kind: error.code === 'client_closed' ? 'cancelled' : 'failed', error } : { kind: 'completed' },
    });
    return { waitMs, finished };
  });

test('whatever requests come, each is counted once for its caller and each attempt once for a target, and every question has an answer', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 150 }), (requests) => {
      const clock = createFakeClock();
      const log = createLog({ clock, destinations: [] });
      const sight = createSight({ clock, log, metrics: createMetrics(), redactor: createRedactor() });
      for (const { waitMs, finished } of requests) {
        sight.finished(finished);
        clock.advance(waitMs);
      }
      const callers = sight.statistics.callers('24h');
      const targets = sight.statistics.targets('24h');
      const attempts = requests.flatMap(({ finished }) => finished.attempts);
      assert.equal(
        callers.reduce((sum, figures) => sum + figures.requests, 0),
        requests.length,
      );
      assert.equal(
        targets.reduce((sum, figures) => sum + figures.requests, 0),
        attempts.length,
      );
      for (const { requests: all, completed, failed, cancelled, rateLimited, refused, errors } of [...callers, ...targets]) {
        assert.equal(completed + failed + cancelled, all);
        assert.equal(
          Object.values(errors).reduce((sum, count) => sum + count, 0),
          failed,
        );
        assert.ok(rateLimited + refused <= failed);
      }
      assert.ok(callers.length <= 101 && targets.length <= 210);
      assert.equal(sight.trails(1000).requests.length, requests.length);
      const checks = new Set(sight.traffic().findings.map(({ check }) => check));
      assert.deepEqual([...checks], trafficChecks);
      sight.close();
      assert.equal(clock.pendingTimers, 0);
    }),
    { numRuns: 40 },
  );
});
