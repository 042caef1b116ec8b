import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createMetrics } from '../core/metrics.ts';
import { showFigures } from './figures.ts';
import { failedRequest, finishedAttempt, finishedRequest, finishedTarget } from './sight/report.fixture.ts';
import { createTelemetry } from './telemetry.ts';

const limited = new OpenClawError('upstream_rate_limited', { details: { provider: 'acme', reason: 'slow down' } });

function setup() {
  const metrics = createMetrics();
  /** Lines that begin with the name, without it. */
  const lines = (name: string): string[] =>
    metrics
      .text()
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) => line.slice(name.length).trim());
  return { metrics, lines };
}

test('each attempt is counted for its key, and what is not the first is a retry or a hedge', () => {
  const { metrics, lines } = setup();
  const telemetry = createTelemetry(metrics);
  const small = finishedTarget('other/small', { key: '2' });
  telemetry.finished(finishedRequest({ attempts: [finishedAttempt({ error: limited }), finishedAttempt({ target: small })] }));
  telemetry.finished(
    finishedRequest({
      attempts: [
        finishedAttempt({ error: new OpenClawError('superseded'), cancelled: true }),
        finishedAttempt({ target: small, hedge: true }),
      ],
    }),
  );
  assert.deepEqual(lines('openclaw_model_attempts_total'), [
    '{provider="acme",model="large",key="1",outcome="upstream_rate_limited"} 1',
    '{provider="other",model="small",key="2",outcome="completed"} 2',
    '{provider="acme",model="large",key="1",outcome="cancelled"} 1',
  ]);
  assert.deepEqual(
    lines('openclaw_model_retries_total').filter((line) => !line.endsWith(' 0')),
    ['{provider="other",model="small",key="2"} 1'],
  );
  assert.deepEqual(lines('openclaw_model_hedges_total'), ['{provider="other",model="small",key="2",result="won"} 1']);
  assert.deepEqual(lines('openclaw_model_requests_total'), ['{provider="other",model="small",outcome="completed"} 2']);
});

test('models that stand in no list are one series, so that names that clients make up push none out', () => {
  const { metrics, lines } = setup();
  const telemetry = createTelemetry(metrics);
  for (let index = 0; index < 1000; index += 1) {
    telemetry.finished(
      finishedRequest({ attempts: [finishedAttempt({ target: finishedTarget(`acme/made-up-${index}`, { listed: false }) })] }),
    );
  }
  telemetry.finished(finishedRequest());
  assert.deepEqual(lines('openclaw_model_requests_total'), [
    '{provider="acme",model="other",outcome="completed"} 1000',
    '{provider="acme",model="large",outcome="completed"} 1',
  ]);
});

test('what the gateway refuses by itself is counted by caller and code; what a provider refuses is not', () => {
  const { metrics, lines } = setup();
  const telemetry = createTelemetry(metrics);
  const caller = { id: 'key_1', models: undefined };
  const own = new OpenClawError('admission_refused', { details: { reason: 'too many wait' } });
  telemetry.finished(finishedRequest({ call: { caller }, attempts: [], outcome: { kind: 'failed', error: own } }));
  telemetry.finished(failedRequest(limited));
  assert.deepEqual(lines('openclaw_model_refusals_total'), ['{caller="key_1",code="admission_refused"} 1']);
});

test('waits, tokens and cost are those of the whole request', () => {
  const { metrics, lines } = setup();
  const telemetry = createTelemetry(metrics);
  telemetry.finished(finishedRequest({ queueMs: 250, costNanoUsd: 2_000_000_000 }));
  assert.deepEqual(lines('openclaw_model_queue_wait_seconds_sum'), ['0.25']);
  assert.equal(lines('openclaw_model_cost_usd_total').at(-1), '{provider="acme",model="large"} 2');
  assert.deepEqual(lines('openclaw_model_tokens_total'), [
    '{provider="acme",model="large",kind="input"} 10',
    '{provider="acme",model="large",kind="output"} 5',
  ]);
});

test('figures of others are shown as they are now', () => {
  const { metrics, lines } = setup();
  const figures = { waiting: 3, underWay: 4, refused: 5, admitted: 6, waitedMsTotal: 7 };
  const target = { target: 'acme/family/large', key: '1', heldOpen: false, limit: 8, underWay: 4, waiting: 3, recentFailures: 0 };
  let cache: { hits: number; misses: number; joined: number; bytes: number; entries: number } | undefined;
  cache = { hits: 1, misses: 2, joined: 3, bytes: 4, entries: 5 };
  showFigures(metrics, {
    admission: { figures, status: () => [{ ...target, breaker: 'halfOpen', pausedMs: 1500 }] },
    pools: () => [
      { origin: 'https://acme.test', connected: 2, running: 1, waiting: 0 },
      { origin: 'https://acme.test', connected: 3, running: 2, waiting: 4 },
    ],
    retryBudget: () => ({ taken: 1, refused: 2, left: 19 }),
    cache: () => cache,
  });
  const labels = 'provider="acme",model="family/large",key="1"';
  assert.deepEqual(lines('openclaw_model_target_breaker'), [`{${labels},state="halfOpen"} 1`]);
  assert.deepEqual(lines('openclaw_model_target_pause_seconds'), [`{${labels}} 1.5`]);
  assert.deepEqual(lines('openclaw_model_target_limit'), [`{${labels}} 8`]);
  assert.deepEqual([lines('openclaw_model_queue_requests'), lines('openclaw_model_queue_refused_total')], [['3'], ['5']]);
  assert.deepEqual(lines('openclaw_model_pool_connections'), ['{origin="https://acme.test"} 5']);
  assert.deepEqual(lines('openclaw_model_pool_requests').at(-1), '{origin="https://acme.test",state="waiting"} 4');
  assert.deepEqual(lines('openclaw_model_retry_budget_left'), ['19']);
  assert.deepEqual(lines('openclaw_model_cache_requests_total'), ['{result="hit"} 1', '{result="miss"} 2', '{result="joined"} 3']);
  cache = undefined;
  assert.deepEqual([lines('openclaw_model_cache_requests_total'), lines('openclaw_model_cache_bytes')], [[], []], 'without a cache');
});
