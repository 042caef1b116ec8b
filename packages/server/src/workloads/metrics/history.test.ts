import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemorySample } from '@openclaw/protocol';
import fc from 'fast-check';
import { createLog } from '../../core/log.ts';
import { openObjects, type TestObjects } from '../store/store.fixture.ts';
import { createHistory, type History } from './history.ts';
import { pack, unpack } from './packing.ts';
import { thin, thinTo } from './thin.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const facts = { driver: 'process', limits: 'kernel', limitBytes: 1000 } as const;

function sampleAt(at: number, bytes: number, more: Partial<MemorySample> = {}): MemorySample {
  const same = { usageBytes: bytes, workingSetBytes: bytes, rssBytes: bytes, anonymousBytes: bytes };
  return { at, ...same, fileBytes: 0, swapBytes: 0, restarts: 0, ...more };
}

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const sizes = fc.integer({ min: 0, max: 2 ** 45 });
const samples = fc.array(
  fc
    .record({
      ...{ at: fc.integer({ min: 0, max: 2 ** 42 }), usageBytes: sizes, workingSetBytes: sizes, rssBytes: sizes, anonymousBytes: sizes },
      ...{ fileBytes: sizes, swapBytes: sizes, restarts: fc.nat(100), threads: optional(fc.nat(1000)), requests: optional(sizes) },
      cpuSeconds: optional(fc.nat(10 ** 9).map((milliseconds) => milliseconds / 1000)),
      psi: optional(fc.record({ some: fc.nat(10_000).map((share) => share / 100), full: fc.nat(10_000).map((share) => share / 100) })),
    })
    .map((sample) => JSON.parse(JSON.stringify(sample)) as MemorySample),
  { maxLength: 100 },
);
const inTime = samples.map((list) => list.toSorted((a, b) => a.at - b.at));

test('whatever was read comes out of its packed form as it was', () => {
  fc.assert(fc.property(samples, (list) => assert.deepEqual(unpack(pack(list)), list)));
});

test('made fewer, readings are some of those that were taken, in their order, with the lowest and the highest among them', () => {
  fc.assert(
    fc.property(inTime, fc.integer({ min: 1, max: 2 ** 40 }), (list, stepMs) => {
      const thinned = thin(list, stepMs);
      assert.ok(thinned.every((sample) => list.includes(sample)));
      assert.ok(thinned.every((sample, index) => index === 0 || sample.at >= thinned[index - 1]!.at));
      const bounds = (of: readonly MemorySample[]) => [
        Math.min(...of.map((s) => s.workingSetBytes)),
        Math.max(...of.map((s) => s.workingSetBytes)),
      ];
      assert.deepEqual(bounds(thinned), bounds(list));
      assert.deepEqual(thin(thinned, stepMs), thinned, 'once is enough');
    }),
  );
});

test('a drawing of many readings has about as many points as it wants', () => {
  const list = Array.from({ length: 20_000 }, (_, index) => sampleAt(index * 5000, index % 100));
  const drawn = thinTo(list, 1000);
  assert.ok(drawn.length <= 1002 && drawn.length > 500, String(drawn.length));
});

function historyOf({ database, clock }: TestObjects): History {
  const log = createLog({ clock, destinations: [] });
  return createHistory({ database, clock, log, retention: () => ({ fineMs: dayMs, minutesMs: 7 * dayMs, tensMs: 30 * dayMs }) });
}

test('what waits to be written is told with what is written, and nothing of it twice', async () => {
  await using objects = await openObjects();
  const history = historyOf(objects);
  const startMs = objects.clock.now();
  for (let index = 0; index < 10; index += 1) {
    history.add('uid', 'one', { sample: sampleAt(startMs + index * 5000, index), facts });
    if (index === 4) await history.flush();
  }
  const bytes = async (of: History) => (await of.samples('uid', 'one', 0)).map(({ usageBytes }) => usageBytes);
  assert.deepEqual(await bytes(history), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(await bytes(historyOf(objects)), [0, 1, 2, 3, 4], 'a crash loses what was not written');
});

test('readings become coarser with age, keep their peaks, and are forgotten after a month', async () => {
  await using objects = await openObjects();
  const history = historyOf(objects);
  const startMs = Math.ceil(objects.clock.now() / hourMs) * hourMs;
  objects.clock.advance(startMs - objects.clock.now());
  // Two hours, one reading each five seconds, with one peak.
  for (let index = 0; index < 1440; index += 1) {
    history.add('uid', 'one', { sample: sampleAt(objects.clock.now(), index === 700 ? 999 : 100 + (index % 7)), facts });
    objects.clock.advance(5000);
    if (index % 12 === 11) await history.flush();
  }
  history.mark('uid', 'one', { at: startMs, kind: 'oom' });
  await history.flush();
  const count = async () => (await history.samples('uid', 'one', 0)).length;
  const peak = async () => Math.max(...(await history.samples('uid', 'one', 0)).map(({ usageBytes }) => usageBytes));
  objects.clock.advance(hourMs);
  await history.age();
  assert.equal(await count(), 1440);
  await history.age();
  assert.equal(await count(), 1440, 'ageing again changes nothing');
  objects.clock.advance(dayMs);
  await history.age();
  assert.equal(await count(), 240, 'two of each minute');
  assert.equal(await peak(), 999);
  objects.clock.advance(7 * dayMs);
  await history.age();
  assert.equal(await count(), 24, 'two of each ten minutes');
  assert.equal(await peak(), 999);
  assert.deepEqual(
    (await history.instances('uid', 0)).map(({ instance }) => instance),
    ['one'],
  );
  objects.clock.advance(30 * dayMs);
  await history.age();
  assert.equal(await count(), 0);
  assert.deepEqual([await history.instances('uid', 0), await history.marks('uid', 'one', 0)], [[], []]);
});
