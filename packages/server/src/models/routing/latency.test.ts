import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLatency } from './latency.ts';
import type { Target } from '../target.ts';

const target = (model: string): Target =>
  ({ key: { id: '1', source: 'the test', weight: 1, headers: {} }, model }) as Partial<Target> as Target;

test('a target that has not answered has no latency', () => {
  assert.equal(createLatency({ clock: createFakeClock() }).of(target('a')), undefined);
});

test('a slow answer counts at once, a quick one little by little', () => {
  const latency = createLatency({ clock: createFakeClock() });
  const one = target('one');
  latency.observe(one, 100);
  latency.observe(one, 900);
  assert.equal(latency.of(one), 900);
  latency.observe(one, 100);
  const after = latency.of(one) ?? 0;
  assert.ok(after > 800 && after < 900, String(after));
  for (let count = 0; count < 60; count++) latency.observe(one, 100);
  assert.ok(Math.abs((latency.of(one) ?? 0) - 100) < 5);
});

test('what was seen fades with time, so that a slow target is tried again', () => {
  const clock = createFakeClock();
  const latency = createLatency({ clock, decayMs: 1000 });
  const [slow, quick] = [target('slow'), target('quick')];
  latency.observe(slow, 10_000);
  clock.advance(5000);
  latency.observe(quick, 500);
  assert.ok((latency.of(slow) ?? Infinity) < (latency.of(quick) ?? 0));
});

test('targets of two keys are apart', () => {
  const latency = createLatency({ clock: createFakeClock() });
  const [one, other] = [target('same'), target('same')];
  latency.observe(one, 5);
  assert.equal(latency.of(other), undefined);
});

test('models that clients make up push each other out, and take no memory without end', () => {
  const latency = createLatency({ clock: createFakeClock() });
  const one = target('made up 0');
  for (let index = 0; index < 1001; index += 1) latency.observe({ ...one, model: `made up ${index}` }, 5);
  assert.deepEqual([latency.of(one), latency.of({ ...one, model: 'made up 1' })], [undefined, 5]);
});
