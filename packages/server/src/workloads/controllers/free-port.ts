/** Finds a port of the loopback that nobody listens on. Whoever gets it uses it soon: nothing holds it for them. */
import { createServer, type AddressInfo } from 'node:net';

/** Those given out lately: two programs that start together must not get the same one. */
const remembered = 256;

export function createPortFinder(): () => Promise<number> {
  const recent: number[] = [];
  return async () => {
    for (;;) {
      const port = await findPort();
      if (recent.includes(port)) continue;
      recent.push(port);
      if (recent.length > remembered) recent.shift();
      return port;
    }
  };
}

function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
