/**
 * One question to the workload API and its answer, once: the seam between what is asked and what carries it. Pages have `fetch`; programs of Node
 * that must start quickly, or trust a certificate of the gateway's own, bring another.
 *
 * It does not know what is asked, and does not judge the status of an answer.
 */
import type { Fetch } from '../connection.ts';

export interface ApiQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the server, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  /** By its name in small letters. */
  header(name: string): string | undefined;
  /** As it arrives. Who does not read it to its end gives it back by `return`, as `for await` does. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects where no answer comes, and with the reason of the signal where that is aborted. */
export type Transport = (question: ApiQuestion) => Promise<ApiAnswer>;

export interface FetchTransportOptions {
  /** Without a path: `https://claw.example`. Of a page its own origin: ``. */
  readonly origin: string;
  readonly fetch: Fetch;
  /** The gateway's token or a key. */
  readonly token?: string;
}

export function createFetchTransport({ origin, fetch, token }: FetchTransportOptions): Transport {
  const credential = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return async ({ method, path, headers, body, signal }) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { ...headers, ...credential },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body: piecesOf(response.body) };
  };
}

/** Not every browser can iterate over a stream. */
async function* piecesOf(stream: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (!stream) return;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
