import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { OpenClawError } from '../core/errors.ts';
import { startPglite, type PgliteServer } from '../storage/postgres/pglite.fixture.ts';
import type { SendResult } from './contract.ts';
import { setUpOutbox, type OutboxSetup, type OutboxSetupOptions } from './outbox.fixture.ts';

const failing = (): SendResult => ({ kind: 'failed', reason: 'the receiver answered 500' });

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`outbox on ${engine}`, () => {
    let server: PgliteServer | undefined;
    before(async () => void (server = engine === 'PostgreSQL' ? await startPglite() : undefined));
    after(() => server?.stop());
    const setUp = (options: OutboxSetupOptions = {}): Promise<OutboxSetup> => setUpOutbox({ ...options, ...(server ? { server } : {}) });
    const states = async ({ store }: OutboxSetup): Promise<string[]> =>
      (await store.list({ channelId: 'ci', limit: 100 })).map(({ id, state, attempts }) => `${id} ${state} ${attempts}`);

    test('what waits is sent at the start, and what comes later when somebody says so; each once where all goes well', async () => {
      await using setup = await setUp();
      await setup.add(1);
      const outbox = setup.process();
      await outbox.start();
      await outbox.idle();
      await setup.add(2);
      outbox.wake();
      await outbox.idle();
      await setup.pass(outbox, 120_000, 10_000);
      assert.deepEqual(
        setup.attempts.map(({ id }) => id),
        ['dlv_A_1', 'dlv_A_2'],
      );
      assert.deepEqual(await states(setup), ['dlv_A_2 delivered 1', 'dlv_A_1 delivered 1']);
    });

    test('the same thing to tell is there once, however often it is written', async () => {
      await using setup = await setUp();
      await setup.add(1);
      await setup.add(1);
      assert.deepEqual(await states(setup), ['dlv_A_1 waiting 0']);
    });

    test('what fails is tried again after pauses that double, up to the last attempt; then it is dead, and said to be', async () => {
      await using setup = await setUp();
      setup.answer = failing;
      await setup.add(1);
      const outbox = setup.process();
      await outbox.start();
      await setup.pass(outbox, 60_000);
      assert.deepEqual(
        setup.attempts.map(({ atMs }) => atMs),
        [0, 1000, 3000, 7000, 15_000],
      );
      assert.deepEqual(await states(setup), ['dlv_A_1 dead 5']);
      assert.deepEqual(outbox.of('ci'), {
        ...{ waiting: 0, dead: 1, lastDeadAtMs: (await setup.store.find('dlv_A_1'))?.settledAtMs, lastDeliveredAtMs: null },
        ...{ failures: 5, failure: 'the receiver answered 500' },
      });
      assert.equal(setup.logged.filter((line) => line.includes('a delivery was given up')).length, 1);
    });

    test('pauses are no longer than the longest, shorter by chance and never nothing, and as long as the receiver asks', async () => {
      await using setup = await setUp({ retry: { attempts: 100, maxDelayMs: 2000 } });
      setup.answer = failing;
      await setup.add(1);
      const outbox = setup.process({ random: () => 0 });
      await outbox.start();
      await setup.pass(outbox, 4000);
      assert.deepEqual(
        setup.attempts.map(({ atMs }) => atMs),
        [0, 500, 1500, 2500, 3500],
      );
      setup.answer = () => ({ kind: 'failed', reason: 'later', retryAfterMs: 90_000 });
      await setup.pass(outbox, 100_000);
      assert.deepEqual(
        setup.attempts.slice(5).map(({ atMs }) => atMs),
        [4500, 94_500],
      );
    });

    test('what is too old is given up, and so is what the receiver does not want', async () => {
      await using setup = await setUp({ retry: { attempts: 100, maxAgeMs: 10_000 } });
      setup.answer = failing;
      await setup.add(1);
      const outbox = setup.process();
      await outbox.start();
      await setup.pass(outbox, 60_000);
      assert.deepEqual(await states(setup), ['dlv_A_1 dead 4']);
      setup.answer = () => ({ kind: 'refused', reason: 'the receiver wants no more of them (410)' });
      await setup.add(2);
      outbox.wake();
      await outbox.idle();
      assert.deepEqual((await states(setup))[0], 'dlv_A_2 dead 1');
    });

    test('what was given up goes another round when somebody asks for it, under the same id', async () => {
      await using setup = await setUp();
      setup.answer = failing;
      await setup.add(1);
      const outbox = setup.process();
      await outbox.start();
      await setup.pass(outbox, 60_000);
      setup.answer = () => (setup.attempts.length < 7 ? failing() : { kind: 'delivered' });
      await setup.store.requeue('dlv_A_1', setup.clock.now());
      outbox.wake();
      await setup.pass(outbox, 10_000);
      assert.deepEqual(await states(setup), ['dlv_A_1 delivered 2']);
      assert.deepEqual(new Set(setup.attempts.map(({ id }) => id)), new Set(['dlv_A_1']));
    });

    test('an attempt that a dead process had under way is made again at once by its successor', async () => {
      await using setup = await setUp();
      await setup.add(1);
      await setup.dieInAttempt();
      const successor = setup.process();
      await successor.start();
      await successor.idle();
      assert.deepEqual(await states(setup), ['dlv_A_1 delivered 2']);
    });

    test('a delivery in which process after process ends is given up', async () => {
      await using setup = await setUp({ retry: { attempts: 2 } });
      await setup.add(1);
      for (let times = 0; times < 3; times += 1) await setup.dieInAttempt();
      const last = setup.process();
      await last.start();
      await last.idle();
      assert.equal(setup.attempts.length, 3);
      assert.deepEqual(await states(setup), ['dlv_A_1 dead 4']);
    });

    test('another process leaves it alone until the time of the attempt is over', async () => {
      await using setup = await setUp();
      await setup.add(1);
      await setup.dieInAttempt();
      const other = setup.process({ owner: 'another' });
      await other.start();
      await setup.pass(other, 39_000, 1000);
      assert.equal(setup.attempts.length, 1);
      await setup.pass(other, 2000, 1000);
      assert.deepEqual(await states(setup), ['dlv_A_1 delivered 2']);
    });

    test('of two processes that look at the same moment one sends', async () => {
      await using setup = await setUp();
      const outboxes = ['one', 'two', 'three'].map((owner) => setup.process({ owner }));
      for (let seq = 1; seq <= 12; seq += 1) await setup.add(seq);
      await Promise.all(outboxes.map((outbox) => outbox.start()));
      await Promise.all(outboxes.map((outbox) => outbox.idle()));
      assert.equal(setup.attempts.length, 12);
      assert.equal(new Set(setup.attempts.map(({ id }) => id)).size, 12);
    });

    test('one receiver has four deliveries under way at most, and one that never answers holds up no other channel', async () => {
      await using setup = await setUp();
      const slow = Promise.withResolvers<SendResult>();
      const ci = setup.outlets.get('ci');
      assert.ok(ci);
      setup.outlets.set('other', { ...ci, send: async ({ id }) => (setup.attempts.push({ id, atMs: 0 }), { kind: 'delivered' }) });
      setup.answer = () => slow.promise;
      for (let seq = 1; seq <= 10; seq += 1) await setup.add(seq);
      await setup.add(99, 'other');
      const outbox = setup.process();
      await outbox.start();
      await untilAttempted(setup, 5);
      assert.deepEqual(setup.attempts.map(({ id }) => id).toSorted(), ['dlv_A_1', 'dlv_A_10', 'dlv_A_2', 'dlv_A_3', 'dlv_A_99'].toSorted());
      slow.resolve({ kind: 'delivered' });
      await outbox.idle();
      assert.equal(setup.attempts.length, 11);
    });

    test('a channel that is taken out sends nothing, and what waits is sent when it is back', async () => {
      await using setup = await setUp();
      const [ci] = [setup.outlets.get('ci')];
      assert.ok(ci);
      setup.outlets.clear();
      await setup.add(1);
      const outbox = setup.process();
      await outbox.start();
      await setup.pass(outbox, 120_000, 30_000);
      assert.equal(setup.attempts.length, 0);
      setup.outlets.set('ci', ci);
      outbox.wake();
      await outbox.idle();
      assert.deepEqual(await states(setup), ['dlv_A_1 delivered 1']);
    });

    test('a process that stops ends what is under way, which is sent at once by the next', async () => {
      await using setup = await setUp();
      setup.answer = (_delivery, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'it was stopped' })));
      await setup.add(1);
      const first = setup.process();
      await first.start();
      await untilAttempted(setup, 1);
      await first.close();
      setup.answer = () => ({ kind: 'delivered' });
      const second = setup.process();
      await second.start();
      await second.idle();
      assert.deepEqual(await states(setup), ['dlv_A_1 delivered 2']);
    });

    test('old deliveries are forgotten by their age and by their number, and no other', async () => {
      await using setup = await setUp({ limits: { kept: 3 } });
      const outbox = setup.process();
      await outbox.start();
      for (let seq = 1; seq <= 5; seq += 1) {
        await setup.add(seq);
        outbox.wake();
        await setup.pass(outbox, 1000, 1000);
      }
      setup.answer = () => ({ kind: 'refused', reason: 'no' });
      await setup.add(6);
      outbox.wake();
      await outbox.idle();
      const nowMs = setup.clock.now();
      await setup.store.prune({ deliveredBeforeMs: nowMs - 3500, deadBeforeMs: nowMs - 1, kept: 3 });
      assert.deepEqual(await states(setup), ['dlv_A_6 dead 1', 'dlv_A_5 delivered 1', 'dlv_A_4 delivered 1', 'dlv_A_3 delivered 1']);
      await setup.store.prune({ deliveredBeforeMs: nowMs - 3500, deadBeforeMs: nowMs - 1, kept: 1 });
      assert.deepEqual(await states(setup), ['dlv_A_6 dead 1', 'dlv_A_5 delivered 1']);
      await setup.store.prune({ deliveredBeforeMs: nowMs + 1, deadBeforeMs: nowMs + 1, kept: 100 });
      assert.deepEqual(await states(setup), []);
    });
  });
}

test('a store that fails is looked at again, and whoever watches is told; a channel that throws has only failed', async () => {
  await using setup = await setUpOutbox();
  const { store } = setup;
  const due = store.due.bind(store);
  let isBroken = true;
  store.due = (...words) => (isBroken ? Promise.reject(new OpenClawError('storage_failed', { details: { reason: 'no' } })) : due(...words));
  await setup.add(1);
  const outbox = setup.process();
  await outbox.start();
  assert.deepEqual(setup.signs, ['died']);
  isBroken = false;
  setup.answer = () => {
    if (setup.attempts.length === 1) throw new TypeError('a fault of the channel');
    return { kind: 'delivered' };
  };
  await setup.pass(outbox, 10_000);
  assert.equal(setup.signs.at(-1), 'alive');
  assert.deepEqual([setup.attempts.length, (await store.find('dlv_A_1'))?.state], [2, 'delivered']);
});

async function untilAttempted(setup: OutboxSetup, times: number): Promise<void> {
  while (setup.attempts.length < times) await setImmediate();
}
