/**
 * A proxy that cuts connections on which nothing has passed for a while, as load balancers do.
 *
 * It reads nothing of what passes.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface IdleCutter extends AsyncDisposable {
  readonly port: number;
  /** Connections that were cut for their silence. */
  readonly cut: number;
}

export async function startIdleCutter(towardsPort: number, idleMs: number): Promise<IdleCutter> {
  let cut = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(towardsPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    // Data from the other side counts as well: writing to a socket renews its timeout.
    client.setTimeout(idleMs, () => {
      cut += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get cut() {
      return cut;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
