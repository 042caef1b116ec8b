/** Who goes when too much waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBacklog, type SlowWire } from './backlog.ts';

interface FakeWire extends SlowWire {
  bufferedBytes: number;
  isOpen: boolean;
  isCut: boolean;
}

function wireWith(bufferedBytes: number): FakeWire {
  return {
    ...{ bufferedBytes, isOpen: true, isCut: false },
    closeAsSlow() {
      this.isOpen = false;
    },
    cutAsSlow() {
      this.isOpen = false;
      this.isCut = true;
    },
  };
}

test('half of the limit may wait for clients that are open', () => {
  const backlog = createBacklog(100);
  const wires = [wireWith(20), wireWith(30)];
  for (const wire of wires) backlog.note(wire);
  assert.equal(backlog.bufferedBytes(), 50);
  assert.ok(wires.every(({ isOpen }) => isOpen));
});

test('beyond that the one furthest behind is closed in order, and no other while it goes', () => {
  const backlog = createBacklog(100);
  const [small, large] = [wireWith(20), wireWith(31)];
  backlog.note(small);
  backlog.note(large);
  assert.deepEqual([small.isOpen, large.isOpen, large.isCut], [true, false, false]);
  small.bufferedBytes = 25;
  backlog.note(small);
  assert.equal(small.isOpen, true);
});

test('beyond the whole limit the one furthest behind is cut, closed or not', () => {
  const backlog = createBacklog(100);
  const [small, large] = [wireWith(20), wireWith(60)];
  backlog.note(small);
  backlog.note(large);
  small.bufferedBytes = 41;
  backlog.note(small);
  assert.deepEqual([small.isOpen, large.isCut, backlog.bufferedBytes()], [true, true, 41]);
});

test('who has caught up counts no more', () => {
  const backlog = createBacklog(100);
  const [one, other] = [wireWith(50), wireWith(50)];
  backlog.note(one);
  backlog.forget(one);
  backlog.note(other);
  assert.ok(other.isOpen);
});
