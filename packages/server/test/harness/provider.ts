/**
 * A provider on this machine, for tests: a real HTTP server that answers what the test tells it, byte for byte, and
 * remembers what it was asked and when its clients left.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Writes one answer. What it throws fails the test's request with a closed connection. */
export type Reply = (response: ServerResponse, request: ReceivedRequest) => void | Promise<void>;

export interface TestProvider extends AsyncDisposable {
  readonly baseUrl: string;
  readonly requests: ReceivedRequest[];
  /** Connections that are open now. */
  readonly connections: number;
  /** Answers the next request; several are used in their order, the last one for all that follow. */
  answer(...replies: Reply[]): void;
  /** Resolves when a request has been received whole. */
  received(): Promise<ReceivedRequest>;
  /** Resolves when an answer was cut off by the client. */
  cutOff(): Promise<void>;
}

export async function startProvider(...initial: Reply[]): Promise<TestProvider> {
  let replies = initial;
  const requests: ReceivedRequest[] = [];
  const receivers: ((request: ReceivedRequest) => void)[] = [];
  const cuts: (() => void)[] = [];
  let connections = 0;
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    response.on('close', () => {
      if (!response.writableFinished) for (const resolve of cuts.splice(0)) resolve();
    });
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      const request = { path: raw.url ?? '', headers: raw.headers, text, json };
      requests.push(request);
      for (const resolve of receivers.splice(0)) resolve(request);
      const [reply, ...rest] = replies;
      if (rest.length > 0) replies = rest;
      void Promise.resolve(reply?.(response, request)).catch(() => response.destroy());
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('close', () => (connections -= 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    get connections() {
      return connections;
    },
    answer: (...next) => void (replies = next),
    received: () => new Promise((resolve) => receivers.push(resolve)),
    cutOff: () => new Promise((resolve) => cuts.push(resolve)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A stream of raw text parts, each its own packet as far as the machine allows. */
export function stream(parts: readonly (string | Buffer)[], options: { readonly end?: 'end' | 'cut' | 'hang' } = {}): Reply {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of parts) {
      await new Promise<void>((resolve) => response.write(part, () => setImmediate(resolve)));
    }
    if (options.end === 'cut') response.destroy();
    else if (options.end !== 'hang') response.end();
  };
}

/** An OpenAI error body. */
export function refuse(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return json({ error: { message, type: 'error', param: null, code: null } }, status, headers);
}
