/** Writes answers: JSON, text, errors, and the sink of the model path. It decides nothing about their content. */
import { isAscii } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { OpenClawError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import type { BodyHolding } from './body-budget.ts';
import { encodeErrorBody, type ClientDialectName, type ModelSink } from '../models/index.ts';

/** What is no page runs nothing, stands in no frame and is not guessed at; credentials that were just made stay in no cache. */
const plainHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const plainHeaderList = Object.entries(plainHeaders);

/** Beyond this the copy costs more than the second buffer. */
const oneWriteBytes = 16 * 1024;

export function replyJson(response: ServerResponse, status: number, body: JsonValue | object): void {
  replyText(response, status, { contentType: 'application/json', body: JSON.stringify(body) });
}

export function replyText(response: ServerResponse, status: number, content: { contentType: string; body: string }): void {
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of plainHeaderList) if (!response.hasHeader(name)) response.setHeader(name, value);
  response.writeHead(status, { 'content-type': content.contentType, 'content-length': Buffer.byteLength(content.body) });
  response.end(response.req.method === 'HEAD' ? undefined : content.body);
}

export interface ErrorReply {
  readonly error: OpenClawError;
  readonly dialect: ClientDialectName;
  readonly requestId: string;
  /** Whether the connection is of no further use (a body that was not read to its end). */
  readonly closeConnection?: boolean;
}

/** An error in the dialect of the endpoint. */
export function replyError(response: ServerResponse, reply: ErrorReply): void {
  // Half an answer can only be cut: left open it would hang, ended it would look whole.
  if (response.headersSent && !response.writableEnded) response.destroy();
  if (response.headersSent || response.destroyed) return;
  const { error, dialect, requestId } = reply;
  response.setHeader('x-request-id', requestId);
  response.setHeader('x-openclaw-request-id', requestId);
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer realm="openclaw"');
  if (error.retryAfterMs !== undefined) {
    response.setHeader('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
    response.setHeader('retry-after-ms', Math.ceil(error.retryAfterMs));
  }
  if (!error.retryable) response.setHeader('x-should-retry', 'false');
  const { allow } = error.details;
  if (error.code === 'method_not_allowed' && allow !== undefined) response.setHeader('allow', allow);
  if (reply.closeConnection) response.setHeader('connection', 'close');
  replyJson(response, error.status || 500, encodeErrorBody(dialect, error, requestId));
}

/** A client that takes nothing for so long is gone, whatever its connection says. Shorter would cut those who think about what they read. */
const unreadLimitMs = 300_000;

/** Nothing but the client can make this connection move: one that never does holds memory, and in a stream a place at a provider. */
function cutIfUnread({ socket }: ServerResponse): void {
  // Node cuts it, and sets its own time again once the answer is through.
  socket?.setTimeout(unreadLimitMs);
}

/** All is said: what the client has not taken yet stays held, and one that takes nothing is cut. */
export function releaseWhenTaken(response: ServerResponse, holding: BodyHolding): void {
  holding.releaseAfter(response);
  if (response.writableLength > 0) cutIfUnread(response);
}

/** Lets the model path write to a client. After the client has gone every call does nothing. */
export function sinkOf(response: ServerResponse): ModelSink {
  return {
    head(status, headers) {
      if (!response.headersSent && !response.destroyed) response.writeHead(status, headers);
    },
    write: (chunk) => response.destroyed || response.write(chunk),
    drained: () =>
      new Promise((resolve) => {
        if (response.destroyed || !response.writableNeedDrain) {
          resolve();
          return;
        }
        const settle = (): void => {
          response.off('drain', settle).off('close', settle);
          response.socket?.setTimeout(0);
          resolve();
        };
        cutIfUnread(response);
        response.on('drain', settle).on('close', settle);
      }),
    end(chunk) {
      if (response.destroyed) return;
      // Node sends head and text in one buffer, but head and bytes in two; for ASCII, which is most JSON, both are the same bytes.
      if (Buffer.isBuffer(chunk) && chunk.length < oneWriteBytes && isAscii(chunk)) response.end(chunk.toString('latin1'), 'latin1');
      else response.end(chunk);
    },
  };
}
