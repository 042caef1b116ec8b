/** Crowds in front of one target, in simulated time: what clients see who do as they are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { completed, failed, settle, setup, target } from './admission.fixture.ts';
import type { Target } from '../target.ts';
import type { Permit } from './contract.ts';
import { createFixedWindow, createTokenBucket, writtenWaitMs, type RateLimiter } from './rate-limited-provider.fixture.ts';

test('1,000 requests at once for 10 places: waits are bounded and in order, and who is refused finds room when told to come back', async () => {
  const { admission, clock, request, enter } = setup({ queue: { maxWaiting: 200, maxWaitMs: 30_000 } });
  const one = target('m', { initial: 10 });
  // It has been used before, so that it is known how long answers take.
  for (let count = 0; count < 20; count += 1) enter(one).release(completed);

  const done: { readonly client: number; readonly waitedMs: number; readonly refusals: number }[] = [];
  let highest = 0;

  function work(client: number, refusals: number, permit: Permit): void {
    highest = Math.max(highest, admission.figures.underWay);
    clock.after(1000, () => {
      done.push({ client, waitedMs: permit.waitedMs, refusals });
      permit.release(completed);
    });
  }

  function ask(client: number, refusals: number): void {
    try {
      const entry = admission.enter(request({ to: [one], turn: `key ${client % 7}` }));
      if (entry instanceof Promise) void entry.then((permit) => work(client, refusals, permit));
      else work(client, refusals, entry);
    } catch (thrown) {
      assert.ok(thrown instanceof OpenClawError && thrown.code === 'admission_refused');
      assert.ok(admission.figures.waiting <= 200);
      clock.after(thrown.retryAfterMs ?? 0, () => ask(client, refusals + 1));
    }
  }

  for (let client = 0; client < 1000; client += 1) ask(client, 0);
  const refusedAtFirst = admission.figures.refused;
  assert.equal(refusedAtFirst, 1000 - 10 - 200);
  const startMs = clock.monotonicMs();
  while (done.length < 1000 && clock.monotonicMs() - startMs < 300_000) {
    clock.advance(20);
    await settle();
  }
  assert.equal(done.length, 1000);
  assert.equal(highest, 10);
  assert.ok(done.every(({ waitedMs }) => waitedMs <= 30_000));
  assert.equal(admission.figures.refused, refusedAtFirst, 'nobody was refused twice');
  // At ten a second it cannot be done in less than 100 s.
  assert.ok(clock.monotonicMs() - startMs < 125_000, String(clock.monotonicMs() - startMs));
  for (let key = 0; key < 7; key += 1) {
    const order = done.filter(({ client, refusals }) => client % 7 === key && refusals === 0).map(({ client }) => client);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  }
  assert.equal(clock.pendingTimers, 0);
});

interface Cascade {
  readonly limiter: RateLimiter;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** 100 agents in closed loop; one whose request is refused by the provider tries again when it may. */
async function cascade({ limiter, fromMs, untilMs }: Cascade) {
  const { admission, clock, request } = setup({ queue: { maxWaiting: 200, maxWaitMs: 30_000 } });
  const one = target('m', { initial: 50, max: 2000 });
  const tally = { taken: 0, refused: 0, tooEarly: 0, unserved: 0 };
  let leaveAloneUntilMs = 0;

  function send(agent: number, permit: Permit): void {
    const nowMs = clock.monotonicMs();
    const counts = nowMs >= fromMs ? 1 : 0;
    if (nowMs < leaveAloneUntilMs) tally.tooEarly += 1;
    const waitMs = limiter(nowMs);
    if (waitMs === 0) tally.taken += counts;
    else tally.refused += counts;
    clock.after(waitMs === 0 ? 400 : 10, () => {
      if (waitMs === 0) permit.release(completed);
      else {
        const retryAfterMs = writtenWaitMs(waitMs, 'seconds', nowMs);
        leaveAloneUntilMs = Math.max(leaveAloneUntilMs, clock.monotonicMs() + retryAfterMs);
        permit.release(failed('upstream_rate_limited', retryAfterMs));
      }
      ask(agent);
    });
  }

  function ask(agent: number): void {
    try {
      const entry = admission.enter(request({ to: [one], turn: `agent ${agent}` }));
      if (entry instanceof Promise)
        entry.then(
          (permit) => send(agent, permit),
          () => again(agent),
        );
      else send(agent, entry);
    } catch {
      again(agent);
    }
  }

  function again(agent: number): void {
    tally.unserved += 1;
    clock.after(1000, () => ask(agent));
  }

  for (let agent = 0; agent < 100; agent += 1) ask(agent);
  while (clock.monotonicMs() < untilMs) {
    clock.advance(5);
    await settle();
  }
  return tally;
}

const providers: readonly (readonly [string, () => RateLimiter])[] = [
  ['fixed windows', () => createFixedWindow({ perSecond: () => 20, windowMs: 1000, phaseMs: 400 })],
  ['a bucket of 20', () => createTokenBucket({ perSecond: 20, burst: 20 })],
];

for (const [kind, create] of providers) {
  test(`100 agents and a provider of 20 requests a second by ${kind}: they get 95 % of them, few refusals, and none is sent in a pause`, async () => {
    const tally = await cascade({ limiter: create(), fromMs: 20_000, untilMs: 80_000 });
    assert.ok(tally.taken >= 0.95 * 20 * 60, `${tally.taken} of 1200`);
    assert.ok(tally.refused <= 0.03 * tally.taken, String(tally.refused));
    assert.equal(tally.tooEarly, 0);
    assert.equal(tally.unserved, 0);
  });
}

test('sessions that a key invents neither lock others out nor go before them', async () => {
  const { enter, wait } = setup({ queue: { maxWaiting: 3, maxWaitMs: 30_000 } });
  const one = target('m', { initial: 1 });
  const order: string[] = [];
  const join = (turn: string, session: string): Promise<void> =>
    wait({ to: [one], turn, session }).then((permit) => {
      order.push(turn);
      permit.release(completed);
    });
  const first = enter(one);
  const flood = ['a', 'b', 'c'].map((session) => join('inventor', session));
  const last = assert.rejects(flood[2] ?? Promise.resolve(), { code: 'admission_refused' });
  const other = join('other', 'only');
  await last;
  first.release(completed);
  await Promise.all([...flood.slice(0, 2), other]);
  assert.deepEqual(order, ['inventor', 'other', 'inventor']);
});

test('10,000 invented names of which each opens a breaker are bounded, and the breaker of a real model is not forgotten for them', () => {
  const { admission, enter } = setup();
  const known = { id: 'real', contextWindow: undefined, maxOutputTokens: undefined, price: undefined };
  const real: Target = { ...target('real', { initial: 10 }), known };
  const ask = (asked: Target): void => {
    for (let count = 0; count < 5; count += 1) enter(asked).release(failed('upstream_failed'));
  };
  ask(real);
  for (let number = 0; number < 10_000; number += 1) ask(target(`invented ${number}`, { initial: 10 }, real.key));
  const rows = admission.status();
  assert.ok(rows.length <= 4000, `${rows.length} rows`);
  assert.deepEqual([rows[0]?.target, rows[0]?.breaker], ['a/real', 'open'], 'and it is shown first');
});
