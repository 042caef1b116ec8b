import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryWatch, type MemoryEvent, type MemoryState } from './index.ts';
import { memoryLevels, nextMemoryState } from './levels.ts';
import { describeSmallMemory } from './need.ts';

const mib = 2 ** 20;

interface SceneOptions {
  /** What a collection of garbage gives back, in MiB. */
  readonly garbageMib?: number;
  readonly onPressure?: (state: string) => void;
}

function createScene({ garbageMib = 0, onPressure }: SceneOptions = {}) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(JSON.parse(line)), format: 'json' }] });
  const calls: string[] = [];
  const events: MemoryEvent[] = [];
  const used = { mib: 100 };
  const watch = createMemoryWatch({
    ...{ clock, log, metrics, onEvent: (event) => events.push(event) },
    read: () => ({ of: 'container', usedBytes: used.mib * mib, limitBytes: 1000 * mib }),
    collectGarbage() {
      calls.push('collect');
      used.mib -= garbageMib;
    },
    onPressure: onPressure ?? ((state) => void calls.push(state)),
    onRelief: () => void calls.push('relief'),
  });
  const reach = (mebibytes: number): MemoryState => {
    used.mib = mebibytes;
    clock.advance(1000);
    return watch.state;
  };
  return { clock, metrics, lines, calls, events, watch, used, reach };
}

describe('levels', () => {
  test('up at 85 and 95 %, down at 80 and 90 %', () => {
    const table: [MemoryState, number, MemoryState][] = [
      ['ok', 0.849, 'ok'],
      ['ok', 0.85, 'pressure'],
      ['ok', 0.95, 'critical'],
      ['pressure', 0.8, 'pressure'],
      ['pressure', 0.799, 'ok'],
      ['pressure', 0.949, 'pressure'],
      ['pressure', 0.95, 'critical'],
      ['critical', 0.9, 'critical'],
      ['critical', 0.899, 'pressure'],
      ['critical', 0.8, 'pressure'],
      ['critical', 0.799, 'ok'],
    ];
    for (const [before, share, after] of table) assert.equal(nextMemoryState(before, share), after, `${before} at ${share}`);
  });

  test('whatever memory does, a state is left only beyond its gap, and more memory never means a lower state', () => {
    const share = fc.double({ min: 0, max: 1.2, noNaN: true });
    const order: readonly MemoryState[] = ['ok', 'pressure', 'critical'];
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 50 }), share, (shares, other) => {
        let state: MemoryState = 'ok';
        for (const now of shares) {
          const next = nextMemoryState(state, now);
          assert.equal(nextMemoryState(next, now), next, 'the same reading again changes nothing');
          if (order.indexOf(next) < order.indexOf(state)) {
            assert.ok(now < (state === 'critical' ? memoryLevels.critical.leave : memoryLevels.pressure.leave));
          }
          if (order.indexOf(next) > order.indexOf(state)) {
            assert.ok(now >= (next === 'critical' ? memoryLevels.critical.enter : memoryLevels.pressure.enter));
          }
          const [low, high] = now < other ? [now, other] : [other, now];
          assert.ok(order.indexOf(nextMemoryState(state, low)) <= order.indexOf(nextMemoryState(state, high)));
          state = next;
        }
      }),
    );
  });
});

describe('the watch', () => {
  test('says clw-memory-pressure in the log, as an event and as metrics, and when it is over', () => {
    const { lines, events, metrics, reach } = createScene();
    reach(860);
    reach(700);
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        ['warn', 'clw-memory-pressure: 86 % of the memory of its container, 1000 MiB, are used; caches are given up'],
        ['info', 'clw-memory-pressure is over: 70 % of the memory of its container, 1000 MiB, are used'],
      ],
    );
    assert.deepEqual(
      events.map(({ name, state, usedBytes }) => [name, state, usedBytes / mib]),
      [
        ['clw-memory-pressure', 'pressure', 860],
        ['clw-memory-pressure', 'ok', 700],
      ],
    );
    reach(960);
    const text = metrics.text();
    assert.match(text, /^openclaw_memory_used_bytes 1006632960$/m);
    assert.match(text, /^openclaw_memory_limit_bytes 1048576000$/m);
    assert.match(text, /^openclaw_memory_pressure 2$/m);
  });

  test('caches are given up at each step up and every half minute while it lasts, every five seconds near the end', () => {
    const { calls, reach } = createScene();
    reach(860);
    reach(960);
    for (let second = 0; second < 10; second += 1) reach(960);
    assert.deepEqual(calls.splice(0), ['collect', 'pressure', 'critical', 'collect', 'critical', 'collect', 'critical']);
    for (let second = 0; second < 60; second += 1) reach(870);
    assert.deepEqual(calls.splice(0), ['collect', 'pressure', 'collect', 'pressure']);
    reach(100);
    assert.deepEqual(calls, ['relief'], 'a step down gives up nothing');
  });

  test('what a collection of garbage gives back is no pressure', () => {
    const { calls, lines, reach } = createScene({ garbageMib: 300 });
    assert.equal(reach(900), 'ok');
    assert.deepEqual([calls, lines], [['collect'], []]);
    for (let second = 0; second < 29; second += 1) assert.notEqual(reach(840), 'critical');
    assert.deepEqual(calls, ['collect']);
  });

  test('only in the critical state is long work refused, with a time to wait', () => {
    const { watch, metrics, reach } = createScene();
    reach(949);
    assert.equal(watch.admitWork(), undefined);
    reach(951);
    const refusal = watch.admitWork();
    assert.deepEqual([refusal?.code, refusal?.status, refusal?.retryable, refusal?.retryAfterMs], ['memory_pressure', 503, true, 5000]);
    assert.match(refusal?.message ?? '', /95 % of the memory of its container, 1000 MiB, are used/);
    assert.match(metrics.text(), /^openclaw_memory_refused_total 1$/m);
    reach(901);
    assert.equal(watch.admitWork()?.code, 'memory_pressure');
    reach(899);
    assert.equal(watch.admitWork(), undefined);
  });

  test('whoever asks for admission in a burst, between two looks of the watch, is told what holds now', () => {
    const { clock, watch, used } = createScene();
    clock.advance(1000);
    used.mib = 990;
    clock.advance(199);
    assert.equal(watch.admitWork(), undefined);
    clock.advance(1);
    assert.equal(watch.admitWork()?.code, 'memory_pressure');
  });

  test('a listener that throws does not end it', () => {
    const { lines, reach } = createScene({
      onPressure() {
        throw new Error('the cache broke');
      },
    });
    reach(860);
    assert.equal(reach(100), 'ok');
    assert.match(JSON.stringify(lines), /the cache broke/);
  });

  test('it tells what it saw, and ends', () => {
    const { clock, watch, reach } = createScene();
    reach(870);
    assert.deepEqual(watch.look(), { of: 'container', usedBytes: 870 * mib, limitBytes: 1000 * mib, state: 'pressure' });
    watch.stop();
    assert.equal(clock.pendingTimers, 0);
  });
});

test('a limit below what the gateway needs is said with the remedy, and no other', () => {
  assert.match(describeSmallMemory(64 * mib) ?? '', /64 MiB of memory\. OpenClaw needs at least 128 MiB.*docker run --memory/);
  assert.equal(describeSmallMemory(128 * mib), undefined);
  assert.equal(describeSmallMemory(2 ** 40), undefined);
});
