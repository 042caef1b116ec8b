/**
 * The one port: a bare `node:http` server with its bounds, and its orderly end. What is answered: `router.ts`.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from '../core/node-http.ts';
import { Server as SocketServer, type AddressInfo, type Socket } from 'node:net';
import { OpenClawError, reasonOf } from '../core/errors.ts';

export interface ListenerLimits {
  readonly headerBytes: number;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly connections: number;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Accepts no more; idle connections close now, busy ones after their answer. Resolves when every answer has been handed over. */
  stopAccepting(): Promise<void>;
  /** Connections from now on see this certificate. */
  renew(tls: TlsMaterial): void;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes over a connection that asks for another protocol, and owns its socket from then on. */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

export interface Handlers {
  readonly request: RequestHandler;
  /** Without it a request for another protocol is answered like any other. */
  readonly upgrade?: UpgradeHandler;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: ListenerLimits;
  /** With it HTTPS is spoken and nothing else. */
  readonly tls?: TlsMaterial | undefined;
}

/** Both as PEM. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
}

/** @throws OpenClawError `port_in_use`, `bind_failed`, `tls_invalid` */
export async function listen(options: ListenOptions, handlers: Handlers): Promise<Listener> {
  const connections = createConnections();
  const { limits } = options;
  const onRequest: RequestHandler = (request, response) => {
    connections.begin(response);
    handlers.request(request, response);
  };
  const { server, renew } = await createServerFor(options, onRequest, handlers.upgrade !== undefined);
  server.on(options.tls ? 'secureConnection' : 'connection', connections.add);
  if (options.tls) server.on('connection', connections.expect);
  server.maxConnections = limits.connections;
  const { upgrade } = handlers;
  if (upgrade) {
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      connections.handOver(socket);
      upgrade(request, socket, head);
    });
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const plain = error.code === 'ERR_SSL_HTTP_REQUEST' ? connections.expected(socket) : undefined;
    if (plain) answerPlainHttp(plain);
    // Words of ours in the middle of an answer would be taken for a part of it.
    else if (connections.hasBegunAnswer(socket)) socket.destroy();
    else answerBrokenRequest(error, socket);
  });
  await start(server, options);
  const bound = server.address() as AddressInfo;
  return {
    host: bound.address,
    port: bound.port,
    stopAccepting() {
      // Of the socket server alone: the one of HTTP takes an answer for sent that is still in its buffers, and cuts it.
      SocketServer.prototype.close.call(server);
      return connections.finish();
    },
    renew,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        connections.cutExpected();
      }),
  };
}

interface HttpServer {
  readonly server: Server;
  renew(tls: TlsMaterial): void;
}

async function createServerFor({ limits, tls }: ListenOptions, onRequest: RequestHandler, mayUpgrade: boolean): Promise<HttpServer> {
  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.headerTimeoutMs + limits.bodyTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    // How late the times above are noticed. Node's own half a minute would be added to each of them.
    connectionsCheckingInterval: Math.min(5000, Math.max(100, Math.round(limits.headerTimeoutMs / 3))),
    noDelay: true,
    // Others that offer another protocol, such as Java's HTTP client with `h2c`, are answered as the plain requests that they also are.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => mayUpgrade && headers.upgrade?.toLowerCase() === 'websocket',
  };
  if (!tls) return { server: createServer(settings, onRequest), renew: () => {} };
  const { createServer: createSecureServer } = await import('node:https');
  try {
    const server = createSecureServer(
      // Node's own two minutes would let strangers hold connections for nothing.
      { ...settings, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2', handshakeTimeout: limits.headerTimeoutMs },
      onRequest,
    );
    return { server, renew: ({ certificate, key }) => server.setSecureContext({ cert: certificate, key }) };
  } catch (cause) {
    throw new OpenClawError('tls_invalid', { details: { reason: reasonOf(cause) }, cause });
  }
}

