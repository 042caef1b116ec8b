/**
 * From a request that asks for another protocol to an open WebSocket: the path, the Host, how many wait already.
 *
 * What is said on the WebSocket is not its business. The library is loaded with the first request that needs it.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { wireLimits } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { isDirectLoopback } from '../peer.ts';
import type { Peer } from './contract.ts';
import type { ControlLimits } from './limits.ts';
import type { Place, WaitingRoom } from './waiting-room.ts';

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ControlLimits;
  readonly waitingRoom: WaitingRoom;
  readonly refuse: (request: IncomingMessage) => OpenClawError | undefined;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly welcome: (arrival: Arrival) => void;
}

export interface Arrival {
  readonly ws: WebSocket;
  readonly socket: Socket;
  readonly request: IncomingMessage;
  readonly peer: Peer;
  readonly place: Place;
}

export interface Reception {
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  close(): void;
}

/** The control plane has one address; the page that people see lies at the same. */
const path = '/';

export function createReception(options: ReceptionOptions): Reception {
  const { clock, log, limits, waitingRoom } = options;
  let isClosed = false;
  let server: Promise<WebSocketServer> | undefined;

  const refuse = (socket: Socket, error: OpenClawError): void => {
    answerPlainly(socket, error);
    const patience = clock.after(lastWordsMs, () => socket.destroy());
    socket.once('close', () => patience.cancel());
  };
  const open = async ({ request, socket, head, place }: Entering): Promise<void> => {
    try {
      server ??= loadServer(limits);
      const loaded = await server;
      if (socket.destroyed) return;
      if (isClosed) {
        refuse(socket, closing());
        return;
      }
      const { headers } = request;
      const peer: Peer = {
        address: options.addressOf(request),
        isDirectLoopback: isDirectLoopback(request),
        origin: headers.origin,
        headers,
      };
      loaded.handleUpgrade(request, socket, head, (ws) => options.welcome({ ws, socket, request, peer, place }));
    } catch (thrown) {
      // The next one tries again: files may be replaced under a program that runs.
      server = undefined;
      log.error('the control plane could not take over a connection', { error: thrown });
      refuse(socket, new OpenClawError('internal_error', { details: { requestId: '-' }, cause: thrown }));
    }
  };

  return {
    upgrade(request, socket, head) {
      // Nobody else listens now, and an error without a listener ends the process. The close that follows it is what counts.
      socket.on('error', (error: Error) => log.debug('a connection to the control plane broke', { error: error.message }));
      const refusal = isClosed ? closing() : refusalOf(request, options);
      if (refusal !== undefined) {
        refuse(socket, refusal);
        return;
      }
      const place = waitingRoom.enter(options.addressOf(request), () => socket.destroy());
      if (place === undefined) {
        refuse(socket, new OpenClawError('too_many_handshakes', { retryAfterMs: 1000 }));
        return;
      }
      socket.once('close', () => place.leave());
      void open({ request, socket, head, place });
    },
    close() {
      isClosed = true;
    },
  };
}

interface Entering {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly place: Place;
}

function closing(): OpenClawError {
  return new OpenClawError('draining', { retryAfterMs: 1000 });
}

/** The other end of the connection; an address of IPv4 as such, also where the system wraps it. */
export function peerAddress({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

async function loadServer(limits: ControlLimits): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  // Its types are older than this option.
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: wireLimits.frameBytes,
    closeTimeout: limits.closeGraceMs,
    // One message of a connection per turn of the event loop: a flood of one client does not hold up the others.
    allowSynchronousEvents: false,
  };
  return new WebSocketServer(options);
}

function refusalOf(request: IncomingMessage, { refuse }: ReceptionOptions): OpenClawError | undefined {
  const asked = (request.url ?? '').split('?')[0] ?? '';
  if (asked !== path) return new OpenClawError('not_found', { details: { method: request.method ?? '', path: asked.slice(0, 200) } });
  if ((request.headers.upgrade ?? '').toLowerCase() !== 'websocket') {
    return new OpenClawError('invalid_request', { details: { path: 'Upgrade', reason: 'must be websocket' } });
  }
  return refuse(request);
}

/** How long a caller has to read why it was refused. */
const lastWordsMs = 500;

/** In plain HTTP, on a connection that no server reads any more. */
function answerPlainly(socket: Socket, error: OpenClawError): void {
  const message = `${error.message} ${error.hint}`;
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: error.code } });
  const lines = [
    `HTTP/1.1 ${error.status} ${error.code.replaceAll('_', ' ')}`,
    ...(error.retryAfterMs === undefined ? [] : [`retry-after: ${Math.ceil(error.retryAfterMs / 1000)}`]),
    ...['connection: close', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`],
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  // What it still sends is not wanted, but unread it would turn the end into a reset.
  socket.resume();
}
