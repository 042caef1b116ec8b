import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiEvent } from '@openclaw/protocol';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { registerFigures } from '../metrics/figures.ts';
import { openObjects, type TestObjects } from '../store/store.fixture.ts';
import { createRecorder, type EventSubject, type Recorder } from './recorder.ts';
import { createRuntimeLines } from './runtime-lines.ts';

const keptEvents = { count: 20, ms: 86_400_000 };

interface Setup {
  readonly recorder: Recorder;
  readonly shop: EventSubject;
}

async function recorderOf({ store, clock, database }: TestObjects): Promise<Setup> {
  const key = { resource: 'workloads', namespace: 'default', name: 'shop' };
  const { metadata } = await store.create({ apiVersion: 'openclaw.io/v1', kind: 'Workload', key, metadata: {}, spec: {} });
  const log = createLog({ clock, destinations: [], level: 'silent' });
  const lines = createRuntimeLines({ database, clock });
  const recorder = createRecorder({ store, lines, clock, log, keptEvents, counted: registerFigures(createMetrics()).events });
  return { recorder, shop: { uid: metadata.uid, namespace: 'default', name: 'shop' } };
}

async function eventsIn({ store }: TestObjects): Promise<readonly string[]> {
  const { items } = await store.list({ resource: 'events' });
  return items.map((item) => (item as ApiEvent).message).toSorted();
}

test('events go some time after they happened last, and one that goes on happening stays', async () => {
  await using objects = await openObjects();
  const { recorder, shop } = await recorderOf(objects);
  const happen = (of: string): void => recorder.happened(shop, { reason: 'BackOff', message: of, type: 'Warning', of });
  happen('old');
  happen('lasting');
  objects.clock.advance(keptEvents.ms - 1000);
  happen('lasting');
  happen('new');
  objects.clock.advance(2000);
  recorder.tidy();
  await recorder.settled();
  assert.deepEqual(await eventsIn(objects), ['lasting', 'new']);
});

test('of more events than are kept the oldest go, without anybody asking', async () => {
  await using objects = await openObjects();
  const { recorder, shop } = await recorderOf(objects);
  for (let number = 100; number < 150; number += 1) {
    recorder.happened(shop, { reason: 'Started', message: String(number), type: 'Normal', of: String(number) });
    await recorder.settled();
    objects.clock.advance(1000);
  }
  const left = await eventsIn(objects);
  assert.ok(left.length >= keptEvents.count && left.length <= keptEvents.count + 3, `${left.length}`);
  assert.deepEqual(
    left,
    Array.from({ length: left.length }, (_, index) => String(150 - left.length + index)),
  );
});
