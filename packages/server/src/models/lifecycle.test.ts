import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock } from '../core/fake-clock.ts';
import { createLifecycleRegistry } from './lifecycle.ts';

const gone = new OpenClawError('client_closed');

test('finish releases everything once, in reverse order, and only the first outcome counts', () => {
  const lifecycle = createLifecycleRegistry(createFakeClock()).begin('req_1');
  const released: string[] = [];
  lifecycle.own(() => released.push('slot'));
  lifecycle.own(() => released.push('socket'));
  assert.equal(lifecycle.finish({ kind: 'completed' }), true);
  assert.equal(lifecycle.finish({ kind: 'failed', error: gone }), false);
  assert.deepEqual(released, ['socket', 'slot']);
  assert.deepEqual(lifecycle.outcome, { kind: 'completed' });
});

test('what is taken after the end is released at once', () => {
  const lifecycle = createLifecycleRegistry(createFakeClock()).begin('req_1');
  lifecycle.finish({ kind: 'completed' });
  let released = false;
  lifecycle.own(() => (released = true));
  assert.equal(released, true);
});

test('a failed request aborts what still runs for it; a completed one has nothing to abort', () => {
  const registry = createLifecycleRegistry(createFakeClock());
  const failed = registry.begin('req_1');
  failed.finish({ kind: 'failed', error: gone });
  assert.equal(failed.signal.reason, gone);
  const completed = registry.begin('req_2');
  completed.finish({ kind: 'completed' });
  assert.equal(completed.signal.aborted, false);
});

test('the deadline cancels with its own error, unless it was lifted', () => {
  const clock = createFakeClock();
  const registry = createLifecycleRegistry(clock);
  const late = registry.begin('req_1');
  late.setDeadline(1000);
  assert.equal(late.remainingMs(), 1000);
  clock.advance(1000);
  assert.equal((late.signal.reason as OpenClawError).code, 'deadline_exceeded');
  const streaming = registry.begin('req_2');
  streaming.setDeadline(1000);
  streaming.liftDeadline();
  clock.advance(5000);
  assert.equal(streaming.signal.aborted, false);
  assert.equal(streaming.remainingMs(), Infinity);
});

test('idle resolves when the last request is over, and at once when there is none', async () => {
  const registry = createLifecycleRegistry(createFakeClock());
  await registry.idle();
  const first = registry.begin('req_1');
  const second = registry.begin('req_2');
  let idle = false;
  const waiting = registry.idle().then(() => (idle = true));
  first.finish({ kind: 'completed' });
  await Promise.resolve();
  assert.equal(idle, false);
  second.finish({ kind: 'completed' });
  await waiting;
  assert.equal(registry.inFlight, 0);
});

test('whatever happens in whatever order, nothing stays in flight, nothing is released twice, no timer is left', () => {
  const step = fc.oneof(
    fc.constant({ kind: 'own' as const }),
    fc.constant({ kind: 'finish' as const }),
    fc.constant({ kind: 'cancel' as const }),
    fc.constant({ kind: 'lift' as const }),
    fc.record({ kind: fc.constant('deadline' as const), ms: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 100 }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const clock = createFakeClock();
      const registry = createLifecycleRegistry(clock);
      const lifecycle = registry.begin('req_1');
      const releases: number[] = [];
      for (const action of steps) {
        if (action.kind === 'own') {
          const index = releases.push(0) - 1;
          lifecycle.own(() => (releases[index] = (releases[index] ?? 0) + 1));
        } else if (action.kind === 'finish') lifecycle.finish({ kind: 'completed' });
        else if (action.kind === 'cancel') lifecycle.cancel(gone);
        else if (action.kind === 'lift') lifecycle.liftDeadline();
        else if (action.kind === 'deadline') lifecycle.setDeadline(action.ms);
        else clock.advance(action.ms);
      }
      lifecycle.finish({ kind: 'failed', error: gone });
      assert.equal(registry.inFlight, 0);
      assert.ok(releases.every((count) => count === 1));
      assert.equal(clock.pendingTimers, 0);
    }),
  );
});
