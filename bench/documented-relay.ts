/**
 * The relay that most people would write: `node:http` in front of an undici pool, with `request` and `stream.pipeline` as undici's
 * documentation shows. Run as `node documented-relay.ts UPSTREAM-PORT`.
 *
 * It stands beside `bare-relay.ts`, which is as fast as Node can be made to relay, so that both ends of "a plain relay" are seen.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { Pool } from 'undici';

/** What belongs to one connection and so is not copied to the other. */
const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'expect']);

function relay(pool: Pool, request: IncomingMessage, response: ServerResponse): void {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !hopByHop.has(name)));
  pool.request({ path: request.url ?? '/', method: 'POST', headers, body: request }).then(
    (answer) => {
      if (response.destroyed) return void answer.body.on('error', () => {}).destroy(); // The client has left meanwhile.
      const kept = Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name));
      response.writeHead(answer.statusCode, Object.fromEntries(kept) as Record<string, string>);
      pipeline(answer.body, response, () => {});
    },
    (error: Error) => response.destroy(error),
  );
}

if (import.meta.main) {
  const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`);
  const server = createServer((request, response) => relay(pool, request, response));
  server.listen(0, '127.0.0.1', 4096, () => process.send?.({ listening: (server.address() as AddressInfo).port }));
  process.on('disconnect', () => process.exit(0));
}
