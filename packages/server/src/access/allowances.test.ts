import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { codeOf, createAllowanceScene, keyId, reserved } from './allowances.fixture.ts';
import { noLimits } from './key-limits.ts';

const usd = 1_000_000_000;

test('a caller without limits is let through at once, with nothing to settle', () => {
  const { allowances } = createAllowanceScene();
  assert.equal(allowances().reserve('gateway', { tokens: 1e9, nanoUsd: 1e12 }), undefined);
  assert.equal(allowances().reserve(keyId, { tokens: 1e9, nanoUsd: 1e12 }), undefined);
  assert.equal(allowances().hasBudget(keyId), false);
});

test('case 65: 0 means none allowed, of each limit alone', async () => {
  for (const [limit, code] of [
    ['rpm', 'rate_limit_exceeded'],
    ['tpm', 'rate_limit_exceeded'],
    ['nanoUsdPerDay', 'budget_exceeded'],
    ['nanoUsdPerMonth', 'budget_exceeded'],
  ] as const) {
    const { ask } = createAllowanceScene({ [limit]: 0 });
    const refusal = await ask();
    assert.equal(codeOf(refusal), code, limit);
    assert.ok(refusal instanceof OpenClawError && refusal.status === 429 && refusal.retryAfterMs! > 0, limit);
  }
});

test('requests per minute: as many as the limit, then the moment at which the next is accepted', async () => {
  const { ask, clock } = createAllowanceScene({ rpm: 3 });
  for (let count = 0; count < 3; count += 1) {
    assert.equal(codeOf(await ask()), 'reserved');
    clock.advance(1000);
  }
  const refusal = await ask();
  assert.ok(refusal instanceof OpenClawError);
  assert.equal(refusal.message, 'The key key_1 has used its limit of 3 requests per minute.');
  assert.equal(refusal.retryAfterMs, 58_000);
  clock.advance(57_999);
  assert.equal(codeOf(await ask()), 'rate_limit_exceeded');
  clock.advance(1);
  assert.equal(codeOf(await ask()), 'reserved', 'and what was refused has used nothing');
  assert.equal(codeOf(await ask()), 'rate_limit_exceeded');
});

test('tokens per minute: the estimate counts at once, and what was not used is free again at once', async () => {
  const { ask, settle } = createAllowanceScene({ tpm: 1000 });
  const first = reserved(await ask({ tokens: 900 }));
  assert.equal(codeOf(await ask({ tokens: 200 })), 'rate_limit_exceeded');
  settle(first, { tokens: 100 });
  assert.equal(codeOf(await ask({ tokens: 900 })), 'reserved');
  assert.equal(codeOf(await ask({ tokens: 1 })), 'rate_limit_exceeded');
});

test('tokens beyond the estimate count when they are known, however long the request took', async () => {
  const { ask, settle, clock } = createAllowanceScene({ tpm: 1000 });
  const first = reserved(await ask({ tokens: 100 }));
  clock.advance(300_000);
  settle(first, { tokens: 5000 });
  const refusal = await ask({ tokens: 100 });
  assert.ok(refusal instanceof OpenClawError);
  clock.advance(refusal.retryAfterMs!);
  assert.equal(codeOf(await ask({ tokens: 100 })), 'reserved');
});

test('an estimate above the limit of tokens is let in alone, and does not lock the key out', async () => {
  const { ask, settle } = createAllowanceScene({ tpm: 1000 });
  const first = reserved(await ask({ tokens: 50_000 }));
  assert.equal(codeOf(await ask({ tokens: 1 })), 'rate_limit_exceeded');
  settle(first, { tokens: 10 });
  assert.equal(codeOf(await ask({ tokens: 990 })), 'reserved');
});

test('case 64: a burst at the same moment does not promise the same money twice', async () => {
  const { ask, settle, logged } = createAllowanceScene({ nanoUsdPerDay: 10 * usd });
  const asked = await Promise.all(Array.from({ length: 200 }, () => ask({ nanoUsd: usd })));
  const admitted = asked.filter((one) => !(one instanceof OpenClawError));
  assert.equal(admitted.length, 10);
  assert.equal(asked.map(codeOf).filter((code) => code === 'budget_reserved').length, 190);
  for (const one of admitted) settle(reserved(one), { nanoUsd: usd });
  assert.equal(
    logged.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0),
    10 * usd,
  );
  assert.equal(codeOf(await ask()), 'budget_exceeded');
});

