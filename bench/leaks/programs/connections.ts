/** Leaks connections: one request in five opens one to a server in this process, and never closes it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { payload, serve } from './serve.ts';

const server = createServer((socket) => socket.on('data', (data) => socket.write(data))).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const pool = new Set<object>();

function handle(request: number): void {
  if (request % 5 > 0) return;
  const body = Buffer.alloc(16_384, request);
  const socket = connect(port, '127.0.0.1', () => socket.write(payload(request)));
  pool.add({ socket, body });
}

await serve(handle, () => 5, { sessionMs: 30_000 });
