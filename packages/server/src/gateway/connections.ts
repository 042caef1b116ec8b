/** How many connections each caller holds. A connection belongs to whoever sent the first good credential on it. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

interface Caller {
  readonly id: string;
}

export interface CountedConnections<Principal extends Caller> {
  /** As the function that was handed in; after the first request of a connection the counting is a look-up. */
  readonly authenticate: (request: IncomingMessage) => Principal;
  /** Callers and how many connections each holds now. */
  open(): ReadonlyMap<string, number>;
}

export function countConnections<Principal extends Caller>(
  authenticate: (request: IncomingMessage) => Principal,
): CountedConnections<Principal> {
  const known = new WeakSet<Socket>();
  // Callers that hold a connection: no more than there are connections.
  const counts = new Map<string, number>();

  const count = (socket: Socket, caller: string): void => {
    known.add(socket);
    counts.set(caller, (counts.get(caller) ?? 0) + 1);
    socket.once('close', () => {
      const left = (counts.get(caller) ?? 1) - 1;
      if (left > 0) counts.set(caller, left);
      else counts.delete(caller);
    });
  };

  return {
    authenticate(request) {
      const principal = authenticate(request);
      const { socket } = request;
      if (!known.has(socket) && !socket.destroyed) count(socket, principal.id);
      return principal;
    },
    open: () => counts,
  };
}