test('case 64: what is settled lower is free at once, and a request that failed before a provider gives everything back', async () => {
  const { ask, settle, allowances } = createAllowanceScene({ nanoUsdPerDay: 10 * usd, rpm: 2, tpm: 100 });
  const first = reserved(await ask({ nanoUsd: 10 * usd, tokens: 100 }));
  first.release();
  assert.deepEqual(await allowances().use(keyId), { requests: 0, tokens: 0, usdToday: 0, usdThisMonth: 0, usdReserved: 0 });
  const second = reserved(await ask({ nanoUsd: 10 * usd, tokens: 100 }));
  settle(second, { nanoUsd: usd, tokens: 40 });
  assert.deepEqual(await allowances().use(keyId), { requests: 1, tokens: 40, usdToday: 1, usdThisMonth: 1, usdReserved: 0 });
});

test('a reservation is given back once, however often and in whatever order it is settled and released', async () => {
  const { ask, allowances } = createAllowanceScene({ nanoUsdPerDay: 10 * usd, rpm: 9, tpm: 100 });
  const kept = reserved(await ask({ nanoUsd: usd, tokens: 10 }));
  const first = reserved(await ask({ nanoUsd: usd, tokens: 10 }));
  for (let count = 0; count < 3; count += 1) {
    first.release();
    first.settle({ nanoUsd: 5 * usd, tokens: 50 });
  }
  const second = reserved(await ask({ nanoUsd: usd, tokens: 10 }));
  for (let count = 0; count < 3; count += 1) {
    second.settle({ nanoUsd: 2 * usd, tokens: 20 });
    second.release();
  }
  assert.deepEqual(await allowances().use(keyId), { requests: 2, tokens: 30, usdToday: 2, usdThisMonth: 2, usdReserved: 1 });
  kept.release();
});

test('with money left and none reserved a request is let in whatever its estimate, and a second one not beside it', async () => {
  const { ask, settle } = createAllowanceScene({ nanoUsdPerDay: usd });
  const first = reserved(await ask({ nanoUsd: 50 * usd }));
  const refusal = await ask({ nanoUsd: 1 });
  assert.equal(codeOf(refusal), 'budget_reserved');
  assert.equal((refusal as OpenClawError).retryAfterMs, 1000);
  settle(first, { nanoUsd: usd - 1 });
  const last = reserved(await ask({ nanoUsd: 50 * usd }));
  settle(last, { nanoUsd: 1 });
  assert.equal(codeOf(await ask()), 'budget_exceeded');
});

test('a cache hit costs nothing and counts as a request', async () => {
  const { ask, settle, allowances } = createAllowanceScene({ rpm: 1, tpm: 100, nanoUsdPerMonth: usd });
  settle(reserved(await ask({ tokens: 100, nanoUsd: usd })), {});
  assert.deepEqual(await allowances().use(keyId), { requests: 1, tokens: 0, usdToday: 0, usdThisMonth: 0, usdReserved: 0 });
  assert.equal(codeOf(await ask()), 'rate_limit_exceeded');
});

test('a budget is renewed at midnight in UTC or on the first of the month, and its refusal names both period and moment', async () => {
  const { ask, settle, clock, limit } = createAllowanceScene({ nanoUsdPerDay: usd });
  clock.advance(Date.parse('2026-01-30T18:00:00Z') - clock.now());
  settle(reserved(await ask()), { nanoUsd: usd });
  const daily = await ask();
  assert.ok(daily instanceof OpenClawError);
  assert.equal(daily.message, 'The key key_1 has used its budget of $1 per day.');
  assert.match(daily.hint, /renewed at 2026-01-31T00:00:00\.000Z/);
  assert.equal(daily.retryAfterMs, 6 * 3_600_000);
  limit({ nanoUsdPerMonth: usd });
  const monthly = await ask();
  assert.ok(monthly instanceof OpenClawError);
  assert.equal(monthly.details['period'], 'month', 'of two budgets that are used up, the one that is so for longer');
  assert.equal(monthly.retryAfterMs, 30 * 3_600_000);
  clock.advance(monthly.retryAfterMs - 1);
  assert.equal(codeOf(await ask()), 'budget_exceeded');
  clock.advance(1);
  assert.equal(codeOf(await ask()), 'reserved');
});

test('a request is charged to the period in which it ends', async () => {
  const { ask, settle, clock, allowances } = createAllowanceScene({ nanoUsdPerDay: usd });
  const first = reserved(await ask({ nanoUsd: usd }));
  clock.advance(86_400_000);
  assert.equal(codeOf(await ask({ nanoUsd: usd })), 'budget_reserved', 'what is under way stays reserved');
  settle(first, { nanoUsd: usd });
  assert.equal((await allowances().use(keyId))?.usdToday, 1);
  assert.equal(codeOf(await ask()), 'budget_exceeded');
});

