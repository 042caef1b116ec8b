import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLooks, lookAt, quantileMs } from './load.ts';
import { parseMetrics, sumOf } from './metrics-text.ts';

interface Numbers {
  readonly completed: number;
  readonly failed: number;
  readonly fast: number;
  readonly all: number;
  readonly started?: number;
}

const textOf = ({ completed, failed, fast, all, started = 1000 }: Numbers): string => `# HELP openclaw_model_requests_total Finished.
# TYPE openclaw_model_requests_total counter
openclaw_model_requests_total{provider="acme",model="a",outcome="completed"} ${completed}
openclaw_model_requests_total{provider="acme",model="b",outcome="upstream_overloaded"} ${failed}
openclaw_model_requests_total{provider="acme",model="b",outcome="client_closed"} 7
openclaw_model_request_seconds_bucket{provider="acme",model="a",le="0.1"} ${fast}
openclaw_model_request_seconds_bucket{provider="acme",model="a",le="1"} ${all}
openclaw_model_request_seconds_bucket{provider="acme",model="a",le="+Inf"} ${all}
openclaw_model_requests_in_flight 3
nodejs_eventloop_delay_seconds{quantile="0.5"} 0.001
nodejs_eventloop_delay_seconds{quantile="0.99"} 0.0125
process_resident_memory_bytes 104857600
process_start_time_seconds ${started}
somebody_elses_total 5
`;

test('series are read with their labels, escapes included, and only those that are wanted', () => {
  const samples = parseMetrics('a{name="say \\"hi\\"\\n\\\\"} 1.5\nb 2\na 3e2\n', new Set(['a']));
  assert.deepEqual(samples.get('a'), [
    { labels: { name: 'say "hi"\n\\' }, value: 1.5 },
    { labels: {}, value: 300 },
  ]);
  assert.equal(samples.has('b'), false);
  assert.equal(sumOf(samples, 'b'), undefined);
  assert.equal(sumOf(samples, 'a'), 301.5);
});

test('between two looks there are rates, failures and how long answers took', () => {
  const before = lookAt(textOf({ completed: 100, failed: 10, fast: 80, all: 110 }), 1000);
  const later = lookAt(textOf({ completed: 118, failed: 12, fast: 90, all: 130 }), 6000);
  assert.deepEqual(compareLooks(before, later), {
    atMs: 6000,
    requestsPerSecond: 4,
    failedPerSecond: 0.4,
    p50Ms: 100,
    p95Ms: 910,
    underWay: 3,
    waiting: 0,
    memoryBytes: 104_857_600,
    memoryLimitBytes: null,
    residentBytes: 104_857_600,
    loopDelayMs: 12.5,
  });
});

test('clients that left are requests, and no failures', () => {
  assert.equal(lookAt(textOf({ completed: 1, failed: 2, fast: 0, all: 3 }), 0).failed, 2);
  assert.equal(lookAt(textOf({ completed: 1, failed: 2, fast: 0, all: 3 }), 0).requests, 10);
});

test('looks before and after a restart, and a first one, have no rates', () => {
  const before = lookAt(textOf({ completed: 5, failed: 0, fast: 5, all: 5 }), 1000);
  for (const [one, other] of [
    [before, lookAt(textOf({ completed: 9, failed: 0, fast: 9, all: 9, started: 2000 }), 2000)],
    [undefined, before],
    [before, before],
  ] as const) {
    const { requestsPerSecond, p95Ms, underWay } = compareLooks(one, other);
    assert.deepEqual({ requestsPerSecond, p95Ms, underWay }, { requestsPerSecond: null, p95Ms: null, underWay: 3 });
  }
});

test('where nothing was answered there is no duration', () => {
  const look = lookAt(textOf({ completed: 5, failed: 0, fast: 5, all: 5 }), 1000);
  assert.equal(compareLooks(look, { ...look, atMs: 2000 }).p95Ms, null);
});

test('a quantile lies within the bucket where it falls, and beyond the last bound it is that bound', () => {
  const cumulative = [
    [1, 50],
    [2, 100],
    [Number.POSITIVE_INFINITY, 100],
  ] as const;
  assert.equal(quantileMs(cumulative, 0.25), 500);
  assert.equal(quantileMs(cumulative, 0.75), 1500);
  assert.equal(
    quantileMs(
      [
        [1, 0],
        [Number.POSITIVE_INFINITY, 4],
      ],
      0.5,
    ),
    1000,
  );
  assert.equal(quantileMs([], 0.5), null);
});
