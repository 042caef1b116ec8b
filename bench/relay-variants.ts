/**
 * Relays that do the same work in different ways, for `http-server.ts` to compare. Run as `node relay-variants.ts UPSTREAM-PORT NAME`.
 *
 * None of them is part of the gateway or of the tables in `docs/performance.md`.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import { peersDirectory } from './install-peers.ts';

/** The few functions of Fastify called here: it is installed in `bench/peers/` alone, so its own types are not at hand. */
interface FastifyServer {
  readonly server: Server;
  addContentTypeParser(
    type: string,
    options: { parseAs: 'buffer' },
    parse: (request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => void,
  ): void;
  post(path: string, handle: (request: { body: unknown; url: string }, reply: { hijack(): void; raw: ServerResponse }) => void): void;
  listen(options: { port: number; host: string }): Promise<string>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const upstreamPort = Number(process.argv[2]);
const headers = { 'content-type': 'application/json', authorization: 'Bearer bench' };
const requestOf = (path: string) => ({ path, method: 'POST', headers }) as const;

function newPool(options: Pool.Options = {}): Pool {
  return new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 256, pipelining: 1, ...options });
}

/** A relay that fails ends the bench with the unhandled rejection: its figures would mean nothing. */
function collect(request: IncomingMessage, use: (body: Buffer) => unknown): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => use(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)));
}

function dispatchHandler(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart() {},
    onResponseStart(_controller, status, answered) {
      response.writeHead(status, answered as Record<string, string>);
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

/** The names say the one thing in which a variant differs from `dispatch`. */
const handlers: Record<string, () => Handler> = {
  dispatch() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => pool.dispatch({ ...requestOf(request.url ?? '/'), body }, dispatchHandler(response)));
  },
  'dispatch-body-piped'() {
    const pool = newPool();
    return (request, response) => {
      const length = request.headers['content-length'];
      const sized = length === undefined ? headers : { ...headers, 'content-length': length };
      pool.dispatch({ ...requestOf(request.url ?? '/'), headers: sized, body: request }, dispatchHandler(response));
    };
  },
  stream() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => {
        pool
          .stream({ ...requestOf(request.url ?? '/'), body }, ({ statusCode, headers: answered }) =>
            response.writeHead(statusCode, answered as Record<string, string>),
          )
          .catch((error: Error) => response.destroy(error));
      });
  },
  'request-pipeline'() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => {
        pool.request({ ...requestOf(request.url ?? '/'), body }).then(
          (answer) => {
            response.writeHead(answer.statusCode, answer.headers as Record<string, string>);
            pipeline(answer.body, response, () => {});
          },
          (error: Error) => response.destroy(error),
        );
      });
  },
  'request-for-await'() {
    const pool = newPool();
    return (request, response) =>
      collect(request, async (body) => {
        const answer = await pool.request({ ...requestOf(request.url ?? '/'), body });
        response.writeHead(answer.statusCode, answer.headers as Record<string, string>);
        for await (const piece of answer.body) if (!response.write(piece)) await once(response, 'drain');
        response.end();
      });
  },
  fetch() {
    return (request, response) =>
      collect(request, async (body) => {
        const answer = await fetch(`http://127.0.0.1:${upstreamPort}${request.url}`, {
          method: 'POST',
          headers,
          body: new Uint8Array(body),
        });
        response.writeHead(answer.status, [...answer.headers].flat());
        for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) response.write(piece);
        response.end();
      });
  },
  'abort-controller': () =>
    withEach(() => {
      const controller = new AbortController();
      controller.signal.addEventListener('abort', () => controller.signal.reason, { once: true });
    }),
  'abort-any-timeout': () =>
    withEach(() => {
      AbortSignal.any([new AbortController().signal, AbortSignal.timeout(60_000)]);
    }),
  timers: () =>
    withEach((response) => {
      const timers = [setTimeout(() => {}, 60_000), setTimeout(() => {}, 120_000)];
      response.on('close', () => timers.forEach(clearTimeout));
    }),
  'random-uuid': () =>
    withEach((response) => {
      response.setHeader('x-openclaw-request-id', crypto.randomUUID());
    }),
  'json-parse'() {
    const inner = newPool();
    return (request, response) =>
      collect(request, (body) => {
        const parsed: unknown = JSON.parse(body.toString());
        inner.dispatch({ ...requestOf(request.url ?? '/'), body: parsed === null ? '' : body }, dispatchHandler(response));
      });
  },
  'json-parse-and-stringify'() {
    const inner = newPool();
    return (request, response) =>
      collect(request, (body) => {
        const again = JSON.stringify(JSON.parse(body.toString()));
        inner.dispatch({ ...requestOf(request.url ?? '/'), body: again }, dispatchHandler(response));
      });
  },
  'head-as-array': () =>
    respondWith((response, status, answered) => {
      response.writeHead(status, Object.entries(answered).flat() as string[]);
    }),
  'head-as-raw-array'() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => {
        const handler = dispatchHandler(response);
        handler.onResponseStart = (controller, status) => {
          response.writeHead(
            status,
            (controller.rawHeaders as Buffer[]).map((part) => part.toString('latin1')),
          );
        };
        pool.dispatch({ ...requestOf(request.url ?? '/'), body }, handler);
      });
  },
  'forward-headers-as-objects'() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => {
        const { connection: _connection, host: _host, ...kept } = request.headers;
        pool.dispatch({ path: request.url ?? '/', method: 'POST', headers: kept, body }, dispatchHandler(response));
      });
  },
  'forward-headers-raw'() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => {
        const handler = dispatchHandler(response);
        handler.onResponseStart = (controller, status) => {
          response.writeHead(status, keptHeaders((controller.rawHeaders as Buffer[]).map((part) => part.toString('latin1'))));
        };
        pool.dispatch({ path: request.url ?? '/', method: 'POST', headers: keptHeaders(request.rawHeaders), body }, handler);
      });
  },
  'set-header-each': () =>
    respondWith((response, status, answered) => {
      for (const [name, value] of Object.entries(answered)) response.setHeader(name, value as string);
      response.writeHead(status);
    }),
  'whole-answer-in-one-end'() {
    const pool = newPool();
    return (request, response) =>
      collect(request, (body) => {
        const pieces: Buffer[] = [];
        const handler = dispatchHandler(response);
        handler.onResponseData = (_controller, piece) => void pieces.push(piece);
        handler.onResponseEnd = () => response.end(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
        pool.dispatch({ ...requestOf(request.url ?? '/'), body }, handler);
      });
  },
  'undici-no-timeouts': () => dispatchOver(newPool({ headersTimeout: 0, bodyTimeout: 0 })),
  'undici-unbounded': () => dispatchOver(new Pool(`http://127.0.0.1:${upstreamPort}`)),
};

