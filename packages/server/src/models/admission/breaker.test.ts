import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBreaker, type Breaker, type Verdict } from './breaker.ts';

const settings = { failures: 5, windowMs: 120_000, errorPercent: 50, minimumRequests: 20, openMs: 60_000 };

function attempt(breaker: Breaker, nowMs: number, verdict: Verdict): void {
  breaker.end(breaker.begin(nowMs), verdict, { nowMs, limit: 8 });
}

function opened(nowMs = 0): Breaker {
  const breaker = createBreaker(settings);
  for (let count = 0; count < 5; count += 1) attempt(breaker, nowMs, 'failure');
  assert.equal(breaker.state(nowMs), 'open');
  return breaker;
}

test('so many failures within the window open it, and not one fewer', () => {
  const breaker = createBreaker(settings);
  for (const nowMs of [0, 10_000, 20_000, 30_000]) attempt(breaker, nowMs, 'failure');
  assert.equal(breaker.state(30_000), 'closed');
  attempt(breaker, 100_000, 'failure');
  assert.equal(breaker.state(100_000), 'open');
});

test('with few requests, successes in between do not hide failures', () => {
  const breaker = createBreaker(settings);
  for (let count = 0; count < 5; count += 1) {
    attempt(breaker, count, 'success');
    attempt(breaker, count, 'failure');
  }
  assert.equal(breaker.state(5), 'open');
});

test('failures older than the window are forgotten, also those in a row', () => {
  const breaker = createBreaker(settings);
  for (let count = 0; count < 20; count += 1) attempt(breaker, count * 60_000, 'failure');
  assert.equal(breaker.state(20 * 60_000), 'closed');
  assert.equal(breaker.recentFailures(20 * 60_000), 1);
  assert.equal(breaker.recentFailures(30 * 60_000), 0);
});

test('with many requests a share of failures opens it, and a few failures among many successes do not', () => {
  const busy = createBreaker(settings);
  for (let count = 0; count < 1000; count += 1) attempt(busy, count, count % 50 === 0 ? 'failure' : 'success');
  assert.equal(busy.state(1000), 'closed');
  const failing = createBreaker(settings);
  for (let count = 0; count < 100; count += 1) attempt(failing, 0, 'success');
  for (let count = 0; count < 400 && failing.state(0) === 'closed'; count += 1)
    attempt(failing, 0, count % 3 === 0 ? 'success' : 'failure');
  assert.equal(failing.state(0), 'open');
});

test('failures in a row open it, however well it was before', () => {
  const breaker = createBreaker(settings);
  for (let count = 0; count < 1000; count += 1) attempt(breaker, 0, 'success');
  for (let count = 0; count < 4; count += 1) attempt(breaker, 1, 'failure');
  assert.equal(breaker.state(1), 'closed');
  attempt(breaker, 1, 'failure');
  assert.equal(breaker.state(1), 'open');
});

test('open, it lets nobody through until its time is over, and says when that is', () => {
  const breaker = opened(1000);
  assert.equal(breaker.capacity(1000), 0);
  assert.equal(breaker.risesAtMs(30_000), 61_000);
  assert.equal(breaker.capacity(60_999), 0);
  assert.equal(breaker.state(61_000), 'halfOpen');
  assert.ok(breaker.capacity(61_000) > 0);
});

test('then exactly one goes through; if its client leaves, another one may', () => {
  const breaker = opened();
  const probe = breaker.begin(60_000);
  assert.equal(breaker.capacity(60_000), 0);
  assert.equal(breaker.capacity(600_000), 0, 'however long it takes');
  breaker.end(probe, 'neutral', { nowMs: 61_000, limit: 8 });
  assert.ok(breaker.capacity(61_000) > 0);
  breaker.begin(61_000);
  assert.equal(breaker.capacity(61_000), 0);
});

test('a probe that fails opens it again for the whole time', () => {
  const breaker = opened();
  attempt(breaker, 60_000, 'failure');
  assert.equal(breaker.state(60_000), 'open');
  assert.equal(breaker.risesAtMs(60_000), 120_000);
});

test('a probe that succeeds lets it recover: two, three, … at once, until it is back', () => {
  const breaker = opened();
  attempt(breaker, 60_000, 'success');
  assert.equal(breaker.state(60_000), 'recovering');
  const capacities: number[] = [];
  while (breaker.state(60_000) === 'recovering') {
    capacities.push(breaker.capacity(60_000));
    attempt(breaker, 60_000, 'success');
  }
  assert.deepEqual(capacities, [2, 3, 4, 5, 6, 7]);
  assert.equal(breaker.capacity(60_000), Infinity);
  assert.equal(breaker.recentFailures(60_000), 0);
});

test('with long answers it recovers by time, within one opening', () => {
  const breaker = opened();
  attempt(breaker, 60_000, 'success');
  assert.equal(breaker.risesAtMs(60_000), 70_000);
  assert.equal(breaker.capacity(70_000), 4);
  assert.ok(breaker.capacity(120_000) >= 64);
});

test('a failure while it recovers opens it again', () => {
  const breaker = opened();
  attempt(breaker, 60_000, 'success');
  attempt(breaker, 60_000, 'failure');
  assert.equal(breaker.state(60_000), 'open');
});

