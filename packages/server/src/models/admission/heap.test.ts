import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createHeap, outside, type HeapItem } from './heap.ts';

interface Numbered extends HeapItem {
  readonly value: number;
}

test('whatever is added and taken out, the first is the least of those inside', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), value: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ kind: fc.constant('remove' as const), value: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const heap = createHeap<Numbered>((one, other) => one.value < other.value);
      const inside: Numbered[] = [];
      for (const { kind, value } of steps) {
        if (kind === 'add') {
          const item = { value, heapIndex: outside };
          heap.add(item);
          inside.push(item);
        } else if (inside.length > 0) {
          const [item] = inside.splice(value % inside.length, 1);
          assert.ok(item);
          heap.remove(item);
          assert.equal(item.heapIndex, outside);
        }
        assert.equal(heap.size, inside.length);
        assert.equal(heap.first?.value, inside.length === 0 ? undefined : Math.min(...inside.map((item) => item.value)));
        assert.ok(heap.items.every((item, index) => item.heapIndex === index));
      }
    }),
  );
});

test('taking out what is not in does nothing', () => {
  const heap = createHeap<Numbered>((one, other) => one.value < other.value);
  const item = { value: 1, heapIndex: outside };
  heap.remove(item);
  heap.add(item);
  heap.remove(item);
  heap.remove(item);
  assert.equal(heap.size, 0);
});
