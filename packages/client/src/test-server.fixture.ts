/** A real HTTP server on a free port that behaves as a test says, one answer for each request; the last goes on. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** How many were opened so far. */
  readonly connections: number;
  /** Resolves when the next request has come. */
  received(): Promise<void>;
  /** Resolves when the next connection is closed before its answer was whole. */
  cutOff(): Promise<void>;
}

export async function startTestServer(...answers: readonly Answer[]): Promise<TestServer> {
  const requests: ReceivedRequest[] = [];
  let onReceived = Promise.withResolvers<void>();
  let onCutOff = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (response.writableFinished) return;
      onCutOff.resolve();
      onCutOff = Promise.withResolvers();
    });
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => void pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
      onReceived.resolve();
      onReceived = Promise.withResolvers();
      answers[Math.min(requests.length, answers.length) - 1]?.(response, request);
    });
  });
  let connections = 0;
  server.on('connection', () => void connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections;
    },
    received: () => onReceived.promise,
    cutOff: () => onCutOff.promise,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export function refuse(status: number, headers: Record<string, string> = {}, error: object = { message: 'no', code: 'no_code' }): Answer {
  return json({ error }, status, headers);
}

/** Breaks the connection without an answer. */
export const reset: Answer = (response) => void response.destroy();

/** Takes the request and says nothing. */
export const silence: Answer = () => {};

export interface StreamEnding {
  /** `end` ends the body, `reset` breaks the connection, `hang` says no more. @default 'end' */
  readonly ending?: 'end' | 'reset' | 'hang';
}

export function stream(events: readonly string[], { ending = 'end' }: StreamEnding = {}): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-openclaw-request-id': 'request-1' });
    response.flushHeaders();
    const text = events.map((data) => `data: ${data}\n\n`).join('');
    if (ending === 'end') response.end(text);
    // What was written before has to be on its way first, or it is lost with the connection.
    else if (ending === 'reset') response.write(text, () => response.destroy());
    else response.write(text);
  };
}

export function chunk(content: string, finish: string | null = null): string {
  return JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
}

export function completion(content: string): object {
  return { id: 'c', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] };
}