/** The server's own settings; the handler is `dispatch`. */
const serverVariants: Record<string, ServerOptions> = {
  'server-no-request-timeouts': { requestTimeout: 0, headersTimeout: 0, connectionsCheckingInterval: 2 ** 30 },
  'server-keep-alive-72s': { keepAliveTimeout: 72_000 },
  'server-small-buffer': { highWaterMark: 16 * 1024 },
  'server-join-duplicate-headers': { joinDuplicateHeaders: true },
  'server-no-host-required': { requireHostHeader: false },
  'server-no-delay-off': { noDelay: false },
};

const hopByHop = new Set(['connection', 'keep-alive', 'host']);

function keptHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name, value] = [raw[at] as string, raw[at + 1] as string];
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

function dispatchOver(pool: Pool): Handler {
  return (request, response) =>
    collect(request, (body) => pool.dispatch({ ...requestOf(request.url ?? '/'), body }, dispatchHandler(response)));
}

function withEach(before: (response: ServerResponse) => void): Handler {
  const inner = dispatchOver(newPool());
  return (request, response) => {
    before(response);
    inner(request, response);
  };
}

function respondWith(head: (response: ServerResponse, status: number, answered: object) => void): Handler {
  const pool = newPool();
  return (request, response) =>
    collect(request, (body) => {
      const handler = dispatchHandler(response);
      handler.onResponseStart = (_controller, status, answered) => head(response, status, answered);
      pool.dispatch({ ...requestOf(request.url ?? '/'), body }, handler);
    });
}

/** Fastify with a parser that hands the body over unread and a reply that is ours from then on: the least it can do. */
async function startFastify(style: 'hijack' | 'json'): Promise<number> {
  const { fastify } = createRequire(join(peersDirectory, 'package.json'))('fastify') as { fastify(): FastifyServer };
  const server = fastify();
  const pool = newPool();
  if (style === 'hijack') {
    server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  }
  server.post('/v1/chat/completions', (request, reply) => {
    reply.hijack();
    const body = style === 'hijack' ? (request.body as Buffer) : JSON.stringify(request.body);
    pool.dispatch({ ...requestOf(request.url), body }, dispatchHandler(reply.raw));
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  return (server.server.address() as AddressInfo).port;
}

export const variantNames = [...Object.keys(handlers), ...Object.keys(serverVariants), 'fastify', 'fastify-json'];

if (import.meta.main) {
  const name = process.argv[3] ?? 'dispatch';
  process.on('disconnect', () => process.exit(0));
  if (name.startsWith('fastify')) {
    process.send?.({ listening: await startFastify(name === 'fastify' ? 'hijack' : 'json') });
  } else {
    const handler = (handlers[name] ?? handlers['dispatch'])?.();
    const server = createServer({ ...serverVariants[name] }, handler).listen(0, '127.0.0.1', () => {
      process.send?.({ listening: (server.address() as AddressInfo).port });
    });
  }
}
