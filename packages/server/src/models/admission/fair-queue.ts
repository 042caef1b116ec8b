/**
 * Who waits for one target, in fair order: the turns are served round robin, within a turn its sessions are, and within a session
 * whoever came first. A turn that floods the queue thus waits for itself and not the others for it, whatever sessions it invents.
 *
 * Every operation is O(log n) in the waiters of one session or better. It does not bound itself, and knows no time: see `admission.ts`.
 */
import { createHeap, outside, type HeapItem } from './heap.ts';

export interface QueuePlace {
  readonly turn: string;
  /** Clients choose these names, so they divide a turn and nothing else. */
  readonly session?: string | undefined;
}

export interface QueueEntry extends HeapItem, QueuePlace {
  readonly arrivedMs: number;
  /** Rises from one waiter to the next: decides between those of the same moment. */
  readonly sequence: number;
}

export interface FairQueue<Entry> extends Line<Entry> {
  readonly turns: number;
}

interface Line<Entry> {
  readonly size: number;
  add(entry: Entry): void;
  /** Does nothing if it is not in. */
  remove(entry: Entry): void;
  /** The next in fair order, taken out; its turn goes to the end of the round. */
  shift(): Entry | undefined;
  /** At most how many would be served before one that is added there now. */
  aheadOf(place: QueuePlace): number;
  /** Everybody, in no order. */
  list(): Entry[];
}

export function createFairQueue<Entry extends QueueEntry>(): FairQueue<Entry> {
  const createSessions = (): Line<Entry> => createRound(({ session = '' }) => session, createArrivals<Entry>);
  return createRound(({ turn }) => turn, createSessions);
}

/** Those of one turn or session, linked to the ones before and after it in the round. */
interface Turn<Entry> {
  readonly name: string;
  readonly waiters: Line<Entry>;
  previous: Turn<Entry>;
  next: Turn<Entry>;
}

function createRound<Entry extends QueueEntry>(nameOf: (place: QueuePlace) => string, createLine: () => Line<Entry>): FairQueue<Entry> {
  const turns = new Map<string, Turn<Entry>>();
  /** Whose turn it is. */
  let current: Turn<Entry> | undefined;
  let size = 0;

  function openTurn(name: string): Turn<Entry> {
    // A ring of one is linked to itself, which a literal cannot say.
    const turn: Turn<Entry> = { name, waiters: createLine() } as Turn<Entry>;
    turn.previous = current?.previous ?? turn;
    turn.next = current ?? turn;
    turn.previous.next = turn;
    turn.next.previous = turn;
    current ??= turn;
    turns.set(name, turn);
    return turn;
  }

  function left(turn: Turn<Entry>): void {
    size -= 1;
    if (turn.waiters.size > 0) return;
    turns.delete(turn.name);
    turn.previous.next = turn.next;
    turn.next.previous = turn.previous;
    if (current === turn) current = turn.next === turn ? undefined : turn.next;
  }

  return {
    get size() {
      return size;
    },
    get turns() {
      return turns.size;
    },
    add(entry) {
      const name = nameOf(entry);
      (turns.get(name) ?? openTurn(name)).waiters.add(entry);
      size += 1;
    },
    remove(entry) {
      const turn = entry.heapIndex === outside ? undefined : turns.get(nameOf(entry));
      if (!turn) return;
      turn.waiters.remove(entry);
      left(turn);
    },
    shift() {
      const turn = current;
      const entry = turn?.waiters.shift();
      if (!turn || !entry) return undefined;
      current = turn.next;
      left(turn);
      return entry;
    },
    aheadOf(place) {
      const own = turns.get(nameOf(place))?.waiters.aheadOf(place) ?? 0;
      return Math.min(size, (own + 1) * turns.size);
    },
    list: () => Array.from(turns.values(), ({ waiters }) => waiters.list()).flat(),
  };
}

function createArrivals<Entry extends QueueEntry>(): Line<Entry> {
  const waiters = createHeap<Entry>(cameBefore);
  return {
    get size() {
      return waiters.size;
    },
    add: (entry) => waiters.add(entry),
    remove: (entry) => waiters.remove(entry),
    shift() {
      const { first } = waiters;
      if (first) waiters.remove(first);
      return first;
    },
    aheadOf: () => waiters.size,
    list: () => [...waiters.items],
  };
}

function cameBefore(one: QueueEntry, other: QueueEntry): boolean {
  return one.arrivedMs < other.arrivedMs || (one.arrivedMs === other.arrivedMs && one.sequence < other.sequence);
}
