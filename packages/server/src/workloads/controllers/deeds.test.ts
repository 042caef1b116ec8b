import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createFakeHost } from '../fake-host.fixture.ts';
import { plainSpec } from '../workloads.fixture.ts';
import { createDeeds } from './deeds.ts';
import { createUnitBook } from './unit-book.ts';
import type { World } from './world.ts';

test('the outcome of a start is told also to whoever has asked while it was under way', async () => {
  const clock = createFakeClock();
  const driver = createFakeHost(clock).driver();
  const world = {
    ...{ clock, book: createUnitBook(), signal: new AbortController().signal, onUnit: () => {} },
    ...{ settings: () => ({ images: {}, driver: 'auto' }), host: { baseEnvironment: {} }, drivers: new Map([['process', driver]]) },
  } as unknown as World;
  const { promise, resolve } = Promise.withResolvers<void>();
  const deeds = createDeeds(world, resolve);
  const id = { instance: 'shop-1', container: 'main', attempt: 0 };
  const workload = { uid: 'uid-1', namespace: 'default', name: 'shop' };
  deeds.start({ id, workload, revision: 1, spec: plainSpec, driver: 'process' });
  assert.deepEqual(deeds.outcomes(), []);
  await promise;
  assert.deepEqual(deeds.outcomes(), [{ id, driver: 'process' }]);
});