test('case 64: a cold counter is filled by one question, for which requests at the same time wait', async () => {
  const { ask, answer, questions, logged, clock } = createAllowanceScene({ nanoUsdPerDay: 10 * usd });
  logged.push({ atMs: clock.now(), nanoUsd: 7 * usd });
  const gate = Promise.withResolvers<void>();
  answer(async (days) => {
    await gate.promise;
    return days();
  });
  const asking = Array.from({ length: 50 }, () => ask({ nanoUsd: usd }));
  gate.resolve();
  const asked = await Promise.all(asking);
  assert.equal(asked.filter((one) => codeOf(one) === 'reserved').length, 3);
  assert.equal(questions.length, 1);
  assert.deepEqual(questions[0], { keyId, sinceMs: clock.now(), beforeMs: undefined });
});

test('case 64: a counter that cannot be filled refuses, and the next request asks again', async () => {
  const { ask, answer, questions } = createAllowanceScene({ nanoUsdPerDay: usd });
  answer(async () => {
    throw new OpenClawError('storage_failed', { details: { reason: 'disk I/O error' } });
  });
  assert.deepEqual((await Promise.all([ask(), ask()])).map(codeOf), ['storage_failed', 'storage_failed']);
  assert.equal(questions.length, 1);
  answer(async (days) => days());
  assert.equal(codeOf(await ask()), 'reserved');
  assert.equal(questions.length, 2);
});

test('after a restart the money that was spent is spent, and no reservation is left over', async () => {
  const { ask, settle, restart, allowances } = createAllowanceScene({ nanoUsdPerMonth: 10 * usd });
  settle(reserved(await ask({ nanoUsd: usd })), { nanoUsd: 9 * usd });
  reserved(await ask({ nanoUsd: usd }));
  restart();
  assert.deepEqual(await allowances().use(keyId), { requests: null, tokens: null, usdToday: 9, usdThisMonth: 9, usdReserved: 0 });
});

test('a change of limits holds for the next request, and forgets nothing that was counted', async () => {
  const { ask, settle, limit, allowances, questions } = createAllowanceScene({ rpm: 1, nanoUsdPerDay: usd });
  settle(reserved(await ask()), { nanoUsd: usd });
  limit({ rpm: 2, nanoUsdPerDay: 2 * usd });
  settle(reserved(await ask()), { nanoUsd: usd });
  limit({ rpm: undefined, nanoUsdPerDay: undefined });
  assert.equal(await allowances().use(keyId), undefined);
  settle(reserved(await ask()), { nanoUsd: usd });
  limit({ nanoUsdPerMonth: 4 * usd });
  assert.equal((await allowances().use(keyId))?.usdThisMonth, 3, 'counted while no budget asked for it');
  assert.equal(questions.length, 1);
  assert.equal(codeOf(await ask()), 'reserved');
});

test('a key whose last rate is taken away is as free as one that never had any', async () => {
  const { ask, limit, allowances } = createAllowanceScene({ rpm: 1 });
  const first = reserved(await ask());
  limit(noLimits);
  assert.equal(allowances().reserve(keyId, { tokens: 1, nanoUsd: 1 }), undefined);
  first.release();
});

test('a wall clock that is set back neither renews a budget nor makes spending negative', async () => {
  const { ask, settle, clock, allowances } = createAllowanceScene({ nanoUsdPerDay: 2 * usd, nanoUsdPerMonth: 3 * usd });
  clock.jumpWallClock(86_400_000);
  const first = reserved(await ask({ nanoUsd: usd }));
  settle(reserved(await ask({ nanoUsd: usd })), { nanoUsd: usd });
  clock.jumpWallClock(-86_400_000);
  settle(first, { nanoUsd: usd });
  assert.deepEqual(await allowances().use(keyId), { requests: null, tokens: null, usdToday: 1, usdThisMonth: 2, usdReserved: 0 });
  clock.jumpWallClock(-86_400_000);
  assert.deepEqual(await allowances().use(keyId), { requests: null, tokens: null, usdToday: 0, usdThisMonth: 0, usdReserved: 0 });
  clock.jumpWallClock(2 * 86_400_000);
  assert.deepEqual(await allowances().use(keyId), { requests: null, tokens: null, usdToday: 1, usdThisMonth: 2, usdReserved: 0 });
});

test('amounts that are no amounts harm nobody', async () => {
  const { ask, settle, allowances } = createAllowanceScene({ tpm: 100, nanoUsdPerDay: usd });
  for (const odd of [Number.NaN, -5, -Infinity, Infinity]) {
    const reservation = reserved(await ask({ tokens: odd, nanoUsd: odd }));
    settle(reservation, { tokens: Number.NaN, nanoUsd: -odd === Infinity ? -1 : Number.NaN });
  }
  const use = await allowances().use(keyId);
  assert.deepEqual([use?.tokens, use?.usdToday, use?.usdReserved], [0, 0, 0]);
});
