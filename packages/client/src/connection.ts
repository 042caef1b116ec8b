/**
 * One HTTP request to the server and its answer, once. Connections are kept and reused by the `fetch` of the platform.
 *
 * It does not try again, wait its turn or read streams: see `calls.ts`, `events.ts`.
 */
import type { Clock } from './clock.ts';
import { clientError, errorFromAnswer, reasonOf, type OpenClawError } from './errors.ts';

/** As much of `fetch` as is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ConnectionOptions {
  /** With its path and without a slash at its end. */
  readonly baseURL: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** After the base URL, with a slash at its beginning. */
  readonly path: string;
  /** JSON, as text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface SendContext {
  readonly signal: AbortSignal;
  /** Told to the gateway, which does not try again beyond it. */
  readonly remainingMs: number;
}

export interface Connection {
  /** @throws OpenClawError for everything but an answer from 200 to 299; the reason of the signal if that is aborted */
  send(request: OutgoingRequest, context: SendContext): Promise<Response>;
  /** @throws OpenClawError if the answer breaks off or is not a JSON object */
  sendForJson<T extends object>(request: OutgoingRequest, context: SendContext): Promise<T>;
  /** An answer that is not what was asked for. */
  unreadable(reason: string): OpenClawError;
}

/** Words of an error fit in here; a whole page of a proxy need not. */
const errorLimitBytes = 64 * 1024;
/** More than any model says; less than what fills a memory. */
const answerLimitBytes = 64 * 1024 * 1024;

export function createConnection({ baseURL, headers, fetch, clock }: ConnectionOptions): Connection {
  const unreadable = (reason: string): OpenClawError => clientError('unreadable_answer', { details: { url: baseURL, reason } });

  async function ask({ method, path, body, headers: more }: OutgoingRequest, { signal, remainingMs }: SendContext): Promise<Response> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const timeout = Number.isFinite(remainingMs) ? { 'x-openclaw-timeout-ms': String(Math.ceil(remainingMs)) } : {};
    try {
      return await fetch(`${baseURL}${path}`, {
        method,
        headers: { accept: 'application/json, text/event-stream', ...json, ...timeout, ...headers, ...more },
        ...(body === undefined ? {} : { body }),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw clientError('connection_failed', { details: { url: baseURL, reason: reasonOf(error) }, cause: error });
    }
  }

  async function send(request: OutgoingRequest, context: SendContext): Promise<Response> {
    const response = await ask(request, context);
    if (response.ok) return response;
    const { text } = await readText(response, errorLimitBytes).catch(() => {
      context.signal.throwIfAborted();
      // The status says enough where its words break off.
      return { text: '' };
    });
    throw errorFromAnswer(response, text, clock.now());
  }

  return {
    send,
    unreadable,
    async sendForJson<T extends object>(request: OutgoingRequest, context: SendContext): Promise<T> {
      const response = await send(request, context);
      const { text, whole } = await readText(response, answerLimitBytes).catch((error: unknown) => {
        context.signal.throwIfAborted();
        throw clientError('answer_broken', { details: { url: baseURL, reason: reasonOf(error) }, cause: error });
      });
      if (!whole) throw unreadable(`it is longer than ${answerLimitBytes} bytes`);
      const value = parse(text);
      if (typeof value !== 'object' || value === null)
        throw unreadable(`it is no JSON object, but begins ${JSON.stringify(text.slice(0, 60))}`);
      return value as T;
    },
  };
}

/** The body up to `limitBytes`; what is longer is cut, and its connection closed. */
async function readText(response: Response, limitBytes: number): Promise<{ readonly text: string; readonly whole: boolean }> {
  if (!response.body) return { text: '', whole: true };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: pieces.join('') + decoder.decode(), whole: true };
    length += value.length;
    pieces.push(decoder.decode(value, { stream: true }));
    if (length <= limitBytes) continue;
    await reader.cancel();
    return { text: pieces.join(''), whole: false };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says what came instead.
    return undefined;
  }
}
