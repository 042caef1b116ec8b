import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPace } from './pace.ts';
import {
  createFixedWindow,
  createTokenBucket,
  writtenWaitMs,
  type RateLimiter,
  type RetryAfterForm,
} from './rate-limited-provider.fixture.ts';

interface Load {
  readonly limiter: RateLimiter;
  readonly form?: RetryAfterForm;
  readonly untilMs: number;
  /** What happens before is not counted. */
  readonly fromMs?: number;
}

interface Tally {
  taken: number;
  refused: number;
  /** Sent although the refusal had come that asked to be left alone. */
  tooEarly: number;
}

/** A hundred agents that always want something, 100 ms for an answer, 5 ms for a refusal; time goes in milliseconds. */
function load({ limiter, form = 'milliseconds', untilMs, fromMs = 0 }: Load): Tally {
  const pace = createPace();
  const tally: Tally = { taken: 0, refused: 0, tooEarly: 0 };
  const ends = new Map<number, (() => void)[]>();
  let underWay = 0;
  let leaveAloneUntilMs = 0;

  function send(sentMs: number): void {
    underWay += 1;
    pace.sent(sentMs);
    const waitMs = limiter(sentMs);
    const counts = sentMs >= fromMs ? 1 : 0;
    if (sentMs < leaveAloneUntilMs) tally.tooEarly += 1;
    const endMs = sentMs + (waitMs === 0 ? 100 : 5);
    if (waitMs === 0) tally.taken += counts;
    else tally.refused += counts;
    const end = (): void => {
      underWay -= 1;
      if (waitMs === 0) return;
      const retryAfterMs = writtenWaitMs(waitMs, form, sentMs);
      leaveAloneUntilMs = Math.max(leaveAloneUntilMs, endMs + retryAfterMs);
      pace.refused({ sentMs, nowMs: endMs, retryAfterMs });
    };
    ends.set(endMs, [...(ends.get(endMs) ?? []), end]);
  }

  for (let nowMs = 0; nowMs < untilMs; nowMs += 1) {
    for (const end of ends.get(nowMs) ?? []) end();
    ends.delete(nowMs);
    while (underWay < 100 && pace.nextMs <= nowMs) send(nowMs);
  }
  return tally;
}

test('a target that never refuses is not paced', () => {
  const pace = createPace();
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
    assert.ok(pace.nextMs <= nowMs);
    pace.sent(nowMs);
  }
  assert.equal(pace.perSecond, undefined);
});

test('until its Retry-After a target is left alone, and the longest of several holds', () => {
  const pace = createPace();
  pace.sent(0);
  pace.sent(0);
  pace.refused({ sentMs: 0, nowMs: 100, retryAfterMs: 5000 });
  pace.refused({ sentMs: 0, nowMs: 200, retryAfterMs: 1000 });
  assert.equal(pace.nextMs, 5100);
  pace.pause(9000);
  assert.equal(pace.nextMs, 9000);
  pace.reset();
  assert.ok(pace.nextMs <= 200);
});

test('a pause for another reason teaches no rate', () => {
  const pace = createPace();
  pace.sent(0);
  pace.pause(5000);
  pace.sent(5000);
  assert.equal(pace.perSecond, undefined);
});

test('a refusal of what was sent before the last lesson prolongs the pause and teaches nothing more', () => {
  const pace = createPace();
  for (let count = 0; count < 21; count += 1) pace.sent(0);
  pace.refused({ sentMs: 0, nowMs: 10, retryAfterMs: 1000 });
  pace.sent(1010);
  const learnt = pace.perSecond;
  assert.ok(learnt !== undefined && learnt > 18 && learnt < 20, String(learnt));
  pace.refused({ sentMs: 0, nowMs: 1020, retryAfterMs: 1000 });
  assert.equal(pace.pausedUntilMs, 2020);
  pace.sent(2020);
  assert.ok(Math.abs((pace.perSecond ?? 0) - learnt) < 0.5);
});

