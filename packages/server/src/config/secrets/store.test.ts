import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';

import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { sourceContext } from './source.fixture.ts';
import { createFakeVault } from './sources/vault.fixture.ts';
import { createSecretStore, type SecretRequest } from './store.ts';

const refreshMs = 60_000;

async function setup(t: TestContext, { random = 0.5 } = {}) {
  const vault = await createFakeVault(t);
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = createLog({ clock, format: 'json', destinations: [{ write: (line) => void lines.push(line) }] });
  let rotations = 0;
  const waiting: (() => void)[] = [];
  const store = createSecretStore({
    ...{ clock, log: () => log, random: () => random },
    onRotated: () => {
      rotations += 1;
    },
    onStatus: () => waiting.splice(0).forEach((resolve) => resolve()),
  });
  t.after(() => store.close());
  const settings = { ...sourceContext().settings, refreshMs, vault: { mount: 'secret', address: vault.url, token: vault.rootToken } };
  const request: SecretRequest = {
    ...sourceContext({ settings }),
    ...{ kind: 'vault', target: { path: 'team/openai', key: 'apiKey' }, environmentStamp: '' },
  };
  vault.put('team/openai', { apiKey: 'sk-one' });
  const asked = (): number => vault.asked.length;
  return {
    ...{ vault, clock, lines, store, request, asked },
    rotations: () => rotations,
    told: () => new Promise<void>((resolve) => void waiting.push(resolve)),
    /** Until the source has been asked this often and the answer is there. */
    async untilAsked(count: number) {
      while (asked() < count) await new Promise((resolve) => setImmediate(resolve));
      await store.read(request).catch(() => {});
    },
  };
}

test('what lies elsewhere is asked for once, however often the configuration is read', async (t) => {
  const { store, request, asked } = await setup(t);
  const readings = await Promise.all([store.read(request), store.read(request), store.read(request)]);
  assert.deepEqual(
    readings.map(({ value }) => value),
    ['sk-one', 'sk-one', 'sk-one'],
  );
  await store.read(request);
  assert.equal(asked(), 1);
});

test('a secret that is followed is asked for again in time, and a rotation is told once', async (t) => {
  const { store, request, vault, clock, told, rotations, lines } = await setup(t);
  await store.read(request);
  store.follow([request]);
  vault.put('team/openai', { apiKey: 'sk-two' });
  clock.advance(refreshMs - 1);
  assert.equal(vault.asked.length, 1, 'not before its time');
  const news = told();
  clock.advance(1);
  await news;
  assert.equal((await store.read(request)).value, 'sk-two');
  while (rotations() === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(rotations(), 1);
  const status = store.status(request);
  assert.deepEqual([status?.state, status?.version], ['ok', '2']);
  assert.equal(status?.rotatedAt, new Date(clock.now()).toISOString());
  assert.match(lines.join(), /a secret was rotated/);
  assert.doesNotMatch(lines.join() + inspect(status), /sk-one|sk-two|hvs\./);
});

test('while a source is down what was read last holds, degraded; it is asked again sooner, and less and less often', async (t) => {
  const { store, request, vault, clock, told, untilAsked, asked, lines } = await setup(t);
  await store.read(request);
  store.follow([request]);
  await vault.stop();
  const news = told();
  clock.advance(refreshMs);
  await news;
  assert.equal(store.status(request)?.state, 'degraded');
  assert.match(store.status(request)?.reason ?? '', /could not be asked/);
  assert.equal((await store.read(request)).value, 'sk-one', 'the last value');
  assert.equal(lines.filter((line) => line.includes('what was read last holds')).length, 1);
  assert.equal(asked(), 1);
  await untilAsked(1);
});

test('what is missing at the first reading is an error, which is not asked for again at once', async (t) => {
  const { store, request, vault, asked, clock } = await setup(t);
  vault.remove('team/openai');
  await assert.rejects(store.read(request), { code: 'secret_missing' });
  await assert.rejects(store.read(request), { code: 'secret_missing' });
  assert.equal(asked(), 1);
  vault.put('team/openai', { apiKey: 'sk-late' });
  clock.advance(2200);
  assert.equal((await store.read(request)).value, 'sk-late');
});

test('a secret that was taken away there holds on as long as the gateway runs, and is said to be missing', async (t) => {
  const { store, request, vault, clock, told } = await setup(t);
  await store.read(request);
  store.follow([request]);
  vault.remove('team/openai');
  const news = told();
  clock.advance(refreshMs);
  await news;
  assert.equal((await store.read(request)).value, 'sk-one');
  assert.match(store.status(request)?.reason ?? '', /no such secret/);
});

test('another address, or another .env file, is asked at once and not believed by what was read before', async (t) => {
  const { store, request, asked } = await setup(t);
  await store.read(request);
  await store.read({ ...request, environmentStamp: 'another' });
  assert.equal(asked(), 2);
  const elsewhere = { ...request.settings, vault: { ...request.settings.vault, namespace: 'nobody' } };
  assert.equal((await store.read({ ...request, settings: elsewhere })).value, 'sk-one', 'what was read last');
  assert.equal(store.status(request)?.state, 'degraded');
});

test('many gateways do not ask in step: each waits up to a tenth less or more', async (t) => {
  const early = await setup(t, { random: 0 });
  await early.store.read(early.request);
  early.store.follow([early.request]);
  early.clock.advance(refreshMs * 0.9);
  await early.untilAsked(2);
  const late = await setup(t, { random: 1 });
  await late.store.read(late.request);
  late.store.follow([late.request]);
  late.clock.advance(refreshMs * 1.1 - 1);
  assert.equal(late.asked(), 1);
});

test('what is no longer followed is forgotten, timer and value', async (t) => {
  const { store, request, clock } = await setup(t);
  await store.read(request);
  store.follow([request]);
  assert.equal(clock.pendingTimers, 1);
  store.follow([]);
  assert.equal(clock.pendingTimers, 0);
  assert.equal(store.status(request), undefined);
});

test('a source that does not answer in time is down', async (t) => {
  const { store, request, clock } = await setup(t);
  const hanging = { ...request, kind: 'exec' as const, target: { command: ['/bin/sleep', '1000'] } };
  const reading = assert.rejects(store.read(hanging), { code: 'secret_source_down', message: /no answer within 10000 ms/ });
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(10_000);
  await reading;
});
