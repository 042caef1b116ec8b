/**
 * The bar: the plainest fast relay that Node makes, `node:http` in front of an undici pool with `dispatch`. Run as
 * `node bare-relay.ts UPSTREAM-PORT`.
 *
 * It has no authentication, limits, timeouts, logs or metrics, and stays so. `dispatch` was the fastest of the ways
 * compared by `http-server.ts`. It does what a relay must: it keeps the client's headers, honours back-pressure, and
 * cancels the upstream when the client leaves.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';

/** What belongs to one connection and so is not copied to the other; undici counts the request's body itself. */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'host']);

function relay(pool: Pool, request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const [first] = pieces;
    const body = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
    const options = { path: request.url ?? '/', method: 'POST', headers: forwarded(request.rawHeaders), body } as const;
    pool.dispatch(options, handlerFor(response));
  });
}

/** Headers as they came, name and value in turn: cheaper than objects for both sides. */
function forwarded(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name, value] = [raw[at] as string, raw[at + 1] as string];
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

function handlerFor(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'));
      });
    },
    onResponseStart(controller, status) {
      const raw = (controller.rawHeaders as Buffer[]).map((part) => part.toString('latin1'));
      response.writeHead(status, forwarded(raw));
    },
    onResponseData(controller, piece) {
      if (response.write(piece)) return;
      controller.pause();
      response.once('drain', () => controller.resume());
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError(_controller, error) {
      response.destroy(error);
    },
  };
}

if (import.meta.main) {
  const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`);
  const server = createServer((request, response) => relay(pool, request, response));
  server.listen(0, '127.0.0.1', 4096, () => process.send?.({ listening: (server.address() as AddressInfo).port }));
  process.on('disconnect', () => process.exit(0));
}