test('what a target took in quieter times is not taken for what it allows', () => {
  const pace = createPace();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) pace.sent(nowMs);
  for (let count = 0; count < 21; count += 1) pace.sent(60_000);
  pace.refused({ sentMs: 60_000, nowMs: 60_010, retryAfterMs: 1000 });
  pace.sent(61_010);
  assert.ok((pace.perSecond ?? 0) > 8, String(pace.perSecond));
});

test('one refusal of a quiet target holds up the next requests for seconds only', () => {
  const pace = createPace();
  pace.sent(0);
  pace.refused({ sentMs: 0, nowMs: 10, retryAfterMs: 2000 });
  let nowMs = 0;
  for (let count = 0; count < 10; count += 1) {
    nowMs = Math.max(nowMs, pace.nextMs);
    pace.sent(nowMs);
  }
  assert.ok(nowMs < 15_000, String(nowMs));
});

const forms: readonly RetryAfterForm[] = ['milliseconds', 'seconds', 'date'];

for (const form of forms) {
  for (const phaseMs of [0, 300, 950]) {
    test(`20 a second in fixed windows, ${phaseMs} ms into one, Retry-After as ${form}: 95 % of that are used, few are refused, none too early`, () => {
      const limiter = createFixedWindow({ perSecond: () => 20, windowMs: 1000, phaseMs });
      const tally = load({ limiter, form, fromMs: 20_000, untilMs: 200_000 });
      assert.ok(tally.taken >= 0.95 * 20 * 180, `${tally.taken} of 3600`);
      assert.ok(tally.refused <= 0.03 * tally.taken, `${tally.refused} refused`);
      assert.equal(tally.tooEarly, 0);
    });
  }
  for (const burst of [10, 20, 100]) {
    test(`20 a second with a bucket of ${burst}, Retry-After as ${form}: 95 % of that are used, few are refused, none too early`, () => {
      const tally = load({ limiter: createTokenBucket({ perSecond: 20, burst }), form, fromMs: 20_000, untilMs: 200_000 });
      assert.ok(tally.taken >= 0.95 * 20 * 180, `${tally.taken} of 3600`);
      assert.ok(tally.refused <= 0.03 * tally.taken, `${tally.refused} refused`);
      assert.equal(tally.tooEarly, 0);
    });
  }
}

test('a limit of so many a minute is used up and hardly ever refused', () => {
  const limiter = createFixedWindow({ perSecond: () => 5, windowMs: 60_000, phaseMs: 20_000 });
  const tally = load({ limiter, form: 'seconds', fromMs: 100_000, untilMs: 700_000 });
  assert.ok(tally.taken >= 0.95 * 5 * 600, String(tally.taken));
  assert.ok(tally.refused <= 0.03 * tally.taken, String(tally.refused));
});

test('when the limit is raised, the pace opens up again', () => {
  const limiter = createFixedWindow({ perSecond: (nowMs) => (nowMs < 100_000 ? 20 : 500), windowMs: 1000, phaseMs: 0 });
  const tally = load({ limiter, form: 'seconds', fromMs: 250_000, untilMs: 300_000 });
  assert.ok(tally.taken >= 0.9 * 500 * 50, String(tally.taken));
});

test('when the limit is lowered, the pace follows within seconds', () => {
  const limiter = createFixedWindow({ perSecond: (nowMs) => (nowMs < 100_000 ? 100 : 20), windowMs: 1000, phaseMs: 0 });
  const tally = load({ limiter, form: 'seconds', fromMs: 120_000, untilMs: 220_000 });
  assert.ok(tally.taken >= 0.93 * 20 * 100, String(tally.taken));
  assert.ok(tally.refused <= 0.05 * tally.taken, String(tally.refused));
});

test('when refusals stop for good, the pace is given up', () => {
  const pace = createPace();
  pace.sent(0);
  pace.refused({ sentMs: 0, nowMs: 10, retryAfterMs: 1000 });
  let nowMs = 1010;
  let sent = 0;
  for (; sent < 100_000 && (sent === 0 || pace.perSecond !== undefined); sent += 1) {
    nowMs = Math.max(nowMs, pace.nextMs);
    pace.sent(nowMs);
  }
  assert.equal(pace.perSecond, undefined);
  assert.ok(nowMs < 60_000, String(nowMs));
});
