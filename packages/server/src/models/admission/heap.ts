/**
 * A binary heap whose items know their place, so that any of them can be taken out in O(log n). Whoever comes `before`
 * all others is `first`.
 *
 * An item is in at most one heap at a time; it may not change its order while it is in one.
 */

export interface HeapItem {
  /** Kept by the heap; `outside` while the item is in none. */
  heapIndex: number;
}

/** The `heapIndex` of an item that is in no heap. */
export const outside = -1;

export interface Heap<Item> {
  readonly size: number;
  readonly first: Item | undefined;
  readonly items: readonly Item[];
  add(item: Item): void;
  /** Takes it out; does nothing if it is not in. */
  remove(item: Item): void;
}

export function createHeap<Item extends HeapItem>(before: (one: Item, other: Item) => boolean): Heap<Item> {
  const items: Item[] = [];

  function put(item: Item, index: number): void {
    items[index] = item;
    item.heapIndex = index;
  }

  function rise(item: Item, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex];
      if (parent === undefined || !before(item, parent)) break;
      put(parent, index);
      index = parentIndex;
    }
    put(item, index);
  }

  function sink(item: Item, from: number): void {
    let index = from;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = items[leftIndex];
      if (left === undefined) break;
      const right = items[leftIndex + 1];
      const child = right !== undefined && before(right, left) ? right : left;
      if (!before(child, item)) break;
      const childIndex = child.heapIndex;
      put(child, index);
      index = childIndex;
    }
    put(item, index);
  }

  return {
    get size() {
      return items.length;
    },
    get first() {
      return items[0];
    },
    items,
    add: (item) => rise(item, items.length),
    remove(item) {
      const index = item.heapIndex;
      if (index === outside) return;
      item.heapIndex = outside;
      const last = items.pop();
      if (last === undefined || last === item) return;
      // The last one fills the gap, and may belong higher or lower there.
      rise(last, index);
      sink(last, last.heapIndex);
    },
  };
}
