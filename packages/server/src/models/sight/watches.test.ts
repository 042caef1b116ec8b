import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { BoundedMap } from './bounded-map.ts';
import { createConnectionWatch } from './connection-watch.ts';
import { createPromptWatch } from './prompt-watch.ts';
import { RecentCount } from './recent-count.ts';
import { failedRequest, finishedRequest } from './report.fixture.ts';
import { createRetryWatch } from './retry-watch.ts';

const minuteMs = 60_000;
const limited = (retryAfterMs?: number) =>
  new OpenClawError('upstream_rate_limited', {
    details: { provider: 'acme', reason: 'slow down' },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
const refused = new OpenClawError('upstream_refused', { details: { provider: 'acme', reason: 'no' }, status: 400 });

/** A request of this body that fails at `atMs`, having come at once. */
const failing = (body: string, error = limited()) => failedRequest(error, { call: { body: Buffer.from(body) }, totalMs: 0 });
const coming = (body: string) => finishedRequest({ call: { body: Buffer.from(body) }, totalMs: 0 });

test('a count forgets after five to six minutes, and time that goes back loses nothing', () => {
  const count = new RecentCount();
  count.add(0);
  count.add(5 * minuteMs);
  assert.equal(count.read(5 * minuteMs), 2);
  count.add(minuteMs);
  assert.equal(count.read(6 * minuteMs), 2);
  assert.equal(count.read(11 * minuteMs), 0);
  assert.equal(count.read(1000 * minuteMs), 0);
});

test('a bounded map forgets what was not used for the longest time', () => {
  const map = new BoundedMap<number[]>(2);
  map.use('a', () => [1]);
  map.use('b', () => [2]);
  map.use('a', () => assert.fail());
  map.use('c', () => [3]);
  assert.deepEqual(
    [...map.entries()],
    [
      ['a', [1]],
      ['c', [3]],
    ],
  );
});

test('the same request before its Retry-After has passed ignores it; one that waits does not', () => {
  const watch = createRetryWatch();
  watch.finished(failing('one', limited(1000)), 0);
  watch.finished(coming('one'), 400);
  watch.finished(failing('two', limited(1000)), 1000);
  watch.finished(coming('two'), 2000);
  assert.deepEqual(watch.callers(2000), [{ caller: 'gateway', ignoredRetryAfter: 1, withoutBackOff: 0, patient: 1 }]);
});

test('when a request came counts, not when it was answered', () => {
  const watch = createRetryWatch();
  watch.finished(failing('one', limited(1000)), 0);
  watch.finished(finishedRequest({ call: { body: Buffer.from('one') }, totalMs: 5000 }), 5400);
  assert.equal(watch.callers(6000)[0]?.ignoredRetryAfter, 1);
});

test('without a Retry-After, again at once is a retry without back-off, and half a second later is not', () => {
  const watch = createRetryWatch();
  for (let index = 0; index < 5; index += 1) watch.finished(failing('one'), index * 20);
  watch.finished(coming('one'), 600);
  assert.deepEqual(watch.callers(600), [{ caller: 'gateway', ignoredRetryAfter: 0, withoutBackOff: 4, patient: 1 }]);
});

test('another request, another caller, or a failure that no retry helps is no retry', () => {
  const watch = createRetryWatch();
  watch.finished(failing('one', limited(9000)), 0);
  watch.finished(coming('two'), 10);
  watch.finished(finishedRequest({ call: { body: Buffer.from('one'), caller: { id: 'key_2', models: undefined } }, totalMs: 0 }), 10);
  watch.finished(failing('three', refused), 20);
  watch.finished(failing('three', refused), 21);
  assert.deepEqual(watch.callers(30), [{ caller: 'gateway', ignoredRetryAfter: 0, withoutBackOff: 0, patient: 0 }]);
});

test('two requests that were under way together are no retry of each other', () => {
  const watch = createRetryWatch();
  watch.finished(failedRequest(limited(9000), { totalMs: 500 }), 1000);
  watch.finished(failedRequest(limited(9000), { totalMs: 500 }), 1200);
  assert.equal(watch.callers(1200)[0]?.ignoredRetryAfter, 0);
});

test('of failures a bounded number is remembered, and none for long', () => {
  const watch = createRetryWatch();
  for (let index = 0; index < 10_000; index += 1) watch.finished(failing(`body ${index}`, limited(1e6)), 0);
  watch.finished(coming('body 0'), 1);
  watch.finished(coming('body 9999'), 1);
  assert.equal(watch.callers(1)[0]?.ignoredRetryAfter, 1);
  watch.finished(coming('body 9998'), 61_000);
  assert.equal(watch.callers(61_000)[0]?.ignoredRetryAfter, 1);
});

test('large bodies that end alike are told apart by their length', () => {
  const watch = createRetryWatch();
  watch.finished(failing('x'.repeat(200_000), limited(1000)), 0);
  watch.finished(coming('x'.repeat(200_001)), 10);
  assert.equal(watch.callers(10)[0]?.ignoredRetryAfter, 0);
  watch.finished(coming('x'.repeat(200_000)), 20);
  assert.equal(watch.callers(20)[0]?.ignoredRetryAfter, 1);
});

function prompt(input: number, session?: string) {
  return finishedRequest({
    call: { headers: session === undefined ? {} : { 'x-openclaw-session': session } },
    observed: { usage: { input, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 } },
  });
}

test('a conversation whose input grows with every request is known with its beginning', () => {
  const watch = createPromptWatch();
  for (const input of [10_000, 30_000, 60_000, 110_000]) watch.finished(prompt(input, 'a'), 0);
  const [largest] = watch.prompts(0);
  assert.deepEqual(
    [largest?.session, largest?.inputTokens, largest?.rises, largest?.firstTokens, largest?.contextWindow],
    ['a', 110_000, 3, 10_000, 128_000],
  );
});

test('a conversation that was cut down begins anew, and others do not disturb it', () => {
  const watch = createPromptWatch();
  for (const input of [20_000, 30_000, 40_000]) {
    watch.finished(prompt(input, 'a'), 0);
    watch.finished(prompt(9_000, 'b'), 0);
  }
  watch.finished(prompt(12_000, 'a'), 0);
  assert.deepEqual(
    watch.prompts(0).map(({ session, rises }) => [session, rises]),
    [
      ['a', 0],
      ['b', 0],
    ],
  );
});

test('small prompts are not watched, and old conversations are forgotten', () => {
  const watch = createPromptWatch();
  watch.finished(prompt(7_999), 0);
  assert.deepEqual(watch.prompts(0), []);
  watch.finished(prompt(9_000), 0);
  assert.equal(watch.prompts(0).length, 1);
  assert.deepEqual(watch.prompts(600_000), []);
});

/** One look a minute. */
function look(...counts: readonly number[]) {
  const watch = createConnectionWatch();
  counts.forEach((count, minute) => watch.sample(new Map(count > 0 ? [['key_1', count]] : []), minute * minuteMs));
  return watch.callers()[0];
}

test('connections that grow with every look have been growing since the first', () => {
  assert.deepEqual(look(1, 5, 9, 14, 20, 26, 33), { caller: 'key_1', open: 33, before: 1, growingMs: 6 * minuteMs });
});

test('connections that have found their plateau, or fall back, do not grow', () => {
  assert.equal(look(1, 10, 20, 30, 30, 30, 30, 30)?.growingMs, 0);
  assert.equal(look(50, 10, 50, 10, 50, 10)?.growingMs, 0);
  assert.deepEqual(look(1, 30, 60, 2, 4, 6, 8, 10), { caller: 'key_1', open: 10, before: 2, growingMs: 4 * minuteMs });
});

test('a caller without connections for half an hour is forgotten', () => {
  assert.equal(look(5, ...Array.from({ length: 30 }, () => 0)), undefined);
});
