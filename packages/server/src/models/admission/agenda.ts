/**
 * Many moments, one timer: whoever waits for a moment is called when it has come, and the clock is asked only for the
 * next one. With nothing to wait for there is no timer.
 *
 * It does not know what happens at a moment: see `admission.ts`.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { createHeap, outside, type HeapItem } from './heap.ts';

export interface AgendaEntry extends HeapItem {
  /** Monotonic; kept by the agenda. */
  atMs: number;
  /** Called once, when the moment has come; the entry is off the agenda by then. */
  due(nowMs: number): void;
}

export interface Agenda {
  /** Puts the entry on the agenda, or moves it. */
  set(entry: AgendaEntry, atMs: number): void;
  clear(entry: AgendaEntry): void;
}

/** A timer that is set for longer wakes in between; timers of Node end at 2^31 ms. */
const longestTimerMs = 86_400_000;

export function createAgenda(clock: Clock): Agenda {
  const entries = createHeap<AgendaEntry>((one, other) => one.atMs < other.atMs);
  let timer: Timer | undefined;
  let timerAtMs = Infinity;
  let firing = false;

  function disarm(): void {
    timer?.cancel();
    timer = undefined;
    timerAtMs = Infinity;
  }

  /** A timer that comes too early is left: it finds nothing due and is set anew. */
  function arm(): void {
    if (firing) return;
    const next = entries.first;
    if (!next) {
      disarm();
      return;
    }
    if (timer && timerAtMs <= next.atMs) return;
    timer?.cancel();
    const nowMs = clock.monotonicMs();
    const delayMs = Math.min(longestTimerMs, Math.max(0, next.atMs - nowMs));
    timerAtMs = nowMs + delayMs;
    timer = clock.after(delayMs, fire);
  }

  function fire(): void {
    timer = undefined;
    timerAtMs = Infinity;
    firing = true;
    try {
      const nowMs = clock.monotonicMs();
      for (let entry = entries.first; entry && entry.atMs <= nowMs; entry = entries.first) {
        entries.remove(entry);
        entry.due(nowMs);
      }
    } finally {
      firing = false;
      arm();
    }
  }

  return {
    set(entry, atMs) {
      if (entry.heapIndex !== outside && entry.atMs === atMs) return;
      entries.remove(entry);
      entry.atMs = atMs;
      entries.add(entry);
      arm();
    },
    clear(entry) {
      if (entry.heapIndex === outside) return;
      entries.remove(entry);
      arm();
    },
  };
}
