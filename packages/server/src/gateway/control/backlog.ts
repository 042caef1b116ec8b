/** What waits for all clients that are far behind, and its bound: one that is too far behind must not cost the others theirs. */

/** As much of a `Wire` as is needed here. */
export interface SlowWire {
  readonly bufferedBytes: number;
  closeAsSlow(): void;
}

export interface Backlog {
  /** It is far behind, more than before. May close one of them. */
  note(wire: SlowWire): void;
  /** It has caught up, or is gone. */
  forget(wire: SlowWire): void;
  bufferedBytes(): number;
}

export function createBacklog(limitBytes: number): Backlog {
  const behind = new Set<SlowWire>();
  const sum = (): number => {
    let bytes = 0;
    for (const wire of behind) bytes += wire.bufferedBytes;
    return bytes;
  };
  return {
    note(wire) {
      behind.add(wire);
      if (sum() <= limitBytes) return;
      const furthest = [...behind].reduce((most, next) => (next.bufferedBytes > most.bufferedBytes ? next : most));
      // It counts no longer, though its bytes stay until it is cut a moment later.
      behind.delete(furthest);
      furthest.closeAsSlow();
    },
    forget: (wire) => void behind.delete(wire),
    bufferedBytes: sum,
  };
}
