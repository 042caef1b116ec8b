/** How many connections each caller holds. A connection belongs to whoever sent the first good credential on it. */
import type { Socket } from 'node:net';

export interface ConnectionCounts {
  /** Called with every request; after the first of a connection it is a look-up. */
  seen(socket: Socket, caller: string): void;
  open(): ReadonlyMap<string, number>;
}

export function createConnectionCounts(): ConnectionCounts {
  const known = new WeakSet<Socket>();
  // Callers that hold a connection: no more than there are connections.
  const counts = new Map<string, number>();
  return {
    seen(socket, caller) {
      if (known.has(socket) || socket.destroyed) return;
      known.add(socket);
      counts.set(caller, (counts.get(caller) ?? 0) + 1);
      socket.once('close', () => {
        const left = (counts.get(caller) ?? 1) - 1;
        if (left > 0) counts.set(caller, left);
        else counts.delete(caller);
      });
    },
    open: () => counts,
  };
}
