import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { failedRequest, finishedAttempt, finishedRequest } from './report.fixture.ts';
import { createStatistics } from './statistics.ts';
import { createWarnings } from './warnings.ts';

const broken = new OpenClawError('upstream_overloaded', { details: { provider: 'acme', reason: 'busy' } });
const refused = new OpenClawError('upstream_refused', { details: { provider: 'acme', reason: 'no' }, status: 400 });
const minuteMs = 60_000;

function setup() {
  const clock = createFakeClock();
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ clock, format: 'json', destinations: [{ write: (line) => void lines.push(JSON.parse(line)) }] });
  const statistics = createStatistics({ clock });
  const warnings = createWarnings({ clock, log, statistics });
  return {
    clock,
    lines,
    warnings,
    answer(times: number, durationMs = 500) {
      for (let index = 0; index < times; index += 1) statistics.finished(finishedRequest({ attempts: [finishedAttempt({ durationMs })] }));
    },
    fail(times: number, error = broken) {
      for (let index = 0; index < times; index += 1) statistics.finished(failedRequest(error));
    },
    codes() {
      warnings.judge();
      return warnings.list().map(({ code }) => code);
    },
  };
}

/** An ordinary half hour, over since long enough not to be among the last five minutes. */
function setupWithPast() {
  const all = setup();
  all.answer(100);
  all.clock.advance(10 * minuteMs);
  return all;
}

test('a p95 of twice what it was is a warning, with both numbers', () => {
  const { answer, codes, warnings } = setupWithPast();
  answer(30, 1100);
  assert.deepEqual(codes(), ['slow']);
  const [warning] = warnings.list();
  assert.equal(warning?.target, 'acme/large');
  assert.ok(Math.abs(warning.evidence['p95Ms']! - 1100) <= 55 && Math.abs(warning.evidence['baselineP95Ms']! - 500) <= 25);
});

test('less than twice, too few requests, or too little to compare with is no warning', () => {
  const some = setupWithPast();
  some.answer(30, 900);
  assert.deepEqual(some.codes(), []);
  const few = setupWithPast();
  few.answer(19, 5000);
  assert.deepEqual(few.codes(), []);
  const young = setup();
  young.answer(49);
  young.clock.advance(10 * minuteMs);
  young.answer(30, 5000);
  assert.deepEqual(young.codes(), []);
});

test('a target that takes a few milliseconds may take a few more', () => {
  const { clock, answer, codes } = setup();
  answer(100, 2);
  clock.advance(10 * minuteMs);
  answer(100, 20);
  assert.deepEqual(codes(), []);
});

test('a warning is raised once, stays while things are half better, and is cleared when they are better', () => {
  const { clock, answer, codes, lines } = setupWithPast();
  answer(30, 2000);
  assert.deepEqual(codes(), ['slow']);
  assert.deepEqual(codes(), ['slow']);
  clock.advance(7 * minuteMs);
  answer(30, 850);
  assert.deepEqual(codes(), ['slow']);
  clock.advance(7 * minuteMs);
  answer(30, 500);
  assert.deepEqual(codes(), []);
  assert.deepEqual(
    lines.map(({ level, message }) => [level, message]),
    [
      ['warn', 'early warning'],
      ['info', 'early warning is over'],
    ],
  );
});

test('what is slow for hours does not become its own measure', () => {
  const { clock, answer, codes } = setupWithPast();
  for (let round = 0; round < 24; round += 1) {
    answer(30, 2000);
    assert.deepEqual(codes(), ['slow']);
    clock.advance(5 * minuteMs);
  }
});

test('more than one failure in twenty requests is a warning that says which', () => {
  const { answer, fail, codes, warnings, lines } = setup();
  answer(95);
  fail(5);
  assert.deepEqual(codes(), []);
  fail(1);
  assert.deepEqual(codes(), ['failing']);
  assert.deepEqual(warnings.list()[0]?.errors, { upstream_overloaded: 6 });
  assert.deepEqual(warnings.list()[0]?.evidence, { failedPercent: 5.9, failed: 6, requests: 101 });
  assert.deepEqual(lines[0]?.['errors'], { upstream_overloaded: 6 });
  assert.equal(lines[0]?.['reason'], '5.9 % of 101 requests in the last five minutes failed.');
});

test('failures are over when there are half as many, and not before', () => {
  const { answer, fail, codes } = setup();
  answer(90);
  fail(10);
  assert.deepEqual(codes(), ['failing']);
  answer(200);
  assert.deepEqual(codes(), ['failing']);
  answer(200);
  assert.deepEqual(codes(), []);
});

test('refusals of bad requests do not speak of the target', () => {
  const { answer, fail, codes } = setup();
  answer(50);
  fail(50, refused);
  assert.deepEqual(codes(), []);
});

test('of a target that nobody asks any more there is no warning', () => {
  const { clock, fail, codes } = setup();
  fail(50);
  assert.deepEqual(codes(), ['failing']);
  clock.advance(11 * minuteMs);
  assert.deepEqual(codes(), []);
});
