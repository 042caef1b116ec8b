import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Probe } from '@openclaw/protocol';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createProbes, type ProbedUnit } from './probes.ts';

const command = (name: string): Probe => ({ exec: { command: [name] }, periodSeconds: 10 });

function scene(container: ProbedUnit['container'], more: Partial<ProbedUnit> = {}) {
  const clock = createFakeClock();
  const answers: Record<string, boolean> = { startup: false, live: true, ready: true };
  const asked: string[] = [];
  let changes = 0;
  const probes = createProbes({ clock, onChange: () => (changes += 1) });
  const unit: ProbedUnit = {
    ...{ key: 'unit', startedAtMs: clock.now(), container, wasReady: false },
    async ask({ exec }) {
      const name = exec?.command[0] ?? '';
      asked.push(name);
      return answers[name] ?? false;
    },
    ...more,
  };
  probes.sync('uid', [unit]);
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000);
      await turn();
    }
  };
  return { clock, answers, asked, probes, unit, pass, health: () => probes.healthOf('unit'), changes: () => changes };
}

test('without probes a unit is ready while it runs', () => {
  const { health } = scene({});
  assert.deepEqual([health().isStarted, health().isReady, health().isUnhealthy], [true, true, false]);
});

test('a readiness probe makes ready by one success and unready by three failures, and never gives up', async () => {
  const { answers, pass, health } = scene({ readinessProbe: command('ready') });
  assert.equal(health().isReady, false);
  await pass(1);
  assert.equal(health().isReady, true);
  answers['ready'] = false;
  await pass(20);
  assert.equal(health().isReady, true, 'two failures are not enough');
  await pass(10);
  assert.equal(health().isReady, false);
  assert.equal(health().isUnhealthy, false);
  answers['ready'] = true;
  await pass(10);
  assert.equal(health().isReady, true);
});

test('a liveness probe gives a unit up after three failures in a row', async () => {
  const { answers, pass, health } = scene({ livenessProbe: command('live') });
  answers['live'] = false;
  await pass(11);
  answers['live'] = true;
  await pass(10);
  answers['live'] = false;
  await pass(20);
  assert.equal(health().isUnhealthy, false, 'two failures, a success, and two more are not three in a row');
  await pass(10);
  assert.equal(health().isUnhealthy, true);
});

test('until its startup probe has succeeded the others are not asked, and without success it is given up', async () => {
  const container = { startupProbe: command('startup'), livenessProbe: command('live'), readinessProbe: command('ready') };
  const slow = scene(container);
  await slow.pass(11);
  assert.deepEqual(new Set(slow.asked), new Set(['startup']));
  assert.equal(slow.health().isReady, false);
  slow.answers['startup'] = true;
  await slow.pass(12);
  assert.ok(slow.asked.includes('live') && slow.asked.includes('ready'));
  assert.equal(slow.health().isReady, true);
  const never = scene(container);
  await never.pass(30);
  assert.equal(never.health().isUnhealthy, true);
});

test('a delay counts from the start of the unit, and not from the start of the gateway', async () => {
  const clockStart = createFakeClock().now();
  const late = scene({ readinessProbe: { ...command('ready'), initialDelaySeconds: 60 } }, { startedAtMs: clockStart - 59_000 });
  await late.pass(1);
  assert.equal(late.health().isReady, true);
});

test('one that was ready before the gateway was started again stays so until its probe says otherwise', async () => {
  const { answers, pass, health } = scene({ startupProbe: command('startup'), readinessProbe: command('ready') }, { wasReady: true });
  assert.equal(health().isReady, true);
  answers['ready'] = false;
  await pass(31);
  assert.equal(health().isReady, false);
});

test('a unit that is gone is asked no more, and nothing is left running', async () => {
  const { probes, asked, pass, clock } = scene({ readinessProbe: command('ready') });
  await pass(1);
  probes.sync('uid', []);
  const before = asked.length;
  await pass(60);
  assert.equal(asked.length, before);
  assert.equal(clock.pendingTimers, 0);
});
