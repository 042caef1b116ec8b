/** Connections whose handshake is not through: how many there may be, in all and of one address. */
import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { isLoopback } from '../peer.ts';

export interface WaitingRoom {
  readonly size: number;
  /** @returns `undefined` if too many of this address wait already, or too many at all, and all of those only since a moment ago */
  enter(address: string, giveWay: () => void): Place | undefined;
}

export interface Place {
  /** Safe to call twice. */
  leave(): void;
  /** Called if the room is full and this one has waited longest, and too long. What there is to do changes as the connection comes about. */
  giveWay: () => void;
}

interface Waiting extends Place {
  readonly source: string;
  readonly sinceMs: number;
}

/** An honest handshake takes milliseconds, or a little longer when all come back at once. */
const honestMs = 1000;

export function createWaitingRoom(
  clock: Clock,
  limits: { readonly waitingConnections: number; readonly waitingConnectionsPerAddress: number },
): WaitingRoom {
  // In the order in which they came.
  const waiting = new Set<Waiting>();
  const counts = new Map<string, number>();

  const leave = (entry: Waiting): void => {
    if (!waiting.delete(entry)) return;
    // The connection keeps its place for as long as it lives, but need not keep its whole handshake with it.
    entry.giveWay = () => undefined;
    const left = (counts.get(entry.source) ?? 1) - 1;
    if (left > 0) counts.set(entry.source, left);
    else counts.delete(entry.source);
  };

  /** Who has to go for the next one of this address; of a crowd that stands behind one proxy its own oldest. */
  const inTheWay = (source: string, address: string): Waiting | undefined => {
    const isCrowded = (counts.get(source) ?? 0) >= limits.waitingConnectionsPerAddress;
    // Proxies on this machine speak for everybody.
    if (isCrowded && !isLoopback(address)) return [...waiting].find((entry) => entry.source === source);
    return waiting.size >= limits.waitingConnections ? [...waiting][0] : undefined;
  };

  return {
    get size() {
      return waiting.size;
    },
    enter(address, giveWay) {
      const source = sourceOf(address);
      const oldest = inTheWay(source, address);
      if (oldest) {
        if (clock.monotonicMs() - oldest.sinceMs < honestMs) return undefined;
        const { giveWay: makeRoom } = oldest;
        oldest.leave();
        makeRoom();
      }
      const entry: Waiting = { source, sinceMs: clock.monotonicMs(), giveWay, leave: () => leave(entry) };
      waiting.add(entry);
      counts.set(source, (counts.get(source) ?? 0) + 1);
      return entry;
    },
  };
}

/** Of IPv6 one network of 64 bits, which is what a single subscriber has. */
function sourceOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === '' ? [] : tail.split(':');
  const filled = address.includes('::')
    ? [...groups, ...Array.from({ length: 8 - groups.length - rest.length }, () => '0'), ...rest]
    : groups;
  return filled.slice(0, 4).join(':');
}
