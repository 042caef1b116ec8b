/** What waits for all clients that are far behind, and its bound: one that is too far behind must not cost the others theirs. */

/** As much of a `Wire` as is needed here. */
export interface SlowWire {
  readonly bufferedBytes: number;
  /** False once it was closed; what waits for it may go out for a moment more. */
  readonly isOpen: boolean;
  closeAsSlow(): void;
  cutAsSlow(): void;
}

export interface Backlog {
  /** It is far behind, more than before. May close one of them. */
  note(wire: SlowWire): void;
  /** It has caught up, or is gone. */
  forget(wire: SlowWire): void;
  bufferedBytes(): number;
}

/** From this part of the limit on clients are closed; the rest is for those that hear why before they go. */
const closingPart = 0.5;

export function createBacklog(limitBytes: number): Backlog {
  const behind = new Set<SlowWire>();
  return {
    note(wire) {
      behind.add(wire);
      const open = [...behind].filter(({ isOpen }) => isOpen);
      if (sum(open) > limitBytes * closingPart) furthest(open)?.closeAsSlow();
      while (sum(behind) > limitBytes) {
        const victim = furthest([...behind]);
        if (victim === undefined) return;
        behind.delete(victim);
        victim.cutAsSlow();
      }
    },
    forget: (wire) => void behind.delete(wire),
    bufferedBytes: () => sum(behind),
  };
}

function sum(wires: Iterable<SlowWire>): number {
  let bytes = 0;
  for (const wire of wires) bytes += wire.bufferedBytes;
  return bytes;
}

/** Those that are closed already go before others that are as far behind. */
function furthest(wires: readonly SlowWire[]): SlowWire | undefined {
  return wires.toSorted((one, other) => other.bufferedBytes - one.bufferedBytes || Number(one.isOpen) - Number(other.isOpen))[0];
}