test('what was sent before it opened neither closes it nor opens it longer', () => {
  const breaker = createBreaker(settings);
  const [slow, slower, slowest] = [breaker.begin(0), breaker.begin(0), breaker.begin(0)];
  for (let count = 0; count < 5; count += 1) attempt(breaker, 0, 'failure');
  breaker.end(slow, 'success', { nowMs: 30_000, limit: 8 });
  breaker.end(slower, 'failure', { nowMs: 30_000, limit: 8 });
  assert.equal(breaker.risesAtMs(30_000), 60_000);
  const probe = breaker.begin(60_000);
  breaker.end(slowest, 'success', { nowMs: 61_000, limit: 8 });
  assert.equal(breaker.state(61_000), 'halfOpen');
  breaker.end(probe, 'success', { nowMs: 62_000, limit: 8 });
  assert.equal(breaker.state(62_000), 'recovering');
});

test('an operator holds it open until it is reset, and a reset forgets everything', () => {
  const breaker = createBreaker(settings);
  for (let count = 0; count < 4; count += 1) attempt(breaker, 0, 'failure');
  breaker.hold();
  assert.ok(breaker.heldOpen);
  assert.equal(breaker.state(1e9), 'open');
  assert.equal(breaker.capacity(1e9), 0);
  assert.equal(breaker.risesAtMs(1e9), Infinity);
  breaker.reset();
  assert.ok(!breaker.heldOpen);
  assert.equal(breaker.state(1e9), 'closed');
  attempt(breaker, 0, 'failure');
  assert.equal(breaker.state(0), 'closed');
});

/** The same rules, with every result kept. */
class Model {
  state: 'closed' | 'open' | 'halfOpen' | 'recovering' = 'closed';
  results: { readonly atMs: number; readonly failed: boolean }[] = [];
  openUntilMs = 0;
  ramp = 0;
  inARow = 0;

  end(failed: boolean, nowMs: number): void {
    if (this.state === 'open') this.state = 'halfOpen';
    if (this.state === 'halfOpen') {
      if (failed) this.open(nowMs);
      else [this.state, this.ramp] = ['recovering', 2];
      return;
    }
    if (this.state === 'recovering') {
      if (failed) this.open(nowMs);
      else if ((this.ramp += 1) >= 4) [this.state, this.results, this.inARow] = ['closed', [], 0];
      return;
    }
    this.results.push({ atMs: nowMs, failed });
    this.inARow = failed ? this.inARow + 1 : 0;
    const pieceMs = settings.windowMs / 12;
    const recent = this.results.filter(({ atMs }) => Math.floor(nowMs / pieceMs) - Math.floor(atMs / pieceMs) < 12);
    const failures = recent.filter((result) => result.failed).length;
    const tooMany =
      recent.length < settings.minimumRequests ? failures >= settings.failures : failures / recent.length > settings.errorPercent / 100;
    if (failed && (tooMany || Math.min(this.inARow, failures) >= settings.failures)) this.open(nowMs);
  }

  open(nowMs: number): void {
    this.state = 'open';
    this.openUntilMs = nowMs + settings.openMs;
  }
}

test('judged by other settings it stays open as long as it was to be, and is closed sooner or later by them', () => {
  const breaker = createBreaker({ ...settings, failures: 2, minimumRequests: 1000 });
  const fail = (nowMs: number): void => breaker.end(breaker.begin(nowMs), 'failure', { nowMs, limit: 4 });
  fail(0);
  breaker.follow({ ...settings, failures: 3, minimumRequests: 1000 });
  fail(1);
  assert.equal(breaker.state(1), 'closed', 'three are needed now');
  fail(2);
  assert.equal(breaker.state(2), 'open');
  breaker.follow({ ...settings, failures: 3, minimumRequests: 1000, openMs: settings.openMs * 2, windowMs: settings.windowMs * 2 });
  assert.equal(breaker.recentFailures(2), 0, 'in another window they are counted anew');
  assert.equal(breaker.state(2 + settings.openMs), 'halfOpen');
  fail(2 + settings.openMs);
  assert.equal(breaker.state(2 + 2 * settings.openMs), 'open', 'as long as it says now');
});

test('it agrees with a model that remembers everything', () => {
  const step = fc.record({
    failed: fc.boolean(),
    pauseMs: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 50_000 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 100 }), (steps, bias) => {
      const breaker = createBreaker(settings);
      const model = new Model();
      let nowMs = 0;
      for (const [index, { failed, pauseMs }] of steps.entries()) {
        nowMs += pauseMs;
        const fails = failed && (index * 37) % 100 >= bias;
        if (model.state === 'open' && nowMs < model.openUntilMs) {
          assert.equal(breaker.capacity(nowMs), 0);
          assert.equal(breaker.risesAtMs(nowMs), model.openUntilMs);
          continue;
        }
        assert.ok(breaker.capacity(nowMs) > 0);
        // A limit of four, and time alone must not end the recovery: it is far shorter than a doubling here.
        const ticket = breaker.begin(nowMs);
        breaker.end(ticket, fails ? 'failure' : 'success', { nowMs, limit: 4 });
        if (model.state === 'recovering' && breaker.state(nowMs) === 'closed') model.ramp = 4;
        model.end(fails, nowMs);
        assert.equal(breaker.state(nowMs), model.state);
      }
    }),
  );
});
