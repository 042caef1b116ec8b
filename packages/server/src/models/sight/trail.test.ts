import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createRedactor } from '../../core/redact.ts';
import { failedRequest, finishedAttempt, finishedRequest, finishedTarget } from './report.fixture.ts';
import { createTrails, parseTrailText, trailText } from './trail.ts';

const redactor = createRedactor();
const limited = new OpenClawError('upstream_rate_limited', {
  details: { provider: 'acme', reason: 'slow down, holder of hunter22-secret' },
  retryAfterMs: 1500,
});

function twoTries() {
  return finishedRequest({
    attempts: [
      finishedAttempt({ error: limited, startedMs: 3, waitedMs: 2.04, durationMs: 40, usage: undefined }),
      finishedAttempt({ target: finishedTarget('other/small', { key: '2' }), startedMs: 50, durationMs: 900.26, firstOutputMs: 120.31 }),
    ],
    decisions: ['skipped third/one: breaker open'],
    queueMs: 2.04,
    firstOutputMs: 170.31,
    totalMs: 950.3,
    stream: true,
  });
}

test('a trail has every attempt in its order, with waits, words and what the provider asked for', () => {
  const trails = createTrails({ clock: createFakeClock(), redactor });
  trails.finished(twoTries());
  const trail = trails.find('req_1');
  assert.equal(trail?.at, '2026-01-01T00:00:00.000Z');
  assert.equal(trail.target, 'other/small');
  assert.deepEqual(trail.decisions, ['skipped third/one: breaker open']);
  assert.deepEqual(trail.attempts, [
    {
      ...{ target: 'acme/large', key: '1', startedMs: 3, waitedMs: 2, durationMs: 40, firstOutputMs: null },
      ...{ outcome: 'upstream_rate_limited', reason: limited.message, retryAfterMs: 1500, hedge: false },
    },
    {
      ...{ target: 'other/small', key: '2', startedMs: 50, waitedMs: 0, durationMs: 900.3, firstOutputMs: 120.3 },
      ...{ outcome: 'completed', reason: null, retryAfterMs: null, hedge: false },
    },
  ]);
});

test('no secret gets into a trail, nor into its text', () => {
  const knowing = createRedactor();
  knowing.add('hunter22-secret');
  const trails = createTrails({ clock: createFakeClock(), redactor: knowing });
  const request = twoTries();
  trails.finished(request);
  assert.match(JSON.stringify(trails.find('req_1')), /holder of \[redacted\]/);
  assert.doesNotMatch(JSON.stringify(trails.recent(9)) + trailText(request, knowing), /hunter22/);
});

test('neither body nor headers of the request are kept', () => {
  const trails = createTrails({ clock: createFakeClock(), redactor });
  const headers = { 'x-note': 'private words' };
  trails.finished(finishedRequest({ call: { body: Buffer.from('private words'), headers } }));
  assert.doesNotMatch(JSON.stringify(trails.recent(1)), /private words/);
});

test('the last requests are kept, the youngest first, and it is known how far back they go', () => {
  const clock = createFakeClock();
  const trails = createTrails({ clock, redactor, limit: 3 });
  assert.deepEqual(trails.recent(10), { requests: [], oldest: null });
  for (let index = 1; index <= 5; index += 1) {
    trails.finished(finishedRequest({ call: { requestId: `req_${index}` } }));
    clock.advance(1000);
  }
  const { requests, oldest } = trails.recent(10);
  assert.deepEqual(
    requests.map(({ id }) => id),
    ['req_5', 'req_4', 'req_3'],
  );
  assert.equal(oldest, '2026-01-01T00:00:02.000Z');
  assert.equal(trails.recent(1).requests.length, 1);
  assert.equal(trails.find('req_2'), undefined);
});

test('a request that one target answered at once needs no text beside its row', () => {
  assert.equal(trailText(finishedRequest(), redactor), undefined);
});

test('a failure, a second try, a wait, a decision and an answer from the cache each have a text', () => {
  assert.ok(trailText(failedRequest(limited), redactor));
  assert.ok(trailText(twoTries(), redactor));
  assert.ok(trailText(finishedRequest({ queueMs: 5 }), redactor));
  assert.ok(trailText(finishedRequest({ decisions: ['sticky'] }), redactor));
  assert.ok(trailText(finishedRequest({ attempts: [], cached: true }), redactor));
});

test('what was written as text is read as it was', () => {
  const trails = createTrails({ clock: createFakeClock(), redactor });
  trails.finished(twoTries());
  const { queueMs, attempts, decisions } = trails.find('req_1')!;
  assert.deepEqual(parseTrailText(trailText(twoTries(), redactor)!), { queueMs, attempts, decisions });
});

test('a text that is none of ours reads as nothing', () => {
  for (const text of [null, '', '{', '[]', '7', '{"attempts":3,"decisions":"x"}']) {
    assert.deepEqual(parseTrailText(text), { queueMs: 0, attempts: [], decisions: [] });
  }
});

test('a name that a client made up is cut', () => {
  const trails = createTrails({ clock: createFakeClock(), redactor });
  trails.finished(finishedRequest({ requestedModel: 'm'.repeat(10_000), attempts: [] }));
  assert.equal(trails.find('req_1')?.requestedModel.length, 200);
});