interface Connections {
  readonly add: (socket: Socket) => void;
  /** Its TLS handshake begins. Until it is through nobody else knows of this connection. */
  readonly expect: (socket: Socket) => void;
  /** The connection below one whose handshake failed, which can still be written to. */
  expected(secure: Socket): Socket | undefined;
  cutExpected(): void;
  /** Somebody else owns it now. */
  handOver(socket: Socket): void;
  begin(response: ServerResponse): void;
  hasBegunAnswer(socket: Socket): boolean;
  /** Closes each connection once it has nothing more to say. Resolves when every answer under way has been handed over. */
  finish(): Promise<void>;
}

/** The connections that are open, and the answers that are under way on them. */
function createConnections(): Connections {
  const sockets = new Set<Socket>();
  const handshakes = new Set<Socket>();
  const answers = new Set<ServerResponse>();
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  let finishing = false;

  // One function for all answers and one for all sockets, as both are many.
  function onAnswerClose(this: ServerResponse): void {
    answers.delete(this);
    if (!finishing) return;
    this.req.socket.destroySoon();
    if (answers.size === 0) resolve();
  }
  function onSocketClose(this: Socket): void {
    sockets.delete(this);
    handshakes.delete(this);
  }

  return {
    add(socket) {
      sockets.add(socket);
      socket.on('close', onSocketClose);
    },
    expect(socket) {
      if (finishing) socket.destroy();
      else handshakes.add(socket.once('close', onSocketClose));
    },
    expected: ({ remotePort, remoteAddress }) =>
      [...handshakes].find((socket) => socket.remotePort === remotePort && socket.remoteAddress === remoteAddress),
    cutExpected() {
      for (const socket of handshakes) socket.destroy();
    },
    handOver(socket) {
      sockets.delete(socket);
    },
    begin(response) {
      answers.add(response);
      response.on('close', onAnswerClose);
      if (finishing) response.shouldKeepAlive = false;
    },
    hasBegunAnswer: (socket) => [...answers].some((response) => response.headersSent && response.req.socket === socket),
    finish() {
      finishing = true;
      const busy = new Set([...answers].map((response) => response.req.socket));
      for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
      // Their clients learn from the head that nothing more is taken here; where it has gone out, from the close.
      for (const response of answers) response.shouldKeepAlive = false;
      if (answers.size === 0) resolve();
      return finished;
    },
  };
}

function start(server: Server, address: { readonly host: string; readonly port: number }): Promise<void> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    server.once('error', (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'EADDRINUSE') {
        reject(new OpenClawError('port_in_use', { details: { port, host, holder: '' }, cause: thrown }));
      } else reject(new OpenClawError('bind_failed', { details: { port, host, reason: reasonOf(thrown) }, cause: thrown }));
    });
    server.listen(port, host, () => resolve());
  });
}

/** To somebody who wrote `http://` before the address: what is asked has crossed the network in the clear by now, so it is not answered. */
function answerPlainHttp(socket: Socket): void {
  const body = 'This port speaks https: write https:// before the address.\n';
  const head =
    'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n';
  socket.end(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  socket.setTimeout(lastWordsMs, () => socket.destroy());
}

/** How long a client that spoke no HTTP has to take its answer and go. Without an end it could keep the connection for ever. */
const lastWordsMs = 500;

/** What cannot be parsed as HTTP has no endpoint, so it gets the plainest of answers. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, words] = brokenRequests[error.code ?? ''] ?? ['400 Bad Request', 'the request is not HTTP/1.1'];
  const body = JSON.stringify({ error: { message: words, type: 'invalid_request_error', param: null, code: 'invalid_request' } });
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  // Closing at once could reset the connection under an answer that is not read yet. Who was too slow already gets no more time.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.destroySoon();
  else socket.setTimeout(lastWordsMs, () => socket.destroy());
}

const brokenRequests: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are larger than gateway.limits.headerBytes'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time'],
};
