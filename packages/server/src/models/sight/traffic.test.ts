import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trafficChecks, type TrafficReport } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import type { ProcessLoad } from '../../core/process-load.ts';
import { createRedactor } from '../../core/redact.ts';
import { createSight } from './index.ts';
import { failedRequest, finishedAttempt, finishedRequest } from './report.fixture.ts';

const limited = new OpenClawError('upstream_rate_limited', { details: { provider: 'acme', reason: 'slow' }, retryAfterMs: 5000 });
const broken = new OpenClawError('upstream_failed', { details: { provider: 'acme', reason: 'oops' } });
const refused = new OpenClawError('upstream_refused', { details: { provider: 'acme', reason: 'no' }, status: 400 });
const idle: ProcessLoad = { elapsedMs: 60_000, loopShare: 0.1, cpuShare: 0.1, residentBytes: 80e6, limitBytes: 512e6 };
const minuteMs = 60_000;

function setup(load: ProcessLoad = idle) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(line) }] });
  const sight = createSight({ clock, log, metrics, redactor: createRedactor(), processLoad: () => load });
  return { clock, metrics, lines, sight };
}

/** What is not well: severity, code and subject. */
function faults({ findings }: TrafficReport): string[] {
  return findings.filter(({ severity }) => severity !== 'ok').map(({ severity, code, subject }) => `${severity} ${code} ${subject}`);
}

test('with nothing wrong every check of the list says so, in its order', () => {
  const { sight } = setup();
  for (let index = 0; index < 50; index += 1) sight.finished(finishedRequest());
  const { findings } = sight.traffic();
  assert.deepEqual(
    findings.map(({ check }) => check),
    trafficChecks,
  );
  assert.ok(findings.every(({ severity, message, remedy }) => severity === 'ok' && message !== '' && remedy === ''));
});

test('429, 5xx and 4xx are three findings with three remedies, by caller', () => {
  const { sight } = setup();
  const caller = { id: 'key_1', models: undefined };
  for (const error of [limited, limited, broken, refused, refused]) sight.finished(failedRequest(error, { call: { caller } }));
  for (let index = 0; index < 10; index += 1) sight.finished(finishedRequest());
  const report = sight.traffic();
  assert.deepEqual(faults(report), ['bad rate_limited key_1', 'warn server_errors key_1', 'warn bad_requests key_1']);
  assert.equal(new Set(report.findings.filter(({ check }) => check === 'status').map(({ remedy }) => remedy)).size, 3);
  assert.deepEqual(report.findings[0]?.evidence, {
    ...{ count: 2, requests: 5, percent: 40 },
    ...{ upstream_rate_limited: 2, upstream_failed: 1, upstream_refused: 2 },
  });
});

test('a full processor or memory is said with its share', () => {
  assert.deepEqual(faults(setup({ ...idle, loopShare: 0.97 }).sight.traffic()), ['bad processor_full gateway']);
  assert.deepEqual(faults(setup({ ...idle, loopShare: 0.97, elapsedMs: 2000 }).sight.traffic()), [], 'a start is busy');
  assert.deepEqual(faults(setup({ ...idle, residentBytes: 400e6 }).sight.traffic()), ['warn memory_full gateway']);
});

test('connections that grow for minutes are named with their caller, while there is traffic', () => {
  const { clock, sight } = setup();
  const open = new Map([['key_1', 2]]);
  sight.watchConnections(() => open);
  for (let minute = 0; minute < 10; minute += 1) {
    sight.finished(finishedRequest());
    open.set('key_1', open.get('key_1')! + 8);
    clock.advance(minuteMs);
  }
  assert.deepEqual(faults(sight.traffic()), ['warn connections_grow key_1']);
});

test('callers that ignore Retry-After are named', () => {
  const { clock, sight } = setup();
  for (let index = 0; index < 12; index += 1) {
    sight.finished(failedRequest(limited, { totalMs: 0 }));
    clock.advance(1000);
  }
  assert.ok(faults(sight.traffic()).includes('bad retry_after_ignored gateway'));
});

test('what is found is said in the log while there is traffic: once, and once more when it gets bad', () => {
  const { clock, sight, lines } = setup();
  const ignore = (times: number): void => {
    for (let index = 0; index < times; index += 1)
      sight.finished(failedRequest(limited, { totalMs: 0, call: { caller: { id: 'key_1', models: undefined } } }));
    clock.advance(minuteMs);
  };
  const said = (): string[] =>
    lines
      .map((line) => JSON.parse(line) as Record<string, string>)
      .filter(({ code }) => code === 'retry_after_ignored')
      .map(({ level, subject }) => `${level} ${subject}`);
  ignore(5);
  assert.deepEqual(said(), ['info key_1']);
  ignore(0);
  assert.deepEqual(said(), ['info key_1']);
  ignore(8);
  ignore(8);
  assert.deepEqual(said(), ['info key_1', 'warn key_1']);
});

test('durations that rise are a finding and a warning from the same numbers', () => {
  const { clock, sight, lines, metrics } = setup();
  for (let index = 0; index < 100; index += 1) sight.finished(finishedRequest());
  clock.advance(10 * minuteMs);
  for (let index = 0; index < 30; index += 1) sight.finished(finishedRequest({ attempts: [finishedAttempt({ durationMs: 1000 })] }));
  clock.advance(15_000);
  const report = sight.traffic();
  assert.deepEqual(faults(report), ['bad durations_rise acme/large (key 1)']);
  const finding = report.findings.find(({ code }) => code === 'durations_rise');
  assert.equal(report.warnings[0]?.evidence['p95Ms'], finding?.evidence['p95Ms']);
  assert.match(lines.join(''), /early warning/);
  assert.match(metrics.text(), /openclaw_model_warnings\{provider="acme",model="large",key="1",code="slow"\} 1/);
});

test('a conversation past 50,000 and 100,000 tokens is a warning and then bad, and so is a window that is nearly full', () => {
  const { sight } = setup();
  const say = (input: number) =>
    sight.finished(finishedRequest({ observed: { usage: { input, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 } } }));
  for (const input of [10_000, 20_000, 30_000, 60_000]) say(input);
  assert.deepEqual(faults(sight.traffic()), ['warn prompts_swell gateway']);
  say(124_000);
  assert.deepEqual(faults(sight.traffic()), ['bad prompts_swell gateway', 'bad context_window_full gateway']);
});

test('the timer runs while there is traffic and for as long as its warnings may last', () => {
  const { clock, sight } = setup();
  assert.equal(clock.pendingTimers, 0);
  sight.finished(finishedRequest());
  assert.equal(clock.pendingTimers, 1);
  clock.advance(12 * minuteMs);
  assert.equal(clock.pendingTimers, 0);
  sight.finished(finishedRequest());
  sight.close();
  assert.equal(clock.pendingTimers, 0);
});
