import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createAgenda, type AgendaEntry } from './agenda.ts';
import { outside } from './heap.ts';

function setup() {
  const clock = createFakeClock();
  const agenda = createAgenda(clock);
  const called: string[] = [];
  const entry = (name: string, onDue?: (nowMs: number) => void): AgendaEntry => ({
    heapIndex: outside,
    atMs: Infinity,
    due(nowMs) {
      called.push(`${name} at ${nowMs}`);
      onDue?.(nowMs);
    },
  });
  return { clock, agenda, called, entry };
}

test('each is called at its moment, once, and there is one timer for all', () => {
  const { clock, agenda, called, entry } = setup();
  agenda.set(entry('late'), 300);
  agenda.set(entry('early'), 100);
  agenda.set(entry('between'), 200);
  assert.equal(clock.pendingTimers, 1);
  clock.advance(1000);
  assert.deepEqual(called, ['early at 100', 'between at 200', 'late at 300']);
  assert.equal(clock.pendingTimers, 0);
});

test('with nothing left to wait for there is no timer', () => {
  const { clock, agenda, called, entry } = setup();
  const [one, other] = [entry('one'), entry('other')];
  agenda.set(one, 100);
  agenda.set(other, 200);
  agenda.clear(one);
  agenda.clear(one);
  assert.equal(clock.pendingTimers, 1);
  agenda.clear(other);
  assert.equal(clock.pendingTimers, 0);
  clock.advance(1000);
  assert.deepEqual(called, []);
});

test('an entry can be moved, also by another that is due', () => {
  const { clock, agenda, called, entry } = setup();
  const moved = entry('moved');
  agenda.set(moved, 100);
  agenda.set(moved, 500);
  const again = entry('again', (nowMs) => {
    if (nowMs < 300) agenda.set(again, nowMs + 100);
    agenda.set(moved, 350);
  });
  agenda.set(again, 200);
  clock.advance(1000);
  assert.deepEqual(called, ['again at 200', 'again at 300', 'moved at 350']);
  assert.equal(clock.pendingTimers, 0);
});

test('a moment far away is kept although no timer reaches it', () => {
  const { clock, agenda, called, entry } = setup();
  const monthMs = 30 * 86_400_000;
  agenda.set(entry('month'), monthMs);
  clock.advance(monthMs - 1);
  assert.deepEqual(called, []);
  clock.advance(1);
  assert.deepEqual(called, [`month at ${monthMs}`]);
});
