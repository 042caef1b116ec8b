/**
 * Who waits for one target, in fair order: the turns are served round robin, and within a turn whoever came first.
 * A turn that floods the queue thus waits for itself and not the others for it.
 *
 * Every operation is O(log n) in the waiters of one turn or better. It does not bound itself, and knows no time: see `admission.ts`.
 */
import { createHeap, outside, type Heap, type HeapItem } from './heap.ts';

export interface QueueEntry extends HeapItem {
  readonly turn: string;
  readonly arrivedMs: number;
  /** Rises from one waiter to the next: decides between those of the same moment. */
  readonly sequence: number;
}

export interface FairQueue<Entry> {
  readonly size: number;
  readonly turns: number;
  add(entry: Entry): void;
  remove(entry: Entry): void;
  /** The next in fair order, taken out; its turn goes to the end of the round. */
  shift(): Entry | undefined;
  /** At most how many would be served before one that is added to this turn now. */
  aheadOf(turn: string): number;
  /** Everybody, in no order. */
  list(): Entry[];
}

/** The waiters of one turn, linked to the turns before and after it in the round. */
interface Turn<Entry> {
  readonly name: string;
  readonly waiters: Heap<Entry>;
  previous: Turn<Entry>;
  next: Turn<Entry>;
}

export function createFairQueue<Entry extends QueueEntry>(): FairQueue<Entry> {
  const turns = new Map<string, Turn<Entry>>();
  /** Whose turn it is. */
  let current: Turn<Entry> | undefined;
  let size = 0;

  function openTurn(name: string): Turn<Entry> {
    const waiters = createHeap<Entry>(cameBefore);
    // A ring of one is linked to itself, which a literal cannot say.
    const turn: Turn<Entry> = { name, waiters } as Turn<Entry>;
    turn.previous = current?.previous ?? turn;
    turn.next = current ?? turn;
    turn.previous.next = turn;
    turn.next.previous = turn;
    current ??= turn;
    turns.set(name, turn);
    return turn;
  }

  function closeTurn(turn: Turn<Entry>): void {
    turns.delete(turn.name);
    turn.previous.next = turn.next;
    turn.next.previous = turn.previous;
    if (current === turn) current = turn.next === turn ? undefined : turn.next;
  }

  function remove(entry: Entry): void {
    const turn = turns.get(entry.turn);
    if (!turn || entry.heapIndex === outside) return;
    turn.waiters.remove(entry);
    size -= 1;
    if (turn.waiters.size === 0) closeTurn(turn);
  }

  return {
    get size() {
      return size;
    },
    get turns() {
      return turns.size;
    },
    add(entry) {
      (turns.get(entry.turn) ?? openTurn(entry.turn)).waiters.add(entry);
      size += 1;
    },
    remove,
    shift() {
      const turn = current;
      const entry = turn?.waiters.first;
      if (!turn || !entry) return undefined;
      current = turn.next;
      remove(entry);
      return entry;
    },
    aheadOf(name) {
      const own = turns.get(name)?.waiters.size ?? 0;
      return Math.min(size, (own + 1) * turns.size);
    },
    list: () => [...turns.values()].flatMap((turn) => [...turn.waiters.items]),
  };
}

function cameBefore(one: QueueEntry, other: QueueEntry): boolean {
  return one.arrivedMs < other.arrivedMs || (one.arrivedMs === other.arrivedMs && one.sequence < other.sequence);
}
