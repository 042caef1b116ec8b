import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { createFakeClock } from '../core/fake-clock.ts';
import type { CheckResult } from '../operations/index.ts';
import { createHealth } from './health.ts';

const all = ['ok', 'degraded', 'failed'] as const;

test('the worst check says how the whole is', async () => {
  for (const one of all) {
    for (const other of all) {
      const health = createHealth({ one: () => ({ state: one }), other: async () => ({ state: other }) }, createFakeClock());
      const { status, checks } = await health.report();
      assert.equal(status, all[Math.max(all.indexOf(one), all.indexOf(other))]);
      assert.deepEqual(checks, { one: { state: one }, other: { state: other } });
    }
  }
});

test('a check that throws has failed, with its words', async () => {
  const checks = {
    sync: () => {
      throw new Error('no disk');
    },
    async: () => Promise.reject(new Error('no thread')),
  };
  assert.deepEqual((await createHealth(checks, createFakeClock()).report()).checks, {
    sync: { state: 'failed', detail: 'no disk' },
    async: { state: 'failed', detail: 'no thread' },
  });
});

test('however often it is asked, the checks run about once a second', async () => {
  const clock = createFakeClock();
  let looks = 0;
  const health = createHealth({ one: () => ((looks += 1), { state: 'ok' }) }, clock);
  for (let asked = 0; asked < 1000; asked += 1) {
    await health.report();
    clock.advance(10);
  }
  assert.ok(looks >= 10 && looks <= 12, `${looks} looks in ten seconds`);
  assert.equal(clock.pendingTimers, 0);
});

test('a check that hangs has failed after two seconds, is not asked again, and is well once it answers', async () => {
  const clock = createFakeClock();
  const asked: ((result: CheckResult) => void)[] = [];
  const health = createHealth({ wedged: () => new Promise((resolve) => asked.push(resolve)), other: () => ({ state: 'ok' }) }, clock);
  const first = health.report();
  await setImmediate();
  clock.advance(2000);
  assert.deepEqual((await first).checks, { wedged: { state: 'failed', detail: 'it has not answered for 2 s' }, other: { state: 'ok' } });
  for (let seconds = 3; seconds <= 60; seconds += 1) {
    clock.advance(1000);
    assert.equal((await health.report()).checks['wedged']?.detail, `it has not answered for ${seconds} s`);
  }
  assert.equal(asked.length, 1, 'what hangs is asked once');
  asked[0]?.({ state: 'ok' });
  await setImmediate();
  clock.advance(1000);
  const report = health.report();
  asked[1]?.({ state: 'ok' });
  assert.equal((await report).status, 'ok');
  assert.equal(clock.pendingTimers, 0);
});

test('a check that is slow but answers in time is believed', async () => {
  const clock = createFakeClock();
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  const report = createHealth({ slow: () => promise }, clock).report();
  clock.advance(1900);
  resolve({ state: 'degraded', detail: 'slow' });
  assert.deepEqual((await report).checks, { slow: { state: 'degraded', detail: 'slow' } });
});

test('a check is told when it turns, and not at each look', async () => {
  const clock = createFakeClock();
  const states: CheckResult['state'][] = ['ok', 'degraded', 'degraded', 'failed', 'ok'];
  const turns: string[] = [];
  const health = createHealth({ disk: () => ({ state: states.shift() ?? 'ok' }) }, clock, (check, { state }) =>
    turns.push(`${check} ${state}`),
  );
  for (let look = 0; look < 5; look += 1) {
    await health.report();
    clock.advance(1000);
  }
  assert.deepEqual(turns, ['disk degraded', 'disk failed', 'disk ok']);
});
