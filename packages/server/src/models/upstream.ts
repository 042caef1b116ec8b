/**
 * An upstream: whatever takes one HTTP request for a model and answers it. Two kinds exist: pools of real connections
 * (`http/http-upstream.ts`) and the built-in rehearsal (`rehearsal/`).
 *
 * It does not retry, route, translate or count.
 */

export interface UpstreamRequest {
  readonly method: 'POST' | 'GET';
  /** `https://api.example.com`, without a path. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface UpstreamResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Chunks as they arrive, for one reader. Ending the iteration early closes the connection. The reader sets the pace: at
   * most 64 KiB and one chunk wait in memory.
   * @throws OpenClawError `upstream_truncated`, `upstream_timeout`
   */
  readonly body: AsyncIterable<Buffer>;
}

export interface SendOptions {
  /** Aborting it closes the connection at once, before or after the answer has begun. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** The provider's name, for errors. */
  readonly provider: string;
  readonly timeouts: UpstreamTimeouts;
}

/** 0 switches a limit off. */
export interface UpstreamTimeouts {
  /** Until the connection stands, TLS included. */
  readonly connectMs: number;
  /** From sending the request to the head of the answer. */
  readonly firstByteMs: number;
  /** Between two chunks of the body. */
  readonly idleMs: number;
  /** From sending the request to the last byte. */
  readonly totalMs: number;
}

/** What was awaited in an `upstream_timeout` before which nothing was sent. */
export const awaitedConnection = 'accept a connection';

export interface Upstream {
  /** Resolves with the head of the answer, whatever its status. @throws OpenClawError `upstream_unreachable`, `upstream_timeout`, `upstream_truncated` */
  send(request: UpstreamRequest, options: SendOptions): Promise<UpstreamResponse>;
  /** Closes every connection, busy ones too: whoever calls it has waited for what should end in peace. */
  close(): Promise<void>;
}
