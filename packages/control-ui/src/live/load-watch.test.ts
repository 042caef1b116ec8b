import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admin } from '../admin/admin.ts';
import { now } from '../clock.ts';
import { createLoadWatch } from './load-watch.ts';
import { gapAt } from './load.ts';

const text = 'openclaw_model_requests_in_flight 3\nprocess_start_time_seconds 1\n';
const admin: Admin = { json: () => Promise.reject(new Error('not asked')), text: () => Promise.resolve(text) };

function createStore(entries: Record<string, string> = {}) {
  return {
    entries,
    getItem: (name: string) => entries[name] ?? null,
    setItem: (name: string, value: string) => void (entries[name] = value),
  };
}

async function firstLook(watch: ReturnType<typeof createLoadWatch>): Promise<void> {
  const before = watch.samples.peek().length;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = watch.samples.subscribe((samples) => samples.length > before && resolve());
  const stop = watch.start();
  await promise;
  stop();
  end();
}

test('what was seen is there again after a reload of the tab', async () => {
  const store = createStore();
  const watch = createLoadWatch(admin, store);
  await firstLook(watch);
  watch.keep();
  assert.deepEqual(createLoadWatch(admin, store).samples.peek(), watch.samples.peek());
  assert.equal(watch.samples.peek()[0]?.underWay, 3);
});

test('a time in which nobody looked is a break in the lines, and what is too old is dropped', async () => {
  const [old, lately] = [now() - 3_600_000, now() - 60_000];
  const store = createStore({ 'openclaw.load': JSON.stringify([gapAt(old), { ...gapAt(lately), underWay: 1 }]) });
  const watch = createLoadWatch(admin, store);
  await firstLook(watch);
  assert.deepEqual(
    watch.samples.peek().map(({ underWay }) => underWay),
    [1, null, 3],
  );
});

test('what cannot be read is as if there were nothing', () => {
  assert.deepEqual(createLoadWatch(admin, createStore({ 'openclaw.load': '{' })).samples.peek(), []);
});
